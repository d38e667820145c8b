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
    public async Task SetAsync(string name, byte[] plain, CancellationToken cancellationToken)
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
        await values.SetAsync(name, sealedText, cancellationToken);
    }

    /// <returns>Null when there is none of that name.</returns>
    public async Task<byte[]?> FindAsync(string name, CancellationToken cancellationToken)
    {
        if (await values.FindAsync(name, cancellationToken) is not { } sealedText)
        {
            return null;
        }

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

    public Task DeleteAsync(string name, CancellationToken cancellationToken) => values.DeleteAsync(name, cancellationToken);
}
