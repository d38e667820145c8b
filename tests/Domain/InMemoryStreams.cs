using System.Runtime.CompilerServices;
using System.Text.Json;
using Events.Application;
using Events.Application.Contracts;
using Events.Domain.Kernel;

namespace Events.Tests.Domain;

/// <summary>
/// The event store's doors over a list: same contract, no database. Every fact goes through its stored JSON, so that what is
/// read is what a restarted program would read.
/// </summary>
public sealed class InMemoryStreams(TimeProvider time) : IEventStore, IStreams, ILog, IFacts, ICommits
{
    private readonly Lock _gate = new();
    private readonly List<StoredFact> _log = [];
    private TaskCompletionSource _grown = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Called with a command before it is decided; what it throws is what the caller meets.</summary>
    public Action<object> BeforeTransact { get; set; } = _ => { };

    /// <summary>Followers are told nothing while this is false, as when the feed lags.</summary>
    public bool IsFeedFlowing { get; set; } = true;

    public IReadOnlyList<StoredFact> Log
    {
        get
        {
            lock (_gate)
            {
                return [.. _log];
            }
        }
    }

    public IReadOnlyList<object> AllFacts => [.. Log.Select(stored => stored.Fact!)];

    public Origin? LastOrigin { get; private set; }

    public IReadOnlyList<object> FactsOf(string streamId) =>
        [.. Log.Where(stored => stored.StreamId == streamId).Select(stored => stored.Fact!)];

    public void Seed(string streamId, params object[] facts)
    {
        lock (_gate)
        {
            foreach (object fact in facts)
            {
                Append(streamId, fact);
            }
        }
    }

    public IStreams For(Origin origin)
    {
        LastOrigin = origin;
        return this;
    }

    public Task<TState> LoadAsync<TState, TCommand, TEvent>(
        Decider<TState, TCommand, TEvent> decider, string key, CancellationToken cancellationToken)
        where TEvent : class
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(Fold(decider, $"{decider.Category}-{key}"));
    }

    public Task<Transacted<TState, TEvent>> TransactAsync<TState, TCommand, TEvent>(
        Decider<TState, TCommand, TEvent> decider, string key, TCommand command, CancellationToken cancellationToken)
        where TEvent : class
    {
        cancellationToken.ThrowIfCancellationRequested();
        BeforeTransact(command!);
        lock (_gate)
        {
            string streamId = $"{decider.Category}-{key}";
            Decision<TEvent> decision = decider.Decide(Fold(decider, streamId), command, time.GetUtcNow());
            long position = 0;
            if (decision is Decision<TEvent>.Accepted { Facts: var facts })
            {
                foreach (TEvent fact in facts)
                {
                    position = Append(streamId, fact);
                }
            }

            return Task.FromResult(new Transacted<TState, TEvent>(
                Fold(decider, streamId), FactsOf(streamId).Count, position, decision));
        }
    }

    public Task<IReadOnlyList<StoredFact>> ReadAsync(long after, int countMax, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<StoredFact>>([.. Log.Where(stored => stored.Position > after).Take(countMax)]);

    public Task<IReadOnlyList<StoredFact>> ReadStreamAsync(
        string streamId, long afterVersion, int countMax, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<StoredFact>>(
            [.. Log.Where(stored => stored.StreamId == streamId && stored.Version > afterVersion).Take(countMax)]);

    /// <summary>Nothing in it is broken.</summary>
    public Task<IReadOnlyList<StoredFact>> ReadStreamAsync(
        string streamId, long afterVersion, int countMax, bool areBroken, CancellationToken cancellationToken) =>
        ReadStreamAsync(streamId, afterVersion, countMax, cancellationToken);

    public Task<long> HeadAsync(CancellationToken cancellationToken) => Task.FromResult((long)Log.Count);

    public Task<FactsFound> FindAsync(FactQuery query, CancellationToken cancellationToken)
    {
        StoredFact[] found =
        [
            .. Log.Where(stored => (query.StreamId is null || stored.StreamId == query.StreamId)
                && query.Types?.Contains(stored.Type) != false
                && stored.Position > query.After && stored.Position < query.Before
                && !(stored.RecordedAt < query.From) && !(stored.RecordedAt >= query.To)),
        ];
        StoredFact[] page = [.. query.IsFromEnd ? found.TakeLast(query.Count) : found.Take(query.Count)];
        return Task.FromResult(new FactsFound(page, found.Length > page.Length));
    }

    public Task<long> PositionAtAsync(DateTimeOffset moment, CancellationToken cancellationToken) =>
        Task.FromResult(Log.LastOrDefault(stored => stored.RecordedAt <= moment)?.Position ?? 0);

    public Task<IReadOnlySet<long>> ParkedAsync(View view, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlySet<long>>(new HashSet<long>());

    public async IAsyncEnumerable<StoredFact> FollowAsync(
        long after, Func<StoredFact, bool> isWanted, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            Task grown;
            lock (_gate)
            {
                grown = _grown.Task;
            }

            foreach (StoredFact stored in Log.Where(stored => stored.Position > after && IsFeedFlowing))
            {
                after = stored.Position;
                if (isWanted(stored))
                {
                    yield return stored;
                }
            }

            await grown.WaitAsync(cancellationToken);
        }
    }

    private TState Fold<TState, TCommand, TEvent>(Decider<TState, TCommand, TEvent> decider, string streamId)
        where TEvent : class =>
        FactsOf(streamId).Cast<TEvent>().Aggregate(decider.Initial, decider.Evolve);

    private long Append(string streamId, object fact)
    {
        EventType type = EventTypes.Catalogue.Of(fact);
        string data = JsonSerializer.Serialize(fact, type.Json);
        _log.Add(new StoredFact(
            _log.Count + 1,
            Guid.CreateVersion7(),
            streamId,
            _log.Count(stored => stored.StreamId == streamId) + 1,
            type.Alias,
            time.GetUtcNow(),
            JsonSerializer.Deserialize(data, type.Json),
            data,
            LastOrigin?.UserName,
            LastOrigin?.CorrelationId,
            LastOrigin?.CausationId));
        _grown.TrySetResult();
        _grown = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return _log.Count;
    }
}
