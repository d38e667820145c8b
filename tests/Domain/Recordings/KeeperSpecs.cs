using Events.Application.Cameras;
using Events.Application.Contracts;
using Events.Application.Recordings;
using Events.Domain.Cameras;
using Events.Domain.Kernel;
using Events.Domain.Recordings;
using Xunit;

namespace Events.Tests.Domain.Recordings;

public sealed class The_keeper_of_recordings : IAsyncDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(1);

    private readonly RecordingId _take = RecordingId.New();
    private World _world = new();

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task stops_a_timed_recording_at_its_deadline_and_not_before()
    {
        await RecordAsync(13 * Second);
        await _world.RunAsync();

        await _world.AdvanceAsync((13 * Second) - Moment);
        Assert.DoesNotContain(_world.Streams.AllFacts, fact => fact is RecordingStopped);

        await _world.AdvanceAsync(Moment);
        Assert.Equal(StopReason.DurationReached, (await StoppedAsync()).Reason);
        Assert.Equal([_take], _world.Media.Stops);
        StoredFact asked = _world.Streams.Log.First(stored => stored.Fact is RecordingRequested);
        StoredFact stopped = _world.Streams.Log.First(stored => stored.Fact is RecordingStopped);
        Assert.Equal(("system", asked.CorrelationId, asked.Id.ToString()), (stopped.UserName, stopped.CorrelationId, stopped.CausationId));
    }

    [Theory]
    [InlineData(-3600)]
    [InlineData(3600)]
    public async Task holds_to_the_deadline_when_the_wall_clock_is_set(int seconds)
    {
        await _world.RunAsync();
        await RecordAsync(3 * Second);
        await Until.TrueAsync(() => _world.Clock.NextDue == 3 * Second, "the deadline is known");

        _world.Clock.SetWallClock(Spec.Now.AddSeconds(seconds));
        await _world.AdvanceAsync((3 * Second) - Moment);
        Assert.DoesNotContain(_world.Streams.AllFacts, fact => fact is RecordingStopped);

        await _world.AdvanceAsync(Moment);
        await StoppedAsync();
    }

    [Fact]
    public async Task leaves_a_recording_without_a_duration_alone()
    {
        await _world.RunAsync();
        await RecordAsync(null);

        await _world.AdvanceAsync(TimeSpan.FromMinutes(5));

        Assert.DoesNotContain(_world.Streams.AllFacts, fact => fact is RecordingStopped);
        Assert.Single(_world.Media.Starts);
    }

    [Fact]
    public async Task stops_a_recording_whose_time_ran_out_while_the_host_was_down()
    {
        await RecordAsync(30 * Second);
        await CrashAsync();
        _world.Clock.Advance(60 * Second);

        await _world.RunAsync();

        Assert.Equal(StopReason.DurationReached, (await StoppedAsync()).Reason);
        Assert.Empty(_world.Media.Starts);
    }

    [Fact]
    public async Task goes_on_after_a_crash_behind_what_is_on_disk()
    {
        CameraId gate = await RecordAsync(60 * Second);
        await _world.Listener.SegmentClosedAsync(_take, Stopping_a_recording.Footage(1), World.Token);
        await CrashAsync();
        _world.Media.Show(gate);

        await _world.RunAsync();
        await Until.TrueAsync(() => _world.Streams.AllFacts[^1] is RecordingRecovered, "the recording goes on");

        RecordingTarget target = Assert.Single(_world.Media.Starts);
        Assert.Equal((_take, 2, 10 * Second), (target.RecordingId, target.NextSegment, target.Offset));
        await _world.AdvanceAsync(60 * Second);
        await StoppedAsync();
    }

    [Fact]
    public async Task waits_for_a_camera_that_is_not_there_and_goes_on_when_it_comes()
    {
        CameraId gate = await RecordAsync(null);
        await CrashAsync();
        await _world.RunAsync();
        await _world.AdvanceAsync(20 * Second);
        Assert.Empty(_world.Media.Starts);

        _world.Media.Show(gate);
        await _world.AdvanceAsync(5 * Second);

        await Until.TrueAsync(() => _world.Streams.AllFacts[^1] is RecordingRecovered, "the recording goes on");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-3600)]
    public async Task begins_what_was_asked_for_before_a_crash(int clockSetBySeconds)
    {
        CameraId gate = await _world.WithCameraAsync();
        _world.Media.OnStart = _ => throw new CrashException();
        await Assert.ThrowsAsync<CrashException>(() => _world.SendAsync(new StartRecording(_take, gate, null)));
        await CrashAsync();
        _world.Media.Show(gate);
        _world.Clock.SetWallClock(Spec.Now.AddSeconds(clockSetBySeconds));

        await _world.RunAsync();
        await _world.AdvanceAsync(11 * Second);

        await Until.TrueAsync(() => _world.Streams.AllFacts[^1] is RecordingStarted, "the recording begins");
    }

    [Fact]
    public async Task stops_what_a_crash_left_of_a_retired_camera()
    {
        CameraId gate = await RecordAsync(null);
        await _world.SendAsync(new RetireCamera(gate, "Broken"));
        await CrashAsync();

        await _world.RunAsync();

        Assert.Equal(StopReason.CameraRetired, (await StoppedAsync()).Reason);
        await Until.TrueAsync(
            () => _world.Streams.FactsOf($"recorder-{gate}")[^1] is RecorderReleased, "the recorder is free again");
    }

    [Fact]
    public async Task gives_up_a_recording_that_was_stopped_while_it_was_brought_back()
    {
        CameraId gate = await RecordAsync(null);
        await CrashAsync();
        _world.Media.Show(gate);
        _world.Media.OnStart = async _ =>
        {
            await _world.SendAsync(new StopRecording(_take, StopReason.Requested));
            return new MediaStart.Running(Spec.Now);
        };

        await _world.RunAsync();
        await _world.IdleAsync();

        Assert.DoesNotContain(_world.Streams.AllFacts, fact => fact is RecordingRecovered);
        Assert.Null(_world.Media.SignalOf(gate)!.Recording);
    }

    /// <summary>As after a stop that closed the file and could not reach the log, or an interruption that came before the start.</summary>
    [Fact]
    public async Task takes_up_a_recording_that_runs_by_the_log_alone()
    {
        await _world.RunAsync();
        await _world.IdleAsync();
        CameraId gate = await RecordAsync(null);
        _world.Streams.BeforeTransact =
            command => _ = command is EndRecording ? throw new DependencyUnavailableException("postgresql", "No answer.") : 0;
        await Assert.ThrowsAsync<DependencyUnavailableException>(
            () => _world.SendAsync(new StopRecording(_take, StopReason.Requested)));
        Assert.Null(_world.Media.SignalOf(gate)!.Recording);

        await _world.AdvanceAsync(10 * Second);
        await Until.TrueAsync(() => _world.Streams.AllFacts.Any(fact => fact is RecordingInterrupted), "it counts as interrupted");
        Assert.Equal("not_written", _world.Streams.AllFacts.OfType<RecordingInterrupted>().Single().Why);
        await _world.AdvanceAsync(5 * Second);

        await Until.TrueAsync(() => _world.Streams.AllFacts[^1] is RecordingRecovered, "the recording goes on");
        Assert.Equal(_take, _world.Media.SignalOf(gate)!.Recording);
    }

    [Fact]
    public async Task does_not_disturb_a_stop_that_is_under_way()
    {
        await _world.RunAsync();
        await _world.IdleAsync();
        CameraId gate = await RecordAsync(null);
        _world.Media.Show(gate, recording: null);
        await _world.AdvanceAsync(9 * Second);
        _world.Media.Show(gate, _take);
        await _world.AdvanceAsync(60 * Second);

        Assert.DoesNotContain(_world.Streams.AllFacts, fact => fact is RecordingInterrupted);
    }

    [Fact]
    public async Task rests_although_the_feed_is_late_with_the_end()
    {
        await RecordAsync(3 * Second);
        await CrashAsync();
        _world.Streams.IsFeedFlowing = false;
        await _world.RunAsync();

        await _world.AdvanceAsync(3 * Second);
        await StoppedAsync();
        await _world.IdleAsync();

        int asked = _world.Views.ListCount;
        await _world.AdvanceAsync(5 * Second);
        Assert.InRange(_world.Views.ListCount - asked, 1, 3);
    }

    [Fact]
    public async Task stops_one_in_time_although_another_gives_trouble()
    {
        CameraId gate = await RecordAsync(3 * Second);
        CameraId yard = await _world.WithCameraAsync("Yard");
        RecordingId[] others = [new(Guid.Empty), new(Guid.AllBitsSet)];
        await _world.SendAsync(new StartRecording(others[0], yard, null));
        CameraId door = await _world.WithCameraAsync("Door");
        await _world.SendAsync(new StartRecording(others[1], door, null));
        await CrashAsync();
        _world.Media.Show(yard);
        _world.Media.Show(door);
        _world.Media.OnStart = _ => throw new DependencyUnavailableException("storage", "No answer.");

        await _world.RunAsync();
        await _world.AdvanceAsync(4 * Second);

        await StoppedAsync();
        Assert.IsType<RecorderReleased>(_world.Streams.FactsOf($"recorder-{gate}")[^1]);
    }

    private async Task<CameraId> RecordAsync(TimeSpan? duration)
    {
        CameraId gate = await _world.WithCameraAsync();
        _world.Media.OnStart = _ => Task.FromResult<MediaStart>(new MediaStart.Running(_world.Clock.GetUtcNow()));
        Assert.Null((await _world.SendAsync(new StartRecording(_take, gate, duration))).Refusal);
        return gate;
    }

    private async Task CrashAsync() => _world = await _world.AfterCrashAsync();

    private async Task<RecordingStopped> StoppedAsync()
    {
        await Until.TrueAsync(
            () => _world.Streams.FactsOf($"recording-{_take}")[^1] is RecordingStopped, "the recording is stopped");
        return (RecordingStopped)_world.Streams.FactsOf($"recording-{_take}")[^1];
    }
}

