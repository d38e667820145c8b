using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Events.Application.ApiKeys;

/// <summary>
/// Secrets of keys: <c>csk_</c> and 256 random bits, base64url. So many bits cannot be guessed, so a plain SHA-256 keeps them.
/// </summary>
public static class ApiKeySecret
{
    public const string Prefix = "csk_";

    private const int SecretBytes = 32;

    /// <summary>In characters: the prefix and 43 of base64url.</summary>
    private const int TextLength = 47;

    /// <summary>Bytes of a hash.</summary>
    internal const int HashBytes = SHA256.HashSizeInBytes;

    /// <returns>A new secret, to be shown once, and what is kept of it: 64 hexadecimal digits.</returns>
    public static (string Secret, string Hash) New()
    {
        Span<byte> bytes = stackalloc byte[SecretBytes];
        RandomNumberGenerator.Fill(bytes);
        string secret = Prefix + Base64Url.EncodeToString(bytes);
        return (secret, Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(secret))));
    }

    /// <summary>Whether a text is meant to be a key, good or not.</summary>
    public static bool IsMeant(string text) => text.StartsWith(Prefix, StringComparison.Ordinal);

    /// <returns>False for a text that cannot be a secret of ours.</returns>
    internal static bool TryHash(string text, Span<byte> hash)
    {
        if (text.Length != TextLength || !IsMeant(text))
        {
            return false;
        }

        Span<byte> ascii = stackalloc byte[TextLength];
        return Encoding.ASCII.TryGetBytes(text, ascii, out int count)
            && SHA256.TryHashData(ascii[..count], hash, out _);
    }
}
