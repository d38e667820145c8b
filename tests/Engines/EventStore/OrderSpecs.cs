using Events.Application.Contracts;
using Events.EventStore.Appending;
using Events.Tests.Engines.Postgres;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Events.Tests.Engines.EventStore;

public sealed class The_order_of_the_log
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task is_the_order_of_commits_however_appends_meet()
    {
        string database = await PostgresFixture.NewDatabaseAsync();
        await using Store store = await Store.StartAsync(database);
        await using Store other = await Store.StartAsync(database);
        int round = 0;
        Gen<(int Stream, int Facts, bool IsExact, bool IsOther)[]> plans =
            Gen.Choose(0, 5).SelectMany(stream => Gen.Choose(1, 4).SelectMany(facts => Gen.Elements(true, false)
                .SelectMany(exact => Gen.Elements(true, false).Select(node => (stream, facts, exact, node)))))
            .ArrayOf(80);

        await Task.Run(
            () => Prop.ForAll(plans.ToArbitrary(), plan =>
                    RunAsync(store, other, Interlocked.Increment(ref round), plan).GetAwaiter().GetResult())
                .Check(Config.QuickThrowOnFailure.WithMaxTest(25)),
            Token);
    }

    [Fact]
    public async Task rises_in_time_although_the_clock_is_set_back()
    {
        SettableClock clock = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        await using Store store = await Store.StartAsync(await PostgresFixture.NewDatabaseAsync(), clock);

        await store.AppendAsync("tally-a", ExpectedVersion.Any, new TallyAdded("a", 1));
        clock.Now = clock.Now.AddHours(-2);
        await store.AppendAsync("tally-a", ExpectedVersion.Any, new TallyAdded("a", 1));
        var told = await store.TellAsync("b", new TallyCommand.Start("x"));
        clock.Now = clock.Now.AddHours(3);
        await store.AppendAsync("tally-a", ExpectedVersion.Any, new TallyAdded("a", 1));

        Assert.Equal(
            [12, 12, 12, 13], (await store.Log.ReadAsync(0, 10, Token)).Select(fact => fact.RecordedAt.Hour));
        Assert.Equal("x", told.State.Label);
    }

    private static async Task<bool> RunAsync(
        Store store, Store other, int round, (int Stream, int Facts, bool IsExact, bool IsOther)[] plan)
    {
        long start = await store.Log.HeadAsync(CancellationToken.None);
        using CancellationTokenSource done = new();
        Task<List<long>> reader = ReadLiveAsync(store, start, done.Token);
        Dictionary<int, int> guesses = [];
        List<Task<AppendOutcome>> appends = [];
        foreach ((int stream, int facts, bool isExact, bool isOther) in plan)
        {
            int guess = guesses.GetValueOrDefault(stream);
            ExpectedVersion expected = isExact ? ExpectedVersion.Exactly(guess) : ExpectedVersion.Any;
            object[] added = [.. Enumerable.Range(0, facts).Select(_ => new TallyAdded("a", 1))];
            appends.Add((isOther ? other : store).AppendAsync($"tally-{round}-{stream}", expected, added));
            guesses[stream] = guess + facts;
        }

        AppendOutcome[] outcomes = await Task.WhenAll(appends);
        await done.CancelAsync();
        List<long> live = await reader;
        List<long> all = await store.QueryAsync<long>($"select seq_id from events.mt_events where seq_id > {start} order by 1");
        Assert.Equal(all, live);
        List<string> gaps = await store.QueryAsync<string>(
            """
            select e.stream_id from events.mt_events e join events.mt_streams s on s.id = e.stream_id
            group by e.stream_id, s.version
            having count(*) <> max(e.version) or min(e.version) <> 1 or max(e.version) <> s.version
              or array_agg(e.version order by e.seq_id) <> array_agg(e.version order by e.version)
            """);
        int written = plan.Zip(outcomes).Where(pair => !pair.Second.IsConflict).Sum(pair => pair.First.Facts);
        return gaps.Count == 0 && written == all.Count;
    }

    /// <summary>Reads on from the last position it saw and never looks back, as views and feed do.</summary>
    private static async Task<List<long>> ReadLiveAsync(Store store, long start, CancellationToken done)
    {
        List<long> seen = [];
        while (true)
        {
            bool isLast = done.IsCancellationRequested;
            IReadOnlyList<StoredFact> page = await store.Log.ReadAsync(
                seen.Count > 0 ? seen[^1] : start, 2_000, CancellationToken.None);
            seen.AddRange(page.Select(fact => fact.Position));
            if (isLast)
            {
                return seen;
            }
        }
    }

    private sealed class SettableClock(DateTimeOffset now) : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = now;

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
