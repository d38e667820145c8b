using Events.Media.Mp4;

namespace Events.Media.Live;

/// <summary>Measures pictures per second by their own time stamps, over the last few seconds.</summary>
internal sealed class RateMeter
{
    /// <summary>In pictures: enough to even out jitter, few enough to follow a camera that is set to another rate.</summary>
    private const int WindowCount = 128;

    private readonly uint[] _durations = new uint[WindowCount];
    private long _sum;
    private int _count;

    /// <summary>0 before the first picture.</summary>
    public double PerSecond => _sum == 0 ? 0 : Math.Round((double)MediaTime.Scale * Math.Min(_count, WindowCount) / _sum, 2);

    public void Restart() => (_sum, _count) = (0, 0);

    public void Add(uint duration)
    {
        int at = _count % WindowCount;
        _sum += duration - (_count >= WindowCount ? _durations[at] : 0L);
        _durations[at] = duration;
        _count = _count == (2 * WindowCount) - 1 ? WindowCount : _count + 1;
    }
}
