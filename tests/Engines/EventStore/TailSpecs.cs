using Events.EventStore.Appending;
using Events.EventStore.Feed;
using Events.EventStore.Reading;
using Events.Tests.Engines.Postgres;
using Xunit;

namespace Events.Tests.Engines.EventStore;

public sealed class The_end_of_the_log : IAsyncLifetime
{
    private string _database = "";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _database = await PostgresFixture.NewDatabaseAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task is_read_once_for_all_who_ask()
    {
        await using Store store = await Store.StartAsync(_database);
        LogTail tail = Of(store);
        await AddAsync(store);
        await AddAsync(store);

        TailPage[] pages = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => tail.ReadAsync(0, Token).AsTask()));
        TailPage behind = await tail.ReadAsync(1, Token);

        Assert.All(pages, page => Assert.Same(pages[0].Facts[1], page.Facts[1]));
        Assert.Same(pages[0].Facts[1], Assert.Single(behind.Facts));
    }

    [Fact]
    public async Task is_never_said_to_be_reached_before_what_was_signalled()
    {
        await using Store store = await Store.StartAsync(_database);
        LogTail tail = Of(store);
        CommitSignal committed = store.Get<CommitSignal>();
        Wakeup own = committed.Register();
        long position = 0;
        using CancellationTokenSource done = CancellationTokenSource.CreateLinkedTokenSource(Token);
        Task[] others = [.. Enumerable.Range(0, 3).Select(_ => ReadAtSignalsAsync(committed.Register()))];
        for (int i = 1; i <= 200; i++)
        {
            long signals = committed.Raised;
            await AddAsync(store);
            await AddAsync(store);
            while (committed.Raised < signals + 2)
            {
                await own.WaitAsync(TimeSpan.FromSeconds(1), TimeProvider.System, Token);
            }

            long seen = position;
            TailPage page;
            do
            {
                page = await tail.ReadAsync(seen, Token);
                seen = page.Facts.Count > 0 ? page.Facts[^1].Position : seen;
            }
            while (!page.IsLast);

            Assert.Equal(2 * i, seen);
            Volatile.Write(ref position, seen);
        }

        await done.CancelAsync();
        await Task.WhenAll(others);

        // Their reads begin at any time: also between two commits, and end behind the second.
        async Task ReadAtSignalsAsync(Wakeup wakeup)
        {
            while (!done.IsCancellationRequested)
            {
                await wakeup.WaitAsync(TimeSpan.FromMilliseconds(50), TimeProvider.System, Token);
                await tail.ReadAsync(Volatile.Read(ref position), Token);
            }
        }
    }

    [Fact]
    public async Task comes_in_pages_to_whoever_is_far_behind()
    {
        await using Store store = await Store.StartAsync(_database);
        object[] facts = [.. Enumerable.Range(0, LogTail.CountMax + 1).Select(_ => new TallyAdded("a", 1))];
        await store.AppendAsync("tally-a", ExpectedVersion.Any, facts);
        LogTail tail = Of(store);

        TailPage first = await tail.ReadAsync(0, Token);
        TailPage second = await tail.ReadAsync(LogTail.CountMax, Token);
        TailPage none = await tail.ReadAsync(LogTail.CountMax + 1, Token);

        Assert.Equal((LogTail.CountMax, true, false), (first.Facts.Count, first.IsFull, first.IsLast));
        Assert.Equal((1, false, true), (second.Facts.Count, second.IsFull, second.IsLast));
        Assert.Equal((0, false, true), (none.Facts.Count, none.IsFull, none.IsLast));
    }

    private static LogTail Of(Store store) => new(store.Get<Log>(), store.Get<CommitSignal>());

    private static Task<AppendOutcome> AddAsync(Store store) =>
        store.AppendAsync("tally-a", ExpectedVersion.Any, new TallyAdded("a", 1));
}
