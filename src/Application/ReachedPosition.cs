namespace Events.Application;

/// <summary>How far somebody who follows the log has come, for those who wait for it.</summary>
public sealed class ReachedPosition(TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly List<(long Position, TaskCompletionSource Reached)> _waiting = [];
    private long _position = -1;

    /// <summary>-1 before the first.</summary>
    public long Value => Volatile.Read(ref _position);

    public void Reach(long position)
    {
        lock (_gate)
        {
            Volatile.Write(ref _position, position);
            foreach ((long wanted, TaskCompletionSource reached) in _waiting)
            {
                if (wanted <= position)
                {
                    reached.TrySetResult();
                }
            }

            _waiting.RemoveAll(one => one.Position <= position);
        }
    }

    /// <returns>False when that took too long.</returns>
    public async Task<bool> WaitForAsync(long position, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_position >= position)
            {
                return true;
            }

            _waiting.Add((position, reached));
        }

        try
        {
            await reached.Task.WaitAsync(timeout, time, cancellationToken);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
        finally
        {
            lock (_gate)
            {
                _waiting.RemoveAll(one => one.Reached == reached);
            }
        }
    }
}
