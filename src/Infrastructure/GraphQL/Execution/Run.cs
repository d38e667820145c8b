using Events.GraphQL.DataLoaders;
using Events.GraphQL.Language;
using Events.GraphQL.Types;
using Microsoft.Extensions.Logging;

namespace Events.GraphQL.Execution;

/// <summary>What all executions of one executor share.</summary>
internal sealed record ExecutionSettings(GraphSchema Schema, ExecutorOptions Options, ILogger Logger);

/// <summary>
/// One execution of an operation (specification, section 6.2 to 6.4). Resolvers that answer at once are completed at once; each
/// of the others is completed when it answers, whatever else is going on, and the last one to answer ends the execution. So
/// nothing is awaited but what takes time, and nothing runs on when the result is there. Resolvers run side by side, but only
/// one thread at a time completes what they answered, so results and errors are nobody else's meanwhile.
/// </summary>
internal sealed partial class Run
{
    /// <summary>How long resolvers may take to notice that time is up; then the client is answered without them.</summary>
    private static readonly TimeSpan NoticeWait = TimeSpan.FromMilliseconds(250);

    private static readonly GraphQLError TimedOut =
        Limit.Coded("The request took too long and was given up.", Limit.TimedOut);

    private readonly ExecutionSettings _settings;
    private readonly PreparedOperation _operation;
    private readonly OperationPlan _plan;
    private readonly IReadOnlyDictionary<string, object?> _variables;
    private readonly CancellationToken _caller;
    private readonly long _deadlineMs;
    private readonly Lock _lock = new();
    private ObjectNode? _root;
    private CancellationTokenSource? _source;
    private DataLoaderRegistry? _loaders;
    private volatile GraphQLError? _stopped;
    private volatile bool _isOver;
    private long _values;

    /// <param name="limit">How long it may take; infinite for what lives as long as a subscription.</param>
    internal Run(
        ExecutionSettings settings,
        PreparedOperation operation,
        OperationPlan plan,
        IReadOnlyDictionary<string, object?> variables,
        GraphQLCall call,
        TimeSpan limit,
        CancellationToken caller)
    {
        _settings = settings;
        _operation = operation;
        _plan = plan;
        _variables = variables;
        _caller = caller;
        _deadlineMs = limit == Timeout.InfiniteTimeSpan
            ? long.MaxValue
            : Environment.TickCount64 + (long)limit.TotalMilliseconds;
        Call = call;
    }

    internal GraphQLCall Call { get; }

    internal GraphSchema Schema => _settings.Schema;

    /// <summary>Of the caller and of the time limit. Made when it is first asked for, since few resolvers do.</summary>
    internal CancellationToken Token
    {
        get
        {
            if (_isOver)
            {
                return new CancellationToken(canceled: true);
            }

            lock (_lock)
            {
                return (_source ??= NewSource()).Token;
            }
        }
    }

    internal DataLoaderRegistry Loaders
    {
        get
        {
            lock (_lock)
            {
                return _loaders ??= new DataLoaderRegistry(this, Call.Services);
            }
        }
    }

    private bool IsCancelled => _caller.IsCancellationRequested || _source is { IsCancellationRequested: true };

    /// <param name="source">The parent of the root fields.</param>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    internal async ValueTask<ExecutedOperation> ExecuteAsync(object? source)
    {
        try
        {
            if (TryCollectRoot())
            {
                await (_operation.Node.Operation == OperationType.Mutation
                    ? SeriallyAsync(source)
                    : PhaseAsync(0, _root!.Fields.Length, source));
            }
        }
        finally
        {
            End();
        }

        _caller.ThrowIfCancellationRequested();
        return _stopped is { } stopped
            ? new ExecutedOperation(null, [stopped])
            : new ExecutedOperation(_isRootNulled ? null : _root, _errors ?? []);
    }

    /// <summary>Nothing of it runs on, or is to be waited for.</summary>
    internal void End()
    {
        _isOver = true;
        lock (_lock)
        {
            // What was left behind still holds the token. It is cancelled, so it has no timer to give back.
            if (_pending == 0)
            {
                _source?.Dispose();
            }
        }
    }

    /// <summary>A condition of the operation's own fields may be null: then nothing is executed.</summary>
    private bool TryCollectRoot()
    {
        try
        {
            _root = new ObjectNode(null, 0, _plan.CollectRoot(_operation));
            return true;
        }
        catch (GraphQLException failure)
        {
            Add(failure.Error);
            _isRootNulled = true;
            return false;
        }
    }

    /// <summary>Each field with everything below it before the next one (specification, section 6.2.2).</summary>
    private async ValueTask SeriallyAsync(object? source)
    {
        for (int i = 0; i < _root!.Fields.Length && !_root.IsDiscarded && _stopped is null; i++)
        {
            await PhaseAsync(i, 1, source);

            // What was loaded before a mutation is not to be seen after it.
            _loaders?.Clear();
        }
    }

    /// <summary>Waits until every resolver of a phase has answered.</summary>
    private async ValueTask WaitAsync(Task idle)
    {
        CancellationToken token = Token;
        try
        {
            await idle.WaitAsync(token);
        }
        catch (OperationCanceledException) when (token.IsCancellationRequested)
        {
            // Resolvers use the caller's services, which must not go before they have ended. But none can keep a request.
            TimeSpan wait = _caller.IsCancellationRequested ? _settings.Options.Timeout : NoticeWait;
            await Task.WhenAny(idle, Task.Delay(wait, CancellationToken.None));
        }

        if (token.IsCancellationRequested)
        {
            Stop(TimedOut);
        }
        else
        {
            PropagatePostponed();
        }
    }

    /// <summary>
    /// Counts values, and looks whether all may go on: where much is executed without waiting, nobody else does.
    /// </summary>
    private void Count(int values)
    {
        int max = _settings.Options.ValuesMax;
        _values += values;
        if (_values > max)
        {
            Stop(Limit.Error("values", $"The result has more than {max} values. Ask for less, or in pages.", _values, max));
        }
        else if (_caller.IsCancellationRequested || Environment.TickCount64 > _deadlineMs)
        {
            Stop(TimedOut);
        }
    }

    /// <summary>Ends the execution without data.</summary>
    private void Stop(GraphQLError why)
    {
        if (Interlocked.CompareExchange(ref _stopped, why, null) is null && !Token.IsCancellationRequested)
        {
            // Not here: what notices it may be anything, and this may be the middle of a list.
            _ = _source!.CancelAsync();
        }
    }

    private CancellationTokenSource NewSource()
    {
        var source = CancellationTokenSource.CreateLinkedTokenSource(_caller);
        if (_deadlineMs < long.MaxValue)
        {
            source.CancelAfter(TimeSpan.FromMilliseconds(Math.Max(0, _deadlineMs - Environment.TickCount64)));
        }

        return source;
    }
}

/// <summary>What came of an execution.</summary>
/// <param name="Data">Null when an error took the whole of it away.</param>
internal readonly record struct ExecutedOperation(ObjectNode? Data, IReadOnlyList<GraphQLError> Errors);
