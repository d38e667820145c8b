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
}
