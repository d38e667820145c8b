using Microsoft.Extensions.DependencyInjection;

namespace Events.GraphQL.Transports;

/// <summary>
/// One operation that a client asked for, from its start to its end: what it may use, and what comes of it. It is used by one
/// reader at a time, and disposing it ends it.
/// </summary>
internal sealed class Operation : IAsyncDisposable
{
    /// <summary>How long the engine may take to notice that it was cancelled; then it is left behind.</summary>
    internal static readonly TimeSpan NoticeWait = TimeSpan.FromMilliseconds(250);

    private readonly CancellationTokenSource _ending;
    private readonly AsyncServiceScope _scope;
    private readonly Action _left;
    private readonly Action<Exception> _failedLater;
    private Task? _pending;
    private IAsyncEnumerator<GraphQLResult>? _results;

    internal Operation(
        CancellationTokenSource ending, AsyncServiceScope scope, Action left, Action<Exception> failedLater)
    {
        _ending = ending;
        _scope = scope;
        _left = left;
        _failedLater = failedLater;
    }

    internal IServiceProvider Services => _scope.ServiceProvider;

    /// <summary>Why there is no result. Exactly one of this, <see cref="Result"/> and <see cref="IsStream"/> is set.</summary>
    internal Fault? Fault { get; set; }

    internal GraphQLResult? Result { get; private set; }

    internal bool IsStream => _results is not null;

    /// <summary>After <see cref="MoveNextAsync"/>: the next result of the stream.</summary>
    internal GraphQLResult? Current { get; private set; }

    /// <summary>Awaits a task of the engine; gives up when the operation is cancelled and the engine does not notice.</summary>
    internal async ValueTask<T> WaitAsync<T>(Task<T> task)
    {
        if (task.IsCompleted)
        {
            return await task;
        }

        _pending = task;
        try
        {
            return await task.WaitAsync(_ending.Token);
        }
        catch (OperationCanceledException) when (!task.IsCompleted)
        {
            await Task.WhenAny(task, Task.Delay(NoticeWait, CancellationToken.None));
            return task.IsCompleted ? await task : throw new OperationCanceledException(_ending.Token);
        }
    }

    internal void Take(GraphQLResponse response)
    {
        switch (response)
        {
            case GraphQLResult result:
                Result = result;
                break;
            case GraphQLResultStream stream:
                // The time limit is one for starting; a stream lives on.
                _ending.CancelAfter(Timeout.InfiniteTimeSpan);
                _results = stream.Results.GetAsyncEnumerator(_ending.Token);
                break;
            default:
                throw new InvalidOperationException("An answer is a result or a stream of results.");
        }
    }

    /// <returns>False: the stream has ended.</returns>
    /// <exception cref="OperationCanceledException">The client has gone, or the operation was ended.</exception>
    /// <exception cref="GraphQLStreamException">The source failed.</exception>
    internal async ValueTask<bool> MoveNextAsync()
    {
        ValueTask<bool> next = _results!.MoveNextAsync();
        bool more = next.IsCompletedSuccessfully ? next.Result : await WaitAsync(next.AsTask());
        Current = more ? _results.Current : null;
        return more;
    }

    /// <summary>Ends it. What the engine does not end in time is left behind and cleaned up once it does.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_pending is not { IsCompleted: false } && _results is null)
        {
            await CleanAsync();
            return;
        }

        await _ending.CancelAsync();
        Task clean = CleanAsync();
        if (!clean.IsCompleted)
        {
            await Task.WhenAny(clean, Task.Delay(NoticeWait, CancellationToken.None));
        }
    }

    /// <summary>Never throws: what goes wrong here has nobody left to tell but the log.</summary>
    private async Task CleanAsync()
    {
        await QuietlyAsync(EndEngineAsync);
        await QuietlyAsync(() => _scope.DisposeAsync().AsTask());
        _ending.Dispose();
        _left();
    }

    private async Task EndEngineAsync()
    {
        if (_pending is { IsCompleted: false })
        {
            await _pending;
        }

        // A stream that came too late for anybody to read has a source all the same.
        if (_results is null
            && _pending is Task<GraphQLResponse> { IsCompletedSuccessfully: true, Result: GraphQLResultStream late })
        {
            _results = late.Results.GetAsyncEnumerator(_ending.Token);
        }

        if (_results is not null)
        {
            await _results.DisposeAsync();
        }
    }

    private async Task QuietlyAsync(Func<Task> step)
    {
        try
        {
            await step();
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested)
        {
            // Ending by cancellation is what was asked for.
        }
        catch (Exception failure)
        {
            _failedLater(failure);
        }
    }
}
