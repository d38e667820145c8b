using System.Diagnostics.Metrics;
using Events.Application.Contracts;
using Events.EventStore;
using Events.EventStore.Seals;
using Events.Host.Audit;
using Events.Host.Cli;
using Events.Host.Control;
using Events.Host.Settings;
using Npgsql;

namespace Events.Host.Backups;

/// <summary>
/// Takes a base backup when the newest one of this log in the folder is old enough, whoever took it, or when the log is not
/// archived there. One that fails is tried again within the hour; the write-ahead log is archived meanwhile.
/// </summary>
internal sealed partial class BackupKeeper(
    BackupSettings settings,
    EventStoreOptions store,
    SealOptions seals,
    ControlFacts facts,
    ILog log,
    IFacts search,
    TimeProvider time,
    ILogger<BackupKeeper> logger) : BackgroundService
{
    private static readonly Meter Meter = new("Events.Backups");

    private static readonly Counter<long> Taken =
        Meter.CreateCounter<long>("events.backups.taken", "{backup}", "Base backups that this host took.");

    private static readonly Counter<long> Failed =
        Meter.CreateCounter<long>("events.backups.failed", "{attempt}", "Base backups that failed.");

    private static readonly TimeSpan RetryPause = TimeSpan.FromHours(1);

    /// <summary>Looked at so often: a folder is read, and a clock may be set.</summary>
    private static readonly TimeSpan LookPause = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (settings.Folder is not { } folder)
        {
            return;
        }

        DateTimeOffset notBefore = default;
        try
        {
            while (true)
            {
                if (time.GetUtcNow() >= notBefore)
                {
                    notBefore = await TakeIfDueAsync(folder, stoppingToken) ? default : time.GetUtcNow() + RetryPause;
                }

                await Task.Delay(LookPause, time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What was begun is removed; the next start takes it anew.
        }
    }

    /// <returns>False when it failed.</returns>
    private async Task<bool> TakeIfDueAsync(string folder, CancellationToken cancellationToken)
    {
        try
        {
            Backup backup = new(new LogPlace(store.ConnectionString(), seals.Folder, facts.Data), log, search, time);
            if (!await backup.IsDueAsync(folder, TimeSpan.FromHours(settings.IntervalH), cancellationToken))
            {
                return true;
            }

            BackupRow row = await backup.RunAsync(
                folder, WrappedKeys.PassphraseIn(settings.PassphraseFile), settings.Keep, settings.Footage, cancellationToken);
            Taken.Add(1);
            LogTaken(row.Folder, row.Facts, row.Seconds);
            return true;
        }
        catch (Exception failed) when (failed is CommandFailedException or DependencyUnavailableException or NpgsqlException
            or IOException or UnauthorizedAccessException or System.Text.Json.JsonException)
        {
            Failed.Add(1);
            LogFailed(folder, failed.Message);
            return false;
        }
    }

    [LoggerMessage(EventId = 5701, Level = LogLevel.Information, Message = "Backup {Folder}: {Facts} facts in {Seconds} s")]
    private partial void LogTaken(string folder, long facts, double seconds);

    [LoggerMessage(
        EventId = 5702, Level = LogLevel.Error, Message = "No backup was taken to {Folder}; the next try is in an hour: {Why}")]
    private partial void LogFailed(string folder, string why);
}
