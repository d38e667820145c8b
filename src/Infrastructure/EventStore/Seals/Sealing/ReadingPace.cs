namespace Events.EventStore.Seals.Sealing;

/// <summary>
/// Spreads reading evenly over time. In one go it would take a whole processor for seconds from those who append, and leave it
/// to nobody in between.
/// </summary>
/// <param name="count">Of facts that are going to be read; each reading counts.</param>
/// <param name="over">How long that may take. When it takes longer by itself, nothing waits.</param>
internal sealed class ReadingPace(long count, TimeSpan over, TimeProvider time)
{
    /// <summary>Shorter waits are not worth a timer.</summary>
    private static readonly TimeSpan WaitMin = TimeSpan.FromMilliseconds(2);

    private readonly long _start = time.GetTimestamp();
    private long _done;

    /// <summary>So many more were read.</summary>
    public async ValueTask AfterAsync(int read, CancellationToken cancellationToken)
    {
        _done += read;
        TimeSpan ahead = (over * Math.Min(1, _done / (double)count)) - time.GetElapsedTime(_start);
        if (ahead >= WaitMin)
        {
            await Task.Delay(ahead, time, cancellationToken);
        }
    }
}
