using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Events.Application.Contracts;
using Events.EventStore.Postgres;
using Events.EventStore.Projections;
using Events.EventStore.Reading;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Events.EventStore.Feed;

/// <summary>
/// Reads each new fact once per node, when the views have it, and hands it to every subscriber. A subscriber that is new, or
/// too slow for its queue, reads from the log until it is level with the feed again.
/// </summary>
internal partial class ChangeFeed(
    Log log, LogTail tail, Database database, ViewProgress progress, CommitSignal committed, TimeProvider time,
    ILogger<ChangeFeed> logger)
    : BackgroundService, IChanges
{
    /// <summary>In facts. What a subscriber may lag behind before it is sent back to the log.</summary>
    public const int SubscriberCountMax = 1_024;

    private static readonly TimeSpan PollPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(250);

    /// <summary>Marten's own tools read the high-water row; nothing of ours does.</summary>
    private static readonly TimeSpan HighWaterPause = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly List<Subscriber> _subscribers = [];
    private readonly Wakeup _subscribed = new();
    private long _position;
    private long _highWater;
    private long _highWaterAt;

    public async IAsyncEnumerable<StoredFact> FollowAsync(
        long after, Func<StoredFact, bool> isWanted, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        long seen = after;
        while (true)
        {
            Subscriber own = Subscribe(isWanted, out long level);
            try
            {
                while (seen < level)
                {
                    IReadOnlyList<StoredFact> page = await ReadUntilItAnswersAsync(seen, cancellationToken);
                    foreach (StoredFact fact in page.TakeWhile(fact => fact.Position <= level))
                    {
                        seen = fact.Position;
                        if (isWanted(fact))
                        {
                            yield return fact;
                        }
                    }

                    if (page.Count == 0 || page[^1].Position >= level)
                    {
                        break;
                    }
                }

                await foreach (StoredFact fact in own.Queue.Reader.ReadAllAsync(cancellationToken))
                {
                    if (fact.Position > seen)
                    {
                        seen = fact.Position;
                        yield return fact;
                    }
                }

                Measures.SubscribersResynced.Add(1);
            }
            finally
            {
                lock (_gate)
                {
                    _subscribers.Remove(own);
                }
            }
        }
    }

    /// <summary>Whether facts are handed out only when the views have them.</summary>
    protected virtual bool IsBehindViews => true;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Without views there is nobody to wait for but the log itself.
        bool isBehind = IsBehindViews && progress.Snapshot().Count > 0;
        Wakeup moved = (isBehind ? progress.Moved : committed).Register();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                long level = (isBehind ? progress.Common() : null) ?? await log.HeadAsync(stoppingToken);
                await HandOutAsync(level, stoppingToken);
                await (IsBehindViews ? NoteHighWaterAsync(level, stoppingToken) : Task.CompletedTask);

                // With nobody to hand anything to, a commit is no reason to wake.
                await (HasSubscribers() ? moved : _subscribed).WaitAsync(PollPause, time, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception lost)
            {
                // Subscribers must not be lost to one bad read: the position stands where it was, and is tried again.
                LogAway(lost.Message);
                await Task.WhenAny(Task.Delay(RetryPause, time, stoppingToken));
            }
        }
    }

    private Subscriber Subscribe(Func<StoredFact, bool> isWanted, out long level)
    {
        Subscriber subscriber = new(
            isWanted,
            Channel.CreateBounded<StoredFact>(
                new BoundedChannelOptions(SubscriberCountMax) { SingleReader = true, SingleWriter = true }));
        lock (_gate)
        {
            _subscribers.Add(subscriber);
            level = _position;
        }

        _subscribed.Set();
        return subscriber;
    }

    private bool HasSubscribers()
    {
        lock (_gate)
        {
            return _subscribers.Count > 0;
        }
    }

    private async Task HandOutAsync(long level, CancellationToken cancellationToken)
    {
        while (_position < level)
        {
            bool isAlone;
            lock (_gate)
            {
                isAlone = _subscribers.Count == 0;
                if (isAlone)
                {
                    _position = level;
                }
            }

            if (isAlone)
            {
                return;
            }

            // Whoever has read it first has read it for all.
            IReadOnlyList<StoredFact> page = (await tail.ReadAsync(_position, cancellationToken)).Facts;
            lock (_gate)
            {
                foreach (StoredFact fact in page.TakeWhile(fact => fact.Position <= level))
                {
                    Offer(fact);
                    _position = fact.Position;
                }

                if (page.Count == 0 || page[^1].Position >= level)
                {
                    _position = level;
                }
            }
        }
    }

    /// <summary>A full queue is closed: its reader empties it, then reads on from the log.</summary>
    private void Offer(StoredFact fact)
    {
        for (int i = _subscribers.Count - 1; i >= 0; i--)
        {
            if (_subscribers[i].IsWanted(fact) && !_subscribers[i].Queue.Writer.TryWrite(fact))
            {
                _subscribers[i].Queue.Writer.TryComplete();
                _subscribers.RemoveAt(i);
            }
        }
    }

    private async Task<IReadOnlyList<StoredFact>> ReadUntilItAnswersAsync(long after, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await log.ReadForFeedAsync(after, ILog.PageCountMax, cancellationToken);
            }
            catch (DependencyUnavailableException away)
            {
                LogAway(away.Message);
                await Task.Delay(RetryPause, time, cancellationToken);
            }
        }
    }

    private async Task NoteHighWaterAsync(long level, CancellationToken cancellationToken)
    {
        if (level == _highWater || (_highWaterAt != 0 && time.GetElapsedTime(_highWaterAt) < HighWaterPause))
        {
            return;
        }

        await database.UseAsync(
            async (connection, token) =>
            {
                await using NpgsqlCommand command = new(
                    """
                    insert into events.mt_event_progression as p (name, last_seq_id) values ('HighWaterMark', $1)
                    on conflict (name) do update set last_seq_id = excluded.last_seq_id, last_updated = transaction_timestamp()
                    where p.last_seq_id < excluded.last_seq_id
                    """,
                    connection)
                {
                    Parameters = { new NpgsqlParameter<long> { TypedValue = level } },
                };
                return await command.ExecuteNonQueryAsync(token);
            },
            cancellationToken);
        (_highWater, _highWaterAt) = (level, time.GetTimestamp());
    }

    private sealed record Subscriber(Func<StoredFact, bool> IsWanted, Channel<StoredFact> Queue);

    [LoggerMessage(EventId = 4302, Level = LogLevel.Warning, Message = "The change feed waits: {Why}")]
    private partial void LogAway(string why);
}

/// <summary>The feed of those who wait for no view.</summary>
internal sealed class CommitFeed(
    Log log, LogTail tail, Database database, ViewProgress progress, CommitSignal committed, TimeProvider time,
    ILogger<ChangeFeed> logger)
    : ChangeFeed(log, tail, database, progress, committed, time, logger), ICommits
{
    protected override bool IsBehindViews => false;
}
