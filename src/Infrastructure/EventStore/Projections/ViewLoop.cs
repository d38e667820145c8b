using Events.Application.Contracts;
using Events.EventStore.Feed;
using Events.EventStore.Postgres;
using Events.EventStore.Reading;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Events.EventStore.Projections;

internal interface IViewLoop
{
    View View { get; }

    /// <summary>Follows the log until cancelled.</summary>
    Task RunAsync(CancellationToken cancellationToken);

    /// <summary>Builds the view anew beside the live table and swaps it in.</summary>
    /// <exception cref="OtherHostRebuildsException">Another host does so.</exception>
    Task RebuildAsync(CancellationToken cancellationToken);

    /// <summary>Compares the view with a shadow of it.</summary>
    /// <exception cref="OtherHostRebuildsException">Another host does so, or rebuilds it.</exception>
    /// <exception cref="ViewFaultException">The log cannot be folded anew, or the table is held.</exception>
    Task<ViewComparison> VerifyAsync(CancellationToken cancellationToken);

    Task PauseAsync(bool isPaused, CancellationToken cancellationToken);

    Task ResetAsync(CancellationToken cancellationToken);

    Task ParkAsync(long position, bool isParked, CancellationToken cancellationToken);

    /// <summary>Remembers that the view is to be built anew, over a restart.</summary>
    Task AskRebuildAsync(CancellationToken cancellationToken);

    /// <summary>Whether it was asked for and is not done.</summary>
    Task<bool> IsRebuildAskedAsync(CancellationToken cancellationToken);

    /// <summary>Tells with the view's status why its rebuild ended early, until it is asked for again.</summary>
    void EndRebuild(string why);

    /// <param name="head">Position of the newest fact.</param>
    ProjectionStatus StatusAt(long head);
}

/// <summary>What every view's loop works with.</summary>
internal sealed record LoopParts(
    Database Database,
    EventStoreSchema Schema,
    Application.EventCatalogue Catalogue,
    Personal.PersonalBodies Personal,
    CommitSignal Committed,
    LogTail Tail,
    ViewProgress Progress,
    Courtesy Courtesy,
    PausedViews Paused,
    TimeProvider Time,
    ILoggerFactory Loggers);