public sealed class The_keeper_of_cameras : IAsyncDisposable
{
    private World _world = new();

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task takes_in_every_camera_of_the_log_with_its_password()
    {
        CameraId gate = await AddAsync("Gate", "rtsp://ada:s3cr3tM4rk@10.0.0.5/main");
        CameraId yard = await AddAsync("Yard", "rtsp://10.0.0.6/main");
        CameraId old = await AddAsync("Old", "rtsp://10.0.0.7/main");
        await _world.SendAsync(new RetireCamera(old, "Broken"));

        await _world.RunAsync();

        Assert.Equal([gate, yard], _world.Media.Watched.Values.OrderBy(target => target.Number.Value).Select(target => target.CameraId));
        Assert.Equal(new SourceCredentials("ada", "s3cr3tM4rk"), _world.Media.Watched[gate].Credentials);
        Assert.Null(_world.Media.Watched[yard].Credentials);
    }

    [Fact]
    public async Task takes_no_connection_of_an_earlier_program_for_one_of_its_own()
    {
        CameraId gate = await AddAsync("Gate", "rtsp://10.0.0.5/main");
        await _world.SendAsync(new ReportCameraConnected(gate));
        _world = await _world.AfterCrashAsync();

        await _world.RunAsync();

        Assert.Equal(
            new CameraDisconnected(gate, "The host was started again.", Spec.Now), _world.Streams.FactsOf($"camera-{gate}")[^1]);
    }

