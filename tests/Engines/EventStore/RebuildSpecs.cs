using Events.Application.Contracts;
using Events.EventStore;
using Events.EventStore.Projections;
using Events.Tests.Engines.Postgres;
using Npgsql;
using Xunit;

namespace Events.Tests.Engines.EventStore;

/// <summary>Rebuilds that somebody asked for, when something or somebody is in their way.</summary>
public sealed class A_rebuild : IAsyncLifetime
{
    private string _database = "";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _database = await PostgresFixture.NewDatabaseAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task that_a_reader_holds_up_ends_in_words_and_leaves_room_for_others()
    {
        View[] views = [TallyViews.Rows, .. Enumerable.Range(1, 2).Select(n => TallyViews.Named($"Other{n}View", 1, TallyViews.Fold))];
        await using Store store = await Store.StartAsync(_database, null, null, views);
        await store.TellAsync("a", new TallyCommand.Add(5));
        await store.CaughtUpAsync();
        IProjections projections = store.Get<IProjections>();
        await using (NpgsqlConnection reader = new(_database + ";Pooling=false"))
        {
            await reader.OpenAsync(Token);
            await using NpgsqlTransaction open = await reader.BeginTransactionAsync(Token);
            foreach (string table in new[] { "tally_view_v1", "other1_view_v1" })
            {
                await using NpgsqlCommand read = new($"select * from views.{table} limit 1", reader, open);
                await read.ExecuteNonQueryAsync(Token);
            }

            // As many as are rebuilt at a time.
            Assert.True(await projections.StartRebuildAsync(views[0], Token));
            Assert.True(await projections.StartRebuildAsync(views[1], Token));
            foreach (View view in views[..2])
            {
                await Store.UntilAsync(async () => (await StatusAsync(store, view)).Aside is null, TimeSpan.FromSeconds(60));
                Assert.Contains(
                    $"Somebody holds the table views.{view.Table}", (await StatusAsync(store, view)).RebuildFault, StringComparison.Ordinal);
            }

            Assert.True(await projections.StartRebuildAsync(views[2], Token));
            await Store.UntilAsync(async () => (await StatusAsync(store, views[2])).Aside is null);
            Assert.Null((await StatusAsync(store, views[2])).RebuildFault);
        }

        Assert.True(await projections.StartRebuildAsync(views[0], Token));
        await Store.UntilAsync(async () => (await StatusAsync(store, views[0])).Aside is null);
        Assert.Null((await StatusAsync(store, views[0])).RebuildFault);
        Assert.Equal(5, (await store.ReadModels.FindAsync(TallyViews.Rows, "a", Token))!.Sum);
    }

    [Fact]
    public async Task is_done_by_one_host_while_another_one_starts()
    {
        using ManualResetEventSlim gate = new(initialState: true);
        View<TallyRow> slow = TallyViews.Named("TallyView", 1, (row, recorded) =>
        {
            gate.Wait(TimeSpan.FromSeconds(60));
            return TallyViews.Fold(row, recorded);
        });
        await using Store store = await Store.StartAsync(_database, null, null, slow);
        await store.TellAsync("a", new TallyCommand.Add(5));
        await store.CaughtUpAsync();
        gate.Reset();
        Assert.True(await store.Get<IProjections>().StartRebuildAsync(slow, Token));
        await Store.UntilAsync(async () => await RebuildsAsync(store) == 1);

        await using Store other = await Store.StartAsync(_database, null, null, TallyViews.Rows);
        await Store.UntilAsync(async () => (await StatusAsync(other, TallyViews.Rows)).Aside is { What: "queued" });
        await other.CaughtUpAsync();
        Assert.Equal(1, await RebuildsAsync(store));

        gate.Set();
        await Store.UntilAsync(async () => (await StatusAsync(store, slow)).Aside is null);
        await Store.UntilAsync(async () => (await StatusAsync(other, TallyViews.Rows)).Aside is null);
        Assert.Null((await StatusAsync(store, slow)).RebuildFault);
        Assert.Null((await StatusAsync(other, TallyViews.Rows)).RebuildFault);
        Assert.Equal(0, await RebuildsAsync(store));
        Assert.Equal(5, (await other.ReadModels.FindAsync(TallyViews.Rows, "a", Token))!.Sum);
    }

    [Fact]
    public async Task that_was_cut_off_begins_anew_when_a_fact_behind_it_is_parked_or_not_any_more()
    {
        await using Store store = await Store.StartAsync(_database, null, null, TallyViews.Rows);
        await store.TellAsync("a", new TallyCommand.Add(5));
        await store.TellAsync("a", new TallyCommand.Add(7));
        await store.CaughtUpAsync();

        // As a host leaves it that is killed after the first fact, and one whose fold threw at the second.
        await CutOffAsync(store, "program", 1);
        await store.Get<IProjections>().ParkAsync(TallyViews.Rows, 2, isParked: true, Token);
        Assert.Equal("program", await StampAsync(store));
        await store.Get<IProjections>().ParkAsync(TallyViews.Rows, 1, isParked: true, Token);
        Assert.Equal("asked", await StampAsync(store));
        await CutOffAsync(store, "program", 1);
        await store.Get<IProjections>().ParkAsync(TallyViews.Rows, 1, isParked: false, Token);
        Assert.Equal("asked", await StampAsync(store));
    }

