using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Events.EventStore.Personal;

/// <summary>
/// A text that is readable only with its subject's key: <c>sealed:1:SUBJECT:BASE64URL</c>, where the bytes are check (32), nonce
/// (12), ciphertext and tag (16). Its own key is HKDF-SHA256 of the subject's with the context as salt, so that one can be handed
/// over without the others; the first 32 bytes encrypt (AES-256-GCM), and the check is SHA-256 of the second 32: the tag alone
/// would let a prepared ciphertext open under two keys. Subject, context and member's name are authenticated: it cannot be put
/// elsewhere. Before it is encrypted the text is filled up with NUL to a multiple of 32 bytes, which hides its length.
/// </summary>
internal static class SealedText
{
    /// <summary>No user name, address or reason begins so; what does is sealed by mistake of nobody.</summary>
    public const string Mark = "sealed:1:";

    private const int KeyBytes = 32;
    private const int CheckBytes = 32;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private const int BlockBytes = 32;

    private static readonly byte[] _info = "events/personal/1"u8.ToArray();

    /// <param name="context">What it stands in: the fact's id, or for headers the request's correlation.</param>
    /// <param name="member">Its name there.</param>
    public static string Seal(byte[] key, string subject, string context, string member, string text)
    {
        int length = Encoding.UTF8.GetByteCount(text);
        byte[] plain = new byte[Math.Max(1, (length + BlockBytes - 1) / BlockBytes) * BlockBytes];
        Encoding.UTF8.GetBytes(text, plain);
        byte[] bytes = new byte[CheckBytes + NonceBytes + plain.Length + TagBytes];
        Span<byte> own = stackalloc byte[2 * KeyBytes];
        Derive(key, context, own);
        SHA256.HashData(own[KeyBytes..], bytes.AsSpan(0, CheckBytes));
        RandomNumberGenerator.Fill(bytes.AsSpan(CheckBytes, NonceBytes));
        using AesGcm cipher = new(own[..KeyBytes], TagBytes);
        cipher.Encrypt(
            bytes.AsSpan(CheckBytes, NonceBytes),
            plain,
            bytes.AsSpan(CheckBytes + NonceBytes, plain.Length),
            bytes.AsSpan(bytes.Length - TagBytes),
            Bound(subject, context, member));
        CryptographicOperations.ZeroMemory(own);
        return $"{Mark}{subject}:{Base64Url.EncodeToString(bytes)}";
    }

    /// <returns>Whose key opens it; null for a text in clear.</returns>
    public static string? SubjectOf(string stored) =>
        stored.StartsWith(Mark, StringComparison.Ordinal)
        && stored.IndexOf(':', Mark.Length) is > 0 and var end
            ? stored[Mark.Length..end]
            : null;

    /// <exception cref="CryptographicException">It was sealed under another key, for another place, or was changed.</exception>
    public static string Open(byte[] key, string stored, string context, string member)
    {
        string subject = SubjectOf(stored) ?? throw new CryptographicException("The text is not sealed.");
        byte[] bytes = Bytes(stored.AsSpan(Mark.Length + subject.Length + 1));
        Span<byte> own = stackalloc byte[2 * KeyBytes];
        Derive(key, context, own);
        if (!CryptographicOperations.FixedTimeEquals(SHA256.HashData(own[KeyBytes..]), bytes.AsSpan(0, CheckBytes)))
        {
            throw new CryptographicException("The sealed text does not belong to this key, or not to this fact.");
        }

        byte[] plain = new byte[bytes.Length - CheckBytes - NonceBytes - TagBytes];
        using AesGcm cipher = new(own[..KeyBytes], TagBytes);
        cipher.Decrypt(
            bytes.AsSpan(CheckBytes, NonceBytes),
            bytes.AsSpan(CheckBytes + NonceBytes, plain.Length),
            bytes.AsSpan(bytes.Length - TagBytes),
            plain,
            Bound(subject, context, member));
        CryptographicOperations.ZeroMemory(own);
        return Encoding.UTF8.GetString(plain.AsSpan().TrimEnd((byte)0));
    }

    private static byte[] Bytes(ReadOnlySpan<char> text)
    {
        try
        {
            byte[] bytes = Base64Url.DecodeFromChars(text);
            return bytes.Length >= CheckBytes + NonceBytes + TagBytes
                ? bytes
                : throw new CryptographicException("The sealed text is cut short.");
        }
        catch (FormatException broken)
        {
            throw new CryptographicException("The sealed text is not base64url.", broken);
        }
    }

    private static void Derive(byte[] key, string context, Span<byte> own) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, key, own, Encoding.UTF8.GetBytes(context), _info);

    private static byte[] Bound(string subject, string context, string member) =>
        Encoding.UTF8.GetBytes($"{subject}\n{context}\n{member}");
}