    [Fact]
    public async Task follows_what_is_added_and_moved()
    {
        await _world.RunAsync();
        CameraId gate = await AddAsync("Gate", "rtsp://10.0.0.5/main");
        await Until.TrueAsync(() => _world.Media.Watched.ContainsKey(gate), "the new camera is taken in");

        await _world.SendAsync(new MoveCamera(gate, "rtsp://ada:s3cr3tM4rk@10.0.0.9/main"));

        await Until.TrueAsync(
            () => _world.Media.Watched[gate] is { Source: var source, Credentials.Password: "s3cr3tM4rk" }
                && source.ToString() == "rtsp://10.0.0.9/main",
            "the camera is taken in from its new place");
    }

    [Fact]
    public async Task lets_go_of_a_retired_camera_its_recording_and_its_password()
    {
        CameraId gate = await AddAsync("Gate", "rtsp://ada:s3cr3tM4rk@10.0.0.5/main");
        await _world.RunAsync();
        await _world.IdleAsync();
        RecordingId take = RecordingId.New();
        Assert.Null((await _world.SendAsync(new StartRecording(take, gate, null))).Refusal);

        await _world.SendAsync(new RetireCamera(gate, "Broken"));
        await Until.TrueAsync(() => _world.Secrets.Kept.IsEmpty, "the password is forgotten");

        Assert.Equal([gate], _world.Media.Forgotten);
        Assert.Equal(
            StopReason.CameraRetired, Assert.IsType<RecordingStopped>(_world.Streams.FactsOf($"recording-{take}")[^1]).Reason);
        StoredFact retired = _world.Streams.Log.First(stored => stored.Fact is CameraRetired);
        StoredFact stopped = _world.Streams.Log.First(stored => stored.Fact is RecordingStopped);
        Assert.Equal(("system", retired.CorrelationId, retired.Id.ToString()), (stopped.UserName, stopped.CorrelationId, stopped.CausationId));
    }

