using Events.Application.Contracts;
using Events.Application.Recordings;
using Events.Domain.Cameras;
using Events.Domain.Kernel;
using Events.Domain.Recordings;
using Xunit;

namespace Events.Tests.Domain.Recordings;

public sealed class Starting_a_recording : IAsyncDisposable
{
    private const string Name = "camera0_2026-03-01_12-00-00";

    private readonly World _world = new();
    private readonly RecordingId _take = RecordingId.New();

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task claims_the_recorder_asks_and_reports_the_first_frame()
    {
        CameraId gate = await _world.WithCameraAsync();

        CommandResult result = await _world.SendAsync(new StartRecording(_take, gate, TimeSpan.FromSeconds(30)), Role.Operator);

        Assert.True(result is { Version: 2, Refusal: null, Failure: null });
        Assert.Equal([new RecorderClaimed(gate, _take, Name, Spec.Now)], _world.Streams.FactsOf($"recorder-{gate}"));
        Assert.Equal(
            [
                new RecordingRequested(_take, gate, new CameraNumber(0), Name, 30_000, Spec.Now),
                new RecordingStarted(_take, Spec.Now.AddSeconds(-2), Spec.Now),
            ],
            _world.Streams.FactsOf($"recording-{_take}"));
        Assert.Equal([new RecordingTarget(_take, gate, Name, 1, TimeSpan.Zero)], _world.Media.Starts);
    }

    [Fact]
    public async Task asks_in_the_log_before_it_asks_the_camera()
    {
        CameraId gate = await _world.WithCameraAsync();
        _world.Media.OnStart = target =>
        {
            Assert.IsType<RecordingRequested>(Assert.Single(_world.Streams.FactsOf($"recording-{target.RecordingId}")));
            return Task.FromResult<MediaStart>(new MediaStart.Running(Spec.Now));
        };

        Assert.Null((await StartAsync(_world, gate)).Refusal);
    }

    [Fact]
    public async Task writes_down_that_the_camera_did_not_answer_and_frees_the_recorder()
    {
        CameraId gate = await _world.WithCameraAsync();
        _world.Media.OnStart = _ => Task.FromResult<MediaStart>(new MediaStart.Unreachable("No answer in 10 s"));

        CommandResult result = await StartAsync(_world, gate);

        Assert.Equal(new OutsideFailure("camera", "No answer in 10 s"), result.Failure);
        Assert.Equal(new RecordingFailed(_take, "No answer in 10 s", Spec.Now), _world.Streams.FactsOf($"recording-{_take}")[^1]);
        Assert.IsType<RecorderReleased>(_world.Streams.FactsOf($"recorder-{gate}")[^1]);
    }

    [Fact]
    public async Task is_refused_for_a_camera_that_is_recorded_already()
    {
        CameraId gate = await _world.WithCameraAsync();
        await StartAsync(_world, gate);
        RecordingId second = RecordingId.New();

        CommandResult result = await _world.SendAsync(new StartRecording(second, gate, null));

        Assert.Equal(RecordingRefusals.AlreadyRunning, result.Refusal);
        Assert.Empty(_world.Streams.FactsOf($"recording-{second}"));
        Assert.Single(_world.Media.Starts);
    }

    [Fact]
    public async Task is_refused_for_a_camera_nobody_registered_or_that_was_retired()
    {
        CameraId gate = await _world.WithCameraAsync();
        await _world.SendAsync(new RetireCamera(gate, "Broken"));

        Assert.Equal(RecordingRefusals.CameraNotActive, (await StartAsync(_world, gate)).Refusal);
        Assert.Equal(CameraRefusals.NotRegistered, (await StartAsync(_world, CameraId.New())).Refusal);
        Assert.Empty(_world.Media.Starts);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(999)]
    [InlineData((24 * 3_600_000) + 1)]
    public async Task is_refused_for_a_duration_out_of_bounds(int durationMs)
    {
        CameraId gate = await _world.WithCameraAsync();
        var command = new StartRecording(_take, gate, TimeSpan.FromMilliseconds(durationMs));

        Assert.Equal(RecordingRefusals.BadDuration, (await _world.SendAsync(command)).Refusal);
        Assert.Empty(_world.Streams.FactsOf($"recorder-{gate}"));
    }

    [Theory]
    [InlineData(94.9, null)]
    [InlineData(95.0, "recording.storage_critical")]
    [InlineData(100.0, "recording.storage_critical")]
    public async Task is_refused_when_the_disk_is_too_full(double usedPercent, string? code)
    {
        CameraId gate = await _world.WithCameraAsync();
        _world.Footage.UsedPercent = usedPercent;

        Assert.Equal(code, (await StartAsync(_world, gate)).Refusal?.Code);
        Assert.Equal(code is null ? 1 : 0, _world.Streams.FactsOf($"recorder-{gate}").Count);
    }

    [Fact]
    public async Task waits_for_the_check_of_the_footage()
    {
        CameraId gate = await _world.WithCameraAsync();
        await using World next = await _world.AfterCrashAsync();

        var early = await Assert.ThrowsAsync<DependencyUnavailableException>(() => StartAsync(next, gate));
        Assert.Equal("storage", early.Dependency);
        Assert.Empty(next.Streams.FactsOf($"recorder-{gate}"));

        await next.CheckFootageAsync();
        Assert.Null((await StartAsync(next, gate)).Refusal);
    }

