using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.IdentityModel.Tokens;

namespace Events.Host.Security;

/// <summary>
/// Links that open without a header, for a while: <c>?exp=…&amp;sig=…</c>, an HMAC-SHA256 over what may be opened and until when.
/// For players and browsers, which cannot send a token along.
/// </summary>
internal sealed class SignedLinks
{
    private readonly byte[] _key;
    private readonly TimeProvider _time;

    /// <param name="secret">The token secret; links are signed with a key derived from it, never with itself.</param>
    public SignedLinks(string secret, TimeProvider time)
    {
        _key = HKDF.DeriveKey(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(secret), 32,
            info: "events signed links"u8.ToArray());
        _time = time;
    }

    /// <param name="scope">What the link opens, e.g. a path, or a folder that ends in a slash.</param>
    /// <returns>The query with its question mark.</returns>
    public string QueryFor(string scope, TimeSpan lifetime)
    {
        long expires = _time.GetUtcNow().Add(lifetime).ToUnixTimeSeconds();
        return string.Create(CultureInfo.InvariantCulture, $"?exp={expires}&sig={SignatureOf(scope, expires)}");
    }

    public bool IsGood(string scope, string? exp, string? sig) => GoodUntil(scope, exp, sig) is not null;

    /// <returns>When the link ends; null when it is not ours, of something else, or over.</returns>
    public DateTimeOffset? GoodUntil(string scope, string? exp, string? sig) =>
        long.TryParse(exp, NumberStyles.None, CultureInfo.InvariantCulture, out long expires)
        && expires > _time.GetUtcNow().ToUnixTimeSeconds()
        && sig is not null
        && CryptographicOperations.FixedTimeEquals(
            Encoding.ASCII.GetBytes(SignatureOf(scope, expires)), Encoding.ASCII.GetBytes(sig))
            ? DateTimeOffset.FromUnixTimeSeconds(expires)
            : null;

    private string SignatureOf(string scope, long expires) =>
        Base64UrlEncoder.Encode(HMACSHA256.HashData(
            _key, Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{expires} {scope}"))));
}
