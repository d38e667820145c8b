using Events.Application.Contracts;
using Events.Domain.Kernel;
using Events.EventStore.Appending;
using Events.Tests.Engines.Postgres;
using Xunit;

namespace Events.Tests.Engines.EventStore;

public sealed class An_append : IAsyncLifetime
{
    private Store _store = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _store = await Store.StartAsync(await PostgresFixture.NewDatabaseAsync());

    public async ValueTask DisposeAsync() => await _store.DisposeAsync();

    [Theory]
    [InlineData(0, 0, true)]
    [InlineData(0, -1, true)]
    [InlineData(0, 1, false)]
    [InlineData(3, 0, false)]
    [InlineData(3, 2, false)]
    [InlineData(3, 3, true)]
    [InlineData(3, 4, false)]
    [InlineData(3, -1, true)]
    public async Task is_written_only_when_the_stream_is_as_expected(int found, int expected, bool isWritten)
    {
        if (found > 0)
        {
            await _store.AppendAsync("tally-a", ExpectedVersion.NewStream, Added(found));
        }

        ExpectedVersion asked = expected < 0 ? ExpectedVersion.Any : ExpectedVersion.Exactly(expected);
        AppendOutcome outcome = await _store.AppendAsync("tally-a", asked, Added(2));

        Assert.Equal(!isWritten, outcome.IsConflict);
        Assert.Equal(isWritten ? found + 2 : found, outcome.Version);
        IReadOnlyList<StoredFact> facts = await _store.Log.ReadStreamAsync("tally-a", 0, 100, Token);
        Assert.Equal(Enumerable.Range(1, isWritten ? found + 2 : found).Select(n => (long)n), facts.Select(f => f.Version));
        Assert.Equal(isWritten ? facts[^1].Position : 0, outcome.Position);
    }

    [Fact]
    public async Task that_conflicts_fails_alone()
    {
        await _store.AppendAsync("tally-0", ExpectedVersion.NewStream, Added(1));

        Task<AppendOutcome>[] appends =
        [
            .. Enumerable.Range(0, 300).Select(n => n % 7 == 0
                ? _store.AppendAsync("tally-0", ExpectedVersion.NewStream, Added(1))
                : _store.AppendAsync($"tally-{n}", ExpectedVersion.NewStream, Added(1))),
        ];
        AppendOutcome[] outcomes = await Task.WhenAll(appends);

        Assert.Equal(Enumerable.Range(0, 300).Select(n => n % 7 == 0), outcomes.Select(o => o.IsConflict));
        Assert.Equal(300 - 43 + 1, await CountAsync());
    }

    [Fact]
    public async Task of_many_on_one_stream_lets_one_of_equals_win()
    {
        AppendOutcome[] outcomes = await Task.WhenAll(
            Enumerable.Range(0, 50).Select(_ => _store.AppendAsync("tally-a", ExpectedVersion.NewStream, Added(1))));

        Assert.Single(outcomes, outcome => !outcome.IsConflict);
        Assert.Equal(1, await CountAsync());
    }

    [Fact]
    public async Task without_an_expectation_is_chained_behind_those_before()
    {
        AppendOutcome[] outcomes = await Task.WhenAll(
            Enumerable.Range(0, 50).Select(_ => _store.AppendAsync("tally-a", ExpectedVersion.Any, Added(2))));

        Assert.Equal(Enumerable.Range(1, 50).Select(n => 2L * n), outcomes.Select(o => o.Version).Order());
    }

    [Fact]
    public async Task writes_all_metadata()
    {
        await _store.TellAsync("a", new TallyCommand.Start("It's \"one\" 😀"));

        string row = Assert.Single(await _store.QueryAsync<string>(
            """
            select jsonb_build_array(stream_id, version, type, tenant_id, mt_dotnet_type, correlation_id, causation_id, headers,
                     user_name, is_archived, data->>'label', bdata is null, substr(id::text, 15, 1))::text
            from events.mt_events
            """));
        Assert.Equal(
            "[\"tally-a\", 1, \"tally_started\", \"*DEFAULT*\", "
            + "\"Events.Tests.Engines.EventStore.TallyStarted, Events.Engines.Tests\", \"correlation-1\", \"cause-1\", "
            + "{\"via\": \"tests\"}, \"tester\", false, \"It's \\\"one\\\" 😀\", true, \"7\"]",
            row);
        Assert.Equal(
            "[\"tally-a\", \"tally\", 1, \"*DEFAULT*\", false]",
            Assert.Single(await _store.QueryAsync<string>(
                "select jsonb_build_array(id, type, version, tenant_id, is_archived)::text from events.mt_streams")));
    }

