using Events.Application;
using Events.Application.Contracts;
using Events.EventStore;
using Events.EventStore.Appending;
using Events.Tests.Engines.Postgres;
using Npgsql;
using Xunit;

namespace Events.Tests.Engines.EventStore;

public sealed class The_change_feed : IAsyncLifetime
{
    private string _database = "";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _database = await PostgresFixture.NewDatabaseAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task begins_after_the_position_asked_for_and_goes_on()
    {
        await using Store store = await StartAsync();
        await AddAsync(store, 5);

        Task<List<StoredFact>> following = TakeAsync(store, 2, 8);
        await AddAsync(store, 5);

        Assert.Equal(Enumerable.Range(3, 8).Select(n => (long)n), (await following).Select(fact => fact.Position));
    }

    [Fact]
    public async Task misses_nothing_while_two_nodes_write_and_connections_are_cut()
    {
        await using Store store = await StartAsync();
        await using Store other = await StartAsync();
        const int Count = 2_000;
        Task<List<StoredFact>>[] followers = [.. Enumerable.Range(0, 4).Select(_ => TakeAsync(store, 0, Count))];
        Task<List<StoredFact>> late = Task.Run(async () =>
        {
            await followers[0].WaitAsync(TimeSpan.FromMinutes(1), Token);
            return await TakeAsync(store, 0, Count);
        });

        int written = 0;
        Task[] writers =
        [
            .. Enumerable.Range(0, 16).Select(n => Task.Run(async () =>
            {
                while (Interlocked.Increment(ref written) <= Count)
                {
                    await UntilWrittenAsync(n % 2 == 0 ? store : other, $"tally-{n}");
                }
            })),
        ];
        for (int i = 0; i < 5; i++)
        {
            await Task.Delay(50, Token);
            await store.ExecuteAsync(
                """
                select pg_terminate_backend(pid) from pg_stat_activity
                where datname = current_database() and pid <> pg_backend_pid() and application_name = 'events'
                """);
        }

        await Task.WhenAll(writers);
        foreach (List<StoredFact> seen in await Task.WhenAll([.. followers, late]))
        {
            Assert.Equal(
                await store.QueryAsync<long>($"select seq_id from events.mt_events order by 1 limit {Count}"),
                seen.Select(fact => fact.Position));
        }
    }

    [Fact]
    public async Task sends_a_slow_reader_back_to_the_log()
    {
        await using Store store = await StartAsync();
        List<long> seen = [];
        await AddAsync(store, 1);
        await foreach (StoredFact fact in store.Get<IChanges>().FollowAsync(0, Token))
        {
            if (seen.Count == 1)
            {
                await AddAsync(store, 3_000);
                await store.CaughtUpAsync();
            }

            seen.Add(fact.Position);
            if (seen.Count == 1)
            {
                await AddAsync(store, 1);
            }

            if (seen.Count == 3_002)
            {
                break;
            }
        }

        Assert.Equal(Enumerable.Range(1, 3_002).Select(n => (long)n), seen);
    }

    [Fact]
    public async Task hands_a_fact_on_when_the_views_have_it()
    {
        await using Store store = await StartAsync();
        using CancellationTokenSource done = CancellationTokenSource.CreateLinkedTokenSource(Token);
        int checkedCount = 0;
        Task follower = Task.Run(async () =>
        {
            await foreach (StoredFact fact in store.Get<IChanges>().FollowAsync(0, done.Token))
            {
                TallyRow row = (await store.ReadModels.FindAsync(TallyViews.Rows, "a", Token))!;
                Assert.True(row.Version >= fact.Version);
                if (++checkedCount == 50)
                {
                    return;
                }
            }
        },
        Token);

        for (int n = 0; n < 50; n++)
        {
            await store.TellAsync("a", new TallyCommand.Add(1));
        }

        await follower.WaitAsync(TimeSpan.FromSeconds(20), Token);
    }

    /// <summary>Somebody compares it for long: what must not wait for that, as the end of a key, follows the commits.</summary>
    [Fact]
    public async Task hands_on_what_is_committed_while_a_view_is_held_to_those_who_want_it_at_once()
    {
        await using Store store = await StartAsync();
        await AddAsync(store, 1);
        await store.CaughtUpAsync();
        await using NpgsqlConnection holder = new(_database);
        await holder.OpenAsync(Token);
        await using NpgsqlTransaction held = await holder.BeginTransactionAsync(Token);
        await using (NpgsqlCommand hold = new($"lock table views.{TallyViews.Rows.Table} in share row exclusive mode", holder))
        {
            await hold.ExecuteNonQueryAsync(Token);
        }

        Task<List<StoredFact>> behind = TakeAsync(store.Get<IChanges>(), 0, 2);
        Task<List<StoredFact>> atOnce = TakeAsync(store.Get<ICommits>(), 0, 2);
        await AddAsync(store, 1);
        Assert.Equal([1, 2], (await atOnce).Select(fact => fact.Position));
        Assert.False(behind.IsCompleted);
        await held.RollbackAsync(Token);
        Assert.Equal([1, 2], (await behind).Select(fact => fact.Position));
    }

