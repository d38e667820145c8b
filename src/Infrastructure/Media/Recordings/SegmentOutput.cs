using System.Security.Cryptography;
using Events.Application.Contracts;
using Events.Media.Encryption;
using Microsoft.Win32.SafeHandles;

namespace Events.Media.Recordings;

/// <summary>Where a segment's bytes go while it is written, as they are or encrypted.</summary>
internal abstract class SegmentOutput(SafeFileHandle file) : IDisposable
{
    protected SafeFileHandle File => file;

    /// <summary>Makes the file.</summary>
    /// <param name="key">Null to write it as it is.</param>
    public static SegmentOutput Create(string path, FootageKey? key, int number)
    {
        SafeFileHandle file = System.IO.File.OpenHandle(path, FileMode.Create, FileAccess.ReadWrite, FileShare.Read);
        return key is null ? new ClearOutput(file) : new EncryptedOutput(file, key, number);
    }

    /// <summary>Hands all of it to the operating system, or, where it is encrypted, all but what fills no record.</summary>
    /// <exception cref="IOException">The disk refuses. It is as if this had not been called.</exception>
    public abstract void Append(IReadOnlyList<ReadOnlyMemory<byte>> pieces);

    /// <summary>Completes the file and makes its content durable.</summary>
    /// <returns>Lower-case hex of the file's bytes as they lie on disk; null when they are those that were appended.</returns>
    /// <exception cref="IOException">The disk refuses. What is in the file is then found at the next start.</exception>
    public abstract string? Finish();

    public virtual void Dispose() => file.Dispose();

    protected void RequireLength(long length)
    {
        if (RandomAccess.GetLength(file) != length)
        {
            RandomAccess.SetLength(file, length);
        }
    }
}

internal sealed class ClearOutput(SafeFileHandle file) : SegmentOutput(file)
{
    private long _length;

    public override void Append(IReadOnlyList<ReadOnlyMemory<byte>> pieces)
    {
        try
        {
            RandomAccess.Write(File, pieces, _length);
        }
        catch
        {
            RandomAccess.SetLength(File, _length);
            throw;
        }

        _length += pieces.Sum(piece => (long)piece.Length);
    }

    public override string? Finish()
    {
        RequireLength(_length);
        RandomAccess.FlushToDisk(File);
        return null;
    }
}

/// <summary>
/// Writes records as they fill up. The last one, which may be full, is held back until the next bytes or the end come, since it
/// is encrypted as the last one at the end. Holds one record and a few encrypted ones, however large the pieces are.
/// </summary>
internal sealed class EncryptedOutput : SegmentOutput
{
    private readonly RecordCipher _cipher;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] _batch = new byte[RecordFormat.BatchRecords * RecordFormat.StoredBytes];
    private readonly byte[] _rest = new byte[RecordFormat.ClearBytes];
    private readonly byte[] _restBefore = new byte[RecordFormat.ClearBytes];
    private int _batchBytes;
    private int _restBytes;
    private long _records;
    private long _length;
    private bool _isHashWhole = true;

    /// <param name="file">Empty.</param>
    public EncryptedOutput(SafeFileHandle file, FootageKey key, int number)
        : base(file)
    {
        (byte[] header, _cipher) = FileHeader.Make(key, number);
        header.CopyTo(_batch, 0);
        _batchBytes = header.Length;
    }

    public override void Append(IReadOnlyList<ReadOnlyMemory<byte>> pieces)
    {
        (long length, long records, int restBytes, int batchBytes) = (_length, _records, _restBytes, _batchBytes);
        _rest.CopyTo(_restBefore, 0);
        byte[] header = _batch[..batchBytes];
        try
        {
            foreach (ReadOnlyMemory<byte> piece in pieces)
            {
                Append(piece.Span);
            }

            WriteBatch();
        }
        catch
        {
            // What was written is taken back; the hash has it already and is made of the file at the end.
            _isHashWhole &= _length == length;
            (_length, _records, _restBytes, _batchBytes) = (length, records, restBytes, batchBytes);
            header.CopyTo(_batch, 0);
            _restBefore.CopyTo(_rest, 0);
            RandomAccess.SetLength(File, _length);
            throw;
        }
    }

    public override string? Finish()
    {
        Encrypt(isLast: true);
        WriteBatch();
        RequireLength(_length);
        RandomAccess.FlushToDisk(File);
        return Convert.ToHexStringLower(_isHashWhole ? _hash.GetHashAndReset() : HashOfFile());
    }

    public override void Dispose()
    {
        _cipher.Dispose();
        _hash.Dispose();
        base.Dispose();
    }

    private void Append(ReadOnlySpan<byte> piece)
    {
        while (!piece.IsEmpty)
        {
            if (_restBytes == RecordFormat.ClearBytes)
            {
                Encrypt(isLast: false);
            }

            int count = Math.Min(piece.Length, RecordFormat.ClearBytes - _restBytes);
            piece[..count].CopyTo(_rest.AsSpan(_restBytes));
            _restBytes += count;
            piece = piece[count..];
        }
    }

    private void Encrypt(bool isLast)
    {
        int stored = _restBytes + RecordFormat.OverheadBytes;
        if (_batchBytes + stored > _batch.Length)
        {
            WriteBatch();
        }

        _cipher.Encrypt(_records++, isLast, _rest.AsSpan(0, _restBytes), _batch.AsSpan(_batchBytes, stored));
        (_batchBytes, _restBytes) = (_batchBytes + stored, 0);
    }

    private void WriteBatch()
    {
        if (_batchBytes == 0)
        {
            return;
        }

        ReadOnlySpan<byte> batch = _batch.AsSpan(0, _batchBytes);
        RandomAccess.Write(File, batch, _length);
        _hash.AppendData(batch);
        _length += batch.Length;
        _batchBytes = 0;
    }

    private byte[] HashOfFile()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (long at = 0; at < _length;)
        {
            int got = RandomAccess.Read(File, _batch, at);
            hash.AppendData(_batch, 0, got > 0 ? got : throw new IOException("The file became shorter while it was read."));
            at += got;
        }

        return hash.GetHashAndReset();
    }
}