    [Fact]
    public async Task that_only_compares_is_done_by_one_host_at_a_time()
    {
        using ManualResetEventSlim gate = new(initialState: true);
        View<TallyRow> slow = TallyViews.Named("TallyView", 1, (row, recorded) =>
        {
            gate.Wait(TimeSpan.FromSeconds(60));
            return TallyViews.Fold(row, recorded);
        });
        await using Store store = await Store.StartAsync(_database, null, null, slow);
        await using Store other = await Store.StartAsync(_database, null, null, TallyViews.Rows);
        await store.TellAsync("a", new TallyCommand.Add(5));
        await store.CaughtUpAsync();
        await other.CaughtUpAsync();
        gate.Reset();
        Task<ViewComparison> first = Task.Run(() => store.Get<IProjections>().VerifyAsync(slow, Token), Token);
        await Store.UntilAsync(async () => (await store.QueryAsync<long>(
            "select count(*) from events.mt_event_progression where name = 'TallyView:All:Verify'"))[0] == 1);

        var busy = await Assert.ThrowsAnyAsync<InvalidOperationException>(
            () => other.Get<IProjections>().VerifyAsync(TallyViews.Rows, Token));

        Assert.Contains("by another host", busy.Message, StringComparison.Ordinal);
        gate.Set();
        ViewComparison compared = await first;
        Assert.Equal((1L, 1L, 0L), (compared.LiveRows, compared.RebuiltRows, compared.DifferenceCount));
        Assert.Equal(0, (await other.Get<IProjections>().VerifyAsync(TallyViews.Rows, Token)).DifferenceCount);
    }

    [Fact]
    public async Task that_only_compares_names_a_fact_that_cannot_be_read_any_more()
    {
        await using Store store = await Store.StartAsync(_database, null, null, TallyViews.Rows);
        IProjections projections = store.Get<IProjections>();
        await store.TellAsync("a", new TallyCommand.Add(5));
        await store.TellAsync("a", new TallyCommand.Add(7));
        await store.CaughtUpAsync();
        await store.ExecuteAsync(
            """
            alter table events.mt_events disable trigger all;
            update events.mt_events set data = '{"key": 7}' where seq_id = 1;
            alter table events.mt_events enable trigger all;
            alter table events.mt_events enable always trigger events_append_only;
            """);

        ViewFaultException fault = await Assert.ThrowsAsync<ViewFaultException>(() => projections.VerifyAsync(TallyViews.Rows, Token));

        Assert.Contains("position 1 cannot be read as tally_added", fault.Message, StringComparison.Ordinal);
        Assert.Contains("audit verify", fault.Message, StringComparison.Ordinal);
        Assert.Empty(await store.QueryAsync<string>(
            "select tablename::text from pg_tables where schemaname = 'views' and tablename ~ '_verify$'"));
        await projections.ParkAsync(TallyViews.Rows, 1, isParked: true, Token);
        RowDifference only = Assert.Single((await projections.VerifyAsync(TallyViews.Rows, Token)).Differences);
        Assert.Contains("\"sum\": 12", only.Live, StringComparison.Ordinal);
        Assert.Contains("\"sum\": 7", only.Rebuilt, StringComparison.Ordinal);
    }

    [Fact]
    public async Task that_only_compares_says_so_when_somebody_holds_the_table()
    {
        await using Store store = await Store.StartAsync(_database, null, null, TallyViews.Rows);
        await store.TellAsync("a", new TallyCommand.Add(5));
        await store.CaughtUpAsync();
        await using NpgsqlConnection holder = new(_database + ";Pooling=false");
        await holder.OpenAsync(Token);
        await using NpgsqlTransaction open = await holder.BeginTransactionAsync(Token);
        await using NpgsqlCommand hold = new("lock table views.tally_view_v1 in row exclusive mode", holder, open);
        await hold.ExecuteNonQueryAsync(Token);

        ViewFaultException fault = await Assert.ThrowsAsync<ViewFaultException>(
            () => store.Get<IProjections>().VerifyAsync(TallyViews.Rows, Token));

        Assert.Contains("Somebody holds the table views.tally_view_v1", fault.Message, StringComparison.Ordinal);
    }

    private static Task CutOffAsync(Store store, string stamp, long position) => store.ExecuteAsync(
        $"""
        insert into events_own.view_control (checkpoint, rebuild_stamp) values ('TallyView:All', '{stamp}')
        on conflict (checkpoint) do update set rebuild_stamp = excluded.rebuild_stamp;
        insert into events.mt_event_progression (name, last_seq_id) values ('TallyView:All:Rebuild', {position})
        on conflict (name) do update set last_seq_id = excluded.last_seq_id
        """);

    private static async Task<string> StampAsync(Store store) =>
        (await store.QueryAsync<string>("select rebuild_stamp from events_own.view_control where checkpoint = 'TallyView:All'"))[0];

    private static async Task<ProjectionStatus> StatusAsync(Store store, View view) =>
        (await store.Get<IProjections>().ListAsync(Token)).Single(status => status.Name == view.Name);

    /// <summary>Rebuilds that have begun and have folded nothing yet.</summary>
    private static async Task<long> RebuildsAsync(Store store) => (await store.QueryAsync<long>(
        "select count(*) from events.mt_event_progression where name = 'TallyView:All:Rebuild' and last_seq_id = 0"))[0];
}
