using System.Net;
using Events.Application.Access;
using Events.Application.Contracts;
using Events.Application.Recordings;
using Events.Domain.Access;
using Events.Domain.Broadcasts;
using Events.Domain.Cameras;
using Events.Domain.Kernel;
using Events.Domain.Recordings;
using Xunit;
using static Events.Tests.Domain.Spec;

namespace Events.Tests.Domain.Access;

public sealed class An_access_log
{
    private static readonly AccessGranted Seen = new("node1", "ada", "graphql", "10.0.0.7", 3, Now, Now, default);

    [Fact]
    public void writes_down_what_it_is_told_once()
    {
        For(AccessLog.Decider).When(new RecordAccess([Seen], Now)).Then(Seen with { At = Now });
        For(AccessLog.Decider).Given(Seen with { At = Now }).When(new RecordAccess([Seen], Now)).ThenNothing();
        For(AccessLog.Decider).Given(Seen with { At = Now })
            .When(new RecordAccess([Seen], Now.AddSeconds(1))).Then(Seen with { At = Now.AddSeconds(1) });
    }
}

public sealed class The_ledger_of_accesses
{
    private static readonly IPAddress Here = IPAddress.Parse("10.0.0.7");

    private readonly TestClock _clock = new();
    private readonly AccessLedger _ledger;

    public The_ledger_of_accesses() => _ledger = new AccessLedger(new AccessTimes("node1", TimeSpan.FromMinutes(5)), _clock);

    [Fact]
    public void tells_the_first_at_once_and_counts_those_after_it()
    {
        _ledger.Granted("ada", "graphql", Here);
        Assert.True(_ledger.NewsAsync().IsCompleted);
        Assert.Equal([new AccessGranted("node1", "ada", "graphql", "10.0.0.7", 1, Now, Now, Now)], _ledger.Take(isAll: false));
        Assert.False(_ledger.NewsAsync().IsCompleted);

        _clock.Advance(TimeSpan.FromSeconds(1));
        _ledger.Granted("ada", "graphql", Here);
        _ledger.Granted("ada", "graphql", Here);
        Assert.Empty(_ledger.Take(isAll: false));
        _clock.Advance(TimeSpan.FromMinutes(5));
        AccessEvent told = Assert.Single(_ledger.Take(isAll: false));
        Assert.Equal((2, Now.AddSeconds(1), Now.AddSeconds(1)), (told.Count, told.FirstAt, told.LastAt));
        Assert.Empty(_ledger.Take(isAll: true));
    }

    [Fact]
    public void tells_apart_who_how_where_and_why()
    {
        _ledger.Refused("", "json-rpc", Here, "bad_credentials");
        _ledger.Refused("ada", "json-rpc", Here, "Control");
        _ledger.Seen("ada", "files", Here, "a.jpg");
        _ledger.Seen("ada", "files", IPAddress.Parse("::ffff:10.0.0.7"), "a.jpg");
        _ledger.Seen("ada", "files", null, "a.jpg");
        Assert.Equal(
            ["Control 10.0.0.7 1", "a.jpg 10.0.0.7 2", "a.jpg  1", "bad_credentials 10.0.0.7 1"],
            _ledger.Take(isAll: false).Select(told => told switch
            {
                AccessRefused e => $"{e.Why} {e.From} {e.Count}",
                PicturesSeen e => $"{e.What} {e.From} {e.Count}",
                _ => "?",
            }));
    }

    [Fact]
    public void is_bounded_under_a_flood_from_everywhere()
    {
        for (int i = 0; i < 100_000; i++)
        {
            _ledger.Refused("", "http", new IPAddress(i), "bad_credentials");
        }

        List<AccessEvent> all = TakeAll();
        Assert.InRange(all.Count, 2, 2_001);
        Assert.Equal(100_000, all.Sum(told => told.Count));
        Assert.Single(all, told => told.From == "others");
    }

    [Fact]
    public void names_an_account_however_many_strangers_came()
    {
        for (int i = 0; i <= 2_000; i++)
        {
            _ledger.Refused("", "http", new IPAddress(i), "bad_credentials");
        }

        _ledger.Granted("ada", "http", Here);
        _ledger.Seen("ada", "hls", Here, "camera0");
        _ledger.Seen("ada", "files", Here, "a.jpg");
        _ledger.Refused("ada", "http", Here, "Control");
        AccessEvent[] told = [.. _ledger.Take(isAll: false).Take(4)];
        Assert.All(told, one => Assert.Equal(("ada", "10.0.0.7"), (one.Who, one.From)));
        Assert.Equal(["camera0", "a.jpg"], told.OfType<PicturesSeen>().Select(one => one.What));
    }

