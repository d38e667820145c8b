using System.Threading.Channels;
using Events.Application.Contracts;
using Events.EventStore.Feed;
using Events.EventStore.Postgres;
using Events.EventStore.Projections;
using Events.EventStore.Seals;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Events.EventStore.Appending;

/// <summary>
/// The one way into the log of this process. A caller that finds it free writes at once; whatever queued up while a group was
/// being committed forms the next group. So a lone caller never waits, and many callers share one commit.
/// </summary>
internal sealed partial class AppendLane(
    GroupWriter writer, SealGate gate, Courtesy courtesy, CommitSignal committed, ILogger<AppendLane> logger)
    : BackgroundService
{
    /// <summary>In appends. At 20,000 a second this is half a second of work; more waiting would only be more waiting.</summary>
    public const int QueueCountMax = 10_000;

    /// <summary>In bytes of bodies. Keeps a burst of large facts from filling the memory.</summary>
    public const long QueueBytesMax = 64 * 1024 * 1024;

    /// <summary>In appends. Measured: larger groups gain nothing and make the first caller wait for the last.</summary>
    private const int GroupCountMax = 256;

    /// <summary>In bytes of bodies. About 10 ms of writing; one append above it goes alone.</summary>
    private const int GroupBytesMax = 4 * 1024 * 1024;

    /// <summary>In facts. Some 100 ms of one statement's work, far from its time-out; one append above it goes alone.</summary>
    private const int GroupFactsMax = 5_000;

    /// <summary>A writer that does not take our lock (Marten itself) can collide with a group. It is then tried again.</summary>
    private const int CollisionAttemptsMax = 5;

    private readonly Channel<PendingAppend> _queue =
        Channel.CreateBounded<PendingAppend>(new BoundedChannelOptions(QueueCountMax) { SingleReader = true });

    // Whoever holds the turn may write and touch what follows.
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Queue<PendingAppend> _chained = new();
    private bool _isStopped;

    private volatile bool _isCrowded;
    private long _queuedBytes;

    public override void Dispose()
    {
        base.Dispose();
        if (ExecuteTask is null or { IsCompleted: true })
        {
            // Otherwise a start has failed and the loop, which was just told to end, still takes a last turn.
            _turn.Dispose();
        }
    }

    /// <returns>What became of it. A conflict is an outcome, not an exception.</returns>
    /// <exception cref="DependencyUnavailableException">
    /// PostgreSQL does not answer, or so much is waiting already that this append was turned away.
    /// </exception>
    public async Task<AppendOutcome> AppendAsync(PendingAppend append, CancellationToken cancellationToken)
    {
        courtesy.Note();
        if (gate.IsHeld)
        {
            await gate.LookedAsync(cancellationToken);
        }

        if (gate.Why is { } shut)
        {
            throw new DependencyUnavailableException("seals", shut);
        }

        if (!_isCrowded && _turn.Wait(0, CancellationToken.None))
        {
            await WriteAloneAsync(append);
            return await append.Outcome;
        }

        if (Interlocked.Add(ref _queuedBytes, append.Bytes) > QueueBytesMax || !_queue.Writer.TryWrite(append))
        {
            Interlocked.Add(ref _queuedBytes, -append.Bytes);
            Measures.AppendsTurnedAway.Add(1);
            throw new DependencyUnavailableException(
                Failure.Dependency,
                $"More than {QueueCountMax} appends or {QueueBytesMax} bytes are waiting to be written. Try again.");
        }

        if (!cancellationToken.CanBeCanceled)
        {
            return await append.Outcome;
        }

        await using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(
            static (state, token) =>
            {
                PendingAppend waiting = (PendingAppend)state!;
                if (waiting.TryAbandon())
                {
                    waiting.Fail(new OperationCanceledException(token));
                }
            },
            append);
        return await append.Outcome;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        List<PendingAppend> group = new(GroupCountMax);
        try
        {
            while (_chained.Count > 0 || await _queue.Reader.WaitToReadAsync(stoppingToken))
            {
                await _turn.WaitAsync(CancellationToken.None);
                try
                {
                    Gather(group);
                    _isCrowded = group.Count > 1 || _chained.Count > 0;
                    if (group.Count > 0)
                    {
                        await WriteAsync(group);
                    }
                }
                finally
                {
                    _turn.Release();
                }
            }
        }
        finally
        {
            await _turn.WaitAsync(CancellationToken.None);
            _isStopped = true;
            _queue.Writer.TryComplete();
            FailWaiting(Stopping());
            await writer.DisposeAsync();
            _turn.Release();
        }
    }

    private static DependencyUnavailableException Stopping() => new(Failure.Dependency, "The host is stopping. Try again.");

    /// <summary>A caller that finds the lane free writes by itself: no other thread has to wake for a group of one.</summary>
    private async Task WriteAloneAsync(PendingAppend append)
    {
        try
        {
            if (_isStopped)
            {
                append.Fail(Stopping());
            }
            else if (append.TryTake())
            {
                await WriteAsync([append]);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>At most one append per stream: the next one on the same stream is chained to the next group, in order.</summary>
    private void Gather(List<PendingAppend> group)
    {
        group.Clear();
        HashSet<string> streams = new(StringComparer.Ordinal);
        int bytes = 0;
        int facts = 0;
        for (int waiting = _chained.Count; waiting > 0; waiting--)
        {
            Place(_chained.Dequeue());
        }

        while (group.Count < GroupCountMax && _chained.Count < GroupCountMax && _queue.Reader.TryRead(out PendingAppend? next))
        {
            Interlocked.Add(ref _queuedBytes, -next.Bytes);
            Place(next);
        }

        void Place(PendingAppend append)
        {
            bool fits = group.Count == 0
                || (group.Count < GroupCountMax
                    && bytes + append.Bytes <= GroupBytesMax
                    && facts + append.Facts.Length <= GroupFactsMax);
            bool isFirst = streams.Add(append.StreamId);
            if (!fits || !isFirst)
            {
                _chained.Enqueue(append);
            }
            else if (append.TryTake())
            {
                group.Add(append);
                bytes += append.Bytes;
                facts += append.Facts.Length;
            }
        }
    }

    private async Task WriteAsync(List<PendingAppend> group)
    {
        try
        {
            Settle(group, await WriteCollidingAsync(group));
        }
        catch (Exception away) when (Failure.IsAway(away))
        {
            LogAway(group.Count, away);
            Exception failure = Failure.Unavailable(away);
            group.ForEach(append => append.Fail(failure));
            // Those behind would each wait as long for the same answer.
            FailWaiting(failure);
        }
        catch (PostgresException) when (group.Count > 1)
        {
            await WriteOneByOneAsync(group);
        }
        catch (Exception failure)
        {
            LogFailed(group[0].StreamId, failure);
            group.ForEach(append => append.Fail(failure));
        }
    }

    private async Task<AppendOutcome[]> WriteCollidingAsync(IReadOnlyList<PendingAppend> group)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return await writer.WriteAsync(group);
            }
            catch (PostgresException e) when (IsCollision(e) && attempt < CollisionAttemptsMax)
            {
                Measures.Collisions.Add(1);
            }
        }
    }

    /// <summary>PostgreSQL refused something in the group. Alone, each append fails or succeeds for itself.</summary>
    private async Task WriteOneByOneAsync(List<PendingAppend> group)
    {
        foreach (PendingAppend append in group)
        {
            await WriteAsync([append]);
        }
    }

    private void Settle(List<PendingAppend> group, AppendOutcome[] outcomes)
    {
        bool isAny = false;
        for (int i = 0; i < outcomes.Length; i++)
        {
            isAny |= !outcomes[i].IsConflict;
            group[i].Complete(outcomes[i]);
        }

        Measures.GroupSize.Record(group.Count);
        if (isAny)
        {
            committed.Raise();
        }
    }

    private void FailWaiting(Exception failure)
    {
        while (_chained.TryDequeue(out PendingAppend? append))
        {
            Refuse(append);
        }

        while (_queue.Reader.TryRead(out PendingAppend? append))
        {
            Interlocked.Add(ref _queuedBytes, -append.Bytes);
            Refuse(append);
        }

        void Refuse(PendingAppend append)
        {
            if (append.TryTake())
            {
                append.Fail(failure);
            }
        }
    }

    private static bool IsCollision(PostgresException e) =>
        e.SqlState is PostgresErrorCodes.UniqueViolation
            or PostgresErrorCodes.SerializationFailure
            or PostgresErrorCodes.DeadlockDetected;

    [LoggerMessage(EventId = 4101, Level = LogLevel.Warning, Message = "PostgreSQL is away; {Count} appends were answered so")]
    private partial void LogAway(int count, Exception exception);

    [LoggerMessage(EventId = 4102, Level = LogLevel.Error, Message = "An append to {StreamId} failed")]
    private partial void LogFailed(string streamId, Exception exception);
}
