using Events.Application;
using Events.Application.Contracts;
using Events.EventStore.Feed;
using Events.EventStore.Postgres;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Events.EventStore.Projections;

/// <summary>Runs one loop for each view of the host.</summary>
internal sealed class ProjectionService : BackgroundService, IRebuilds
{
    private readonly IReadOnlyList<IViewLoop> _loops;

    public ProjectionService(
        IEnumerable<View> views,
        Database database,
        EventStoreSchema schema,
        EventCatalogue catalogue,
        CommitSignal committed,
        ViewProgress progress,
        TimeProvider time,
        ILoggerFactory loggers)
    {
        LoopMaker maker = new(new LoopParts(database, schema, catalogue, committed, progress, time, loggers));
        _loops = [.. views.Select(view => view.Accept(maker))];
    }

    public async Task RebuildAsync(View view, CancellationToken cancellationToken)
    {
        IViewLoop loop = _loops.FirstOrDefault(loop => loop.View.Checkpoint == view.Checkpoint)
            ?? throw new ArgumentException($"{view.Name} version {view.Version} is not a view of this host.", nameof(view));
        await loop.RebuildAsync(cancellationToken);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(_loops.Select(loop => Task.Run(() => loop.RunAsync(stoppingToken), CancellationToken.None)));

    private sealed class LoopMaker(LoopParts parts) : IViewVisitor<IViewLoop>
    {
        public IViewLoop Visit<TRow>(View<TRow> view)
            where TRow : class => new ViewLoop<TRow>(view, parts);
    }
}
