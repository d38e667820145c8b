using Events.Media.Mp4;

namespace Events.Media.Live;

/// <summary>Measures pictures and bits per second by the pictures' own time stamps, over the last few seconds.</summary>
internal sealed class RateMeter
{
    /// <summary>In pictures: enough to even out jitter, few enough to follow a camera that is set to another rate.</summary>
    private const int WindowCount = 128;

    private readonly uint[] _durations = new uint[WindowCount];
    private readonly int[] _bytes = new int[WindowCount];
    private long _sum;
    private long _byteSum;
    private int _count;

    /// <summary>0 before the first picture.</summary>
    public double PerSecond => _sum == 0 ? 0 : Math.Round((double)MediaTime.Scale * Math.Min(_count, WindowCount) / _sum, 2);

    /// <summary>0 before the first picture.</summary>
    public long BitsPerSecond => _sum == 0 ? 0 : 8 * _byteSum * MediaTime.Scale / _sum;

    public void Restart() => (_sum, _byteSum, _count) = (0, 0, 0);

    public void Add(uint duration, int bytes)
    {
        int at = _count % WindowCount;
        bool isFull = _count >= WindowCount;
        _sum += duration - (isFull ? _durations[at] : 0L);
        _byteSum += bytes - (isFull ? _bytes[at] : 0L);
        (_durations[at], _bytes[at]) = (duration, bytes);
        _count = _count == (2 * WindowCount) - 1 ? WindowCount : _count + 1;
    }
}
