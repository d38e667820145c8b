using System.Security.Cryptography;
using Events.Application.Contracts;
using Events.Media.Mp4;
using Events.Media.Storage;

namespace Events.Media.Recordings;

/// <summary>
/// One file of a recording while it is written: a header, then whole fragments. Each fragment is handed to the operating system
/// at once, up to its last record where the file is encrypted; a write that fails is taken back, so that the file always ends
/// with a whole fragment.
/// </summary>
internal sealed class SegmentWriter : IDisposable
{
    private readonly string _path;
    private readonly int _number;
    private readonly DateTimeOffset _startedAt;
    private readonly SegmentOutput _output;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly BoxWriter _head = new();
    private readonly List<ReadOnlyMemory<byte>> _pieces = [];
    private readonly long _headerBytes;
    private long _length;
    private long _duration;
    private long _decodeTime = -1;
    private int _frameCount;
    private uint _sequence;

    /// <param name="key">Null to write the file as it is.</param>
    /// <exception cref="IOException">The disk refuses; no file is left behind.</exception>
    public SegmentWriter(string path, int number, StreamHeader header, DateTimeOffset startedAt, FootageKey? key = null)
    {
        (_path, _number, _startedAt, Header) = (path, number, startedAt, header);
        byte[] head = FileHead.Write(header, startedAt);
        _output = SegmentOutput.Create(path, key, number);
        try
        {
            _output.Append([head]);
        }
        catch
        {
            Discard();
            throw;
        }

        _hash.AppendData(head);
        _headerBytes = _length = head.Length;
    }

    public StreamHeader Header { get; }

    public DateTimeOffset StartedAt => _startedAt;

    /// <summary>In ticks, of what is in the file.</summary>
    public long Duration => _duration;

    /// <summary>In clear bytes: of the header and the fragments so far.</summary>
    public long Length => _length;

    public bool IsEmpty => _frameCount == 0;

    /// <param name="decodeTime">Where the fragment stands on the recording's own time line.</param>
    /// <exception cref="IOException">The disk refuses. The file ends where it did before.</exception>
    public void Write(Fragment fragment, long decodeTime)
    {
        _head.Clear();
        _pieces.Clear();
        int count = FragmentHead.Write(_head, fragment, fragment.Samples.Count, ++_sequence, decodeTime);
        _pieces.Add(_head.Written);
        fragment.AddPieces(_pieces, count);
        _output.Append(_pieces);
        foreach (ReadOnlyMemory<byte> piece in _pieces)
        {
            _hash.AppendData(piece.Span);
        }

        _decodeTime = _decodeTime < 0 ? decodeTime : _decodeTime;
        _length += _head.Length + count;
        _duration += fragment.Duration;
        _frameCount += fragment.Samples.Count;
        _pieces.Clear();
    }

    /// <summary>Makes the file and its name durable, and describes it.</summary>
    /// <exception cref="IOException">The disk refuses. What is in the file is then found at the next start.</exception>
    public SegmentFile Commit()
    {
        string? stored = _output.Finish();
        _output.Dispose();
        Folder.Sync(Path.GetDirectoryName(_path)!);
        string hash = Convert.ToHexStringLower(_hash.GetHashAndReset());
        return new SegmentFile(
            _number, _length, _headerBytes, hash, _startedAt, DurationMs(_decodeTime, _duration), _frameCount, stored);
    }

    /// <summary>
    /// Rounded on the recording's time line, not by itself: the sum over all segments is off by less than 1 ms, and a
    /// recording that is continued from that sum never goes back in time.
    /// </summary>
    public static long DurationMs(long decodeTime, long duration) =>
        MediaTime.ToMilliseconds(decodeTime + duration) - MediaTime.ToMilliseconds(decodeTime);

    /// <summary>Removes a file that holds nothing.</summary>
    public void Discard()
    {
        _output.Dispose();
        File.Delete(_path);
    }

    public void Dispose()
    {
        _output.Dispose();
        _hash.Dispose();
    }
}
