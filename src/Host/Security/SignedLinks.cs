using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Events.Application.ApiKeys;
using Events.Application.Users;
using Events.Domain.Kernel;
using Microsoft.IdentityModel.Tokens;

namespace Events.Host.Security;

/// <summary>
/// Links that open without a header, for a while: <c>?exp=…&amp;sig=…</c>, an HMAC-SHA256 over what may be opened and until
/// when. For players and browsers, which cannot send a token along. One that was made for the bearer of a key, or for somebody
/// who signed in, names the key or the session, and ends with it.
/// </summary>
internal sealed class SignedLinks
{
    private readonly byte[] _key;
    private readonly ApiKeyRing _keys;
    private readonly UserRing _users;
    private readonly TimeProvider _time;

    /// <param name="secret">The token secret; links are signed with a key derived from it, never with itself.</param>
    public SignedLinks(string secret, ApiKeyRing keys, UserRing users, TimeProvider time)
    {
        _keys = keys;
        _users = users;
        _key = HKDF.DeriveKey(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(secret), 32,
            info: "events signed links"u8.ToArray());
        _time = time;
    }

    /// <param name="scope">What the link opens, e.g. a path, or a folder that ends in a slash.</param>
    /// <param name="owner">Who asked for the link; it is good no longer than the key or session.</param>
    /// <returns>The query with its question mark.</returns>
    public string QueryFor(string scope, TimeSpan lifetime, LinkOwner owner)
    {
        long expires = _time.GetUtcNow().Add(lifetime).ToUnixTimeSeconds();
        string who = owner switch
        {
            { KeyId: { } key } => $"&key={key}",
            { SessionId: { } session } => $"&session={session}",
            _ => string.Empty,
        };
        return string.Create(CultureInfo.InvariantCulture, $"?exp={expires}{who}&sig={SignatureOf(scope, expires, owner)}");
    }

    /// <param name="from">Where the client is; null when that is not known.</param>
    /// <returns>What the link lets its bearer do; null when it is not ours, of something else, or over.</returns>
    public LinkRight? Check(string scope, SignedQuery query, IPAddress? from)
    {
        if (OwnerIn(query) is not { } owner
            || !long.TryParse(query.Exp, NumberStyles.None, CultureInfo.InvariantCulture, out long expires)
            || expires <= _time.GetUtcNow().ToUnixTimeSeconds()
            || query.Sig is null
            || !CryptographicOperations.FixedTimeEquals(
                Encoding.ASCII.GetBytes(SignatureOf(scope, expires, owner)), Encoding.ASCII.GetBytes(query.Sig)))
        {
            return null;
        }

        DateTimeOffset until = DateTimeOffset.FromUnixTimeSeconds(expires);
        return owner switch
        {
            { KeyId: { } key } => OfKey(key, until, from),
            { SessionId: { } session } => OfSession(session, until),
            _ => new LinkRight(LinkRight.Nobody, until, null, CancellationToken.None),
        };
    }

    private LinkRight? OfKey(ApiKeyId key, DateTimeOffset until, IPAddress? from) =>
        _keys.Find(key, from) is { } grant && Policy.Allows(grant.Role, Right.SeePictures)
            ? new LinkRight($"key-{key}", grant.Until < until ? grant.Until.Value : until, grant.Cameras, grant.Ended)
            : null;

    private LinkRight? OfSession(SessionId session, DateTimeOffset until) =>
        _users.Find(session) is { } grant && Policy.Allows(grant.Role, Right.SeePictures)
            ? new LinkRight(grant.Account, grant.Until < until ? grant.Until : until, null, grant.Ended)
            : null;

    /// <returns>Null for what no link of ours says.</returns>
    private static LinkOwner? OwnerIn(SignedQuery query) =>
        query switch
        {
            { Key: null, Session: null } => LinkOwner.Nobody,
            { Key: { } key, Session: null } when Guid.TryParseExact(key, "d", out Guid id) =>
                LinkOwner.Nobody with { KeyId = new ApiKeyId(id) },
            { Key: null, Session: { } session } when Guid.TryParseExact(session, "d", out Guid id) =>
                LinkOwner.Nobody with { SessionId = new SessionId(id) },
            _ => null,
        };

    /// <summary>A scope begins with a slash, so none of the three forms can be read as another.</summary>
    private string SignatureOf(string scope, long expires, LinkOwner owner) =>
        Base64UrlEncoder.Encode(HMACSHA256.HashData(
            _key,
            Encoding.UTF8.GetBytes(owner switch
            {
                { KeyId: { } key } => string.Create(CultureInfo.InvariantCulture, $"{expires} {key} {scope}"),
                { SessionId: { } session } =>
                    string.Create(CultureInfo.InvariantCulture, $"{expires} session {session} {scope}"),
                _ => string.Create(CultureInfo.InvariantCulture, $"{expires} {scope}"),
            })));
}

/// <summary>The parts of a signed link, as its query has them.</summary>
/// <param name="Key">Null for a link that no key asked for.</param>
/// <param name="Session">Null for a link that nobody asked for who had signed in.</param>
internal readonly record struct SignedQuery(string? Exp, string? Sig, string? Key, string? Session)
{
    public static SignedQuery Of(IQueryCollection query) =>
        new(query["exp"], query["sig"], ValueIn(query, "key"), ValueIn(query, "session"));

    /// <summary>One that is there and empty is not the same as none.</summary>
    private static string? ValueIn(IQueryCollection query, string name) =>
        query.TryGetValue(name, out var value) ? value.ToString() : null;
}

/// <summary>What a good link lets its bearer do.</summary>
/// <param name="Who">The account that it was made for; <c>link</c> where that is not known.</param>
/// <param name="Cameras">Null for all.</param>
/// <param name="Ended">Cancelled when the key or session behind it is good no longer.</param>
internal sealed record LinkRight(string Who, DateTimeOffset Until, CameraList? Cameras, CancellationToken Ended)
{
    public const string Nobody = "link";
}

/// <summary>For whom a link is made.</summary>
/// <param name="Origin">How the client reaches us, e.g. <c>https://host:8443</c>; null when it is not known.</param>
/// <param name="KeyId">The key that it came in with; null for no key.</param>
/// <param name="SessionId">Of somebody who signed in; null for nobody who did.</param>
internal readonly record struct LinkOwner(string? Origin, ApiKeyId? KeyId, SessionId? SessionId)
{
    public static LinkOwner Nobody { get; } = new(null, null, null);

    /// <param name="identity">Null for nobody.</param>
    public static LinkOwner Of(AccessIdentity? identity, string? origin) => new(origin, identity?.KeyId, identity?.SessionId);
}
