using System.Globalization;
using Events.Application.Contracts;
using Events.Domain.Cameras;
using Events.Domain.Kernel;
using Events.Host.Facts;
using Xunit;

namespace Events.Tests.Integration.GraphQL;

/// <summary>What somebody reads who may know of one camera, from a log that is mostly about another one.</summary>
public sealed class Pages_of_facts
{
    private static readonly CameraId _own = CameraId.New();
    private static readonly CameraId _other = CameraId.New();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task are_full_however_much_is_hidden_between(bool isFromEnd)
    {
        var log = new FakeLog(1_900, position => position % 100 == 50);
        FactPage page = await ReadAsync(log, new FactQuery(Count: 10, IsFromEnd: isFromEnd));
        Assert.Equal(
            Enumerable.Range(0, 10).Select(i => (100L * (isFromEnd ? i + 9 : i)) + 50), page.Shown.Select(PositionOf));
        Assert.Equal((true, (long?)null), (page.HasMore, page.StoppedAt));

        page = await ReadAsync(log, new FactQuery(Count: 19, IsFromEnd: isFromEnd));
        Assert.Equal((19, false, (long?)null), (page.Shown.Count, page.HasMore, page.StoppedAt));
    }

    /// <summary>One who asks gets nothing to tell an empty log from one that is full of what is hidden.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1_999)]
    public async Task are_the_same_whether_anything_is_hidden_or_not(int hidden)
    {
        FactPage page = await ReadAsync(new FakeLog(hidden, _ => false), new FactQuery(Count: 1));
        Assert.Equal((0, false, (long?)null), (page.Shown.Count, page.HasMore, page.StoppedAt));
    }

    /// <summary>The place where a search stops is not that of a hidden fact: these are at odd numbers.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task stop_within_bounds_at_a_mark_and_go_on_from_there(bool isFromEnd)
    {
        var log = new FakeLog(20_000, position => position is 7_001 or 15_001, step: 2);
        var query = new FactQuery(Count: 1, IsFromEnd: isFromEnd);
        List<long> found = [];
        int requests = 0;
        while (true)
        {
            log.Read = 0;
            FactPage page = await ReadAsync(log, query);
            requests++;
            Assert.InRange(log.Read, 0, FactPage.ScannedMax);
            found.AddRange(page.Shown.Select(PositionOf));
            if (!page.HasMore)
            {
                break;
            }

            bool isShown = page.Shown.Any(fact => PositionOf(fact) == page.StoppedAt);
            Assert.True(page.StoppedAt is null || page.StoppedAt % 500 == 0 || isShown, $"{page.StoppedAt}");
            long next = page.StoppedAt ?? PositionOf(page.Shown[0]);
            Assert.True(isFromEnd ? next < query.Before : next > query.After, $"{next} is no step");
            query = isFromEnd ? query with { Before = next } : query with { After = next };
        }

        Assert.Equal(isFromEnd ? [15_001, 7_001] : [7_001, 15_001], found);
        Assert.InRange(requests, 10, 20);
    }

    private static Task<FactPage> ReadAsync(FakeLog log, FactQuery query) =>
        FactPage.ReadAsync(
            log,
            new FactScope(null!, null!, readsAudit: false, CameraList.From([_own])),
            query,
            TestContext.Current.CancellationToken);

    private static long PositionOf(FactNode fact) => long.Parse(fact.Position, CultureInfo.InvariantCulture);

    /// <param name="count">Of facts, at every so many positions from 1 on.</param>
    private sealed class FakeLog(int count, Func<long, bool> isOwn, int step = 1) : IFacts
    {
        public int Read { get; set; }

        public Task<FactsFound> FindAsync(FactQuery query, CancellationToken cancellationToken)
        {
            long[] all =
            [
                .. Enumerable.Range(0, count).Select(i => 1 + ((long)i * step)).Where(one => one > query.After && one < query.Before),
            ];
            long[] page = query.IsFromEnd ? [.. all.TakeLast(query.Count)] : [.. all.Take(query.Count)];
            Read += page.Length;
            return Task.FromResult(new FactsFound([.. page.Select(FactAt)], all.Length > page.Length));
        }

        public Task<long> PositionAtAsync(DateTimeOffset moment, CancellationToken cancellationToken) => Task.FromResult(0L);

        public Task<IReadOnlySet<long>> ParkedAsync(View view, CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlySet<long>>(new HashSet<long>());

        private StoredFact FactAt(long position)
        {
            var fact = new CameraRetired(isOwn(position) ? _own : _other, "x", DateTimeOffset.UnixEpoch);
            return new StoredFact(
                position, Guid.Empty, "camera-x", 1, "camera_retired", DateTimeOffset.UnixEpoch, fact, "{}", null, null, null);
        }
    }
}
