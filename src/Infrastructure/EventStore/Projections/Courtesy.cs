namespace Events.EventStore.Projections;

/// <summary>
/// What builds a view anew or compares it takes second place to commands: while some come, one step of all such work is taken at
/// a time, and for twice as long as it took nothing follows it. Without commands every step is taken at once.
/// </summary>
internal sealed class Courtesy(TimeProvider time) : IDisposable
{
    /// <summary>Commands are taken to go on for so long after the last one.</summary>
    private static readonly TimeSpan BusyFor = TimeSpan.FromSeconds(1);

    /// <summary>A step that took longer waited for something else than the processor.</summary>
    private static readonly TimeSpan PauseMax = TimeSpan.FromMilliseconds(400);

    private readonly SemaphoreSlim _turn = new(1, 1);
    private long _lastAppend;

    private bool IsBusy => Volatile.Read(ref _lastAppend) is not 0 and var last && time.GetElapsedTime(last) < BusyFor;

    /// <summary>Somebody appends.</summary>
    public void Note() => Volatile.Write(ref _lastAppend, time.GetTimestamp());

    public async Task<T> StepAsync<T>(Func<Task<T>> step, CancellationToken cancellationToken)
    {
        if (!IsBusy)
        {
            return await step();
        }

        await _turn.WaitAsync(cancellationToken);
        try
        {
            long start = time.GetTimestamp();
            T done = await step();
            TimeSpan took = time.GetElapsedTime(start);
            await Task.Delay(2 * took < PauseMax ? 2 * took : PauseMax, time, cancellationToken);
            return done;
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();
}
