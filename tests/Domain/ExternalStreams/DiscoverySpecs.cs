using Events.Application;
using Events.Application.Contracts;
using Events.Application.ExternalStreams;
using Events.Domain.ExternalStreams;
using Events.Domain.Kernel;
using Xunit;
using static Events.Tests.Domain.Spec;

namespace Events.Tests.Domain.ExternalStreams;

public sealed class The_discovery
{
    [Theory]
    [InlineData(0)]
    [InlineData(300)]
    [InlineData(Discovery.IntervalSecondsMax)]
    public void has_its_interval_set(int seconds) =>
        For(Discovery.Decider).When(new SetDiscoveryInterval(seconds)).Then(new DiscoveryIntervalSet(seconds, Now));

    [Theory]
    [InlineData(-1)]
    [InlineData(Discovery.IntervalSecondsMax + 1)]
    public void refuses_an_interval_that_is_none(int seconds) =>
        For(Discovery.Decider).When(new SetDiscoveryInterval(seconds)).ThenRefused(Discovery.BadInterval);

    [Fact]
    public void keeps_an_interval_that_it_has_already() =>
        For(Discovery.Decider).Given(new DiscoveryIntervalSet(60, Now)).When(new SetDiscoveryInterval(60)).ThenNothing();
}

public sealed class Discovering_streams : IAsyncDisposable
{
    private static readonly DiscoveryWish Skydio = new(Skydio: true, Generic: false);
    private static readonly StreamPlace Eo = new(5554, "/subject", "eo");

    private readonly World _world = new();

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task looks_only_where_it_is_configured_to()
    {
        await _world.Streaming.ScanAsync(new DiscoveryWish(true, true), World.Token);

        ScanTarget asked = Assert.Single(Assert.Single(_world.Finder.Orders).Targets);
        Assert.Equal(ExternalStreamKind.SkydioStanag4609, asked.Kind);
        Assert.Equal("10.0.0.0/29", Assert.Single(asked.Ranges).Text);
    }

    [Fact]
    public async Task says_what_it_was_not_told_where_to_look_for()
    {
        DiscoveryAnswer answer = await _world.Streaming.ScanAsync(new DiscoveryWish(false, true), World.Token);

        Assert.Contains("No address range", Assert.Single(answer.Troubles), StringComparison.Ordinal);
        Assert.Empty(_world.Finder.Orders);
        Assert.Empty(answer.Streams);
    }

    [Fact]
    public async Task answers_from_a_fresh_scan_unless_it_is_forced()
    {
        await _world.Streaming.ScanAsync(Skydio, World.Token);
        _world.Finder.There.Add(Stream("10.0.0.2"));

        Assert.Empty((await _world.Streaming.ScanAsync(Skydio, World.Token)).Streams);
        Assert.Single((await _world.Streaming.ScanAsync(Skydio with { IsForced = true }, World.Token)).Streams);
        _world.Finder.There.Clear();
        Assert.Single((await _world.Streaming.ScanAsync(Skydio, World.Token)).Streams);
        _world.Clock.Advance(TimeSpan.FromSeconds(31));
        Assert.Empty((await _world.Streaming.ScanAsync(Skydio, World.Token)).Streams);
        Assert.Equal(3, _world.Finder.Orders.Count);
    }

