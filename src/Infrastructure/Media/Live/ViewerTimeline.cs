using Events.Media.Mp4;

namespace Events.Media.Live;

/// <summary>
/// One viewer's time, in ticks of <see cref="MediaTime"/> from 0 on. Within a connection to the camera it is the camera's own
/// clock; when the camera comes back with a new one, time goes on by the arrivals.
/// </summary>
internal sealed class ViewerTimeline
{
    /// <summary>In ticks: an hour. A longer absence is shown as one.</summary>
    private const long AbsenceMax = 3_600L * MediaTime.Scale;

    private int? _generation;
    private long _offset;
    private long _last;
    private uint _lastDuration;
    private DateTimeOffset _lastArrivedAt;

    /// <returns>When to decode the picture. The same again for the same picture.</returns>
    public long Map(AccessUnit unit)
    {
        if (_generation != unit.Fragment.Generation)
        {
            long start = 0;
            if (_generation is not null)
            {
                long absence = MediaTime.Of(unit.ArrivedAt - _lastArrivedAt);
                start = _last + Math.Clamp(absence, _lastDuration, AbsenceMax);
            }

            _offset = start - unit.DecodeTime;
            _generation = unit.Fragment.Generation;
        }

        _last = unit.DecodeTime + _offset;
        _lastDuration = Math.Max(1, unit.Sample.Duration);
        _lastArrivedAt = unit.ArrivedAt;
        return _last;
    }
}
