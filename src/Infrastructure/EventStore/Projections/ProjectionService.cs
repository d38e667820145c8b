using System.Collections.Concurrent;
using System.Threading.Channels;
using Events.Application;
using Events.Application.Contracts;
using Events.EventStore.Feed;
using Events.EventStore.Personal;
using Events.EventStore.Postgres;
using Events.EventStore.Reading;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Events.EventStore.Projections;

/// <summary>Runs one loop for each view of the host.</summary>
internal sealed partial class ProjectionService : BackgroundService, IRebuilds, IProjections
{
    /// <summary>Rebuilds at a time. Each takes about a core, and the live views want some of them.</summary>
    private const int RebuildersCount = 2;

    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    private readonly IReadOnlyList<IViewLoop> _loops;
    private readonly Channel<IViewLoop> _asked;
    private readonly ConcurrentDictionary<IViewLoop, bool> _queued = new();
    private readonly ILog _log;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    public ProjectionService(
        IEnumerable<View> views,
        Database database,
        EventStoreSchema schema,
        EventCatalogue catalogue,
        PersonalBodies personal,
        CommitSignal committed,
        LogTail tail,
        ViewProgress progress,
        Courtesy courtesy,
        PausedViews paused,
        ILog log,
        TimeProvider time,
        ILoggerFactory loggers)
    {
        (_log, _time, _logger) = (log, time, loggers.CreateLogger<ProjectionService>());
        LoopMaker maker = new(new LoopParts(
            database, schema, catalogue, personal, committed, tail, progress, courtesy, paused, time, loggers));
        _loops = [.. views.Select(view => view.Accept(maker))];
        _asked = Channel.CreateBounded<IViewLoop>(Math.Max(1, _loops.Count));
    }

    public Task RebuildAsync(View view, CancellationToken cancellationToken) => LoopOf(view).RebuildAsync(cancellationToken);

    public async Task<IReadOnlyList<ProjectionStatus>> ListAsync(CancellationToken cancellationToken)
    {
        long head = await _log.HeadAsync(cancellationToken);
        return [.. _loops.Select(loop => StatusOf(loop, head))];
    }

    public View? Find(string name) =>
        _loops.Select(loop => loop.View).FirstOrDefault(view => view.Name.Equals(name, StringComparison.OrdinalIgnoreCase)
            || view.Table == name || StoredName.Of(view.Name) == name);

    public async Task<bool> StartRebuildAsync(View view, CancellationToken cancellationToken)
    {
        IViewLoop loop = LoopOf(view);
        if (!_queued.TryAdd(loop, true))
        {
            return false;
        }

        try
        {
            await loop.AskRebuildAsync(cancellationToken);
        }
        catch
        {
            _queued.TryRemove(loop, out _);
            throw;
        }

        return _asked.Writer.TryWrite(loop);
    }

    public Task<ViewComparison> VerifyAsync(View view, CancellationToken cancellationToken) =>
        LoopOf(view).VerifyAsync(cancellationToken);

    public Task PauseAsync(View view, bool isPaused, CancellationToken cancellationToken) =>
        LoopOf(view).PauseAsync(isPaused, cancellationToken);

    public Task ResetAsync(View view, CancellationToken cancellationToken) => LoopOf(view).ResetAsync(cancellationToken);

    public Task ParkAsync(View view, long position, bool isParked, CancellationToken cancellationToken) =>
        LoopOf(view).ParkAsync(position, isParked, cancellationToken);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(
        [
            .. _loops.Select(loop => Task.Run(() => loop.RunAsync(stoppingToken), CancellationToken.None)),
            .. Enumerable.Range(0, RebuildersCount).Select(
                _ => Task.Run(() => RebuildAskedAsync(stoppingToken), CancellationToken.None)),
            Task.Run(() => GoOnAsync(stoppingToken), CancellationToken.None),
        ]);

    private ProjectionStatus StatusOf(IViewLoop loop, long head)
    {
        ProjectionStatus status = loop.StatusAt(head);
        return status.Aside is null && _queued.ContainsKey(loop)
            ? status with { Aside = new AsideStatus("queued", 0, head, 0, null) }
            : status;
    }

    private IViewLoop LoopOf(View view) =>
        _loops.FirstOrDefault(loop => loop.View.Checkpoint == view.Checkpoint)
        ?? throw new ArgumentException($"{view.Name} version {view.Version} is not a view of this host.", nameof(view));

    /// <summary>Takes up the rebuilds that an earlier run of the host did not finish.</summary>
    private async Task GoOnAsync(CancellationToken stoppingToken)
    {
        foreach (IViewLoop loop in _loops)
        {
            while (!stoppingToken.IsCancellationRequested)
            {
                try
                {
                    if (await loop.IsRebuildAskedAsync(stoppingToken) && _queued.TryAdd(loop, true))
                    {
                        await _asked.Writer.WriteAsync(loop, stoppingToken);
                    }

                    break;
                }
                catch (Exception) when (!stoppingToken.IsCancellationRequested)
                {
                    // The loops say so already; the question waits for PostgreSQL, too.
                    await Task.WhenAny(Task.Delay(RetryPause, _time, stoppingToken));
                }
                catch (OperationCanceledException)
                {
                    return;
                }
            }
        }
    }

    private async Task RebuildAskedAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (IViewLoop loop in _asked.Reader.ReadAllAsync(stoppingToken))
            {
                if (await RebuildOneAsync(loop, stoppingToken))
                {
                    _queued.TryRemove(loop, out _);
                    continue;
                }

                // Behind the others: it may take long. There is room, since each view is in the queue once.
                await Task.Delay(RetryPause, _time, stoppingToken);
                _asked.Writer.TryWrite(loop);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops; what is not finished is taken up again at its next start.
        }
    }

    /// <summary>
    /// Whatever goes wrong ends this rebuild alone, in words, and leaves the worker; it is asked for again by hand, or at the
    /// next start.
    /// </summary>
    /// <returns>False while another host rebuilds the view.</returns>
    private async Task<bool> RebuildOneAsync(IViewLoop loop, CancellationToken stoppingToken)
    {
        while (true)
        {
            try
            {
                if (await loop.IsRebuildAskedAsync(stoppingToken))
                {
                    await loop.RebuildAsync(stoppingToken);
                }

                return true;
            }
            catch (OtherHostRebuildsException)
            {
                return false;
            }
            catch (DependencyUnavailableException away)
            {
                LogRebuildWaits(loop.View.Name, away.Message);
                await Task.Delay(RetryPause, _time, stoppingToken);
            }
            catch (Exception fault) when (fault is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
            {
                loop.EndRebuild(fault.Message);
                LogRebuildEnded(loop.View.Name, fault.Message);
                return true;
            }
        }
    }

    [LoggerMessage(EventId = 4210, Level = LogLevel.Warning, Message = "Rebuild of the view {View} waits: {Why}")]
    private partial void LogRebuildWaits(string view, string why);

    [LoggerMessage(EventId = 4211, Level = LogLevel.Error, Message = "Rebuild of the view {View} ended: {Why}")]
    private partial void LogRebuildEnded(string view, string why);

    private sealed class LoopMaker(LoopParts parts) : IViewVisitor<IViewLoop>
    {
        public IViewLoop Visit<TRow>(View<TRow> view)
            where TRow : class => new ViewLoop<TRow>(view, parts);
    }
}
