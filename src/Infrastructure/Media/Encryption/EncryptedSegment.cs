using System.Buffers;
using Events.Application.Contracts;
using Events.Media.Storage;
using Microsoft.Win32.SafeHandles;

namespace Events.Media.Encryption;

/// <summary>
/// An encrypted file, read as its clear bytes. Any range can be had by the records that it touches; some records at a time are
/// in memory. Not thread-safe.
/// </summary>
internal sealed class EncryptedSegment : SegmentBytes
{
    private readonly SafeFileHandle _file;
    private readonly RecordCipher _cipher;
    private byte[] _stored = ArrayPool<byte>.Shared.Rent(RecordFormat.BatchRecords * RecordFormat.StoredBytes);
    private byte[] _clear = ArrayPool<byte>.Shared.Rent(RecordFormat.BatchRecords * RecordFormat.ClearBytes);
    private long _length;
    private bool _isFinished;
    private long _heldAt;
    private int _heldBytes;

    private EncryptedSegment(SafeFileHandle file, RecordCipher cipher) => (_file, _cipher) = (file, cipher);

    public override long Length => _length;

    private long RecordCount => (_length + RecordFormat.ClearBytes - 1) / RecordFormat.ClearBytes;

    /// <summary>Opens a finished file. The last record is looked at at once: it says whether the file was cut off.</summary>
    /// <param name="file">Is disposed with this, and not when this throws.</param>
    /// <exception cref="FootageUnreadableException">It is not that file, whole and unchanged at both ends.</exception>
    public static EncryptedSegment Open(SafeFileHandle file, FootageKey key, int number)
    {
        var segment = new EncryptedSegment(file, OpenHeader(file, key, number));
        try
        {
            long records = RandomAccess.GetLength(file) - FileHeader.Bytes;
            (long whole, long rest) = Math.DivRem(records, RecordFormat.StoredBytes);
            if (rest is > 0 and <= RecordFormat.OverheadBytes || records == 0)
            {
                throw new FootageUnreadableException("The file was cut off.");
            }

            segment._isFinished = true;
            segment._length = (whole * RecordFormat.ClearBytes) + (rest == 0 ? 0 : rest - RecordFormat.OverheadBytes);
            segment.Load((segment.RecordCount - 1) * RecordFormat.ClearBytes, 1);
            return segment;
        }
        catch
        {
            segment.GiveBack();
            throw;
        }
    }

    /// <summary>
    /// Opens a file as a crash may have left it: as long as records follow each other that are whole. Reads all of it.
    /// </summary>
    /// <param name="file">Is disposed with this, and not when this throws.</param>
    /// <returns>Whether it was finished, too: with a last record, and nothing behind it.</returns>
    /// <exception cref="FootageUnreadableException">The header is not that file's.</exception>
    public static (EncryptedSegment Segment, bool IsFinished) OpenWhatIsWhole(SafeFileHandle file, FootageKey key, int number)
    {
        var segment = new EncryptedSegment(file, OpenHeader(file, key, number));
        try
        {
            for (long record = 0; ; record++)
            {
                int got = RandomAccess.Read(file, segment._stored.AsSpan(0, RecordFormat.StoredBytes), PlaceOf(record));
                if (got == RecordFormat.StoredBytes && segment.TryDecrypt(record, isLast: false, 0, got))
                {
                    segment._length += RecordFormat.ClearBytes;
                }
                else if (got > RecordFormat.OverheadBytes && segment.TryDecrypt(record, isLast: true, 0, got))
                {
                    segment._isFinished = true;
                    segment._length += got - RecordFormat.OverheadBytes;
                    return (segment, PlaceOf(record) + got == RandomAccess.GetLength(file));
                }
                else
                {
                    return (segment, false);
                }
            }
        }
        catch
        {
            segment.GiveBack();
            throw;
        }
    }

    /// <summary>Makes the file end behind so many of its clear bytes, with a last record that says so.</summary>
    /// <param name="file">The same, open for writing.</param>
    /// <exception cref="IOException">The disk refuses. What was whole before that last record still is.</exception>
    public void CutAt(SafeFileHandle file, long clearBytes)
    {
        long record = (clearBytes - 1) / RecordFormat.ClearBytes;
        byte[] clear = new byte[clearBytes - (record * RecordFormat.ClearBytes)];
        Read(clear, record * RecordFormat.ClearBytes);
        byte[] stored = new byte[clear.Length + RecordFormat.OverheadBytes];
        _cipher.Encrypt(record, isLast: true, clear, stored);
        RandomAccess.Write(file, stored, PlaceOf(record));
        RandomAccess.SetLength(file, PlaceOf(record) + stored.Length);
        (_length, _isFinished, _heldBytes) = (clearBytes, true, 0);
    }