    [Fact]
    public async Task forgets_the_password_of_a_camera_that_was_retired_just_before_a_crash()
    {
        CameraId gate = await AddAsync("Gate", "rtsp://ada:s3cr3tM4rk@10.0.0.5/main");
        await _world.SendAsync(new RetireCamera(gate, "Broken"));
        _world = await _world.AfterCrashAsync();
        Assert.NotEmpty(_world.Secrets.Kept);

        await _world.RunAsync();

        Assert.Empty(_world.Secrets.Kept);
    }

    [Fact]
    public async Task tries_again_when_the_log_was_away()
    {
        CameraId gate = await AddAsync("Gate", "rtsp://10.0.0.5/main");
        int failures = 1;
        _world.Views.BeforeList = () => _ = failures-- > 0 ? throw new DependencyUnavailableException("postgresql", "No answer.") : 0;

        await _world.RunAsync();

        Assert.Contains(gate, _world.Media.Watched.Keys);
    }

    private async Task<CameraId> AddAsync(string name, string source)
    {
        CameraId id = CameraId.New();
        Assert.Null((await _world.SendAsync(new AddCamera(id, name, source))).Refusal);
        return id;
    }
}

public sealed class Deadlines_of_recordings
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly TestClock _clock = new();
    private readonly Deadlines _deadlines;
    private readonly RecordingId _take = RecordingId.New();

    public Deadlines_of_recordings() => _deadlines = new Deadlines(_clock);

    [Fact]
    public void are_past_at_their_end_and_not_before()
    {
        _deadlines.Add(_take, Spec.Now + Second);
        _clock.Advance(Second - TimeSpan.FromTicks(1));
        Assert.False(_deadlines.IsPast(_take));

        _clock.Advance(TimeSpan.FromTicks(1));
        Assert.True(_deadlines.IsPast(_take));
    }

    [Fact]
    public void are_what_was_said_first()
    {
        _deadlines.Add(_take, Spec.Now + Second);
        _deadlines.Add(_take, Spec.Now + (9 * Second));
        _clock.Advance(2 * Second);

        Assert.True(_deadlines.IsPast(_take));
    }

    [Fact]
    public void are_forgotten()
    {
        _deadlines.Add(_take, Spec.Now);
        _deadlines.Remove(_take);

        Assert.False(_deadlines.IsPast(_take));
        Assert.False(_deadlines.IsPast(RecordingId.New()));
    }

    [Fact]
    public void that_are_past_are_forgotten_with_their_recording_and_others_stay()
    {
        RecordingId open = RecordingId.New();
        RecordingId later = RecordingId.New();
        _deadlines.Add(_take, Spec.Now);
        _deadlines.Add(open, Spec.Now);
        _deadlines.Add(later, Spec.Now + Second);

        _deadlines.ForgetPast(new HashSet<RecordingId> { open });
        _clock.Advance(Second);

        Assert.Equal((false, true, true), (_deadlines.IsPast(_take), _deadlines.IsPast(open), _deadlines.IsPast(later)));
    }

    [Fact]
    public async Task wake_the_one_who_waits()
    {
        _deadlines.Add(_take, Spec.Now + (3 * Second));
        Task waits = _deadlines.WaitAsync(5 * Second, World.Token);
        _clock.Advance(2 * Second);
        Assert.False(waits.IsCompleted);

        _deadlines.Add(RecordingId.New(), Spec.Now + (2.5 * Second));
        await Until.TrueAsync(() => _clock.NextDue == 0.5 * Second, "the nearer end is waited for");
        _clock.Advance(0.5 * Second);
        await waits;
    }

    [Fact]
    public async Task let_the_one_who_waits_go_after_the_longest_pause()
    {
        _deadlines.Add(_take, Spec.Now + (30 * Second));
        Task waits = _deadlines.WaitAsync(5 * Second, World.Token);
        _clock.Advance(5 * Second);

        await waits;
    }

    [Fact]
    public async Task end_with_their_host()
    {
        using var stopping = new CancellationTokenSource();
        Task waits = _deadlines.WaitAsync(5 * Second, stopping.Token);
        await stopping.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waits);
    }
}
