using Events.Application.Contracts;
using Npgsql;

namespace Events.EventStore.Projections;

/// <summary>What operators do with a view beside its loop.</summary>
internal sealed partial class ViewLoop<TRow>
    where TRow : class
{
    /// <summary>In positions. A view so near to the newest fact follows it.</summary>
    private const long FollowingLagMax = 1_000;

    /// <summary>Which program folds: another build may do it otherwise.</summary>
    private static readonly string ProgramStamp = typeof(TRow).Module.ModuleVersionId.ToString("d");

    private volatile bool _isToReload;
    private volatile string? _rebuildFault;

    public async Task<ViewComparison> VerifyAsync(CancellationToken cancellationToken)
    {
        Begin("verify");
        try
        {
            await using RebuildLock held = await RebuildLock.TakeAsync(_parts.Database, _view, cancellationToken);
            return await CompareAsync(cancellationToken);
        }
        catch (ViewFaultException fault) when (fault.InnerException is not null)
        {
            throw new ViewFaultException(
                $"{_view.Name} cannot be folded anew, to compare the two. {fault.Message} Whether that fact was changed, says: "
                + "audit verify. To have the view pass over it: projections park",
                fault);
        }
        catch (PostgresException e) when (IsLocked(e))
        {
            throw new ViewFaultException(
                $"Somebody holds the table views.{_view.Table} in an open transaction. Verify {_view.Name} again when that has "
                + "ended.",
                e);
        }
        finally
        {
            End();
        }
    }

    private async Task<ViewComparison> CompareAsync(CancellationToken cancellationToken)
    {
        ViewTable<TRow> shadow = new(_view, $"{_view.Table}_verify", $"{_view.Checkpoint}:Verify", isIndexedLater: true);
        ViewFolder<TRow> folder = new(_view, shadow, _pages);
        try
        {
            ViewComparison? comparison = null;
            await UseAsync(
                async connection =>
                {
                    await shadow.EnsureAsync(connection, isAfresh: true, cancellationToken);
                    await folder.LoadAsync(connection, cancellationToken);

                    // Before the lock, so that the live view waits for a few facts and not for many.
                    long live = (await _table.ReadCheckpointAsync(connection, cancellationToken))?.Position ?? 0;
                    await CatchUpCourteouslyAsync(folder, connection, live, cancellationToken);
                    await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken);
                    await _table.HoldAsync(connection, cancellationToken);
                    live = (await _table.ReadCheckpointAsync(connection, cancellationToken))?.Position ?? 0;
                    await CatchUpAsync(folder, connection, live, cancellationToken);
                    comparison = await shadow.CompareAsync(_table, connection, live, cancellationToken);
                    await transaction.CommitAsync(cancellationToken);
                },
                cancellationToken);
            return comparison!;
        }
        finally
        {
            await UseAsync(connection => shadow.DropAsync(connection), CancellationToken.None);
        }
    }

    public async Task PauseAsync(bool isPaused, CancellationToken cancellationToken)
    {
        await _parts.Schema.ApplyOnceAsync(cancellationToken);
        await UseAsync(
            connection => ViewControl.PauseAsync(connection, _view.Checkpoint, isPaused, cancellationToken), cancellationToken);
        await ReloadAsync(cancellationToken);
    }

    public async Task ResetAsync(CancellationToken cancellationToken)
    {
        await UseAsync(
            connection => _table.EnsureAsync(connection, isAfresh: true, cancellationToken), cancellationToken);
        await ReloadAsync(cancellationToken);
    }

    public async Task ParkAsync(long position, bool isParked, CancellationToken cancellationToken)
    {
        await UseAsync(
            connection => ViewControl.ParkAsync(connection, _view.Checkpoint, position, isParked, cancellationToken),
            cancellationToken);
        await ReloadAsync(cancellationToken);
    }

    public Task AskRebuildAsync(CancellationToken cancellationToken) =>
        UseAsync(
            async connection =>
            {
                ViewControl control = await ViewControl.LoadAsync(connection, _view.Checkpoint, cancellationToken);
                if (control.RebuildStamp is null)
                {
                    // Not yet this program's stamp: nothing is built that it could go on from.
                    await ViewControl.RebuildAsync(connection, _view.Checkpoint, "asked", cancellationToken);
                }

                _rebuildFault = null;
            },
            cancellationToken);

    public async Task<bool> IsRebuildAskedAsync(CancellationToken cancellationToken)
    {
        bool isAsked = false;
        await UseAsync(
            async connection =>
                isAsked = (await ViewControl.LoadAsync(connection, _view.Checkpoint, cancellationToken)).RebuildStamp is not null,
            cancellationToken);
        return isAsked;
    }

    public void EndRebuild(string why) => _rebuildFault = why;

    public ProjectionStatus StatusAt(long head)
    {
        long position = Math.Max(0, _folder.Position);
        long lag = Math.Max(0, head - position);
        string? fault = _control.IsPaused ? null : _mark.IsStopped ? _mark.Fault : null;
        ProjectionState state = _control.IsPaused ? ProjectionState.Paused
            : fault is not null ? ProjectionState.Stopped
            : lag > FollowingLagMax ? ProjectionState.CatchingUp
            : ProjectionState.Following;
        return new ProjectionStatus(
            _view.Name,
            _view.Version,
            state,
            position,
            lag,
            _pace.Rate,
            lag == 0 ? 0 : _pace.SecondsFor(lag),
            fault,
            [.. _control.Parked.Order()],
            _rebuildFault,
            _aside?.Status());
    }

    /// <summary>Waits while the view is paused. True when what people said of it, on any host, may have changed.</summary>
    private async Task<bool> IsToLoadAgainAsync(CancellationToken cancellationToken)
    {
        bool isPaused = _control.IsPaused;
        if (isPaused)
        {
            _mark.Stop(ViewStatus.Paused, _folder.SavedPosition);
            while (!await _retry.WaitAsync(PollPause, _parts.Time, cancellationToken)
                && (await _parts.Paused.ReadAsync(cancellationToken)).Checkpoints.Contains(_view.Checkpoint))
            {
                // Nobody has let it go on, here or on another host.
            }
        }

        bool isChanged = _isToReload;
        _isToReload = false;
        return isPaused || isChanged || await IsPausedElsewhereAsync(cancellationToken);
    }

    /// <summary>
    /// Whether another host's people say that it is to stand still. A reading counts once: it may be older than what was said
    /// here since, and what is loaded then is not.
    /// </summary>
    private async ValueTask<bool> IsPausedElsewhereAsync(CancellationToken cancellationToken)
    {
        PausedReading reading = await _parts.Paused.ReadAsync(cancellationToken);
        bool isNew = !ReferenceEquals(reading, _pausedSeen);
        _pausedSeen = reading;
        return isNew && reading.Checkpoints.Contains(_view.Checkpoint);
    }

    /// <summary>Makes the loop read anew what people said of the view, wherever it waits.</summary>
    private async Task ReloadAsync(CancellationToken cancellationToken)
    {
        await UseAsync(
            async connection => _control = await ViewControl.LoadAsync(connection, _view.Checkpoint, cancellationToken),
            cancellationToken);
        _isToReload = true;
        _wakeup.Set();
        _retry.Set();
    }

    /// <exception cref="InvalidOperationException">Something is built beside the view already.</exception>
    private void Begin(string what)
    {
        if (Interlocked.Exchange(ref _isBusy, 1) == 1)
        {
            throw new InvalidOperationException($"{_view.Name} is being rebuilt or verified already.");
        }

        _aside = new Aside(what, _parts.Time);
    }

    private void End()
    {
        _aside = null;
        _isBusy = 0;
    }

    /// <summary>How far the table beside the live one is.</summary>
    private sealed class Aside(string what, TimeProvider time)
    {
        private readonly Pace _pace = new(time);
        private long _position;
        private long _head;

        public void Note(long position, long head)
        {
            Volatile.Write(ref _position, position);
            Volatile.Write(ref _head, head);
            _pace.Note(position);
        }

        public AsideStatus Status()
        {
            long position = Volatile.Read(ref _position);
            long head = Volatile.Read(ref _head);
            return new AsideStatus(what, position, head, _pace.Rate, _pace.SecondsFor(Math.Max(0, head - position)));
        }
    }
}
