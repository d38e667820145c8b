using System.Net.WebSockets;
using Microsoft.Extensions.Hosting;

namespace Events.JsonRpc;

/// <summary>Keeps every connection's bounds in time with one timer for all, and closes them all when the server stops.</summary>
internal sealed class Caretaker(JsonRpcOptions options, JsonRpcConnections connections)
    : BackgroundService, IHostedLifecycleService
{
    internal const string StopReason = "The server is stopping.";
    private volatile bool _stopping;

    internal bool Stopping => _stopping;

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>
    /// Comes before any service stops, the HTTP server included: idle sockets are closed with 1001 at once, running calls
    /// get their grace and are then cancelled, and what is left after that is cut off.
    /// </summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        _stopping = true;
        foreach (JsonRpcConnection connection in connections.All)
        {
            connection.Close(WebSocketCloseStatus.EndpointUnavailable, StopReason);
        }

        if (await AllEndAsync(options.StopGrace))
        {
            return;
        }

        foreach (JsonRpcConnection connection in connections.All)
        {
            connection.CancelCall("shutting_down");
        }

        if (await AllEndAsync(options.StopGrace))
        {
            return;
        }

        foreach (JsonRpcConnection connection in connections.All)
        {
            connection.Abort();
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
                foreach (JsonRpcConnection connection in connections.All)
                {
                    connection.Watch();
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            return;
        }
    }

    private async Task<bool> AllEndAsync(TimeSpan limit)
    {
        Task all = Task.WhenAll(connections.All.Select(connection => connection.Ended));
        await Task.WhenAny(all, Task.Delay(limit, options.Clock));
        return all.IsCompleted;
    }
}