    [Fact]
    public void takes_strangers_of_one_network_of_64_bits_for_one()
    {
        for (int i = 0; i <= 2_000; i++)
        {
            _ledger.Refused("", "http", IPAddress.Parse($"2001:db8:1:2::{i:x}"), "bad_credentials");
        }

        _ledger.Refused("", "http", IPAddress.Parse("2001:db8:1:3::1"), "bad_credentials");
        _ledger.Refused("", "http", IPAddress.IPv6Loopback, "bad_credentials");
        _ledger.Refused("ada", "http", IPAddress.Parse("2001:db8:1:2::1"), "Control");
        Assert.Equal(
            ["2001:db8:1:2::1 1", "2001:db8:1:2::/64 2001", "2001:db8:1:3::/64 1", "::1 1"],
            _ledger.Take(isAll: false).Select(told => $"{told.From} {told.Count}"));
    }

    [Fact]
    public void names_an_account_that_looked_at_more_than_is_told_apart_and_nobody_else_is_told_worse()
    {
        for (int i = 0; i <= 5_000; i++)
        {
            _ledger.Seen("eve", "files", Here, $"{i}.jpg");
        }

        _ledger.Seen("eve", "hls", Here, "camera7");
        _ledger.Seen("ada", "files", Here, "a.jpg");
        List<AccessEvent> all = TakeAll();
        Assert.Equal(5_001, all.Where(told => told is { Who: "eve", Way: "files" }).Sum(told => told.Count));
        Assert.InRange(all.Count(told => told.Who == "eve"), 2_002, 4_002);
        Assert.Contains(all, told => told is PicturesSeen { Who: "eve", From: "10.0.0.7", What: "camera7" });
        Assert.Contains(all, told => told is PicturesSeen { Who: "ada", From: "10.0.0.7", What: "a.jpg" });
        Assert.Contains(all, told => told is PicturesSeen { Who: "eve", From: "others", What: "2000.jpg" });
        Assert.Contains(all, told => told is PicturesSeen { Who: "eve", From: "others", What: "others" });
        Assert.DoesNotContain(all, told => told.Who.Length == 0);
    }

    [Fact]
    public void loses_no_name_when_there_are_more_accounts_than_kinds()
    {
        const int Accounts = 45_000;
        for (int i = 0; i < Accounts; i++)
        {
            _ledger.Granted($"user-{i}", "http", Here);
        }

        Assert.Equal(Accounts, TakeAll().Select(told => told.Who).Distinct().Count());
        Assert.Empty(_ledger.Take(isAll: true));
    }

    private List<AccessEvent> TakeAll()
    {
        List<AccessEvent> all = [];
        while (_ledger.Take(isAll: true) is { Count: > 0 } batch)
        {
            Assert.InRange(batch.Count, 1, 100);
            all.AddRange(batch);
        }

        return all;
    }
}

public sealed class The_keeper_of_accesses : IAsyncDisposable
{
    private readonly World _world = new();

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task tells_the_log_of_a_refused_command()
    {
        await _world.RunAsync();
        await _world.SendAsync(new RenameCamera(CameraId.New(), "Yard"), Role.Viewer);
        await Until.TrueAsync(
            () => _world.Streams.AllFacts.Any(fact => fact is AccessRefused { Who: "ada", Way: "json-rpc", Why: "Administer", Count: 1 }),
            "the refusal is a fact");
    }

    [Fact]
    public async Task tells_the_log_of_a_command_to_a_camera_of_others_if_there_is_one()
    {
        await _world.RunAsync();
        CameraId others = await _world.WithCameraAsync();
        await SendAsync("key-1", new StartBroadcast(CameraId.New()));
        await SendAsync("key-1", new StopRecording(RecordingId.New(), StopReason.Requested));
        await SendAsync("key-2", new StartBroadcast(others));
        await SendAsync("key-3", new StartRecording(RecordingId.New(), others, null));
        await Until.TrueAsync(
            () => _world.Streams.AllFacts.OfType<AccessRefused>().Select(fact => (fact.Who, fact.Why)).Order()
                .SequenceEqual([("key-2", "other_camera"), ("key-3", "other_camera")]),
            "the refusals are facts");
    }

    private async Task SendAsync(string who, object command)
    {
        CameraList own = CameraList.From([CameraId.New()])!;
        CommandResult result = await _world.Bus.SendAsync(
            command, new Caller(who, Role.Operator, "json-rpc", "request-1", Cameras: own), World.Token);
        Assert.Contains("not", result.Refusal!.Code, StringComparison.Ordinal);
    }
}
