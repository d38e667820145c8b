using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Events.Application.ApiKeys;
using Events.Domain.Kernel;
using Microsoft.IdentityModel.Tokens;

namespace Events.Host.Security;

/// <summary>
/// Links that open without a header, for a while: <c>?exp=…&amp;sig=…</c>, an HMAC-SHA256 over what may be opened and until
/// when. For players and browsers, which cannot send a token along. One that was made for the bearer of a key names it, and ends
/// with it.
/// </summary>
internal sealed class SignedLinks
{
    private readonly byte[] _key;
    private readonly ApiKeyRing _keys;
    private readonly TimeProvider _time;

    /// <param name="secret">The token secret; links are signed with a key derived from it, never with itself.</param>
    public SignedLinks(string secret, ApiKeyRing keys, TimeProvider time)
    {
        _keys = keys;
        _key = HKDF.DeriveKey(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(secret), 32,
            info: "events signed links"u8.ToArray());
        _time = time;
    }

    /// <param name="scope">What the link opens, e.g. a path, or a folder that ends in a slash.</param>
    /// <param name="keyId">The key of whoever asked for the link, which is good no longer than that; null for no key.</param>
    /// <returns>The query with its question mark.</returns>
    public string QueryFor(string scope, TimeSpan lifetime, ApiKeyId? keyId)
    {
        long expires = _time.GetUtcNow().Add(lifetime).ToUnixTimeSeconds();
        string key = keyId is { } id ? $"&key={id}" : string.Empty;
        return string.Create(CultureInfo.InvariantCulture, $"?exp={expires}{key}&sig={SignatureOf(scope, expires, keyId)}");
    }

    /// <param name="from">Where the client is; null when that is not known.</param>
    /// <returns>What the link lets its bearer do; null when it is not ours, of something else, or over.</returns>
    public LinkRight? Check(string scope, SignedQuery query, IPAddress? from)
    {
        ApiKeyId? keyId = null;
        if (query.Key is not null)
        {
            if (!Guid.TryParseExact(query.Key, "d", out Guid id))
            {
                return null;
            }

            keyId = new ApiKeyId(id);
        }

        if (!long.TryParse(query.Exp, NumberStyles.None, CultureInfo.InvariantCulture, out long expires)
            || expires <= _time.GetUtcNow().ToUnixTimeSeconds()
            || query.Sig is null
            || !CryptographicOperations.FixedTimeEquals(
                Encoding.ASCII.GetBytes(SignatureOf(scope, expires, keyId)), Encoding.ASCII.GetBytes(query.Sig)))
        {
            return null;
        }

        DateTimeOffset until = DateTimeOffset.FromUnixTimeSeconds(expires);
        return keyId is not { } key ? new LinkRight(LinkRight.Nobody, until, null, CancellationToken.None)
            : _keys.Find(key, from) is { } grant && Policy.Allows(grant.Role, Right.SeePictures)
                ? new LinkRight($"key-{key}", grant.Until < until ? grant.Until.Value : until, grant.Cameras, grant.Ended)
            : null;
    }

    private string SignatureOf(string scope, long expires, ApiKeyId? keyId) =>
        Base64UrlEncoder.Encode(HMACSHA256.HashData(
            _key,
            Encoding.UTF8.GetBytes(keyId is { } id
                ? string.Create(CultureInfo.InvariantCulture, $"{expires} {id} {scope}")
                : string.Create(CultureInfo.InvariantCulture, $"{expires} {scope}"))));
}

/// <summary>The parts of a signed link, as its query has them.</summary>
/// <param name="Key">Null for a link that no key asked for.</param>
internal readonly record struct SignedQuery(string? Exp, string? Sig, string? Key)
{
    public static SignedQuery Of(IQueryCollection query) =>
        new(query["exp"], query["sig"], query.TryGetValue("key", out var key) ? (string?)key : null);
}

/// <summary>What a good link lets its bearer do.</summary>
/// <param name="Who">The key that it was made for; <c>link</c> for none.</param>
/// <param name="Cameras">Null for all.</param>
/// <param name="Ended">Cancelled when the key behind it is good no longer.</param>
internal sealed record LinkRight(string Who, DateTimeOffset Until, CameraList? Cameras, CancellationToken Ended)
{
    public const string Nobody = "link";
}

/// <summary>For whom a link is made.</summary>
/// <param name="Origin">How the client reaches us, e.g. <c>https://host:8443</c>; null when it is not known.</param>
/// <param name="KeyId">The key that it came in with; null for no key.</param>
internal readonly record struct LinkOwner(string? Origin, ApiKeyId? KeyId)
{
    public static LinkOwner Nobody { get; } = new(null, null);
}
