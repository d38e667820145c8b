using System.Buffers.Binary;
using System.Security.Cryptography;
using Events.Application.Contracts;

namespace Events.Media.Encryption;

/// <summary>
/// The first 112 bytes of an encrypted file: a magic number, the version, the size of the records, whose file it is, a random id
/// of the file, and the file's key, wrapped under the recording's with all of that bound to it.
/// </summary>
internal static class FileHeader
{
    public const int Bytes = WrapAt + RecordFormat.OverheadBytes + FootageKey.SecretBytes;

    public const int FileIdBytes = 16;

    private const ushort Version = 1;
    private const int VersionAt = 8;
    private const int RecordSizeAt = 12;
    private const int OwnerAt = 16;
    private const int NumberAt = 32;
    private const int FileIdAt = 36;
    private const int WrapAt = FileIdAt + FileIdBytes;

    /// <summary>No MP4 file begins so, and a transfer that takes it for text breaks it.</summary>
    private static ReadOnlySpan<byte> Magic => [0x89, (byte)'E', (byte)'V', (byte)'C', 0x0d, 0x0a, 0x1a, 0x0a];

    public static bool IsAt(ReadOnlySpan<byte> start) => start.StartsWith(Magic);

    /// <summary>Makes a key for one file and wraps it.</summary>
    /// <param name="number">The segment's, from 1; for a snapshot <see cref="FootageKey.SnapshotNumber"/>.</param>
    public static (byte[] Header, RecordCipher Cipher) Make(FootageKey key, int number)
    {
        byte[] header = new byte[Bytes];
        Magic.CopyTo(header);
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(VersionAt), Version);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(RecordSizeAt), RecordFormat.ClearBytes);
        key.Owner.TryWriteBytes(header.AsSpan(OwnerAt), bigEndian: true, out _);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(NumberAt), number);
        RandomNumberGenerator.Fill(header.AsSpan(FileIdAt, FileIdBytes));
        byte[] secret = RandomNumberGenerator.GetBytes(FootageKey.SecretBytes);
        Span<byte> wrap = header.AsSpan(WrapAt);
        RandomNumberGenerator.Fill(wrap[..RecordFormat.NonceBytes]);
        using var wrapping = new AesGcm(key.Secret.Span, RecordFormat.TagBytes);
        wrapping.Encrypt(
            wrap[..RecordFormat.NonceBytes],
            secret,
            wrap.Slice(RecordFormat.NonceBytes, secret.Length),
            wrap[^RecordFormat.TagBytes..],
            header.AsSpan(0, WrapAt));
        return (header, new RecordCipher(secret, header.AsSpan(FileIdAt, FileIdBytes)));
    }

    /// <param name="header">As many bytes as a header has.</param>
    /// <exception cref="FootageUnreadableException">It is another file's, was changed, or the key does not fit.</exception>
    public static RecordCipher Open(ReadOnlySpan<byte> header, FootageKey key, int number)
    {
        if (!IsAt(header))
        {
            throw new FootageUnreadableException("The file is not encrypted, and should be.");
        }

        ushort version = BinaryPrimitives.ReadUInt16BigEndian(header[VersionAt..]);
        int size = BinaryPrimitives.ReadInt32BigEndian(header[RecordSizeAt..]);
        if (version != Version || size != RecordFormat.ClearBytes)
        {
            throw new FootageUnreadableException(
                $"The file's format {version}, with records of {size} bytes, is not known to this program.");
        }

        var owner = new Guid(header.Slice(OwnerAt, 16), bigEndian: true);
        int found = BinaryPrimitives.ReadInt32BigEndian(header[NumberAt..]);
        if (owner != key.Owner || found != number)
        {
            throw new FootageUnreadableException(
                found == FootageKey.SnapshotNumber
                    ? $"The file is snapshot {owner}, in another one's place."
                    : $"The file is segment {found} of recording {owner}, in another one's place.");
        }

        byte[] secret = new byte[FootageKey.SecretBytes];
        ReadOnlySpan<byte> wrap = header[WrapAt..Bytes];
        try
        {
            using var wrapping = new AesGcm(key.Secret.Span, RecordFormat.TagBytes);
            wrapping.Decrypt(
                wrap[..RecordFormat.NonceBytes],
                wrap.Slice(RecordFormat.NonceBytes, secret.Length),
                wrap[^RecordFormat.TagBytes..],
                secret,
                header[..WrapAt]);
        }
        catch (CryptographicException e)
        {
            throw new FootageUnreadableException("The file's header was changed, or its key is another one.", e);
        }

        return new RecordCipher(secret, header.Slice(FileIdAt, FileIdBytes));
    }
}
