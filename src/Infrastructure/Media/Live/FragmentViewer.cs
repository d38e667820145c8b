using Events.Application.Contracts;
using Events.Media.Mp4;

namespace Events.Media.Live;

/// <summary>
/// Fragmented MP4 for one viewer: a header, then fragments of whatever has come since the last one, usually one picture.
/// </summary>
internal sealed class FragmentViewer : ILiveViewer
{
    /// <summary>
    /// In bytes: beyond this the next pictures go into a fragment of their own, so that the first ones are shown.
    /// </summary>
    private const int PieceBytesMax = 1024 * 1024;

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private readonly CameraFeed _feed;
    private readonly ViewerQueue _queue;
    private readonly ViewerTimeline _timeline = new();
    private readonly BoxWriter _bytes = new();
    private readonly List<AccessUnit> _units = [];
    private StreamHeader? _header;
    private AccessUnit? _next;
    private uint _sequence;

    public FragmentViewer(CameraFeed feed, TimeProvider time)
    {
        _feed = feed;
        _queue = new ViewerQueue(time);
        feed.Attach(_queue);
    }

    public long SkippedCount => _queue.SkippedCount;

    public async ValueTask<LivePiece?> NextAsync(CancellationToken cancellationToken)
    {
        while (_next is null && (_next = _queue.TryTake()) is null)
        {
            if (_queue.IsEnded)
            {
                return null;
            }

            await _queue.WaitAsync(LookEvery, cancellationToken);
        }

        StreamHeader header = _next.Fragment.Header;
        if (_header is null || !_header.HasSameFormatAs(header))
        {
            _header = header;
            string type = $"video/mp4; codecs=\"{CodecSetup.Of(header).Codecs}\"";
            return new LivePiece(type, header.Width, header.Height, FileHead.Write(header, null));
        }

        return new LivePiece(null, 0, 0, WriteFragment());
    }

    public void Dispose()
    {
        _feed.Detach(_queue);
        _queue.Dispose();
        _next?.Fragment.Release();
        _next = null;
        ReleaseUnits();
    }

    private ReadOnlyMemory<byte> WriteFragment()
    {
        try
        {
            long decodeTime = _timeline.Map(_next!);
            int byteCount = 0;
            do
            {
                _units.Add(_next!);
                byteCount += _next!.Length;
                _next = _queue.TryTake();
            }
            while (_next is not null && byteCount + _next.Length <= PieceBytesMax && Follows(_units[^1], _next));
            _bytes.Clear();
            FragmentHead.Write(_bytes, _units.Select(unit => unit.Sample), (uint)_units.Count, ++_sequence, decodeTime);
            foreach (AccessUnit unit in _units)
            {
                foreach (ReadOnlyMemory<byte> piece in unit.Pieces)
                {
                    _bytes.Raw(piece.Span);
                }
            }

            return _bytes.Written;
        }
        finally
        {
            ReleaseUnits();
        }
    }

    /// <summary>Without a gap and without a new connection between the two: then they may share a fragment.</summary>
    private static bool Follows(AccessUnit one, AccessUnit next) =>
        one.Fragment.Generation == next.Fragment.Generation && one.DecodeTime + one.Sample.Duration == next.DecodeTime;

    private void ReleaseUnits()
    {
        _units.ForEach(unit => unit.Fragment.Release());
        _units.Clear();
    }
}
