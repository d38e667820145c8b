using Events.GraphQL.DataLoaders;
using Events.GraphQL.Types;

namespace Events.GraphQL.Execution;

/// <summary>
/// Who is executing, and when: one thread at a time has the turn, what arrives meanwhile waits for it. When nothing waits any
/// more, every resolver that could ask a data loader has asked, and what they asked for is loaded.
/// </summary>
internal sealed partial class Run : IBatchScheduler
{
    private readonly Queue<Arrival> _arrived = new();
    private List<BatchFetch>? _batches;
    private TaskCompletionSource? _idle;
    private bool _isTurnTaken;

    /// <summary>Answers that are still to come.</summary>
    private int _pending;

    /// <summary>Answers that did not come at once, so far.</summary>
    private int _late;

    void IBatchScheduler.Schedule(BatchFetch fetch)
    {
        lock (_lock)
        {
            (_batches ??= []).Add(fetch);
            if (_isTurnTaken)
            {
                return;
            }
        }

        // A resolver that goes on by itself asks while nobody has the turn. Others may be about to do the same.
        ThreadPool.UnsafeQueueUserWorkItem(static run => run.Go(), this, preferLocal: false);
    }

    /// <summary>Executes root fields and all below them.</summary>
    private ValueTask PhaseAsync(int first, int count, object? source)
    {
        lock (_lock)
        {
            _isTurnTaken = true;
        }

        ExecuteFields(_root!, first, count, source);
        Finish();
        TaskCompletionSource? idle = null;
        lock (_lock)
        {
            if (_pending > 0 || _isTurnTaken)
            {
                idle = _idle = new TaskCompletionSource();
            }
        }

        if (idle is not null)
        {
            return WaitAsync(idle.Task);
        }

        PropagatePostponed();
        return ValueTask.CompletedTask;
    }

    /// <summary>Takes the turn for something that arrived, or lets whoever has it do the rest.</summary>
    private void Arrive(Arrival arrival)
    {
        lock (_lock)
        {
            _arrived.Enqueue(arrival);
        }

        Go();
    }

    private void Go()
    {
        lock (_lock)
        {
            if (_isTurnTaken)
            {
                return;
            }

            _isTurnTaken = true;
        }

        Finish();
    }

    /// <summary>Executes all that has arrived, and what arrives meanwhile, and gives the turn back.</summary>
    private void Finish()
    {
        while (true)
        {
            Arrival arrival;
            List<BatchFetch>? batches = null;
            lock (_lock)
            {
                if (!_arrived.TryDequeue(out arrival))
                {
                    (batches, _batches) = (_batches, null);
                    if (batches is null)
                    {
                        _isTurnTaken = false;
                        break;
                    }

                    _pending += batches.Count;
                }
            }

            if (batches is null)
            {
                Take(arrival);
                _pending--;
            }
            else
            {
                batches.ForEach(fetch => _ = LoadAsync(fetch));
            }
        }

        Rest();
    }

    /// <summary>The turn was given back. Ends the phase when no answer is to come any more.</summary>
    private void Rest()
    {
        TaskCompletionSource? idle = null;
        lock (_lock)
        {
            if (_pending == 0 && !_isTurnTaken)
            {
                (idle, _idle) = (_idle, null);
            }
        }

        idle?.TrySetResult();
    }

    private void Take(Arrival arrival)
    {
        if (arrival.Settle is { } settle)
        {
            // Resolvers that waited go on in here.
            settle();
        }
        else if (!_isOver && _stopped is null && (arrival.Value is Exception || !IsLost(arrival.Node)))
        {
            Complete(arrival.Node, arrival.Index, arrival.Type, arrival.Value, arrival.Context);
        }
    }

    /// <summary>Never fails; <see cref="_pending"/> counts it.</summary>
    private async Task LoadAsync(BatchFetch fetch)
    {
        Action settle = await fetch(Token);
        Arrive(new Arrival(null!, 0, null!, null, null!, settle));
    }

    /// <summary>An answer that came late: a value for a place, or a batch for those who wait for it.</summary>
    /// <param name="Settle">Null for a value; for a batch everything else is.</param>
    private readonly record struct Arrival(
        ResultNode Node, int Index, GraphType Type, object? Value, FieldContext Context, Action? Settle = null);
}