    [Fact]
    public async Task adds_nothing_when_it_is_repeated()
    {
        CameraId gate = await _world.WithCameraAsync();
        await StartAsync(_world, gate);
        int facts = _world.Streams.Log.Count;

        CommandResult again = await StartAsync(_world, gate);

        Assert.True(again is { Refusal: null, Failure: null, Position: 0 });
        Assert.Equal(facts, _world.Streams.Log.Count);
    }

    [Theory]
    [InlineData(typeof(RequestRecording))]
    [InlineData(typeof(ConfirmRecordingStarted))]
    public async Task is_finished_by_a_repeat_after_a_crash_before(Type command)
    {
        CameraId gate = await _world.WithCameraAsync();
        await CrashBeforeAsync(command, () => StartAsync(_world, gate));

        await using World next = await _world.AfterCrashAsync();
        await next.CheckFootageAsync();
        Assert.Null((await StartAsync(next, gate)).Refusal);
        Assert.Equal(
            [typeof(RecordingRequested), typeof(RecordingStarted)],
            next.Streams.FactsOf($"recording-{_take}").Select(fact => fact.GetType()));
    }

    /// <summary>The caller of a start that broke off may never come back; its claim must not block the camera for ever.</summary>
    [Fact]
    public async Task takes_over_a_claim_whose_recording_was_never_asked_for()
    {
        CameraId gate = await _world.WithCameraAsync();
        await CrashBeforeAsync(typeof(RequestRecording), () => StartAsync(_world, gate));

        await AssertAnotherStartsAsync(_world, gate);
    }

    [Fact]
    public async Task takes_over_a_claim_whose_recording_failed()
    {
        CameraId gate = await _world.WithCameraAsync();
        _world.Media.OnStart = _ => Task.FromResult<MediaStart>(new MediaStart.Unreachable("No answer in 10 s"));
        await CrashBeforeAsync(typeof(ReleaseRecorder), () => StartAsync(_world, gate));

        _world.Media.OnStart = _ => Task.FromResult<MediaStart>(new MediaStart.Running(Spec.Now));
        await AssertAnotherStartsAsync(_world, gate);
    }

    [Fact]
    public async Task takes_over_a_claim_whose_recording_was_stopped()
    {
        CameraId gate = await _world.WithCameraAsync();
        await StartAsync(_world, gate);
        await CrashBeforeAsync(
            typeof(ReleaseRecorder), () => _world.SendAsync(new StopRecording(_take, StopReason.Requested)));

        await AssertAnotherStartsAsync(_world, gate);
    }

    [Fact]
    public async Task leaves_the_claim_of_a_start_that_is_under_way()
    {
        CameraId gate = await _world.WithCameraAsync();
        CommandResult? second = null;
        _world.Streams.BeforeTransact = command =>
        {
            if (command is RequestRecording { RecordingId: var id } && id == _take)
            {
                second = _world.SendAsync(new StartRecording(RecordingId.New(), gate, null)).GetAwaiter().GetResult();
            }
        };

        CommandResult first = await StartAsync(_world, gate);

        Assert.Null(first.Refusal);
        Assert.Equal(RecordingRefusals.AlreadyRunning, second!.Refusal);
    }

    [Fact]
    public async Task is_given_up_when_it_was_stopped_before_the_first_frame_came()
    {
        CameraId gate = await _world.WithCameraAsync();
        _world.Media.OnStart = async _ =>
        {
            await _world.SendAsync(new StopRecording(_take, StopReason.Requested));
            return new MediaStart.Running(Spec.Now);
        };

        await StartAsync(_world, gate);

        Assert.Equal(
            [typeof(RecordingRequested), typeof(RecordingStopped)],
            _world.Streams.FactsOf($"recording-{_take}").Select(fact => fact.GetType()));
        Assert.Null(_world.Media.SignalOf(gate)!.Recording);
    }

    [Fact]
    public async Task is_finished_when_the_caller_goes_away_in_the_middle()
    {
        CameraId gate = await _world.WithCameraAsync();
        using var caller = new CancellationTokenSource();
        _world.Streams.BeforeTransact = command => _ = command is RequestRecording ? caller.CancelAsync() : Task.CompletedTask;

        await _world.Bus.SendAsync(new StartRecording(_take, gate, null), Caller.System("cli", "x"), caller.Token);

        Assert.Equal(2, _world.Streams.FactsOf($"recording-{_take}").Count);
    }

    private static async Task AssertAnotherStartsAsync(World world, CameraId gate)
    {
        world.Streams.BeforeTransact = _ => { };
        RecordingId other = RecordingId.New();

        Assert.Null((await world.SendAsync(new StartRecording(other, gate, null))).Refusal);
        Assert.IsType<RecordingStarted>(world.Streams.FactsOf($"recording-{other}")[^1]);
        Assert.Equal(
            RecordingRefusals.AlreadyRunning,
            (await world.SendAsync(new StartRecording(RecordingId.New(), gate, null))).Refusal);
    }

    private async Task CrashBeforeAsync(Type command, Func<Task> act)
    {
        _world.Streams.BeforeTransact = sent => _ = sent.GetType() == command ? throw new CrashException() : 0;
        await Assert.ThrowsAsync<CrashException>(act);
    }

    private Task<CommandResult> StartAsync(World world, CameraId camera) =>
        world.SendAsync(new StartRecording(_take, camera, null));
}
