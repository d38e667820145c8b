using Events.Application.Contracts;
using Events.Domain.Kernel;
using Events.EventStore.Appending;
using Events.Tests.Engines.Postgres;
using Xunit;

namespace Events.Tests.Engines.EventStore;

/// <summary>A stream whose state is remembered from one command to the next.</summary>
public sealed class A_long_stream : IAsyncLifetime
{
    private const int Facts = RememberedStates.VersionMin + 8;
    private const string Stream = "tally-a";

    private static readonly Decider<Tally, TallyCommand, TallyEvent> _decider = Tally.For("a");

    private Store _store = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _store = await Store.StartAsync(await PostgresFixture.NewDatabaseAsync());
        await _store.TellAsync("a", new TallyCommand.Start("one"));
        for (int i = 1; i < Facts; i++)
        {
            await _store.TellAsync("a", new TallyCommand.Add(1));
        }

        Assert.Equal(Facts - 1, (await LoadAsync()).Sum);
        Assert.NotNull(Remembered);
    }

    public async ValueTask DisposeAsync() => await _store.DisposeAsync();

    private RememberedState? Remembered => _store.Get<RememberedStates>().Find(Stream, _decider);

    [Fact]
    public async Task is_not_read_again_from_its_beginning()
    {
        await TamperAsync("update events.mt_events set data = jsonb_set(data, '{amount}', '1000') where version = 2");

        Assert.Equal(Facts - 1, (await LoadAsync()).Sum);
    }

    [Fact]
    public async Task is_decided_on_as_other_nodes_left_it()
    {
        await using Store other = await Store.StartAsync(_store.ConnectionString);
        await other.TellAsync("a", new TallyCommand.Add(10));
        Assert.Equal(Facts + 9, (await LoadAsync()).Sum);
        Assert.Equal(Facts + 1, Remembered!.Version);
        await other.TellAsync("a", new TallyCommand.Close());

        Transacted<Tally, TallyEvent> told = await _store.Streams.TransactAsync(_decider, "a", new TallyCommand.Add(1), Token);

        Assert.Equal("tally.closed", Assert.IsType<Decision<TallyEvent>.Refused>(told.Decision).Refusal.Code);
        Assert.Equal(Facts + 2, told.Version);
    }

    [Fact]
    public async Task that_was_set_back_is_read_anew_and_goes_on_from_there()
    {
        await TamperAsync(
            "delete from events.mt_events where version > 5; update events.mt_streams set version = 5 where id = 'tally-a'");

        Transacted<Tally, TallyEvent> told = await _store.Streams.TransactAsync(_decider, "a", new TallyCommand.Add(100), Token);

        Assert.Equal((104, 6), (told.State.Sum, told.Version));
        Assert.Null(Remembered);
    }

    [Fact]
    public async Task of_another_log_is_read_anew()
    {
        await TamperAsync("update events.mt_events set id = gen_random_uuid(), data = case version when 2 then "
            + "jsonb_set(data, '{amount}', '1000') else data end");

        Assert.Equal(Facts + 998, (await LoadAsync()).Sum);
    }

    [Fact]
    public async Task that_is_gone_has_the_first_state()
    {
        await TamperAsync("delete from events.mt_events; delete from events.mt_streams");

        Assert.Equal((null, 0), ((await LoadAsync()).Label, (await LoadAsync()).Sum));
    }

    [Fact]
    public async Task is_no_other_decider_s()
    {
        Decider<Tally, TallyCommand, TallyEvent> other = new(
            _decider.Category, _decider.Initial, _decider.Decide, (tally, fact) => fact is TallyAdded ? tally with { Sum = -1 } : tally);

        Assert.Equal(-1, (await _store.Streams.LoadAsync(other, "a", Token)).Sum);
        Assert.Equal(Facts - 1, (await LoadAsync()).Sum);
    }

    private Task<Tally> LoadAsync() => _store.Streams.LoadAsync(_decider, "a", Token);

    private Task TamperAsync(string sql) =>
        _store.ExecuteAsync(
            $"alter table events.mt_events disable trigger all; {sql}; alter table events.mt_events enable trigger all");
}

public sealed class Remembered_states
{
    private static readonly object _decider = new();

    private readonly RememberedStates _states = new();

    [Fact]
    public void are_those_of_long_streams()
    {
        Keep("short", RememberedStates.VersionMin - 1);
        Keep("long", RememberedStates.VersionMin);

        Assert.Null(_states.Find("short", _decider));
        Assert.Equal(RememberedStates.VersionMin, _states.Find("long", _decider)!.Version);
    }

    [Fact]
    public void are_bounded_and_the_one_not_used_for_longest_goes()
    {
        for (int i = 0; i < RememberedStates.CountMax; i++)
        {
            Keep($"{i}", 100);
        }

        _states.Find("0", _decider);
        Keep("one more", 100);

        Assert.NotNull(_states.Find("0", _decider));
        Assert.Null(_states.Find("1", _decider));
        Assert.NotNull(_states.Find("2", _decider));
        Assert.NotNull(_states.Find("one more", _decider));
    }

    [Fact]
    public void are_the_newest_of_a_stream_or_none()
    {
        Keep("a", 100);
        Keep("a", 101);
        Assert.Equal(101, _states.Find("a", _decider)!.Version);

        _states.Forget("a");
        Assert.Null(_states.Find("a", _decider));
    }

    private void Keep(string stream, long version) =>
        _states.Keep(stream, new RememberedState(_decider, new object(), version, Guid.Empty));
}
