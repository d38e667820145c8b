using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Events.GraphQL.Transports;

/// <summary>
/// Puts a document in the place of its name: those that clients register by hash themselves (Apollo's automatic persisted
/// queries), and those that were given at start (GraphQL over HTTP, appendix on persisted documents).
/// </summary>
internal sealed class PersistedOperations(GraphQLTransportOptions options)
{
    internal const string HashPrefix = "sha256:";
    private const int HashChars = 64;

    /// <summary>Clients match the message as well as the code.</summary>
    internal static readonly Fault NotFound =
        new("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound", 400, IsWellFormed: true);

    internal static readonly Fault NotSupported =
        new("PERSISTED_QUERY_NOT_SUPPORTED", "PersistedQueryNotSupported", 400, IsWellFormed: true);

    private static readonly Fault HashMismatch = new(
        "PERSISTED_QUERY_HASH_MISMATCH", "The hash is not the SHA-256 of the query.", 400, IsWellFormed: true);

    private static readonly Fault UnknownDocument =
        new("DOCUMENT_NOT_FOUND", "There is no document with this id.", 400, IsWellFormed: true);

    private static readonly Fault NotTrusted =
        new("DOCUMENT_NOT_TRUSTED", "Only documents that were registered with the server are run.", 400, IsWellFormed: true);

    private readonly FrozenDictionary<string, string> _trustedByHash = (options.TrustedDocuments?.Values ?? [])
        .Distinct(StringComparer.Ordinal).ToFrozenDictionary(HashOf, StringComparer.Ordinal);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, LinkedListNode<Entry>> _byHash = new(StringComparer.Ordinal);
    private readonly LinkedList<Entry> _byUse = new();
    private long _chars;

    /// <summary>Whether the request names a document by hash.</summary>
    internal static bool IsNamedBy(GraphQLRequest request) =>
        request.Extensions is { ValueKind: JsonValueKind.Object } extensions
        && extensions.TryGetProperty("persistedQuery", out JsonElement named)
        && named.ValueKind == JsonValueKind.Object;

    /// <summary>Gives back a request with the document's text, or says why not.</summary>
    /// <param name="keepAs">The hash for <see cref="Keep"/> once the document has proved good; null: nothing to keep.</param>
    internal Fault? Resolve(ref GraphQLRequest request, out string? keepAs)
    {
        keepAs = null;
        if (request.DocumentId is { } id)
        {
            string? document = null;
            options.TrustedDocuments?.TryGetValue(id, out document);
            request = request with { Query = document, DocumentId = null };
            return document is null ? UnknownDocument : null;
        }

        if (!IsNamedBy(request))
        {
            return options.TrustedDocumentsOnly && !_trustedByHash.ContainsKey(HashOf(request.Query!)) ? NotTrusted : null;
        }

        JsonElement named = request.Extensions!.Value.GetProperty("persistedQuery");
        bool isUsual = named.TryGetProperty("version", out JsonElement version)
            && version.ValueKind == JsonValueKind.Number && version.TryGetInt32(out int number) && number == 1;
        if (!isUsual || !IsHash(named, out string? hash))
        {
            return Fault.BadRequest("extensions.persistedQuery needs version 1 and sha256Hash, 64 lower-case hex digits.");
        }

        if (request.Query is null && _trustedByHash.TryGetValue(hash!, out string? trusted))
        {
            request = request with { Query = trusted };
            return null;
        }

        if (options.TrustedDocumentsOnly)
        {
            return request.Query is null ? NotFound : _trustedByHash.ContainsKey(HashOf(request.Query)) ? null : NotTrusted;
        }

        return options.AutomaticPersistedQueries ? Exchange(ref request, hash!, out keepAs) : NotSupported;
    }

    /// <summary>Remembers a document that was found to be valid; the one longest unused makes room.</summary>
    internal void Keep(string hash, string document)
    {
        if (document.Length > options.PersistedQueryCharsMax)
        {
            return;
        }

        lock (_gate)
        {
            if (_byHash.ContainsKey(hash))
            {
                return;
            }

            _byHash[hash] = _byUse.AddFirst(new Entry(hash, document));
            _chars += document.Length;
            while (_byUse.Count > options.PersistedQueriesMax || _chars > options.PersistedQueryCharsMax)
            {
                Entry oldest = _byUse.Last!.Value;
                _byUse.RemoveLast();
                _byHash.Remove(oldest.Hash);
                _chars -= oldest.Document.Length;
            }
        }
    }

    private Fault? Exchange(ref GraphQLRequest request, string hash, out string? keepAs)
    {
        keepAs = null;
        if (request.Query is null)
        {
            string? document = Find(hash);
            request = request with { Query = document };
            return document is null ? NotFound : null;
        }

        if (HashOf(request.Query) != hash)
        {
            return HashMismatch;
        }

        keepAs = hash;
        return null;
    }

    private string? Find(string hash)
    {
        lock (_gate)
        {
            if (!_byHash.TryGetValue(hash, out LinkedListNode<Entry>? node))
            {
                return null;
            }

            _byUse.Remove(node);
            _byUse.AddFirst(node);
            return node.Value.Document;
        }
    }

    private static bool IsHash(JsonElement named, out string? hash)
    {
        hash = named.TryGetProperty("sha256Hash", out JsonElement given) && given.ValueKind == JsonValueKind.String
            ? given.GetString()
            : null;
        return hash?.Length == HashChars && hash.All(char.IsAsciiHexDigitLower);
    }

    internal static string HashOf(string document) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(document)));

    private readonly record struct Entry(string Hash, string Document);
}
