using Events.EventStore.Appending;
using Events.EventStore.Postgres;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Events.EventStore.Feed;

/// <summary>
/// Hears of other nodes' commits through NOTIFY and raises the signal. Only a wake-up: every loop also looks by itself once a
/// second, so that nothing depends on a notification.
/// </summary>
internal sealed partial class Listener(
    Database database, GroupWriter writer, CommitSignal committed, TimeProvider time, ILogger<Listener> logger)
    : BackgroundService
{
    private static readonly TimeSpan RetryPauseMin = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan RetryPauseMax = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        TimeSpan pause = RetryPauseMin;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await using NpgsqlConnection connection = await database.OpenSingleAsync(stoppingToken);
                connection.Notification += (_, notification) => Hear(notification.PID);
                await using (NpgsqlCommand listen = new($"listen {GroupWriter.Channel}", connection))
                {
                    await listen.ExecuteNonQueryAsync(stoppingToken);
                }

                pause = RetryPauseMin;
                committed.Raise();
                while (true)
                {
                    await connection.WaitAsync(stoppingToken);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception lost)
            {
                // Whatever it was, a new connection is the cure, and the loops look by themselves in the meantime.
                LogAway(lost);
            }

            try
            {
                await Task.Delay(pause, time, stoppingToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            pause = pause * 2 < RetryPauseMax ? pause * 2 : RetryPauseMax;
        }
    }

    /// <summary>This process's own commits have raised the signal already, before PostgreSQL sent it back.</summary>
    private void Hear(int sender)
    {
        if (sender != writer.BackendId)
        {
            committed.Raise();
        }
    }

    [LoggerMessage(EventId = 4301, Level = LogLevel.Warning, Message = "Not listening for other nodes' commits")]
    private partial void LogAway(Exception exception);
}