    [Fact]
    public async Task remembers_when_it_first_and_last_saw_a_stream()
    {
        _world.Finder.There.Add(Stream("10.0.0.2"));
        await _world.Streaming.ScanAsync(Skydio, World.Token);
        _world.Clock.Advance(TimeSpan.FromMinutes(1));
        DiscoveredStream seen = Assert.Single((await _world.Streaming.ScanAsync(Skydio, World.Token)).Streams);
        Assert.Equal((Now, Now.AddMinutes(1), true), (seen.DiscoveredAt, seen.LastSeenAt, seen.IsOnline));

        _world.Finder.There.Clear();
        _world.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Empty((await _world.Streaming.ScanAsync(Skydio, World.Token)).Streams);
        DiscoveredStream gone = Assert.Single(
            (await _world.Streaming.ScanAsync(Skydio with { WithOffline = true }, World.Token)).Streams);
        Assert.Equal((Now.AddMinutes(1), false), (gone.LastSeenAt, gone.IsOnline));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task scans_once_for_all_who_ask_meanwhile(bool isForced)
    {
        DiscoveryWish wish = Skydio with { IsForced = isForced };
        var going = new TaskCompletionSource();
        _world.Finder.OnScan = () => going.Task;
        Task<DiscoveryAnswer>[] asked = [.. Enumerable.Range(0, 5).Select(_ => _world.Streaming.ScanAsync(wish, World.Token))];
        Assert.True(_world.Streaming.IsScanning);
        going.SetResult();
        await Task.WhenAll(asked);

        Assert.Single(_world.Finder.Orders);
        Assert.False(_world.Streaming.IsScanning);
        await _world.Streaming.ScanAsync(wish, World.Token);
        Assert.Equal(isForced ? 2 : 1, _world.Finder.Orders.Count);
    }

    [Fact]
    public async Task is_not_for_who_may_know_of_some_cameras_and_not_while_it_is_off()
    {
        var all = new Caller("ada", Role.Operator, "json-rpc", "request-1");
        Caller some = all with { Cameras = CameraList.From([CameraId.New()]) };
        Assert.NotNull((await _world.Streaming.DiscoverAsync(Skydio, all, World.Token)).Answer);
        Assert.Equal(CommandBus.NotAllowed, (await _world.Streaming.DiscoverAsync(Skydio, some, World.Token)).Refusal);

        await using var off = new World { Discovery = DiscoveryRule.Off };
        Assert.Equal(ExternalStreamRefusals.SwitchedOff, (await off.Streaming.DiscoverAsync(Skydio, all, World.Token)).Refusal);
        Assert.Equal(CommandBus.NotAllowed, (await off.Streaming.DiscoverAsync(Skydio, some, World.Token)).Refusal);
        Assert.Empty(off.Finder.Orders);
    }

    [Fact]
    public async Task scans_by_itself_at_the_interval_that_is_set_also_after_a_restart()
    {
        await _world.RunAsync();
        await _world.AdvanceAsync(TimeSpan.FromHours(1));
        Assert.Empty(_world.Finder.Orders);

        await _world.SendAsync(new SetDiscoveryInterval(60));
        await Until.TrueAsync(() => _world.DiscoveryKeeper.IntervalSeconds == 60, "the interval is known");
        await Until.TrueAsync(() => !_world.Finder.Orders.IsEmpty, () => _world.AdvanceAsync(TimeSpan.FromSeconds(61)), "a scan");

        await using World next = await _world.AfterCrashAsync();
        await next.RunAsync();
        await Until.TrueAsync(() => next.DiscoveryKeeper.IntervalSeconds == 60, "the interval is known again");
        await Until.TrueAsync(
            () => !next.Finder.Orders.IsEmpty, () => next.AdvanceAsync(TimeSpan.FromSeconds(61)), "a scan after the restart");
    }

    private static FoundStream Stream(string host) => new(
        SourceUrl.TryParse($"rtsp://{host}:5554/subject")!, ExternalStreamKind.SkydioStanag4609, Eo, "h264", false, null);
}

public sealed class An_address_range
{
    [Theory]
    [InlineData("10.0.0.5", 1, "10.0.0.5", "10.0.0.5")]
    [InlineData("10.0.0.5/32", 1, "10.0.0.5", "10.0.0.5")]
    [InlineData("10.0.0.5/31", 2, "10.0.0.4", "10.0.0.5")]
    [InlineData("192.168.42.17/24", 254, "192.168.42.1", "192.168.42.254")]
    [InlineData("10.1.0.0/20", 4094, "10.1.0.1", "10.1.15.254")]
    [InlineData("255.255.255.252/30", 2, "255.255.255.253", "255.255.255.254")]
    [InlineData("fd00::5", 1, "fd00::5", "fd00::5")]
    public void names_its_hosts_in_order(string text, int count, string first, string last)
    {
        string[] all = [.. AddressRange.TryParse(text)!.All.Select(address => address.ToString())];

        Assert.Equal((count, first, last), (all.Length, all[0], all[^1]));
        Assert.All(all, address => Assert.True(AddressRange.TryParse(text)!.Contains(System.Net.IPAddress.Parse(address))));
    }

    [Theory]
    [InlineData("")]
    [InlineData("host")]
    [InlineData("10.0.0.0/19")]
    [InlineData("10.0.0.0/0")]
    [InlineData("10.0.0.0/33")]
    [InlineData("10.0.0.0/-1")]
    [InlineData("10.0.0.0/24/1")]
    [InlineData("fd00::/64")]
    public void is_not_made_of_anything_else(string text) => Assert.Null(AddressRange.TryParse(text));

    [Theory]
    [InlineData("10.0.1.0")]
    [InlineData("9.255.255.255")]
    [InlineData("fd00::1")]
    public void does_not_hold_a_stranger(string address) =>
        Assert.False(AddressRange.TryParse("10.0.0.0/24")!.Contains(System.Net.IPAddress.Parse(address)));

    [Fact]
    public void holds_an_address_also_when_it_is_written_as_one_of_version_6() =>
        Assert.True(AddressRange.TryParse("10.0.0.0/24")!.Contains(System.Net.IPAddress.Parse("::ffff:10.0.0.9")));
}