    [Fact]
    public async Task works_without_any_view()
    {
        await using Store store = await Store.StartAsync(_database);

        Task<List<StoredFact>> following = TakeAsync(store, 0, 3);
        await AddAsync(store, 3);

        Assert.Equal(3, (await following).Count);
    }

    [Fact]
    public async Task hands_on_facts_of_unknown_types_without_a_body()
    {
        await using Store store = await StartAsync();
        await store.AppendAsync("tally-a", ExpectedVersion.Any, new TallyAdded("a", 1));
        await store.AppendAsync("tally-a", ExpectedVersion.Any, new NoiseHeard("x"));
        EventCatalogue older = new(TallyTypes.Catalogue.Types.Where(type => type.Alias != "noise_heard"));
        await using Store old = await Store.StartAsync(_database, null, older, TallyViews.Rows);

        List<StoredFact> seen = await TakeAsync(old, 0, 2);

        Assert.Equal([false, true], seen.Select(fact => fact.Fact is null));
        Assert.Equal(("noise_heard", "{\"text\": \"x\"}"), (seen[1].Type, seen[1].Data));
        Assert.Equal(1, (await old.Streams.LoadAsync(Tally.For("a"), "a", Token)).Sum);
        var added = await old.TellAsync("a", new TallyCommand.Add(1));
        Assert.Equal(3, added.Version);
    }

    /// <summary>No stream, and times that no clock of ours tells: feed, views, rebuilds and the search pass over such rows.</summary>
    [Fact]
    public async Task hands_on_what_follows_rows_of_another_program()
    {
        await using Store store = await StartAsync();
        await AddAsync(store, 1);
        await store.CaughtUpAsync();
        Task<List<StoredFact>> behind = TakeAsync(store.Get<IChanges>(), 0, 7);
        Task<List<StoredFact>> atOnce = TakeAsync(store.Get<ICommits>(), 0, 7);

        await store.ExecuteAsync(
            """
            insert into events.mt_events (seq_id, id, version, data, type, timestamp)
            select nextval('events.mt_events_sequence'), gen_random_uuid(), 1, '{}', 'x', moment
            from unnest(array['2026-03-01 12:00:00+00', 'infinity', '-infinity', '294276-01-01 00:00:00+00', '4713-01-01 00:00:00+00 BC']
              ::timestamptz[]) as moment
            """);
        await AddAsync(store, 1);

        List<StoredFact> seen = await behind;
        Assert.Equal(Enumerable.Range(1, 7).Select(n => (long)n), seen.Select(fact => fact.Position));
        Assert.Equal(seen.Select(fact => fact.Position), (await atOnce).Select(fact => fact.Position));
        Assert.All(seen.Skip(1).Take(5), fact => Assert.Equal(("", "x", true), (fact.StreamId, fact.Type, fact.Fact is null)));
        Assert.Equal([2026, 9999, 1, 9999, 1], seen.Skip(1).Take(5).Select(fact => fact.RecordedAt.Year));
        await store.CaughtUpAsync();
        Assert.All(await store.ReadModels.StatusAsync(Token), view => Assert.Null(view.Fault));
        await store.Get<IRebuilds>().RebuildAsync(TallyViews.Rows, Token);
        Assert.Equal(2, (await store.ReadModels.FindAsync(TallyViews.Rows, "a", Token))!.Sum);
        Assert.Equal(7, (await store.Log.ReadAsync(0, 10, Token)).Count);
        Assert.Equal(7, (await store.Get<IFacts>().FindAsync(new FactQuery(), Token)).Facts.Count);
    }

    private static async Task AddAsync(Store store, int count)
    {
        for (int left = count; left > 0; left -= PendingAppend.FactCountMax)
        {
            int now = Math.Min(left, PendingAppend.FactCountMax);
            object[] facts = [.. Enumerable.Range(0, now).Select(_ => new TallyAdded("a", 1))];
            await store.AppendAsync("tally-a", ExpectedVersion.Any, facts);
        }
    }

    private static async Task UntilWrittenAsync(Store store, string streamId)
    {
        while (true)
        {
            try
            {
                await store.AppendAsync(streamId, ExpectedVersion.Any, new TallyAdded("a", 1));
                return;
            }
            catch (DependencyUnavailableException)
            {
                // Its connection was cut. Written or not is unknown; this test counts what the log has.
                await Task.Delay(5, Token);
            }
        }
    }

    private static Task<List<StoredFact>> TakeAsync(Store store, long after, int count) =>
        TakeAsync(store.Get<IChanges>(), after, count);

    private static async Task<List<StoredFact>> TakeAsync(IChanges changes, long after, int count)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(TimeSpan.FromMinutes(1));
        List<StoredFact> seen = [];
        await foreach (StoredFact fact in changes.FollowAsync(after, limit.Token))
        {
            seen.Add(fact);
            if (seen.Count == count)
            {
                break;
            }
        }

        return seen;
    }

    private Task<Store> StartAsync() => Store.StartAsync(_database, null, null, TallyViews.Rows);
}
