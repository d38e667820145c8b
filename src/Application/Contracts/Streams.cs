using Events.Domain.Kernel;

namespace Events.Application.Contracts;

/// <summary>Who or what caused the facts of one command. Stored beside each of them.</summary>
/// <param name="UserName">An account's id or <c>system</c>; never a secret.</param>
/// <param name="CorrelationId">The same for everything that one request led to.</param>
/// <param name="CausationId">The command or fact that led here. Null when a person did.</param>
/// <param name="Headers">Small text values, e.g. the way in. Empty, never null.</param>
public sealed record Origin(
    string UserName,
    string CorrelationId,
    string? CausationId,
    IReadOnlyDictionary<string, string> Headers)
{
    /// <summary>The header that says where somebody came from. The store seals its value.</summary>
    public const string AddressHeader = "from";
}

/// <summary>The event store's door for writing. Facts appended through the result carry <see cref="Origin"/>.</summary>
public interface IEventStore
{
    IStreams For(Origin origin);
}

/// <summary>The streams of the log, as the application sees them. One stream is one aggregate.</summary>
public interface IStreams
{
    /// <summary>Folds a stream into its present state.</summary>
    /// <exception cref="DependencyUnavailableException">PostgreSQL does not answer.</exception>
    Task<TState> LoadAsync<TState, TCommand, TEvent>(
        Decider<TState, TCommand, TEvent> decider,
        string key,
        CancellationToken cancellationToken)
        where TEvent : class;

    /// <summary>
    /// Load, decide, append, as one unit. When another writer got there first, it is decided afresh on the newer state;
    /// after 5 attempts in all <see cref="TimeoutException"/> is thrown.
    /// </summary>
    /// <exception cref="DependencyUnavailableException">
    /// PostgreSQL does not answer. Whether the facts are in the log is then unknown; repeating the command is safe.
    /// </exception>
    Task<Transacted<TState, TEvent>> TransactAsync<TState, TCommand, TEvent>(
        Decider<TState, TCommand, TEvent> decider,
        string key,
        TCommand command,
        CancellationToken cancellationToken)
        where TEvent : class;
}

/// <param name="State">The state after the decision's facts, or as found when there were none.</param>
/// <param name="Version">Facts in the stream; 0 for a stream that does not exist.</param>
/// <param name="Position">Log position of the last fact appended; 0 when none was.</param>
/// <param name="Decision">What the decider answered on the attempt that was kept.</param>
public sealed record Transacted<TState, TEvent>(TState State, long Version, long Position, Decision<TEvent> Decision)
    where TEvent : class;

/// <summary>Something outside this process that is needed does not answer. Clients are told to try again.</summary>
/// <param name="dependency">A stable name: <c>postgresql</c>, <c>ffmpeg</c>, <c>storage</c>.</param>
public sealed class DependencyUnavailableException(string dependency, string message, Exception? inner = null)
    : Exception(message, inner)
{
    public string Dependency { get; } = dependency;
}
