using System.Buffers;

namespace Events.Media.Mp4;

/// <summary>One picture within a <see cref="Fragment"/>; times in ticks of <see cref="MediaTime"/>.</summary>
internal readonly record struct Sample(int Size, uint Duration, int CompositionOffset, bool IsKey);

/// <summary>
/// Pictures that belong together, usually one group of pictures: the unit in which everything is kept, recorded and sent. Its
/// bytes lie once in memory, in pooled chunks, however many readers there are; each reader holds it and releases it.
/// Pictures are added under the feed's lock; bytes that were added never move or change until the last release.
/// </summary>
internal sealed class Fragment(StreamHeader header, int generation, bool startsWithKey, long decodeTime, DateTimeOffset startedAt)
{
    /// <summary>In bytes. Below the large object heap's limit, so that the pool may let go of them cheaply.</summary>
    private const int ChunkBytes = 64 * 1024;

    private readonly List<byte[]> _chunks = [];
    private readonly List<Sample> _samples = [];
    private int _lastChunkBytes = ChunkBytes;
    private int _holders = 1;

    public StreamHeader Header { get; } = header;

    /// <summary>Rises with each connection to the camera.</summary>
    public int Generation { get; } = generation;

    public bool StartsWithKey { get; } = startsWithKey;

    /// <summary>Of the first picture, in the connection's own time.</summary>
    public long DecodeTime { get; } = decodeTime;

    /// <summary>Arrival of the first picture, UTC.</summary>
    public DateTimeOffset StartedAt { get; } = startedAt;

    public int ByteCount { get; private set; }

    public long Duration { get; private set; }

    public IReadOnlyList<Sample> Samples => _samples;

    public void Add(in SampleInfo sample, ReadOnlySpan<byte> data)
    {
        _samples.Add(new Sample(data.Length, sample.Duration, sample.CompositionOffset, sample.IsKey));
        Duration += sample.Duration;
        ByteCount += data.Length;
        while (!data.IsEmpty)
        {
            if (_lastChunkBytes == ChunkBytes)
            {
                _chunks.Add(ArrayPool<byte>.Shared.Rent(ChunkBytes));
                _lastChunkBytes = 0;
            }

            int now = Math.Min(data.Length, ChunkBytes - _lastChunkBytes);
            data[..now].CopyTo(_chunks[^1].AsSpan(_lastChunkBytes));
            _lastChunkBytes += now;
            data = data[now..];
        }
    }

    public Fragment Hold()
    {
        Interlocked.Increment(ref _holders);
        return this;
    }

    public void Release()
    {
        if (Interlocked.Decrement(ref _holders) != 0)
        {
            return;
        }

        foreach (byte[] chunk in _chunks)
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }

        _chunks.Clear();
    }

    /// <summary>The pieces in which some of the bytes lie; they stay good until the last release.</summary>
    public ReadOnlyMemory<byte>[] PiecesAt(int offset, int byteCount)
    {
        int first = offset / ChunkBytes;
        int last = (offset + byteCount - 1) / ChunkBytes;
        var pieces = new ReadOnlyMemory<byte>[last - first + 1];
        for (int i = 0; i < pieces.Length; i++)
        {
            int start = i == 0 ? offset % ChunkBytes : 0;
            int now = Math.Min(byteCount, ChunkBytes - start);
            pieces[i] = _chunks[first + i].AsMemory(start, now);
            byteCount -= now;
        }

        return pieces;
    }

    /// <summary>Adds the pieces in which the first <paramref name="byteCount"/> bytes lie.</summary>
    public void AddPieces(List<ReadOnlyMemory<byte>> pieces, int byteCount)
    {
        for (int i = 0; byteCount > 0; i++)
        {
            int now = Math.Min(byteCount, ChunkBytes);
            pieces.Add(_chunks[i].AsMemory(0, now));
            byteCount -= now;
        }
    }
}
