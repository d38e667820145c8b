using Events.Application.Contracts;
using Events.EventStore.Appending;
using Events.Tests.Engines.Postgres;
using Xunit;

namespace Events.Tests.Engines.EventStore;

public sealed class A_page : IAsyncLifetime
{
    private static readonly RowOrder[] ByLabel = [new("label", true), new("sum", false)];

    private string _database = "";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _database = await PostgresFixture.NewDatabaseAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task of_rows_is_the_same_in_tables_and_in_memory()
    {
        await using Store store = await FilledAsync();
        var pages = store.Get<IViewPages>();
        var rows = (await store.ReadModels.ListAsync(TallyViews.Rows, ViewQuery.All, Token)).Rows.ToDictionary(row => row.Key);
        RowCondition[] conditions =
        [
            new RowCondition.Compare("label", RowOperator.StartsWith, "l"),
            new RowCondition.Compare("label", RowOperator.EndsWith, "1"),
            new RowCondition.Compare("label", RowOperator.Contains, "%"),
            new RowCondition.Compare("label", RowOperator.Equal, null),
            new RowCondition.Not(new RowCondition.Compare("label", RowOperator.In, new List<object?> { "l1", null })),
            new RowCondition.Compare("key", RowOperator.In, new List<object?> { "k1", "k7" }),
            new RowCondition.Any(
            [
                new RowCondition.Compare("sum", RowOperator.AtMost, 1L), new RowCondition.Compare("sum", RowOperator.Above, 5L),
            ]),
            new RowCondition.All(
            [
                new RowCondition.Compare("sum", RowOperator.Below, 6L), new RowCondition.Compare("sum", RowOperator.AtLeast, 2L),
                new RowCondition.Not(new RowCondition.Compare("is_closed", RowOperator.Equal, true)),
                new RowCondition.Not(new RowCondition.Compare("started_at", RowOperator.Below, DateTimeOffset.UnixEpoch)),
            ]),
            new RowCondition.All([]),
            new RowCondition.Any([]),
        ];
        foreach (RowCondition condition in conditions)
        {
            foreach (RowOrder[] order in (RowOrder[][])[[], ByLabel, [new("started_at", false)]])
            {
                RowsPage<TallyRow> all = await SameAsync(new RowsQuery(condition, order, null, null, 100, false));
                foreach (PlacedRow<TallyRow> row in all.Rows)
                {
                    foreach (bool isFromEnd in (bool[])[false, true])
                    {
                        await SameAsync(new RowsQuery(condition, order, row.Place, null, 2, isFromEnd));
                        await SameAsync(new RowsQuery(condition, order, null, row.Place, 2, isFromEnd));
                        await SameAsync(new RowsQuery(condition, order, all.Rows[0].Place, row.Place, 3, isFromEnd));
                    }
                }
            }

            Assert.Equal(
                RowSieve.Count(TallyViews.Rows, rows, condition), await pages.CountAsync(TallyViews.Rows, condition, Token));
        }

        async Task<RowsPage<TallyRow>> SameAsync(RowsQuery query)
        {
            RowsPage<TallyRow> stored = await pages.PageAsync(TallyViews.Rows, query, Token);
            RowsPage<TallyRow> sieved = RowSieve.Page(TallyViews.Rows, rows, query);
            Assert.Equal(sieved.Rows.Select(row => row.Row.Key), stored.Rows.Select(row => row.Row.Key));
            Assert.Equal(sieved.HasMore, stored.HasMore);
            return stored;
        }
    }

    [Fact]
    public async Task of_rows_refuses_what_does_not_fit()
    {
        await using Store store = await FilledAsync();
        var pages = store.Get<IViewPages>();
        await RefusedAsync(new RowCondition.Compare("label\" = '' or true --", RowOperator.Equal, "x"), []);
        await RefusedAsync(new RowCondition.Compare("label", RowOperator.Equal, "nul \0"), []);
        await RefusedAsync(new RowCondition.Compare("label", RowOperator.Above, 1L), []);
        await RefusedAsync(new RowCondition.Compare("sum", RowOperator.Contains, "1"), []);
        await RefusedAsync(null, [new RowOrder("row", false)]);
        await RefusedAsync(new RowCondition.Compare("sum", RowOperator.In, Enumerable.Repeat<object?>(1L, 2_000).ToList()), []);

        async Task RefusedAsync(RowCondition? where, RowOrder[] order) =>
            await Assert.ThrowsAnyAsync<ArgumentException>(
                () => pages.PageAsync(TallyViews.Rows, new RowsQuery(where, order, null, null, 10, false), Token));
    }

    [Fact]
    public async Task of_facts_has_those_that_are_asked_for()
    {
        await using Store store = await FilledAsync();
        var facts = store.Get<IFacts>();
        StoredFact[] all = [.. await store.Log.ReadAsync(0, 2_000, Token)];
        FactQuery[] queries =
        [
            new(),
            new(StreamId: all[3].StreamId),
            new(StreamId: "tally-\0"),
            new(Types: ["tally_added", "none"]),
            new(After: all[4].Position, Before: all[^2].Position),
            new(From: all[5].RecordedAt, To: all[9].RecordedAt),
            new(Types: []),
        ];
        foreach (FactQuery query in queries)
        {
            StoredFact[] wanted = [.. all.Where(one => (query.StreamId is null || one.StreamId == query.StreamId)
                && query.Types?.Contains(one.Type) != false && one.Position > query.After && one.Position < query.Before
                && (query.From is null || one.RecordedAt >= query.From) && (query.To is null || one.RecordedAt < query.To))];
            FactsFound first = await facts.FindAsync(query with { Count = 3 }, Token);
            FactsFound last = await facts.FindAsync(query with { Count = 3, IsFromEnd = true }, Token);
            Assert.Equal(wanted.Take(3).Select(one => one.Position), first.Facts.Select(one => one.Position));
            Assert.Equal(wanted.TakeLast(3).Select(one => one.Position), last.Facts.Select(one => one.Position));
            Assert.Equal((wanted.Length > 3, wanted.Length > 3), (first.HasMore, last.HasMore));
        }

        Assert.Equal(0, await facts.PositionAtAsync(DateTimeOffset.UnixEpoch, Token));
        Assert.Equal(all[^1].Position, await facts.PositionAtAsync(all[^1].RecordedAt.AddSeconds(1), Token));
    }

    private async Task<Store> FilledAsync()
    {
        Store store = await Store.StartAsync(_database, views: TallyViews.Rows);
        for (int n = 0; n < 9; n++)
        {
            if (n % 3 == 2)
            {
                await store.AppendAsync($"tally-k{n}", ExpectedVersion.Any, new TallyAdded($"k{n}", n));
                continue;
            }

            await store.TellAsync($"k{n}", new TallyCommand.Start(n % 3 == 0 ? "l1" : $"100% {n % 2}"));
            await store.TellAsync($"k{n}", new TallyCommand.Add(n));
        }

        await store.CaughtUpAsync();
        return store;
    }
}
