using System.Collections.Concurrent;
using Events.Application.Contracts;
using Events.EventStore.Postgres;
using Events.EventStore.Seals.Sealing;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Events.EventStore.Seals.Outside;

/// <summary>
/// Shows the newest head outside, at intervals, each place by itself: what waits for a place is one head, the newest. Sealing
/// never waits for any of them.
/// </summary>
internal sealed partial class Anchorer(
    Database database, AnchorSinks sinks, ISeals seals, SealGate gate, TimeProvider time, ILogger<Anchorer> logger)
    : BackgroundService, IAnchors
{
    private readonly ConcurrentDictionary<string, AnchorStatus> _status = new(StringComparer.Ordinal);

    /// <summary>
    /// What each place got in this life of the host. What the database says of earlier ones does not count: a log that was
    /// written anew may have a head of the same size.
    /// </summary>
    private readonly ConcurrentDictionary<string, string> _shown = new(StringComparer.Ordinal);

    /// <summary>Places that have not been tried yet are there from the start, so that a lag is seen from the start.</summary>
    public IReadOnlyList<AnchorStatus> All =>
        [.. sinks.All.Select(sink => _status.GetValueOrDefault(sink.Name) ?? new AnchorStatus(sink.Name, 0, AnchorStatus.Pending))
            .Select(one => one with { Lag = Math.Max(0, seals.Status.Size - one.Size) })];

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(sinks.All.Select(sink => FollowAsync(sink, stoppingToken)));

    private async Task FollowAsync(IAnchorSink sink, CancellationToken stoppingToken)
    {
        try
        {
            TimeSpan pause = await DueAsync(sink, stoppingToken);
            while (true)
            {
                await Task.Delay(pause, time, stoppingToken);
                TimeSpan next = await ShowNewestAsync(sink, stoppingToken);
                pause = next < sink.Interval ? next : sink.Interval;
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What was not shown is shown after the next start.
        }
    }

    /// <summary>How long until the place is to get the next head: a host that starts often does not stamp more often.</summary>
    private async Task<TimeSpan> DueAsync(IAnchorSink sink, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                if (await LastAsync(sink.Name, cancellationToken) is not { SentAt: { } sentAt } last)
                {
                    return TimeSpan.Zero;
                }

                _status[sink.Name] = last;
                TimeSpan since = time.GetUtcNow() - sentAt;
                return since < TimeSpan.Zero || since > sink.Interval ? TimeSpan.Zero : sink.Interval - since;
            }
            catch (DependencyUnavailableException)
            {
                // PostgreSQL is away, or has no tables yet; the sealer says so.
                await Task.Delay(TimeSpan.FromSeconds(1), time, cancellationToken);
            }
            catch (Exception unread) when (unread is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                // Whoever owns the database has made something else of those rows. They must not keep a head from going out.
                return TimeSpan.Zero;
            }
        }
    }

    /// <returns>How long to wait for the next try, if the place's own interval is not shorter.</returns>
    private async Task<TimeSpan> ShowNewestAsync(IAnchorSink sink, CancellationToken cancellationToken)
    {
        try
        {
            // Of a log that was set back nothing is shown until somebody said what is to become of it.
            StoredHead? head = gate.Why is null ? await NewestAsync(cancellationToken) : null;
            if (head is null)
            {
                return AnchorTimes.HeadPause;
            }

            if (_shown.GetValueOrDefault(sink.Name) == head.Note)
            {
                // What failed since then was reading the head here, not the place.
                _status[sink.Name] = _status[sink.Name] with { State = AnchorStatus.Done, Trouble = null };
                return sink.Interval;
            }

            byte[]? receipt = await sink.ShowAsync(head, cancellationToken);
            await NoteAsync(sink.Name, head, receipt, cancellationToken);
            _shown[sink.Name] = head.Note;
            _status[sink.Name] = new AnchorStatus(sink.Name, head.Size, AnchorStatus.Done, time.GetUtcNow());
            return sink.Interval;
        }
        catch (AnchorContradictedException contradicted)
        {
            Fail(sink.Name, AnchorStatus.Contradicted, contradicted.Message);
        }
        catch (Exception failed) when (failed is AnchorFailedException or DependencyUnavailableException)
        {
            Fail(sink.Name, AnchorStatus.Failed, failed.Message);
        }
        catch (PostgresException refused)
        {
            Fail(sink.Name, AnchorStatus.Failed, $"PostgreSQL says: {refused.MessageText} (SQLSTATE {refused.SqlState}).");
        }
        catch (Exception spoilt) when (spoilt is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // A row that nobody of us wrote so. Neither the host nor the other places are to end of it.
            Fail(sink.Name, AnchorStatus.Failed, spoilt.Message);
        }

        return AnchorTimes.RetryPause;
    }

    private void Fail(string sink, string state, string why)
    {
        Measures.AnchorsFailed.Add(1);
        AnchorStatus? last = _status.GetValueOrDefault(sink);
        _status[sink] = new AnchorStatus(sink, last?.Size ?? 0, state, last?.SentAt) { Trouble = why };
        if (last?.Trouble == why)
        {
            return;
        }

        if (state == AnchorStatus.Contradicted)
        {
            LogContradicted(sink, why);
        }
        else
        {
            LogFailed(sink, why);
        }
    }

    private Task<StoredHead?> NewestAsync(CancellationToken cancellationToken) =>
        database.ReadAsync((connection, token) => new SealTables(connection).NewestHeadAsync(token), cancellationToken);

    /// <returns>The newest that reached the place; null for none.</returns>
    private Task<AnchorStatus?> LastAsync(string sink, CancellationToken cancellationToken) =>
        database.ReadAsync<AnchorStatus?>(
            async (connection, token) => (await LogAudit.AnchorsAsync(connection, token)).FirstOrDefault(one => one.Sink == sink),
            cancellationToken);

    private Task<int> NoteAsync(string sink, StoredHead head, byte[]? receipt, CancellationToken cancellationToken) =>
        database.UseAsync(
            (connection, token) => AnchorRows.AddAsync(
                connection, head.Note.Split('\n', 2)[0], head.Size, sink, receipt, token),
            cancellationToken);

    [LoggerMessage(EventId = 4504, Level = LogLevel.Warning, Message = "The newest head could not be shown to {Sink}: {Why}")]
    private partial void LogFailed(string sink, string why);

    [LoggerMessage(EventId = 4506, Level = LogLevel.Critical, Message = "The {Sink} contradicts the log: {Why}")]
    private partial void LogContradicted(string sink, string why);
}
