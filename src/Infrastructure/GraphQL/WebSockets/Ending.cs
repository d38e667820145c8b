namespace Events.GraphQL.WebSockets;

/// <summary>Says once that something is to end. May be said at any time, from any thread, also when it has ended.</summary>
internal sealed class Ending : IDisposable
{
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _source = new();
    private bool _disposed;

    internal Ending() => Token = _source.Token;

    internal CancellationToken Token { get; }

    /// <summary>What follows from it runs on the pool, so this may be called under a lock.</summary>
    internal void Begin()
    {
        lock (_gate)
        {
            _ = _disposed ? Task.CompletedTask : _source.CancelAsync();
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            _source.Dispose();
        }
    }
}
