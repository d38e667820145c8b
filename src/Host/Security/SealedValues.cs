using System.Security.Cryptography;
using System.Text;

namespace Events.Host.Security;

/// <summary>
/// Small secrets in the database, encrypted with AES-256-GCM under a key that is not there: nonce, tag, ciphertext. The name is
/// authenticated with them, so that one row cannot be put in another's place.
/// </summary>
internal sealed class SealedValues(ProtectedValues values, SecretsKeys keys)
{
    private const int NonceBytes = 12;
    private const int TagBytes = 16;

    /// <summary>Names the key that counts now, and says nothing about it: 8 hex digits.</summary>
    public string KeyMark => Convert.ToHexStringLower(HMACSHA256.HashData(keys.Reading[0], "events/key-mark/1"u8).AsSpan(0, 4));

    /// <param name="plain">Is wiped.</param>
    public Task SetAsync(string name, byte[] plain, CancellationToken cancellationToken) =>
        keys.WriteAsync(key => values.SetAsync(name, Seal(key, name, plain), cancellationToken), cancellationToken);

    /// <param name="plain">Is wiped.</param>
    /// <returns>False when there is one of that name already; it stays as it is.</returns>
    public async Task<bool> AddAsync(string name, byte[] plain, CancellationToken cancellationToken)
    {
        bool isAdded = false;
        await keys.WriteAsync(
            async key => isAdded = await values.AddAsync(name, Seal(key, name, plain), cancellationToken), cancellationToken);
        return isAdded;
    }

    /// <returns>Null when there is none of that name.</returns>
    /// <exception cref="CryptographicException">It was encrypted under another key, or changed.</exception>
    public async Task<byte[]?> FindAsync(string name, CancellationToken cancellationToken)
    {
        // A change of the key may begin or end between the reading and the opening: one of the two sets has the right one.
        IReadOnlyList<byte[]> before = keys.Reading;
        return await values.FindAsync(name, cancellationToken) is { } sealedText ? Open(before, name, sealedText) : null;
    }

    /// <inheritdoc cref="FindAsync"/>
    public byte[]? Find(string name)
    {
        IReadOnlyList<byte[]> before = keys.Reading;
        return values.Find(name) is { } sealedText ? Open(before, name, sealedText) : null;
    }

    public Task DeleteAsync(string name, CancellationToken cancellationToken) => values.DeleteAsync(name, cancellationToken);

    /// <summary>Encrypts what is stored anew, if it is not under the key that counts now.</summary>
    /// <param name="renewed">Null when there is nothing to do.</param>
    /// <returns>False when no key opens it.</returns>
    public bool TryRenew(string name, byte[] stored, out byte[]? renewed)
    {
        IReadOnlyList<byte[]> reading = keys.Reading;
        int opens = OpeningKey(reading, name, stored, out byte[] plain);
        renewed = opens > 0 ? Seal(reading[0], name, plain) : null;
        CryptographicOperations.ZeroMemory(plain);
        return opens >= 0;
    }

    private static byte[] Seal(byte[] key, string name, byte[] plain)
    {
        byte[] sealedText = new byte[NonceBytes + TagBytes + plain.Length];
        RandomNumberGenerator.Fill(sealedText.AsSpan(0, NonceBytes));
        using var cipher = new AesGcm(key, TagBytes);
        cipher.Encrypt(
            sealedText.AsSpan(0, NonceBytes),
            plain,
            sealedText.AsSpan(NonceBytes + TagBytes),
            sealedText.AsSpan(NonceBytes, TagBytes),
            Encoding.UTF8.GetBytes(name));
        CryptographicOperations.ZeroMemory(plain);
        return sealedText;
    }

    /// <param name="before">The keys that counted before it was read.</param>
    private byte[] Open(IReadOnlyList<byte[]> before, string name, byte[] sealedText) =>
        OpeningKey(before, name, sealedText, out byte[] plain) >= 0
        || OpeningKey(keys.Reading, name, sealedText, out plain) >= 0
            ? plain
            : throw new CryptographicException("It is under another key, or was changed.");

    /// <returns>Which of the keys opens it; -1 when none does.</returns>
    private static int OpeningKey(IReadOnlyList<byte[]> reading, string name, byte[] sealedText, out byte[] plain)
    {
        plain = new byte[Math.Max(0, sealedText.Length - NonceBytes - TagBytes)];
        for (int i = 0; i < reading.Count && sealedText.Length >= NonceBytes + TagBytes; i++)
        {
            try
            {
                using var cipher = new AesGcm(reading[i], TagBytes);
                cipher.Decrypt(
                    sealedText.AsSpan(0, NonceBytes),
                    sealedText.AsSpan(NonceBytes + TagBytes),
                    sealedText.AsSpan(NonceBytes, TagBytes),
                    plain,
                    Encoding.UTF8.GetBytes(name));
                return i;
            }
            catch (AuthenticationTagMismatchException)
            {
                continue;
            }
        }

        return -1;
    }
}