/// <summary>
/// One view's loop: read, fold, save, wait for the next commit. A fault stops this view alone, and is tried again.
/// </summary>
internal sealed partial class ViewLoop<TRow> : IViewLoop
    where TRow : class
{
    /// <summary>A lost signal costs at most this.</summary>
    private static readonly TimeSpan PollPause = TimeSpan.FromSeconds(1);

    /// <summary>
    /// A checkpoint that only passes over other views' facts is written this often; rows are always written at once.
    /// </summary>
    private static readonly TimeSpan IdleSavePause = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan RetryPauseMin = TimeSpan.FromMilliseconds(250);

    /// <summary>PostgreSQL that comes back should find the views at work soon.</summary>
    private static readonly TimeSpan AwayPauseMax = TimeSpan.FromSeconds(2);

    /// <summary>A fold that throws does so until the program is replaced or the view rebuilt.</summary>
    private static readonly TimeSpan FaultPauseMax = TimeSpan.FromSeconds(60);

    /// <summary>Readers that hold the live table for long can put a swap off this many times.</summary>
    private const int SwapAttemptsMax = 10;

    private readonly View<TRow> _view;
    private readonly LoopParts _parts;
    private readonly ViewTable<TRow> _table;
    private readonly ViewFolder<TRow> _folder;
    private readonly FactPages _pages;
    private readonly ViewProgress.Mark _mark;
    private readonly Wakeup _wakeup;
    private readonly Wakeup _retry = new();
    private readonly ILogger _logger;
    private readonly Pace _pace;
    private volatile Aside? _aside;
    private volatile ViewControl _control = ViewControl.None;
    private PausedReading? _pausedSeen;
    private int _isBusy;
    private long _savedAt;

    /// <summary>Whether the view had everything when it looked last.</summary>
    private bool _isNear;

    public ViewLoop(View<TRow> view, LoopParts parts)
    {
        _view = view;
        _parts = parts;
        _table = new ViewTable<TRow>(view, view.Table, view.Checkpoint);
        _pages = new FactPages(parts.Catalogue, parts.Personal, view);
        _folder = new ViewFolder<TRow>(view, _table, _pages);
        _mark = parts.Progress.Register(view);
        _wakeup = parts.Committed.Register();
        _logger = parts.Loggers.CreateLogger<ViewLoop<TRow>>();
        _pace = new Pace(parts.Time);
    }

    public View View => _view;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        TimeSpan pause = RetryPauseMin;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await _parts.Schema.ApplyOnceAsync(cancellationToken);
                await UseAsync(
                    async connection =>
                    {
                        _control = await ViewControl.LoadAsync(connection, _view.Checkpoint, cancellationToken);
                        await _table.EnsureAsync(connection, isAfresh: false, cancellationToken);
                        await _folder.LoadAsync(connection, cancellationToken);
                        _isNear = false;
                    },
                    cancellationToken);
                while (true)
                {
                    if (await IsToLoadAgainAsync(cancellationToken))
                    {
                        break;
                    }

                    bool isAtHead = await StepAsync(cancellationToken);

                    pause = RetryPauseMin;
                    if (isAtHead)
                    {
                        await _wakeup.WaitAsync(PollPause, _parts.Time, cancellationToken);
                    }
                }
            }
            catch (OtherRunnerException)
            {
                // The other runner's rows and checkpoint are as good as ours: go on from there.
                LogOtherRunner(_view.Name);
            }
            catch (DependencyUnavailableException away)
            {
                LogAway(_view.Name, away.Message);
                _mark.Wait(away.Message);
                pause = await PauseAsync(pause, AwayPauseMax, cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault) when (fault is not SchemaRefusedException)
            {
                LogFault(_view.Name, fault);
                _mark.Stop(fault.Message, _folder.SavedPosition);
                pause = await PauseAsync(pause, FaultPauseMax, cancellationToken);
            }
        }
    }

    public async Task RebuildAsync(CancellationToken cancellationToken)
    {
        Begin("rebuild");
        try
        {
            await using RebuildLock held = await RebuildLock.TakeAsync(_parts.Database, _view, cancellationToken);
            ViewTable<TRow> beside = new(_view, $"{_view.Table}_rebuild", $"{_view.Checkpoint}:Rebuild", isIndexedLater: true);
            ViewFolder<TRow> folder = new(_view, beside, _pages);
            await UseAsync(
                async connection =>
                {
                    // Another program may fold otherwise: what it began is of no use to this one.
                    ViewControl before = await ViewControl.LoadAsync(connection, _view.Checkpoint, cancellationToken);
                    await ViewControl.RebuildAsync(connection, _view.Checkpoint, ProgramStamp, cancellationToken);
                    await beside.EnsureAsync(connection, isAfresh: before.RebuildStamp != ProgramStamp, cancellationToken);
                    await folder.LoadAsync(connection, cancellationToken);
                    await CatchUpCourteouslyAsync(folder, connection, long.MaxValue, cancellationToken);
                    await _parts.Courtesy.StepAsync(
                        async _ =>
                        {
                            await beside.IndexAsync(connection, cancellationToken);
                            return true;
                        },
                        cancellationToken);
                },
                cancellationToken);
            await SwapAsync(beside, folder, cancellationToken);
            await UseAsync(
                connection => ViewControl.RebuildAsync(connection, _view.Checkpoint, null, cancellationToken), cancellationToken);
            LogRebuilt(_view.Name, folder.Position);
            _wakeup.Set();
            _retry.Set();
        }
        finally
        {
            End();
        }
    }

    /// <summary>Behind the commands that come meanwhile. Not for what others wait for.</summary>
    private async Task CatchUpCourteouslyAsync(
        ViewFolder<TRow> folder, NpgsqlConnection connection, long upTo, CancellationToken cancellationToken)
    {
        bool isAtEnd = false;
        while (!isAtEnd)
        {
            isAtEnd = await _parts.Courtesy.StepAsync(
                size => folder.StepAsync(connection, upTo, size, cancellationToken), cancellationToken);
            _aside?.Note(folder.Position, folder.HeadSeen);
        }
    }

    private async Task CatchUpAsync(
        ViewFolder<TRow> folder, NpgsqlConnection connection, long upTo, CancellationToken cancellationToken)
    {
        bool isAtEnd = false;
        while (!isAtEnd)
        {
            isAtEnd = await folder.StepAsync(connection, upTo, StepSize.Whole, cancellationToken);
            _aside?.Note(folder.Position, folder.HeadSeen);
        }
    }

    /// <returns>Whether there is nothing more in the log.</returns>
    private async Task<bool> StepAsync(CancellationToken cancellationToken)
    {
        // A view that follows shares what the others read. One that is behind reads by itself, only what it handles.
        TailPage? tail = _isNear ? await _parts.Tail.ReadAsync(_folder.Position, cancellationToken) : null;
        FactPage? shared = tail is null ? null : _folder.PageOf(tail);
        bool isAtHead = false;
        _isNear = false;
        if (shared is { Facts.Count: 0 } && !_folder.HasUnsavedRows)
        {
            _folder.Pass(shared);
            isAtHead = shared.IsLast;
        }
        else
        {
            await UseAsync(
                async connection => isAtHead = shared is null
                    ? await _folder.StepAsync(connection, cancellationToken)
                    : await _folder.TakeAsync(shared, connection, cancellationToken),
                cancellationToken);
        }

        _isNear = isAtHead;
        if (isAtHead
            && _folder.SavedPosition < _folder.Position
            && _parts.Time.GetElapsedTime(_savedAt) >= IdleSavePause)
        {
            await UseAsync(connection => _folder.SaveAsync(connection, cancellationToken), cancellationToken);
        }

        if (_folder.SavedPosition == _folder.Position)
        {
            _savedAt = _parts.Time.GetTimestamp();
        }

        if (!_folder.HasUnsavedRows)
        {
            _mark.Advance(_folder.Position, isAtHead, _folder.HeadSeen);
            _pace.Note(_folder.Position);
        }

        // A page that others read may be older than the newest signal.
        return isAtHead && (shared is null || tail!.IsLast);
    }

    /// <summary>
    /// The facts that came during the rebuild are folded in the transaction that swaps, with the live loops locked out.
    /// </summary>
    private async Task SwapAsync(ViewTable<TRow> beside, ViewFolder<TRow> folder, CancellationToken cancellationToken)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                await UseAsync(
                    async connection =>
                    {
                        // Before the lock, so that readers wait for a few facts and not for many.
                        await CatchUpAsync(folder, connection, long.MaxValue, cancellationToken);
                        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken);
                        await _table.LockAsync(connection, cancellationToken);
                        await CatchUpAsync(folder, connection, long.MaxValue, cancellationToken);
                        await beside.ReplaceAsync(_table, connection, folder.Position, cancellationToken);
                        await transaction.CommitAsync(cancellationToken);
                    },
                    cancellationToken);
                return;
            }
            catch (PostgresException e) when (IsLocked(e) && attempt < SwapAttemptsMax)
            {
                LogSwapWaits(_view.Name, attempt);
                await UseAsync(connection => folder.LoadAsync(connection, cancellationToken), cancellationToken);
            }
            catch (PostgresException e) when (IsLocked(e))
            {
                throw new ViewFaultException(
                    $"Somebody holds the table views.{_view.Table} in an open transaction, and {SwapAttemptsMax} attempts to "
                    + "swap the new one in came to nothing. What was built is kept: ask for the rebuild again when that has "
                    + "ended.",
                    e);
            }
        }
    }

    private static bool IsLocked(PostgresException e) =>
        e.SqlState is PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected;

    private Task<bool> UseAsync(Func<NpgsqlConnection, Task> work, CancellationToken cancellationToken) =>
        _parts.Database.UseAsync(
            async (connection, _) =>
            {
                await work(connection);
                return true;
            },
            cancellationToken);

    private async Task<TimeSpan> PauseAsync(TimeSpan pause, TimeSpan max, CancellationToken cancellationToken)
    {
        try
        {
            await _retry.WaitAsync(pause, _parts.Time, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // Stopping: the loop sees it.
        }

        return pause * 2 < max ? pause * 2 : max;
    }

    [LoggerMessage(EventId = 4201, Level = LogLevel.Error, Message = "View {View} stands still")]
    private partial void LogFault(string view, Exception exception);

    [LoggerMessage(EventId = 4202, Level = LogLevel.Warning, Message = "View {View} waits: {Why}")]
    private partial void LogAway(string view, string why);

    [LoggerMessage(EventId = 4203, Level = LogLevel.Debug, Message = "View {View} was moved on by another runner")]
    private partial void LogOtherRunner(string view);

    [LoggerMessage(EventId = 4204, Level = LogLevel.Information, Message = "View {View} was rebuilt up to {Position}")]
    private partial void LogRebuilt(string view, long position);

    [LoggerMessage(EventId = 4205, Level = LogLevel.Warning,
        Message = "Swap of the rebuilt view {View} waits for readers, attempt {Attempt}")]
    private partial void LogSwapWaits(string view, int attempt);
}
