using Events.Media.Mp4;

namespace Events.Media.Muxing;

/// <summary>Where the pictures of a segment file go.</summary>
/// <param name="Number">Of the track, from 1.</param>
/// <param name="Prefix">What goes before each key frame.</param>
internal readonly record struct TrackSegment(int Number, byte[] Prefix);

/// <summary>The tracks of a recording: one for each codec that it has had.</summary>
internal sealed class FormatTracks
{
    /// <summary>A block of Matroska names its track in one byte, whose first bit is taken.</summary>
    private const int CountMax = 126;

    private readonly List<FormatTrack> _tracks = [];
    private readonly List<TrackSegment> _segments = [];

    public IReadOnlyList<FormatTrack> All => _tracks;

    public TrackSegment Last => _segments[^1];

    public TrackSegment this[int segment] => _segments[segment];

    /// <summary>Takes in the next segment.</summary>
    /// <exception cref="MalformedMediaException">There are too many formats.</exception>
    public void Begin(StreamHeader header)
    {
        int track = _tracks.FindIndex(track => track.CanHold(header));
        if (track < 0)
        {
            track = _tracks.Count < CountMax
                ? _tracks.Count
                : throw new MalformedMediaException("The recording has too many formats.");
            _tracks.Add(new FormatTrack(header));
        }

        _segments.Add(new TrackSegment(track + 1, _tracks[track].PrefixFor(header)));
    }
}
