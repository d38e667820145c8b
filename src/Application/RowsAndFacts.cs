using Events.Application.Contracts;
using Microsoft.Extensions.Logging;

namespace Events.Application;

/// <summary>
/// What a keeper fills its memory with at a start: the rows of a view, then the facts that the view has not folded. It waits for
/// that view alone, and for none that stands still: such a one must neither shut everybody out nor let anybody in whose end is
/// in the log.
/// </summary>
public sealed partial class RowsAndFacts(
    IReadModels views, IFacts facts, EventCatalogue catalogue, TimeProvider time, ILogger<RowsAndFacts> logger)
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    /// <param name="head">Position of the newest fact that is wanted.</param>
    /// <returns>Up to where the view has everything; facts behind it are those of <see cref="EachFactAsync"/>.</returns>
    public async Task<long> WaitAsync(View view, long head, CancellationToken cancellationToken)
    {
        while (true)
        {
            ViewReach reach = await views.WaitForAsync(view, head, CommandBus.VisibilityTimeout, cancellationToken);
            if (reach.Position >= head)
            {
                return head;
            }

            if (reach is { IsStill: true, Position: >= 0 })
            {
                LogStill(view.Name, reach.Position, head);
                return reach.Position;
            }

            // A view that is built anew takes its time; until then nobody is in.
            await Task.Delay(RetryPause, time, cancellationToken);
        }
    }

    public async Task EachRowAsync<TRow>(
        View<TRow> view, ViewFilter[] filters, Action<TRow> take, CancellationToken cancellationToken)
        where TRow : class
    {
        for (int offset = 0; ; offset += ViewQuery.LimitMax)
        {
            Page<TRow> page = await views.ListAsync(view, new ViewQuery(filters, Offset: offset), cancellationToken);
            foreach (TRow row in page.Rows)
            {
                take(row);
            }

            if (page.Rows.Count < ViewQuery.LimitMax)
            {
                return;
            }
        }
    }

    /// <summary>Facts that the view handles, in order, a page of them in memory at a time.</summary>
    /// <param name="isWanted">By type; what is of no use here need not be read.</param>
    public async Task EachFactAsync(
        View view, long after, long upTo, Func<Type, bool> isWanted, Action<StoredFact> take, CancellationToken cancellationToken)
    {
        string[] types =
        [
            .. catalogue.Types.Where(type => view.Handles(type.FactType) && isWanted(type.FactType)).Select(type => type.Alias),
        ];
        while (after < upTo)
        {
            FactsFound found = await facts.FindAsync(
                new FactQuery(Types: types, After: after, Before: upTo + 1), cancellationToken);
            foreach (StoredFact stored in found.Facts)
            {
                take(stored);
            }

            after = found.HasMore && found.Facts.Count > 0 ? found.Facts[^1].Position : upTo;
        }
    }

    [LoggerMessage(EventId = 2803, Level = LogLevel.Error,
        Message = "The view {View} stands still at {Position}: what it lacks up to {Head} is read from the log, at each start")]
    private partial void LogStill(string view, long position, long head);
}
