using Events.Application;
using Events.Application.Contracts;
using Events.EventStore.Appending;
using Events.Tests.Engines.Postgres;
using Xunit;

namespace Events.Tests.Engines.EventStore;

/// <summary>Views as they were, folded from the log with more rows than memory is given for.</summary>
public sealed class The_past : IAsyncLifetime
{
    private Store _store = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _store = await Store.StartAsync(await PostgresFixture.NewDatabaseAsync());

    public async ValueTask DisposeAsync() => await _store.DisposeAsync();

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(1_000)]
    public async Task is_the_same_however_few_rows_are_held_at_a_time(int rowsMax)
    {
        Random random = new(11);
        long half = 0;
        for (int i = 0; i < 400; i++)
        {
            string key = $"k{random.Next(60):d2}";
            object fact = random.Next(4) switch
            {
                0 => new TallyStarted(key, $"label {i}", DateTimeOffset.UnixEpoch.AddSeconds(i)),
                1 => new TallyClosed(key),
                _ => new TallyAdded(key, i),
            };
            AppendOutcome outcome = await _store.AppendAsync($"tally-{key}", ExpectedVersion.Any, fact);
            half = i == 200 ? outcome.Position : half;
        }

        PastViews past = new(_store.Log, _store.Get<IFacts>(), _store.Get<EventCatalogue>());
        var before = await past.ListAsync(TallyViews.Rows, half, Token);
        var after = await past.ListAsync(TallyViews.Rows, long.MaxValue, Token);
        List<PastRow<TallyRow>> walked = [];
        await foreach (PastRow<TallyRow> row in past.WalkAsync(TallyViews.Rows, half, long.MaxValue, rowsMax, Token))
        {
            walked.Add(row);
        }

        Assert.Equal(before!.Keys.Union(after!.Keys).Order(StringComparer.Ordinal), walked.Select(row => row.Key));
        Assert.True(walked.Count > 30);
        Assert.All(walked, row =>
        {
            Assert.Equal(before.GetValueOrDefault(row.Key), row.Before);
            Assert.Equal(after.GetValueOrDefault(row.Key), row.After);
        });
    }

    [Fact]
    public async Task leaves_out_what_cannot_be_read_and_what_the_view_passes_over()
    {
        View<TallyRow> fragile = TallyViews.Named("FragileView", 1, (row, recorded) =>
            recorded.Fact is TallyAdded { Amount: 13 } ? throw new InvalidOperationException("Thirteen!") : TallyViews.Fold(row, recorded));
        AppendOutcome first = await _store.AppendAsync("tally-a", ExpectedVersion.NewStream, new TallyAdded("a", 1));
        await _store.ExecuteAsync(
            """
            insert into events.mt_events (seq_id, id, stream_id, version, data, type)
            values (nextval('events.mt_events_sequence'), gen_random_uuid(), 'tally-a', 2, '{"key": 7}', 'tally_added');
            update events.mt_streams set version = 2 where id = 'tally-a';
            """);
        AppendOutcome thirteen = await _store.AppendAsync("tally-a", ExpectedVersion.Exactly(2), new TallyAdded("a", 13));
        AppendOutcome last = await _store.AppendAsync("tally-a", ExpectedVersion.Exactly(3), new TallyAdded("a", 5));
        PastViews past = new(_store.Log, _store.Get<IFacts>(), _store.Get<EventCatalogue>());

        Assert.Equal(1, (await FindAsync(fragile, first.Position))!.Sum);
        Assert.Equal(1, (await FindAsync(fragile, thirteen.Position - 1))!.Sum);
        await Assert.ThrowsAsync<InvalidOperationException>(() => FindAsync(fragile, last.Position));
        await _store.ExecuteAsync(
            $"insert into events_own.parked_fact (checkpoint, position) values ('{fragile.Checkpoint}', {thirteen.Position})");

        TallyRow found = (await FindAsync(fragile, last.Position))!;
        Assert.Equal((6L, last.Version), (found.Sum, found.Version));
        Assert.Equal(found, (await past.ListAsync(fragile, last.Position, Token))!["a"]);
        List<PastRow<TallyRow>> walked = [];
        await foreach (PastRow<TallyRow> row in past.WalkAsync(fragile, first.Position, long.MaxValue, cancellationToken: Token))
        {
            walked.Add(row);
        }

        PastRow<TallyRow> only = Assert.Single(walked);
        Assert.Equal((1L, found), (only.Before!.Sum, only.After!));

        // Another view does not pass over it.
        Assert.Equal(19, (await FindAsync(TallyViews.Rows, last.Position))!.Sum);

        Task<TallyRow?> FindAsync(View<TallyRow> view, long position) => past.FindAsync(view, "tally-a", "a", position, Token);
    }
}
