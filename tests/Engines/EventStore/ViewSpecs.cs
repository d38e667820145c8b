using Events.Application.Contracts;
using Events.EventStore;
using Events.EventStore.Appending;
using Events.Tests.Engines.Postgres;
using Xunit;

namespace Events.Tests.Engines.EventStore;

public sealed class A_view : IAsyncLifetime
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(20);

    private string _database = "";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _database = await PostgresFixture.NewDatabaseAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task shows_a_command_that_was_waited_for()
    {
        await using Store store = await StartAsync();

        var told = await store.TellAsync("a", new TallyCommand.Start("one"));
        Assert.True(await store.ReadModels.WaitForAsync(told.Position, Long, Token));

        TallyRow row = (await store.ReadModels.FindAsync(TallyViews.Rows, "a", Token))!;
        Assert.Equal(("one", 1L), (row.Label, row.Version));
        Assert.Null(await store.ReadModels.FindAsync(TallyViews.Rows, "b", Token));
    }

    [Fact]
    public async Task moves_past_facts_it_does_not_handle()
    {
        await using Store store = await StartAsync();

        AppendOutcome noise = await store.AppendAsync("noise-a", ExpectedVersion.Any, new NoiseHeard("x"));

        Assert.True(await store.ReadModels.WaitForAsync(noise.Position, Long, Token));
        await Store.UntilAsync(async () => (await store.QueryAsync<long>(
            "select last_seq_id from events.mt_event_progression where name = 'TallyView:All'"))[0] == noise.Position);
    }

    [Fact]
    public async Task answers_that_it_is_late()
    {
        await using Store store = await StartAsync();

        Assert.False(await store.ReadModels.WaitForAsync(1, TimeSpan.FromMilliseconds(50), Token));
        Assert.False((await store.ReadModels.WaitForAsync(TallyViews.Rows, 1, TimeSpan.FromMilliseconds(50), Token)).IsStill);
    }

    [Fact]
    public async Task removes_rows_that_fold_to_nothing()
    {
        await using Store store = await StartAsync();
        await store.TellAsync("a", new TallyCommand.Start("one"));
        await store.CaughtUpAsync();
        await store.TellAsync("a", new TallyCommand.Close());
        await store.CaughtUpAsync();

        Assert.Equal(0, (await store.ReadModels.ListAsync(TallyViews.Rows, ViewQuery.All, Token)).Total);
    }

    [Fact]
    public async Task is_the_same_live_and_rebuilt_wherever_it_was_cut()
    {
        Random random = new(4711);
        for (int round = 0; round < 4; round++)
        {
            await using Store store = await StartAsync();
            for (int i = 0; i < 60; i++)
            {
                await WriteAtRandomAsync(store, random);
            }

            // Cut anywhere: the loop is stopped wherever it happens to be, and the next round goes on from its checkpoint.
        }

        await using Store last = await StartAsync();
        await last.CaughtUpAsync();
        List<string> live = await RowsAsync(last);
        await last.Get<IRebuilds>().RebuildAsync(TallyViews.Rows, Token);

        Assert.Equal(live, await RowsAsync(last));
        Assert.Equal(await ExpectedAsync(last), live.Count);
    }

    [Fact]
    public async Task is_never_seen_empty_while_it_is_rebuilt_under_writing()
    {
        await using Store store = await StartAsync();
        await Task.WhenAll(Enumerable.Range(0, 50).Select(n => store.TellAsync($"k{n}", new TallyCommand.Start("x"))));
        await store.CaughtUpAsync();
        using CancellationTokenSource done = new();
        Task<int> seen = WatchAsync(store, done.Token);
        Task<int> written = WriteAsync(store, done.Token);

        for (int i = 0; i < 5; i++)
        {
            await store.Get<IRebuilds>().RebuildAsync(TallyViews.Rows, Token);
        }

        await done.CancelAsync();
        Assert.Equal(50, await seen);
        int sum = await written;
        await store.CaughtUpAsync();
        Assert.Equal(sum, (await store.ReadModels.FindAsync(TallyViews.Rows, "k0", Token))!.Sum);
        Assert.Equal(
            ["ix_tally_view_v1_label", "ix_tally_view_v1_sum", "pk_tally_view_v1"],
            await store.QueryAsync<string>("select indexname::text from pg_indexes where schemaname = 'views' order by 1"));
    }

    [Fact]
    public async Task is_mended_by_a_rebuild_on_every_node()
    {
        await using Store store = await StartAsync();
        await using Store other = await StartAsync();
        await store.TellAsync("a", new TallyCommand.Add(5));
        await store.CaughtUpAsync();
        await other.CaughtUpAsync();
        await store.ExecuteAsync("update views.tally_view_v1 set row = jsonb_set(row, '{sum}', '99')");

        await store.Get<IRebuilds>().RebuildAsync(TallyViews.Rows, Token);
        await other.TellAsync("a", new TallyCommand.Add(1));
        await other.CaughtUpAsync();
        await store.CaughtUpAsync();

        Assert.Equal(6, (await other.ReadModels.FindAsync(TallyViews.Rows, "a", Token))!.Sum);
    }

    [Fact]
    public async Task that_is_paused_on_one_node_stands_still_on_every_node()
    {
        await using Store store = await StartAsync();
        await using Store other = await StartAsync();
        await store.TellAsync("a", new TallyCommand.Add(5));
        await store.CaughtUpAsync();

        await store.Get<IProjections>().PauseAsync(TallyViews.Rows, isPaused: true, Token);
        await Store.UntilAsync(async () => await StateAsync(other) == ProjectionState.Paused);
        var told = await other.TellAsync("a", new TallyCommand.Add(1));
        Assert.False(await other.ReadModels.WaitForAsync(told.Position, Long, Token));
        Assert.Equal(5, (await store.ReadModels.FindAsync(TallyViews.Rows, "a", Token))!.Sum);

        await other.Get<IProjections>().PauseAsync(TallyViews.Rows, isPaused: false, Token);
        await Store.UntilAsync(async () => await StateAsync(other) == ProjectionState.Following);
        await Store.UntilAsync(async () => await StateAsync(store) == ProjectionState.Following);
        await store.CaughtUpAsync();
        Assert.Equal(6, (await store.ReadModels.FindAsync(TallyViews.Rows, "a", Token))!.Sum);

        static async Task<ProjectionState> StateAsync(Store of) =>
            (await of.Get<IProjections>().ListAsync(Token)).Single(status => status.Name == "TallyView").State;
    }

    /// <summary>A parked fact takes a place in a page, and is not folded: what is behind a full page is in the next one.</summary>
    [Fact]
    public async Task that_passes_over_a_parked_fact_folds_every_other_one()
    {
        await using Store store = await StartAsync();
        await store.ExecuteAsync(
            """
            insert into events.mt_streams (id, version) values ('tally-a', 12000);
            insert into events.mt_events (seq_id, id, stream_id, version, data, type)
            select nextval('events.mt_events_sequence'), gen_random_uuid(), 'tally-a', n, '{"key": "a", "amount": 1}', 'tally_added'
            from generate_series(1, 12000) n;
            """);
        await store.CaughtUpAsync();

        // One in a page, and the last one of another; pages of a rebuild have 5,000 facts.
        foreach (long position in new long[] { 3, 10_000 })
        {
            await store.Get<IProjections>().ParkAsync(TallyViews.Rows, position, isParked: true, Token);
        }

        await store.Get<IRebuilds>().RebuildAsync(TallyViews.Rows, Token);
        Assert.Equal(11_998, (await store.ReadModels.FindAsync(TallyViews.Rows, "a", Token))!.Sum);
        Assert.Equal(0, (await store.Get<IProjections>().VerifyAsync(TallyViews.Rows, Token)).DifferenceCount);
    }

    [Fact]
    public async Task whose_table_has_another_shape_says_so_until_it_is_rebuilt()
    {
        await using (Store store = await StartAsync())
        {
            await store.TellAsync("a", new TallyCommand.Add(5));
            await store.CaughtUpAsync();
            await store.ExecuteAsync("alter table views.tally_view_v1 drop column label");
        }

        await using Store again = await StartAsync();
        await Store.UntilAsync(async () =>
            (await StatusAsync(again, "TallyView")).Fault?.Contains("Raise the view's version") == true);

        await again.Get<IRebuilds>().RebuildAsync(TallyViews.Rows, Token);
        await Store.UntilAsync(async () => (await StatusAsync(again, "TallyView")) is { Fault: null, Lag: 0 });
        Assert.Equal(5, (await again.ReadModels.FindAsync(TallyViews.Rows, "a", Token))!.Sum);
    }

    [Fact]
    public async Task whose_table_was_dropped_builds_itself_again()
    {
        await using Store store = await StartAsync();
        await store.TellAsync("a", new TallyCommand.Add(5));
        await store.CaughtUpAsync();
        await store.ExecuteAsync("drop table views.tally_view_v1");

        await store.TellAsync("a", new TallyCommand.Add(1));

        await Store.UntilAsync(async () =>
            (await store.QueryAsync<bool>("select to_regclass('views.tally_view_v1') is not null"))[0]
            && (await store.ReadModels.FindAsync(TallyViews.Rows, "a", Token))?.Sum == 6);
    }

    [Fact]
    public async Task that_cannot_fold_a_fact_stops_alone_and_says_why()
    {
        bool isBroken = true;
        View<TallyRow> fragile = TallyViews.Named("FragileView", 1, (row, recorded) =>
            recorded.Fact is TallyAdded { Amount: 13 } && Volatile.Read(ref isBroken)
                ? throw new InvalidOperationException("Thirteen!")
                : TallyViews.Fold(row, recorded));
        await using Store store = await Store.StartAsync(_database, null, null, TallyViews.Rows, fragile);

        await store.TellAsync("a", new TallyCommand.Add(1));
        long before = (await store.Log.HeadAsync(Token));
        await store.TellAsync("a", new TallyCommand.Add(13));
        await store.TellAsync("a", new TallyCommand.Add(2));
        await Store.UntilAsync(async () => (await StatusAsync(store, "FragileView")).Fault?.Contains("Thirteen!") == true
            && (await StatusAsync(store, "TallyView")).Lag == 0);

        ViewStatus status = await StatusAsync(store, "FragileView");
        Assert.Contains($"position {before + 1}", status.Fault, StringComparison.Ordinal);
        Assert.Equal(2, status.Lag);
        Assert.Equal(16, (await store.ReadModels.FindAsync(TallyViews.Rows, "a", Token))!.Sum);
        Assert.Equal(1, (await store.ReadModels.FindAsync(fragile, "a", Token))!.Sum);
        Assert.False(await store.ReadModels.WaitForAsync(before + 2, Long, Token));
        Assert.Equal(new ViewReach(before, IsStill: true), await store.ReadModels.WaitForAsync(fragile, before + 2, Long, Token));
        Assert.Equal(
            new ViewReach(before + 2, IsStill: false), await store.ReadModels.WaitForAsync(TallyViews.Rows, before + 2, Long, Token));
        View<TallyRow> other = TallyViews.Named("OtherView", 1, TallyViews.Fold);
        await Assert.ThrowsAsync<ArgumentException>(() => store.ReadModels.WaitForAsync(other, 1, Long, Token));

        Volatile.Write(ref isBroken, false);
        await Store.UntilAsync(async () => (await StatusAsync(store, "FragileView")) is { Fault: null, Lag: 0 });
        Assert.Equal(16, (await store.ReadModels.FindAsync(fragile, "a", Token))!.Sum);
    }

    [Fact]
    public async Task that_meets_an_unreadable_fact_names_its_position_and_type()
    {
        await using Store store = await StartAsync();
        await store.ExecuteAsync(
            """
            insert into events.mt_streams (id, version) values ('tally-x', 1);
            insert into events.mt_events (seq_id, id, stream_id, version, data, type)
            values (nextval('events.mt_events_sequence'), gen_random_uuid(), 'tally-x', 1, '{"key": 7}', 'tally_added');
            """);

        await Store.UntilAsync(async () =>
            (await StatusAsync(store, "TallyView")).Fault is string fault
            && fault.Contains("position 1 cannot be read as tally_added"));
        var read = await Assert.ThrowsAsync<Events.EventStore.Reading.UnreadableFactException>(
            () => store.Log.ReadAsync(0, 10, Token));
        Assert.Equal((1L, "tally_added"), (read.Position, read.Type));
    }

    [Fact]
    public async Task of_a_newer_version_is_built_from_zero_beside_the_old_one()
    {
        await using (Store old = await StartAsync())
        {
            await old.TellAsync("a", new TallyCommand.Add(5));
            await old.CaughtUpAsync();
        }

        View<TallyRow> newer = TallyViews.Named("TallyView", 2, TallyViews.Fold);
        await using Store store = await Store.StartAsync(_database, null, null, newer);
        await store.CaughtUpAsync();

        Assert.Equal(5, (await store.ReadModels.FindAsync(newer, "a", Token))!.Sum);
        Assert.Equal(5, (await store.ReadModels.FindAsync(TallyViews.Rows, "a", Token))!.Sum);
        Assert.Equal(
            ["TallyView:All", "TallyView:V2:All"],
            await store.QueryAsync<string>("select name from events.mt_event_progression where name like 'Tally%' order by 1"));
    }

    [Fact]
    public async Task with_two_runners_folds_each_fact_once()
    {
        await using Store store = await StartAsync();
        await using Store other = await StartAsync();

        await Task.WhenAll(Enumerable.Range(0, 200).Select(n =>
            (n % 2 == 0 ? store : other).AppendAsync($"tally-k{n % 5}", ExpectedVersion.Any, new TallyAdded($"k{n % 5}", 1))));
        await store.CaughtUpAsync();
        await other.CaughtUpAsync();

        Assert.Equal(
            [("k0", 40L), ("k1", 40L), ("k2", 40L), ("k3", 40L), ("k4", 40L)],
            (await store.ReadModels.ListAsync(TallyViews.Rows, ViewQuery.All, Token)).Rows.Select(row => (row.Key, row.Sum)));
    }

    [Fact]
    public async Task is_listed_by_filter_order_and_page()
    {
        await using Store store = await StartAsync();
        for (int n = 0; n < 10; n++)
        {
            string label = n % 2 == 0 ? "even" : "odd'; drop table views.tally_view_v1; --";
            await store.TellAsync($"k{n}", new TallyCommand.Start(label));
            await store.TellAsync($"k{n}", new TallyCommand.Add(n));
        }

        await store.CaughtUpAsync();
        Page<TallyRow> even = await ListAsync(new([new("label", ViewOperator.Equal, "even")], "sum", true, 2, 1));
        Page<TallyRow> odd = await ListAsync(ViewQuery.Where("label", "odd'; drop table views.tally_view_v1; --"));
        Page<TallyRow> some = await ListAsync(new(
            [new("sum", ViewOperator.Above, 2L), new("sum", ViewOperator.Below, 5), new("is_closed", ViewOperator.NotEqual, true),
                new("started_at", ViewOperator.Above, DateTimeOffset.UnixEpoch)]));

        Assert.Equal(["k6", "k4"], even.Rows.Select(row => row.Key));
        Assert.Equal(5, even.Total);
        Assert.Equal(5, odd.Total);
        Assert.Equal(["k3", "k4"], some.Rows.Select(row => row.Key));
        Assert.Empty((await ListAsync(ViewQuery.Where("label", "' or 1=1 --"))).Rows);
        foreach (string unheardOf in new[] { "nul \0", "half a \ud83d character" })
        {
            Assert.Equal(0, (await ListAsync(ViewQuery.Where("label", unheardOf))).Total);
            Assert.Equal(5, (await ListAsync(new(
                [new("label", ViewOperator.NotEqual, unheardOf), new("label", ViewOperator.Equal, "even")]))).Total);
        }

        Task<Page<TallyRow>> ListAsync(ViewQuery query) => store.ReadModels.ListAsync(TallyViews.Rows, query, Token);
    }

    [Fact]
    public async Task is_added_up_by_filter()
    {
        await using Store store = await StartAsync();
        await store.TellAsync("a", new TallyCommand.Start("one"));
        await store.TellAsync("a", new TallyCommand.Add(5_000_000_000));
        await store.TellAsync("b", new TallyCommand.Start("two"));
        await store.TellAsync("b", new TallyCommand.Add(-7));
        await store.CaughtUpAsync();

        Assert.Equal(4_999_999_993, await store.ReadModels.SumAsync(TallyViews.Rows, "sum", [], Token));
        Assert.Equal(-7, await store.ReadModels.SumAsync(TallyViews.Rows, "sum", Label("two"), Token));
        Assert.Equal(0, await store.ReadModels.SumAsync(TallyViews.Rows, "sum", Label("three"), Token));
        await Assert.ThrowsAsync<ArgumentException>(() => store.ReadModels.SumAsync(TallyViews.Rows, "label", [], Token));
        await Assert.ThrowsAsync<ArgumentException>(() => store.ReadModels.SumAsync(TallyViews.Rows, "sum) --", [], Token));

        static ViewFilter[] Label(string text) => [new ViewFilter("label", ViewOperator.Equal, text)];
    }

    [Fact]
    public async Task refuses_unknown_columns_wrong_values_and_limits()
    {
        await using Store store = await StartAsync();

        await RefusedAsync(ViewQuery.Where("label\" = '' or true --", "x"));
        await RefusedAsync(new([], "row"));
        await RefusedAsync(ViewQuery.Where("sum", "not a number"));
        await RefusedAsync(ViewQuery.Where("sum", "nul \0"));
        await RefusedAsync(new([], Limit: 0));
        await RefusedAsync(new([], Limit: 1_001));
        await RefusedAsync(new([], Offset: -1));
        Assert.Null(await store.ReadModels.FindAsync(TallyViews.Rows, "\0", Token));

        async Task RefusedAsync(ViewQuery query) =>
            await Assert.ThrowsAnyAsync<ArgumentException>(() => store.ReadModels.ListAsync(TallyViews.Rows, query, Token));
    }

    private static async Task WriteAtRandomAsync(Store store, Random random)
    {
        string key = $"k{random.Next(8)}";
        TallyCommand command = random.Next(10) switch
        {
            0 => new TallyCommand.Close(),
            1 => new TallyCommand.Start($"label {random.Next(3)}"),
            _ => new TallyCommand.Add(random.Next(-3, 4)),
        };
        await store.TellAsync(key, command);
        if (random.Next(10) == 0)
        {
            await store.AppendAsync("noise-a", ExpectedVersion.Any, new NoiseHeard("x"));
        }
    }

    private static async Task<int> ExpectedAsync(Store store)
    {
        Dictionary<string, TallyRow?> rows = [];
        foreach (StoredFact fact in await store.Log.ReadAsync(0, 2_000, Token))
        {
            if (fact.Fact is TallyEvent tally)
            {
                rows[tally.Key] = TallyViews.Fold(
                    rows.GetValueOrDefault(tally.Key), new Recorded<TallyEvent>(tally, fact.Position, fact.Version));
            }
        }

        return rows.Values.Count(row => row is not null);
    }

    private static Task<List<string>> RowsAsync(Store store) =>
        store.QueryAsync<string>("select to_jsonb(v)::text from views.tally_view_v1 v order by key");

    private static async Task<int> WatchAsync(Store store, CancellationToken done)
    {
        int fewest = int.MaxValue;
        while (!done.IsCancellationRequested)
        {
            fewest = Math.Min(fewest, (int)(await store.ReadModels.ListAsync(TallyViews.Rows, ViewQuery.All, Token)).Total);
        }

        return fewest;
    }

    private static async Task<int> WriteAsync(Store store, CancellationToken done)
    {
        int sum = 0;
        for (; !done.IsCancellationRequested; sum++)
        {
            await store.TellAsync("k0", new TallyCommand.Add(1));
        }

        return sum;
    }

    private static async Task<ViewStatus> StatusAsync(Store store, string name) =>
        (await store.ReadModels.StatusAsync(Token)).Single(status => status.Name == name);

    private Task<Store> StartAsync() => Store.StartAsync(_database, null, null, TallyViews.Rows);
}
