using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Events.Media.Encryption;

/// <summary>
/// Encrypts and decrypts single records of one file. Bound to each are the file's id, the record's number and whether it is the
/// last one: a record that was changed, moved, taken from another file or cut off does not open. Nonces are random, since the
/// last record of a file that a crash left is written anew with another end. Not thread-safe.
/// </summary>
internal sealed class RecordCipher : IDisposable
{
    private readonly AesGcm _cipher;
    private readonly byte[] _bound;

    /// <param name="secret">The file's key. Is wiped.</param>
    public RecordCipher(byte[] secret, ReadOnlySpan<byte> fileId)
    {
        _cipher = new AesGcm(secret, RecordFormat.TagBytes);
        CryptographicOperations.ZeroMemory(secret);
        _bound = new byte[FileHeader.FileIdBytes + sizeof(long) + 1];
        fileId.CopyTo(_bound);
    }

    /// <param name="clear">At most a record's worth.</param>
    /// <param name="stored">Longer by the overhead.</param>
    public void Encrypt(long number, bool isLast, ReadOnlySpan<byte> clear, Span<byte> stored)
    {
        Span<byte> nonce = stored[..RecordFormat.NonceBytes];
        RandomNumberGenerator.Fill(nonce);
        _cipher.Encrypt(
            nonce,
            clear,
            stored.Slice(RecordFormat.NonceBytes, clear.Length),
            stored[(RecordFormat.NonceBytes + clear.Length)..],
            Bound(number, isLast));
    }

    /// <returns>False when it is not that record of this file, whole and unchanged.</returns>
    public bool TryDecrypt(long number, bool isLast, ReadOnlySpan<byte> stored, Span<byte> clear)
    {
        try
        {
            _cipher.Decrypt(
                stored[..RecordFormat.NonceBytes],
                stored.Slice(RecordFormat.NonceBytes, clear.Length),
                stored[(RecordFormat.NonceBytes + clear.Length)..],
                clear,
                Bound(number, isLast));
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }

    public void Dispose() => _cipher.Dispose();

    private byte[] Bound(long number, bool isLast)
    {
        BinaryPrimitives.WriteInt64BigEndian(_bound.AsSpan(FileHeader.FileIdBytes), number);
        _bound[^1] = isLast ? (byte)1 : (byte)0;
        return _bound;
    }
}
