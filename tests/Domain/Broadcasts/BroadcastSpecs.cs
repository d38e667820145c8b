using Events.Domain.Broadcasts;
using Events.Domain.Cameras;
using Events.Domain.Kernel;
using Xunit;
using static Events.Tests.Domain.Spec;

namespace Events.Tests.Domain.Broadcasts;

public sealed class A_broadcast
{
    private static readonly CameraId Gate = CameraId.New();
    private static readonly BroadcastStarted Started = new(Gate, Now.AddMinutes(-1));
    private static readonly BroadcastStopped Stopped = new(Gate, BroadcastEnd.Requested, Now);

    [Fact]
    public void answers_every_command_in_every_state() =>
        new DecisionTable<Broadcast, BroadcastCommand, BroadcastEvent>(Broadcast.Decider)
            .State("Off")
            .State("Off (again)", Started, Stopped)
            .State("On", Started)
            .Command(new StartBroadcast(Gate))
            .Command(new StopBroadcast(Gate, BroadcastEnd.Requested))
            .Holds("""
                               | Off              | Off (again)      | On
                StartBroadcast | BroadcastStarted | BroadcastStarted | nothing
                StopBroadcast  | nothing          | nothing          | BroadcastStopped
                """);

    [Fact]
    public void says_why_it_ended() =>
        For(Broadcast.Decider).Given(Started)
            .When(new StopBroadcast(Gate, BroadcastEnd.Unwatched))
            .Then(new BroadcastStopped(Gate, BroadcastEnd.Unwatched, Now));
}

public sealed class Starting_a_broadcast : IAsyncDisposable
{
    private readonly World _world = new();

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task needs_a_camera_whose_pictures_come()
    {
        CameraId gate = await _world.WithCameraAsync();
        Assert.Equal(BroadcastRefusals.CameraNotConnected, (await _world.SendAsync(new StartBroadcast(gate))).Refusal);

        await _world.SendAsync(new ReportCameraConnected(gate));
        Assert.Null((await _world.SendAsync(new StartBroadcast(gate))).Refusal);
        Assert.Equal([new BroadcastStarted(gate, Now)], _world.Streams.FactsOf($"broadcast-{gate}"));
    }

    [Fact]
    public async Task joins_the_one_that_runs()
    {
        CameraId gate = await _world.WithCameraAsync();
        await _world.SendAsync(new ReportCameraConnected(gate));
        await _world.SendAsync(new StartBroadcast(gate));
        await _world.SendAsync(new StartBroadcast(gate));

        Assert.Single(_world.Streams.FactsOf($"broadcast-{gate}"));
    }

    [Fact]
    public async Task of_an_unknown_or_retired_camera_is_refused()
    {
        CameraId gate = await _world.WithCameraAsync();
        await _world.SendAsync(new RetireCamera(gate, "Broken"));

        Assert.Equal(BroadcastRefusals.CameraNotActive, (await _world.SendAsync(new StartBroadcast(gate))).Refusal);
        Assert.Equal(CameraRefusals.NotRegistered, (await _world.SendAsync(new StartBroadcast(CameraId.New()))).Refusal);
    }
}

public sealed class Stopping_a_broadcast : IAsyncDisposable
{
    private readonly World _world = new();

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task is_possible_for_a_retired_camera_and_refused_for_an_unknown_one()
    {
        CameraId gate = await _world.WithCameraAsync();
        await _world.SendAsync(new ReportCameraConnected(gate));
        await _world.SendAsync(new StartBroadcast(gate));
        await _world.SendAsync(new RetireCamera(gate, "Broken"));
        var stop = new StopBroadcast(gate, BroadcastEnd.Requested);

        Assert.True(await _world.SendAsync(stop) is { Refusal: null, Position: > 0 });
        Assert.True(await _world.SendAsync(stop) is { Refusal: null, Position: 0 });
        Assert.Equal(
            CameraRefusals.NotRegistered, (await _world.SendAsync(stop with { CameraId = CameraId.New() })).Refusal);
    }
}

public sealed class The_keeper_of_broadcasts : IAsyncDisposable
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private World _world = new();

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task ends_what_nobody_watches()
    {
        CameraId gate = await BroadcastAsync();
        await _world.RunAsync();

        await KeptForAsync(4 * Minute);
        await _world.AdvanceAsync(2 * Minute);
        Assert.Equal(BroadcastEnd.Unwatched, (await StoppedAsync(gate)).Reason);
    }

    [Fact]
    public async Task leaves_alone_what_is_watched_until_the_last_viewer_has_gone()
    {
        CameraId gate = await BroadcastAsync();
        _world.Audience.Viewers[new CameraNumber(0)] = 1;
        await _world.RunAsync();

        await KeptForAsync(20 * Minute);
        _world.Audience.Viewers.Clear();
        await KeptForAsync(4 * Minute);
        await _world.AdvanceAsync(2 * Minute);
        await StoppedAsync(gate);
    }

    [Fact]
    public async Task sees_one_that_starts_while_it_runs()
    {
        await _world.RunAsync();
        CameraId gate = await BroadcastAsync();

        // When the keeper has seen it is its own affair; from then on its time runs.
        await Until.TrueAsync(
            () => _world.Streams.AllFacts.Any(fact => fact is BroadcastStopped),
            () => _world.AdvanceAsync(Minute),
            "the broadcast ends");

        Assert.Equal(BroadcastEnd.Unwatched, (await StoppedAsync(gate)).Reason);
    }

    [Fact]
    public async Task ends_that_of_a_retired_camera()
    {
        CameraId gate = await BroadcastAsync();
        await _world.RunAsync();
        await _world.SendAsync(new RetireCamera(gate, "Broken"));

        Assert.Equal(BroadcastEnd.CameraRetired, (await StoppedAsync(gate)).Reason);
    }

    [Fact]
    public async Task ends_that_of_a_camera_that_was_retired_just_before_a_crash()
    {
        CameraId gate = await BroadcastAsync();
        await _world.SendAsync(new RetireCamera(gate, "Broken"));
        _world = await _world.AfterCrashAsync();
        await _world.RunAsync();

        Assert.Equal(BroadcastEnd.CameraRetired, (await StoppedAsync(gate)).Reason);
    }

    private async Task<CameraId> BroadcastAsync()
    {
        CameraId gate = await _world.WithCameraAsync();
        await _world.SendAsync(new ReportCameraConnected(gate));
        Assert.Null((await _world.SendAsync(new StartBroadcast(gate))).Refusal);
        return gate;
    }

    /// <summary>The keeper of broadcasts looks at each step, and ends none.</summary>
    private async Task KeptForAsync(TimeSpan span)
    {
        _world.RestingLoops++;
        await _world.AdvanceAsync(span);
        _world.RestingLoops--;
        Assert.DoesNotContain(_world.Streams.AllFacts, fact => fact is BroadcastStopped);
    }

    private async Task<BroadcastStopped> StoppedAsync(CameraId gate)
    {
        await Until.TrueAsync(
            () => _world.Streams.FactsOf($"broadcast-{gate}").Any(fact => fact is BroadcastStopped), "the broadcast to be stopped");
        return _world.Streams.FactsOf($"broadcast-{gate}").OfType<BroadcastStopped>().Single();
    }
}