    [Fact]
    public async Task takes_a_fact_of_a_mebibyte_and_refuses_a_larger_one()
    {
        string note = new('x', PendingAppend.FactBytesMax - 100);
        AppendOutcome outcome = await _store.AppendAsync("tally-a", ExpectedVersion.Any, new TallyAdded("a", 1, note));

        TallyAdded read = (TallyAdded)Assert.Single(await _store.Log.ReadAsync(0, 10, Token)).Fact!;
        Assert.Equal(note.Length, read.Note.Length);
        Assert.False(outcome.IsConflict);
        ArgumentException refused = await Assert.ThrowsAsync<ArgumentException>(
            () => _store.AppendAsync("tally-a", ExpectedVersion.Any, new TallyAdded("a", 1, note + new string('x', 200))));
        Assert.Contains("1048576", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task is_refused_when_it_has_no_facts_or_too_many()
    {
        await Assert.ThrowsAsync<ArgumentException>(() => _store.AppendAsync("tally-a", ExpectedVersion.Any));
        await Assert.ThrowsAsync<ArgumentException>(
            () => _store.AppendAsync("tally-a", ExpectedVersion.Any, Added(PendingAppend.FactCountMax + 1)));
    }

    [Theory]
    [InlineData("tally-'; drop table events.mt_events; --")]
    [InlineData("tally-\\'); delete from events.mt_streams; --")]
    [InlineData("tally-$1 \" \t \u202e 😀")]
    public async Task takes_any_text_as_text(string streamId)
    {
        await _store.AppendAsync(streamId, ExpectedVersion.NewStream, new TallyAdded(streamId, 1, streamId));

        StoredFact fact = Assert.Single(await _store.Log.ReadStreamAsync(streamId, 0, 10, Token));
        Assert.Equal((streamId, streamId), (fact.StreamId, ((TallyAdded)fact.Fact!).Note));
    }

    [Fact]
    public async Task refuses_a_stream_id_that_cannot_be_stored()
    {
        foreach (string streamId in new[] { "tally-\0", "tally-\ud800", "tally-\udc00x", "", new string('x', 501) })
        {
            await Assert.ThrowsAsync<ArgumentException>(() => _store.AppendAsync(streamId, ExpectedVersion.Any, Added(1)));
        }
    }

    [Fact]
    public async Task refuses_a_nul_in_a_body_but_not_the_text_of_its_escape()
    {
        await Assert.ThrowsAsync<ArgumentException>(
            () => _store.AppendAsync("tally-a", ExpectedVersion.Any, new TallyAdded("a", 1, "\0")));

        await _store.AppendAsync("tally-a", ExpectedVersion.Any, new TallyAdded("a", 1, @"\u0000 \\u0000"));

        Assert.Equal(@"\u0000 \\u0000", ((TallyAdded)Assert.Single(await _store.Log.ReadAsync(0, 10, Token)).Fact!).Note);
    }

    [Fact]
    public async Task given_up_while_it_waits_is_never_written()
    {
        PendingAppend append = PendingAppend.Create<object>(
            TallyTypes.Catalogue, "tally", "tally-a", ExpectedVersion.Any, Added(1), new OriginRow("u", "c", null, "{}"));
        Assert.True(append.TryAbandon());

        Task<AppendOutcome> given = _store.Get<AppendLane>().AppendAsync(append, Token);
        await _store.AppendAsync("tally-b", ExpectedVersion.Any, Added(1));

        Assert.False(given.IsCompleted);
        Assert.Equal(1, await CountAsync());
    }

    /// <summary>As a host does whose start fails.</summary>
    [Fact]
    public async Task has_a_lane_that_ends_well_when_it_is_disposed_of_without_being_told_to_end()
    {
        AppendLane lane = _store.Get<AppendLane>();
        lane.Dispose();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => lane.ExecuteTask!);
    }

    /// <summary>Below the newest fact no view would see it, and no seal cover it: in a hole as little as at a number that is taken.</summary>
    /// <param name="burned">Numbers that no fact got, between two halves of the log.</param>
    [Theory]
    [InlineData(0, "5")]
    [InlineData(0, "1, false")]
    [InlineData(0, "40, false")]
    [InlineData(100, "50")]
    [InlineData(100, "50, false")]
    public async Task goes_behind_the_newest_fact_when_the_sequence_was_set_back(int burned, string setBack)
    {
        await _store.AppendAsync("tally-a", ExpectedVersion.Any, Added(20));
        await _store.ExecuteAsync($"select nextval('events.mt_events_sequence') from generate_series(1, {burned})");
        AppendOutcome newest = await _store.AppendAsync("tally-a", ExpectedVersion.Any, Added(20));
        await _store.ExecuteAsync($"select setval('events.mt_events_sequence', {setBack})");

        AppendOutcome conflict = await _store.AppendAsync("tally-a", ExpectedVersion.NewStream, Added(1));
        AppendOutcome first = await _store.AppendAsync("tally-b", ExpectedVersion.NewStream, Added(3));
        AppendOutcome second = await _store.AppendAsync("tally-b", ExpectedVersion.Exactly(3), Added(2));

        Assert.True(conflict.IsConflict);
        Assert.Equal(40 + burned, newest.Position);
        Assert.Equal((newest.Position + 3, newest.Position + 5), (first.Position, second.Position));
        Assert.Equal(45, await CountAsync());
    }

    /// <summary>A row with a number of its own, ahead of the sequence, is a newest fact as well.</summary>
    [Fact]
    public async Task goes_behind_a_fact_that_was_numbered_without_the_sequence()
    {
        await _store.AppendAsync("tally-a", ExpectedVersion.Any, Added(3));
        await _store.ExecuteAsync(
            "insert into events.mt_events (seq_id, id, version, data, type, timestamp) values (9, gen_random_uuid(), 1, '{}', 'x', now())");

        Assert.Equal(12, (await _store.AppendAsync("tally-a", ExpectedVersion.Any, Added(3))).Position);
    }

    [Fact]
    public async Task by_a_decider_folds_decides_and_repeats_harmlessly()
    {
        await _store.TellAsync("a", new TallyCommand.Start("one"));
        var added = await _store.TellAsync("a", new TallyCommand.Add(5));
        var closed = await _store.TellAsync("a", new TallyCommand.Close());
        var again = await _store.TellAsync("a", new TallyCommand.Close());
        var refused = await _store.TellAsync("a", new TallyCommand.Add(1));

        Assert.Equal((2L, 5L), (added.Version, added.State.Sum));
        Assert.Equal((3L, true), (closed.Version, closed.State.IsClosed));
        Assert.Equal((3L, 0L), (again.Version, again.Position));
        Assert.Equal("tally.closed", Assert.IsType<Decision<TallyEvent>.Refused>(refused.Decision).Refusal.Code);
        Assert.Equal(5, (await _store.Streams.LoadAsync(Tally.For("a"), "a", Token)).Sum);
    }

    [Fact]
    public async Task by_a_crowd_on_one_stream_and_two_nodes_loses_nothing()
    {
        await using Store other = await Store.StartAsync(_store.ConnectionString);
        long sum = 0;

        await Task.WhenAll(Enumerable.Range(0, 100).Select(n => AddAsync(n % 2 == 0 ? _store : other)));

        Assert.Equal(sum, (await _store.Streams.LoadAsync(Tally.For("a"), "a", Token)).Sum);
        Assert.Equal(sum, await CountAsync());

        async Task AddAsync(Store node)
        {
            try
            {
                await node.TellAsync("a", new TallyCommand.Add(1));
                Interlocked.Increment(ref sum);
            }
            catch (TimeoutException)
            {
                // Five conflicts in a row: told so, and nothing written.
            }
        }
    }

    private static object[] Added(int count) => [.. Enumerable.Range(1, count).Select(n => new TallyAdded("a", n))];

    private async Task<long> CountAsync() =>
        Assert.Single(await _store.QueryAsync<long>("select count(*) from events.mt_events"));
}
