using System.Collections.Concurrent;
using System.Diagnostics;
using Events.Application.Contracts;
using Events.EventStore.Appending;
using Events.Tests.Engines.Postgres;
using Xunit;

namespace Events.Tests.Engines.EventStore;

/// <summary>On a PostgreSQL of its own, which is killed, frozen and started again under load.</summary>
public sealed class A_store_without_PostgreSQL : IAsyncLifetime
{
    /// <summary>
    /// What a caller may wait for a clear answer: a stuck statement (5 s) and a connection that is not made (3 s), twice.
    /// </summary>
    private static readonly TimeSpan AnswerMax = TimeSpan.FromSeconds(16);

    private PostgresServer _server = null!;
    private Store _store = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(
            Environment.GetEnvironmentVariable("EVENTS_TEST_POSTGRESQL") is { Length: > 0 } && LocalServer.FindBinaries() is null,
            "Needs a PostgreSQL that may be killed.");
        _server = await PostgresServer.StartOwnAsync();
        _store = await Store.StartAsync(await _server.NewDatabaseAsync(), null, null, TallyViews.Rows);
    }

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task answers_clearly_and_recovers_when_it_was_killed_under_load()
    {
        await _store.TellAsync("a", new TallyCommand.Add(1));
        await _store.CaughtUpAsync();
        using CancellationTokenSource done = new();
        Task<Tallied>[] writers = [.. Enumerable.Range(0, 8).Select(n => WriteAsync($"w{n}", done.Token))];
        using CancellationTokenSource followed = new();
        ConcurrentQueue<long> seen = [];
        Task follower = FollowAsync(seen, followed.Token);

        await Store.UntilAsync(async () => await _store.Log.HeadAsync(Token) > 60);
        await _server.KillAsync();
        await Assert.ThrowsAsync<DependencyUnavailableException>(() => _store.TellAsync("a", new TallyCommand.Add(1)));
        await Assert.ThrowsAsync<DependencyUnavailableException>(() => _store.Log.HeadAsync(Token));
        await Assert.ThrowsAsync<DependencyUnavailableException>(() => _store.ReadModels.FindAsync(TallyViews.Rows, "a", Token));
        await _server.StartAgainAsync();
        await Store.UntilAsync(() => SucceedsAsync("b"));
        long head = await _store.Log.HeadAsync(Token);
        await Store.UntilAsync(async () => await _store.Log.HeadAsync(Token) > head + 60);
        await done.CancelAsync();

        Tallied[] told = await Task.WhenAll(writers);
        await _store.CaughtUpAsync();
        foreach (Tallied tallied in told)
        {
            TallyRow row = (await _store.ReadModels.FindAsync(TallyViews.Rows, tallied.Key, Token))!;
            Assert.InRange(row.Sum, tallied.Known, tallied.Known + tallied.Unknown);
            Assert.True(tallied.Unknown > 0, "The outage was not noticed.");
            Assert.True(tallied.Slowest < AnswerMax, $"An answer took {tallied.Slowest}.");
        }

        Assert.Empty(await _store.QueryAsync<string>(
            """
            select s.id from events.mt_streams s left join events.mt_events e on e.stream_id = s.id
            group by s.id, s.version having count(e.*) <> s.version
            """));
        List<long> all = [.. await _store.QueryAsync<long>("select seq_id from events.mt_events order by 1")];
        await Store.UntilAsync(() => Task.FromResult(seen.Count >= all.Count));
        await followed.CancelAsync();
        await follower;
        Assert.Equal(all, seen);
    }

    [Fact]
    public async Task answers_in_bounded_time_when_it_hangs_and_recovers()
    {
        await _store.TellAsync("a", new TallyCommand.Add(1));
        await _server.FreezeAsync();
        long start = Stopwatch.GetTimestamp();
        Task[] stuck =
        [
            .. Enumerable.Range(0, 20).Select(n => Assert.ThrowsAsync<DependencyUnavailableException>(
                () => _store.AppendAsync($"tally-{n}", ExpectedVersion.Any, new TallyAdded("x", 1)))),
            Assert.ThrowsAsync<DependencyUnavailableException>(() => _store.Log.ReadAsync(0, 10, Token)),
            Assert.ThrowsAsync<DependencyUnavailableException>(() => _store.TellAsync("a", new TallyCommand.Add(1))),
        ];
        await Task.WhenAll(stuck);
        TimeSpan waited = Stopwatch.GetElapsedTime(start);

        await _server.ThawAsync();
        await Store.UntilAsync(() => SucceedsAsync("b"));
        await _store.CaughtUpAsync();

        Assert.InRange(waited, TimeSpan.FromSeconds(1), AnswerMax);
        Assert.Equal(1, (await _store.ReadModels.FindAsync(TallyViews.Rows, "b", Token))!.Sum);
    }

    [Fact]
    public async Task may_start_first_and_begins_when_PostgreSQL_comes()
    {
        string database = await _server.NewDatabaseAsync();
        await _server.KillAsync();
        Task<Store> starting = Store.StartAsync(database, null, null, TallyViews.Rows);
        await Task.Delay(500, Token);
        Assert.False(starting.IsCompleted);

        await _server.StartAgainAsync();

        await using Store store = await starting;
        await Store.UntilAsync(() => SucceedsAsync("c"));
        await store.TellAsync("a", new TallyCommand.Add(3));
        await store.CaughtUpAsync();
        Assert.Equal(3, (await store.ReadModels.FindAsync(TallyViews.Rows, "a", Token))!.Sum);
    }

    private async Task<bool> SucceedsAsync(string key)
    {
        try
        {
            await _store.TellAsync(key, new TallyCommand.Add(1));
            return true;
        }
        catch (DependencyUnavailableException)
        {
            return false;
        }
    }

    private async Task<Tallied> WriteAsync(string key, CancellationToken done)
    {
        int known = 0;
        int unknown = 0;
        TimeSpan slowest = TimeSpan.Zero;
        while (!done.IsCancellationRequested)
        {
            long start = Stopwatch.GetTimestamp();
            try
            {
                await _store.TellAsync(key, new TallyCommand.Add(1));
                known++;
            }
            catch (DependencyUnavailableException)
            {
                unknown++;
                await Task.Delay(20, CancellationToken.None);
            }

            TimeSpan took = Stopwatch.GetElapsedTime(start);
            slowest = took > slowest ? took : slowest;
        }

        return new Tallied(key, known, unknown, slowest);
    }

    private async Task FollowAsync(ConcurrentQueue<long> seen, CancellationToken done)
    {
        try
        {
            await foreach (StoredFact fact in _store.Get<IChanges>().FollowAsync(0, done))
            {
                seen.Enqueue(fact.Position);
            }
        }
        catch (OperationCanceledException)
        {
            // The test has seen enough.
        }
    }

    private sealed record Tallied(string Key, int Known, int Unknown, TimeSpan Slowest);
}
