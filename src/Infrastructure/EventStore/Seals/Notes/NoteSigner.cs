using System.Security.Cryptography;

namespace Events.EventStore.Seals.Notes;

/// <summary>A private key with the name under which it signs.</summary>
/// <remarks>Not for use by two threads at once.</remarks>
internal sealed class NoteSigner : IDisposable
{
    private readonly ECDsa _key;

    private NoteSigner(ECDsa key, NoteKey publicKey)
    {
        _key = key;
        Key = publicKey;
    }

    /// <summary>The public half.</summary>
    public NoteKey Key { get; }

    public static NoteSigner Create(string name) => Of(name, ECDsa.Create(ECCurve.NamedCurves.nistP256));

    /// <param name="pkcs8">DER, as <see cref="ExportPkcs8"/> gives it.</param>
    /// <exception cref="NoteRefusedException">It is no P-256 key.</exception>
    public static NoteSigner Of(string name, ReadOnlySpan<byte> pkcs8)
    {
        ECDsa key = ECDsa.Create();
        try
        {
            key.ImportPkcs8PrivateKey(pkcs8, out int read);
            return read == pkcs8.Length ? Of(name, key) : throw new CryptographicException("There are bytes behind the key.");
        }
        catch (Exception refused) when (refused is CryptographicException or NoteRefusedException)
        {
            key.Dispose();
            throw new NoteRefusedException("The signing key is no P-256 key.");
        }
    }

    public byte[] ExportPkcs8() => _key.ExportPkcs8PrivateKey();

    public NoteSignature Sign(string text) =>
        new(
            Key.Name,
            Key.Id,
            _key.SignData(StrictText.Encode(text), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));

    public void Dispose()
    {
        _key.Dispose();
        Key.Dispose();
    }

    private static NoteSigner Of(string name, ECDsa key) => new(key, NoteKey.Of(name, key.ExportSubjectPublicKeyInfo()));
}
