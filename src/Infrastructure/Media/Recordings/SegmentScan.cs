using System.Buffers.Binary;
using System.Security.Cryptography;
using Events.Application.Contracts;
using Events.Media.Mp4;
using Events.Media.Storage;

namespace Events.Media.Recordings;

/// <summary>What a walk over a segment file's boxes found.</summary>
/// <param name="WholeBytes">Up to the end of the last whole fragment; 0 when there is none.</param>
/// <param name="DecodeTime">Of the first picture; in ticks, as <paramref name="Duration"/>.</param>
internal sealed record ScannedSegment(
    long WholeBytes, long HeaderBytes, DateTimeOffset? StartedAt, long DecodeTime, long Duration, int FrameCount)
{
    public static readonly ScannedSegment Nothing = new(0, 0, null, 0, 0, 0);
}

/// <summary>
/// Reads a segment file as a crash may have left it: whatever follows the last whole <c>moof</c> and <c>mdat</c> does not
/// count, be it half a fragment, zeros, or nonsense. Looks at box heads and tables, not at pictures.
/// </summary>
internal static class SegmentScan
{
    public static ScannedSegment Read(SegmentBytes file)
    {
        long length = file.Length;
        try
        {
            return ReadFragments(file, length, ReadHeader(file, length).Found, (_, _) => { });
        }
        catch (MalformedMediaException)
        {
            return ScannedSegment.Nothing; // There is no header, so nothing can be decoded.
        }
    }

    /// <summary>Lower-case hex of the first <paramref name="byteCount"/> bytes.</summary>
    public static async Task<string> HashAsync(SegmentBytes file, long byteCount, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[64 * 1024];
        for (long at = 0; at < byteCount;)
        {
            int wanted = (int)Math.Min(buffer.Length, byteCount - at);
            int got = await file.ReadAsync(buffer.AsMemory(0, wanted), at, cancellationToken);
            if (got == 0)
            {
                throw new IOException("The file became shorter while it was read.");
            }

            hash.AppendData(buffer, 0, got);
            at += got;
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    public static SegmentFile Describe(
        int number, ScannedSegment found, string hash, DateTimeOffset startedAt, string? storedHash) =>
        new(
            number,
            found.WholeBytes,
            found.HeaderBytes,
            hash,
            startedAt,
            SegmentWriter.DurationMs(found.DecodeTime, found.Duration),
            found.FrameCount,
            storedHash);

    /// <exception cref="MalformedMediaException">There is none that can be read.</exception>
    public static (ScannedSegment Found, StreamHeader Header) ReadHeader(SegmentBytes file, long length)
    {
        DateTimeOffset? startedAt = null;
        for (long at = 0; ReadHead(file, at, length) is (uint type, long size);)
        {
            byte[] body = type is Box.Uuid or Box.Moov ? ReadBody(file, at, size) : [];
            at += size;
            if (type == Box.Uuid)
            {
                startedAt = FileHead.ReadStart(body) ?? startedAt;
            }
            else if (type == Box.Moov)
            {
                return (ScannedSegment.Nothing with { HeaderBytes = at, StartedAt = startedAt }, StreamHeader.Parse(body));
            }
            else if (type != Box.Ftyp)
            {
                break;
            }
        }

        throw new MalformedMediaException("There is no header.");
    }

    /// <param name="found">What <see cref="ReadHeader"/> gave.</param>
    /// <param name="each">Gets each whole fragment's place and its table, which is good until the next one.</param>
    public static ScannedSegment ReadFragments(
        SegmentBytes file, long length, ScannedSegment found, Action<long, IReadOnlyList<TableEntry>> each)
    {
        var entries = new List<TableEntry>();
        try
        {
            for (long at = found.HeaderBytes; ReadHead(file, at, length) is (Box.Moof, long moof);)
            {
                SampleTable.Read(ReadBody(file, at, moof), default, entries);
                bool isWhole = ReadHead(file, at + moof, length) is (Box.Mdat, long mdat)
                    && entries.Sum(entry => (long)entry.Size) == mdat - Box.HeadBytes;
                if (!isWhole || entries.Count == 0)
                {
                    break;
                }

                each(at, entries);
                at += moof + entries.Sum(entry => (long)entry.Size) + Box.HeadBytes;
                found = found with
                {
                    WholeBytes = at,
                    DecodeTime = found.FrameCount == 0 ? (long)entries[0].DecodeTime : found.DecodeTime,
                    Duration = found.Duration + entries.Sum(entry => (long)entry.Duration),
                    FrameCount = found.FrameCount + entries.Count,
                };
            }
        }
        catch (MalformedMediaException)
        {
            return found; // What came before stands.
        }

        return found;
    }

    /// <param name="entries">Cleared and filled.</param>
    /// <returns>The pictures, one behind the other.</returns>
    /// <exception cref="MalformedMediaException">No whole fragment is there (any more).</exception>
    public static byte[] ReadFragment(SegmentBytes file, long moofAt, List<TableEntry> entries)
    {
        long length = file.Length;
        if (ReadHead(file, moofAt, length) is not (Box.Moof, long moof))
        {
            throw new MalformedMediaException("The fragment is gone.");
        }

        SampleTable.Read(ReadBody(file, moofAt, moof), default, entries);
        byte[] pictures = new byte[entries.Sum(entry => (long)entry.Size)];
        return entries.Count > 0 && file.Read(pictures, moofAt + moof + Box.HeadBytes) == pictures.Length
            ? pictures
            : throw new MalformedMediaException("The fragment is not whole.");
    }

    /// <returns>Null when no whole box begins there.</returns>
    private static (uint Type, long Size)? ReadHead(SegmentBytes file, long at, long length)
    {
        Span<byte> head = stackalloc byte[Box.HeadBytes];
        if (at + Box.HeadBytes > length || file.Read(head, at) < Box.HeadBytes)
        {
            return null;
        }

        long size = BinaryPrimitives.ReadUInt32BigEndian(head);
        return size >= Box.HeadBytes && at + size <= length
            ? (BinaryPrimitives.ReadUInt32BigEndian(head[4..]), size)
            : null;
    }

    private static byte[] ReadBody(SegmentBytes file, long at, long size)
    {
        if (size > FragmentReader.TableBytesMax)
        {
            throw new MalformedMediaException("A table is too large.");
        }

        byte[] body = new byte[size - Box.HeadBytes];
        return file.Read(body, at + Box.HeadBytes) == body.Length
            ? body
            : throw new MalformedMediaException("The file became shorter while it was read.");
    }
}
