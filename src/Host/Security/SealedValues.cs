using System.Security.Cryptography;
using System.Text;

namespace Events.Host.Security;

/// <summary>
/// Small secrets in the database, encrypted with AES-256-GCM under a key that is not there: nonce, tag, ciphertext. The name is
/// authenticated with them, so that one row cannot be put in another's place.
/// </summary>
internal sealed class SealedValues(ProtectedValues values, string key)
{
    private const int NonceBytes = 12;
    private const int TagBytes = 16;

    private readonly byte[] _key = Microsoft.IdentityModel.Tokens.Base64UrlEncoder.DecodeBytes(key);

    /// <param name="plain">Is wiped.</param>
    public Task SetAsync(string name, byte[] plain, CancellationToken cancellationToken) =>
        values.SetAsync(name, Seal(name, plain), cancellationToken);

    /// <param name="plain">Is wiped.</param>
    /// <returns>False when there is one of that name already; it stays as it is.</returns>
    public Task<bool> AddAsync(string name, byte[] plain, CancellationToken cancellationToken) =>
        values.AddAsync(name, Seal(name, plain), cancellationToken);

    /// <returns>Null when there is none of that name.</returns>
    public async Task<byte[]?> FindAsync(string name, CancellationToken cancellationToken) =>
        await values.FindAsync(name, cancellationToken) is { } sealedText ? Open(name, sealedText) : null;

    /// <inheritdoc cref="FindAsync"/>
    public byte[]? Find(string name) => values.Find(name) is { } sealedText ? Open(name, sealedText) : null;

    public Task DeleteAsync(string name, CancellationToken cancellationToken) => values.DeleteAsync(name, cancellationToken);

    private byte[] Seal(string name, byte[] plain)
    {
        byte[] sealedText = new byte[NonceBytes + TagBytes + plain.Length];
        RandomNumberGenerator.Fill(sealedText.AsSpan(0, NonceBytes));
        using var cipher = new AesGcm(_key, TagBytes);
        cipher.Encrypt(
            sealedText.AsSpan(0, NonceBytes),
            plain,
            sealedText.AsSpan(NonceBytes + TagBytes),
            sealedText.AsSpan(NonceBytes, TagBytes),
            Encoding.UTF8.GetBytes(name));
        CryptographicOperations.ZeroMemory(plain);
        return sealedText;
    }

    private byte[] Open(string name, byte[] sealedText)
    {
        byte[] plain = new byte[sealedText.Length - NonceBytes - TagBytes];
        using var cipher = new AesGcm(_key, TagBytes);
        cipher.Decrypt(
            sealedText.AsSpan(0, NonceBytes),
            sealedText.AsSpan(NonceBytes + TagBytes),
            sealedText.AsSpan(NonceBytes, TagBytes),
            plain,
            Encoding.UTF8.GetBytes(name));
        return plain;
    }
}
