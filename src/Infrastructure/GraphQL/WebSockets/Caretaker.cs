using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;

namespace Events.GraphQL.WebSockets;

/// <summary>Keeps the bounds of all sockets in time with one timer, and closes them when the server stops.</summary>
internal sealed class Caretaker(GraphQLTransportOptions options) : BackgroundService, IHostedLifecycleService
{
    internal const string StopReason = "The server is stopping.";
    private readonly ConcurrentDictionary<SocketConnection, byte> _open = new();
    private volatile bool _stopping;

    internal bool Stopping => _stopping;

    internal void Add(SocketConnection connection) => _open[connection] = 0;

    internal void Remove(SocketConnection connection) => _open.TryRemove(connection, out _);

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>
    /// Comes before any service stops, the HTTP server included: all sockets are closed with 1001, upon which clients come
    /// back to the next server. Those that do not answer are cut off.
    /// </summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        _stopping = true;
        foreach (KeyValuePair<SocketConnection, byte> entry in _open)
        {
            entry.Key.Close(CloseCode.ServerStopping, StopReason);
        }

        Task all = Task.WhenAll(_open.Select(entry => entry.Key.Ended));
        await Task.WhenAny(all, Task.Delay(options.CloseWait, options.Clock, cancellationToken));
        foreach (KeyValuePair<SocketConnection, byte> entry in _open)
        {
            entry.Key.Abort();
        }
    }

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.WatchInterval, options.Clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                foreach (KeyValuePair<SocketConnection, byte> entry in _open)
                {
                    entry.Key.Watch();
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            return;
        }
    }
}
