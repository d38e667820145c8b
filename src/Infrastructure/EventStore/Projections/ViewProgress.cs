using Events.Application.Contracts;
using Events.EventStore.Feed;

namespace Events.EventStore.Projections;

/// <summary>
/// How far each view of this process has come, for those who wait for it. In memory; the checkpoints are the truth.
/// </summary>
internal sealed class ViewProgress
{
    /// <summary>In facts. A view further behind at its start is being built; subscribers do not wait for it.</summary>
    private const long BuildingLagMin = 10_000;

    private readonly Lock _gate = new();
    private readonly List<Mark> _marks = [];
    private readonly List<Waiter> _waiters = [];

    /// <summary>Rung when a view has moved on or stopped.</summary>
    public CommitSignal Moved { get; } = new();

    public Mark Register(View view)
    {
        Mark mark = new(this, view);
        lock (_gate)
        {
            _marks.Add(mark);
        }

        return mark;
    }

    public IReadOnlyList<(View View, long Position, string? Fault)> Snapshot()
    {
        lock (_gate)
        {
            return [.. _marks.Select(mark => (mark.View, mark.Position, mark.Fault))];
        }
    }

    /// <returns>
    /// The position that every view has which is neither at fault nor being built; null when there is no such view.
    /// </returns>
    public long? Common()
    {
        lock (_gate)
        {
            return _marks.Where(mark => mark.IsFollowing).Select(mark => (long?)mark.Position).Min();
        }
    }

    /// <exception cref="ArgumentException">It is no view of this process.</exception>
    public ViewReach ReachOf(View view)
    {
        lock (_gate)
        {
            return _marks.Find(mark => IsOf(mark, view)) is { } found
                ? new ViewReach(found.Position, found.IsStopped)
                : throw new ArgumentException($"{view.Name} version {view.Version} is not a view of this host.", nameof(view));
        }
    }

    /// <param name="only">The one view that is waited for; null for all of them.</param>
    /// <returns>Done when every view has it; true then, and false when the only ones missing cannot go on.</returns>
    public Task<bool> ReachAsync(long position, View? only, out IDisposable registration)
    {
        lock (_gate)
        {
            Waiter waiter = new(this, position, only);
            registration = waiter;
            if (Answer(position, only) is bool known)
            {
                return Task.FromResult(known);
            }

            _waiters.Add(waiter);
            return waiter.Done.Task;
        }
    }

    private static bool IsOf(Mark mark, View? only) => only is null || mark.View.Checkpoint == only.Checkpoint;

    private bool? Answer(long position, View? only)
    {
        bool isReached = true;
        foreach (Mark mark in _marks)
        {
            if (mark.Position >= position || !IsOf(mark, only))
            {
                continue;
            }

            if (!mark.IsStopped)
            {
                return null;
            }

            isReached = false;
        }

        return isReached;
    }

    private void Changed()
    {
        lock (_gate)
        {
            for (int i = _waiters.Count - 1; i >= 0; i--)
            {
                if (Answer(_waiters[i].Position, _waiters[i].Only) is bool known)
                {
                    _waiters[i].Done.TrySetResult(known);
                    _waiters.RemoveAt(i);
                }
            }
        }

        Moved.Raise();
    }

    /// <summary>One view's place. Written by its loop alone.</summary>
    internal sealed class Mark(ViewProgress progress, View view)
    {
        private bool _isBuilding;

        public View View => view;

        /// <summary>-1 until the view's table is there: an empty log is reached only then.</summary>
        public long Position { get; private set; } = -1;

        public string? Fault { get; private set; } = "It has not started yet.";

        /// <summary>At fault by itself, rather than waiting for PostgreSQL.</summary>
        public bool IsStopped { get; private set; }

        public bool IsFollowing => !IsStopped && !_isBuilding;

        /// <param name="position">Never taken back: what was once shown stays shown.</param>
        /// <param name="head">Position of the newest fact, as far as the loop knows.</param>
        public void Advance(long position, bool isAtHead, long head)
        {
            lock (progress._gate)
            {
                Position = Math.Max(Position, position);
                _isBuilding = !isAtHead && (_isBuilding || head - position > BuildingLagMin);
                (Fault, IsStopped) = (null, false);
            }

            progress.Changed();
        }

        public void Wait(string why) => Set(why, Position, isStopped: IsStopped);

        /// <param name="position">What is saved; the fault lies behind it.</param>
        public void Stop(string fault, long position) => Set(fault, position, isStopped: true);

        private void Set(string fault, long position, bool isStopped)
        {
            lock (progress._gate)
            {
                (Position, Fault, IsStopped) = (Math.Max(Position, position), fault, isStopped);
            }

            progress.Changed();
        }
    }

    private sealed class Waiter(ViewProgress progress, long position, View? only) : IDisposable
    {
        public long Position => position;

        public View? Only => only;

        public TaskCompletionSource<bool> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Dispose()
        {
            lock (progress._gate)
            {
                progress._waiters.Remove(this);
            }
        }
    }
}