    public override int Read(Span<byte> buffer, long offset)
    {
        int done = 0;
        while (done < buffer.Length && offset + done < _length)
        {
            long at = offset + done;
            if (!IsHeld(at))
            {
                Load(at, RecordsFor(at, buffer.Length - done));
            }

            done += TakeHeld(at, buffer[done..]);
        }

        return done;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, long offset, CancellationToken cancellationToken)
    {
        if (offset >= _length || buffer.IsEmpty)
        {
            return 0;
        }

        if (!IsHeld(offset))
        {
            (long record, int count) = (offset / RecordFormat.ClearBytes, RecordsFor(offset, buffer.Length));
            Memory<byte> room = _stored.AsMemory(0, count * RecordFormat.StoredBytes);
            Decrypt(record, count, await RandomAccess.ReadAsync(_file, room, PlaceOf(record), cancellationToken));
        }

        return TakeHeld(offset, buffer.Span);
    }

    public override void Dispose()
    {
        GiveBack();
        _file.Dispose();
    }

    private static RecordCipher OpenHeader(SafeFileHandle file, FootageKey key, int number)
    {
        Span<byte> header = stackalloc byte[FileHeader.Bytes];
        return RandomAccess.Read(file, header, 0) == FileHeader.Bytes
            ? FileHeader.Open(header, key, number)
            : throw new FootageUnreadableException("The file was cut off within its header.");
    }

    private static long PlaceOf(long record) => FileHeader.Bytes + (record * RecordFormat.StoredBytes);

    private bool IsHeld(long offset) => offset >= _heldAt && offset < _heldAt + _heldBytes;

    private int TakeHeld(long offset, Span<byte> buffer)
    {
        ReadOnlySpan<byte> held = _clear.AsSpan((int)(offset - _heldAt), (int)(_heldAt + _heldBytes - offset));
        int count = Math.Min(held.Length, buffer.Length);
        held[..count].CopyTo(buffer);
        return count;
    }

    /// <returns>Records from the one at <paramref name="offset"/> on that hold so many bytes, as far as there is room.</returns>
    private int RecordsFor(long offset, int byteCount)
    {
        long last = Math.Min(offset + byteCount, _length) - 1;
        long count = (last / RecordFormat.ClearBytes) - (offset / RecordFormat.ClearBytes) + 1;
        return (int)Math.Min(count, RecordFormat.BatchRecords);
    }

    private void Load(long offset, int count)
    {
        long record = offset / RecordFormat.ClearBytes;
        Decrypt(record, count, RandomAccess.Read(_file, _stored.AsSpan(0, count * RecordFormat.StoredBytes), PlaceOf(record)));
    }

    private void Decrypt(long first, int count, int got)
    {
        _heldBytes = 0;
        int clearBytes = 0;
        for (int i = 0; i < count; i++)
        {
            int wanted = (int)Math.Min(RecordFormat.ClearBytes, _length - ((first + i) * RecordFormat.ClearBytes));
            int stored = wanted + RecordFormat.OverheadBytes;
            bool isLast = _isFinished && first + i == RecordCount - 1;
            if (got < stored || !TryDecrypt(first + i, isLast, i, stored))
            {
                throw new FootageUnreadableException($"The file was changed or cut off: record {first + i} does not open.");
            }

            got -= stored;
            clearBytes += wanted;
        }

        (_heldAt, _heldBytes) = (first * RecordFormat.ClearBytes, clearBytes);
    }

    /// <param name="place">Of the record among those in memory.</param>
    private bool TryDecrypt(long record, bool isLast, int place, int storedBytes) =>
        _cipher.TryDecrypt(
            record,
            isLast,
            _stored.AsSpan(place * RecordFormat.StoredBytes, storedBytes),
            _clear.AsSpan(place * RecordFormat.ClearBytes, storedBytes - RecordFormat.OverheadBytes));

    private void GiveBack()
    {
        _cipher.Dispose();
        (byte[] stored, byte[] clear) = (_stored, _clear);
        (_stored, _clear) = ([], []);
        if (stored.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(stored);
            ArrayPool<byte>.Shared.Return(clear, clearArray: true);
        }
    }
}
