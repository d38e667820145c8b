using Events.Media.Mp4;

namespace Events.Media.Live;

/// <summary>
/// One picture for live viewers: a window on the bytes of the fragment it lies in, which are never copied for it. Made once
/// per picture for all viewers, and only while there are any. Who keeps it holds its fragment and releases that.
/// </summary>
internal sealed class AccessUnit
{
    private readonly ReadOnlyMemory<byte>[] _pieces;

    private AccessUnit(Fragment fragment, in Sample sample, long decodeTime, ReadOnlyMemory<byte>[] pieces)
    {
        (Fragment, Sample, DecodeTime, _pieces) = (fragment, sample, decodeTime, pieces);
    }

    public Fragment Fragment { get; }

    public Sample Sample { get; }

    /// <summary>In ticks of <see cref="MediaTime"/>, in the connection's own time.</summary>
    public long DecodeTime { get; }

    public bool IsKey => Sample.IsKey;

    public int Length => Sample.Size;

    /// <summary>The bytes, NAL units with their lengths before them, in as many pieces as they happen to lie in.</summary>
    public ReadOnlySpan<ReadOnlyMemory<byte>> Pieces => _pieces;

    /// <summary>
    /// When it arrived, UTC. Taken from the fragment's first picture and the camera's own clock since, so that jitter on the way
    /// does not show in it.
    /// </summary>
    public DateTimeOffset ArrivedAt => Fragment.StartedAt + MediaTime.ToSpan(DecodeTime - Fragment.DecodeTime);

    /// <summary>Call under the feed's lock: the fragment may still be growing.</summary>
    public static AccessUnit Newest(Fragment fragment)
    {
        Sample sample = fragment.Samples[^1];
        return Of(fragment, sample, fragment.ByteCount - sample.Size, fragment.Duration - sample.Duration);
    }

    /// <summary>Of all pictures in a fragment, in order. Call under the feed's lock.</summary>
    public static IEnumerable<AccessUnit> AllOf(Fragment fragment)
    {
        int offset = 0;
        long elapsed = 0;
        foreach (Sample sample in fragment.Samples)
        {
            yield return Of(fragment, sample, offset, elapsed);
            offset += sample.Size;
            elapsed += sample.Duration;
        }
    }

    /// <summary>Copies bytes from a place in the picture on.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The picture ends before.</exception>
    public void CopyTo(int offset, Span<byte> to)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(to.Length, Length - offset);
        foreach (ReadOnlyMemory<byte> piece in _pieces)
        {
            if (to.IsEmpty)
            {
                return;
            }

            if (offset >= piece.Length)
            {
                offset -= piece.Length;
                continue;
            }

            int now = Math.Min(to.Length, piece.Length - offset);
            piece.Span.Slice(offset, now).CopyTo(to);
            to = to[now..];
            offset = 0;
        }
    }

    private static AccessUnit Of(Fragment fragment, in Sample sample, int offset, long elapsed) =>
        new(fragment, sample, fragment.DecodeTime + elapsed, fragment.PiecesAt(offset, sample.Size));
}
