using Events.Application.Contracts;
using Events.Application.Recordings;
using Events.Domain.Kernel;
using Events.Domain.Recordings;
using Xunit;

namespace Events.Tests.Domain.Recordings;

public sealed class Stopping_a_recording : IAsyncDisposable
{
    private readonly World _world = new();
    private readonly RecordingId _take = RecordingId.New();

    private StopRecording Stop => new(_take, StopReason.Requested);

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task closes_the_file_then_ends_then_frees_the_recorder()
    {
        CameraId gate = await RecordAsync();
        _world.Media.OnStop = _ =>
        {
            Assert.IsType<RecordingStarted>(_world.Streams.AllFacts[^1]);
            return Task.FromResult<DateTimeOffset?>(Spec.Now.AddSeconds(30));
        };

        CommandResult result = await _world.SendAsync(Stop, Role.Operator);

        Assert.Equal((3, null), (result.Version, result.Refusal));
        Assert.Equal(
            [
                new RecordingStopped(_take, StopReason.Requested, Spec.Now.AddSeconds(30), Spec.Now),
                new RecorderReleased(gate, _take, Spec.Now),
            ],
            _world.Streams.AllFacts.TakeLast(2));
    }

    [Fact]
    public async Task has_the_last_segment_before_the_end()
    {
        await RecordAsync();
        _world.Media.OnStop = async id =>
        {
            await _world.Listener.SegmentClosedAsync(id, Footage(1), World.Token);
            return Spec.Now;
        };

        await _world.SendAsync(Stop);

        Assert.Equal(
            [typeof(RecordingRequested), typeof(RecordingStarted), typeof(RecordingSegmentCommitted), typeof(RecordingStopped)],
            _world.Streams.FactsOf($"recording-{_take}").Select(fact => fact.GetType()));
    }

    [Fact]
    public async Task adds_nothing_when_it_is_repeated()
    {
        await RecordAsync();
        await _world.SendAsync(Stop);
        int facts = _world.Streams.Log.Count;

        Assert.True(await _world.SendAsync(Stop) is { Refusal: null, Position: 0 });
        Assert.Equal(facts, _world.Streams.Log.Count);
    }

    [Fact]
    public async Task is_refused_for_a_recording_that_nobody_asked_for()
    {
        Assert.Equal(RecordingRefusals.NotFound, (await _world.SendAsync(Stop)).Refusal);
        Assert.Empty(_world.Media.Stops);
    }

    [Theory]
    [InlineData(typeof(EndRecording))]
    [InlineData(typeof(ReleaseRecorder))]
    public async Task is_finished_by_a_repeat_after_a_crash_before(Type command)
    {
        CameraId gate = await RecordAsync();
        _world.Streams.BeforeTransact = sent => _ = sent.GetType() == command ? throw new CrashException() : 0;
        await Assert.ThrowsAsync<CrashException>(() => _world.SendAsync(Stop));

        await using World next = await _world.AfterCrashAsync();
        Assert.Null((await next.SendAsync(Stop)).Refusal);
        Assert.IsType<RecordingStopped>(next.Streams.FactsOf($"recording-{_take}")[^1]);
        Assert.IsType<RecorderReleased>(next.Streams.FactsOf($"recorder-{gate}")[^1]);
    }

    [Fact]
    public async Task does_not_free_the_recorder_of_a_later_recording()
    {
        CameraId gate = await RecordAsync();
        await _world.SendAsync(Stop);
        await _world.SendAsync(new StartRecording(RecordingId.New(), gate, null));

        await _world.SendAsync(Stop);

        Assert.IsType<RecorderClaimed>(_world.Streams.FactsOf($"recorder-{gate}")[^1]);
    }

    internal static SegmentFile Footage(int number) =>
        new(number, 5_000, 800, Samples.Hash, Spec.Now.AddSeconds(10 * (number - 1)), 10_000, 300);

    private async Task<CameraId> RecordAsync()
    {
        CameraId gate = await _world.WithCameraAsync();
        Assert.Null((await _world.SendAsync(new StartRecording(_take, gate, null))).Refusal);
        return gate;
    }
}

public sealed class Deleting_a_recording : IAsyncDisposable
{
    private const string Name = "camera0_2026-03-01_12-00-00";

    private readonly World _world = new();
    private readonly RecordingId _take = RecordingId.New();

    private DeleteRecording Delete => new(_take, "Old");

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task is_a_fact_before_the_file_is_gone()
    {
        await RecordedAsync();
        _world.Footage.OnDelete = () => Assert.IsType<RecordingDeleted>(_world.Streams.AllFacts[^1]);

        Assert.Null((await _world.SendAsync(Delete)).Refusal);
        Assert.Equal([Name], _world.Footage.Deleted);
    }

    [Fact]
    public async Task is_finished_by_a_repeat_after_a_crash_behind_the_fact()
    {
        await RecordedAsync();
        _world.Footage.OnDelete = () => throw new CrashException();
        await Assert.ThrowsAsync<CrashException>(() => _world.SendAsync(Delete));

        await using World next = await _world.AfterCrashAsync();
        Assert.True(await next.SendAsync(Delete) is { Refusal: null, Position: 0 });
        Assert.Equal([Name], next.Footage.Deleted);
    }

    [Fact]
    public async Task is_refused_while_it_is_written_and_touches_no_file()
    {
        CameraId gate = await _world.WithCameraAsync();
        await _world.SendAsync(new StartRecording(_take, gate, null));

        Assert.Equal(RecordingRefusals.StillRunning, (await _world.SendAsync(Delete)).Refusal);
        Assert.Empty(_world.Footage.Deleted);
    }

    [Fact]
    public async Task is_refused_for_a_recording_that_nobody_asked_for()
    {
        Assert.Equal(RecordingRefusals.NotFound, (await _world.SendAsync(Delete)).Refusal);
        Assert.Empty(_world.Footage.Deleted);
    }

    private async Task RecordedAsync()
    {
        CameraId gate = await _world.WithCameraAsync();
        await _world.SendAsync(new StartRecording(_take, gate, null));
        await _world.SendAsync(new StopRecording(_take, StopReason.Requested));
        _world.Footage.Recordings.Add(Name);
    }
}

public sealed class Shredding_a_recording : IAsyncDisposable
{
    private const string Name = "camera0_2026-03-01_12-00-00";

    private readonly World _world = new();
    private readonly RecordingId _take = RecordingId.New();

    private ShredRecording Shred => new(_take, "Asked for by who is on it");

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task is_a_fact_before_the_key_is_gone_and_the_file_goes_last()
    {
        await RecordedAsync(isEncrypted: true);
        _world.FootageKeys.BeforeDestroy = () => Assert.IsType<RecordingDeleted>(_world.Streams.AllFacts[^1]);
        _world.Footage.OnDelete = () => Assert.Empty(_world.FootageKeys.Kept);

        Assert.Null((await _world.SendAsync(Shred)).Refusal);

        Assert.Equal([Name], _world.Footage.Deleted);
        Assert.Single(_world.Streams.AllFacts.OfType<RecordingShredded>());
    }

    [Fact]
    public async Task is_finished_by_a_start_after_a_crash_behind_the_fact()
    {
        await RecordedAsync(isEncrypted: true);
        _world.FootageKeys.BeforeDestroy = () => throw new CrashException();
        await Assert.ThrowsAsync<CrashException>(() => _world.SendAsync(Shred));
        Assert.Single(_world.FootageKeys.Kept);

        await using World next = await _world.AfterCrashAsync();
        await next.CheckFootageAsync();

        Assert.Empty(next.FootageKeys.Kept);
        Assert.Equal([Name], next.Footage.Deleted);
    }

    [Fact]
    public async Task is_finished_by_a_repeat_after_a_crash_behind_the_fact()
    {
        await RecordedAsync(isEncrypted: true);
        _world.FootageKeys.BeforeDestroy = () => throw new CrashException();
        await Assert.ThrowsAsync<CrashException>(() => _world.SendAsync(Shred));

        await using World next = await _world.AfterCrashAsync();
        Assert.True(await next.SendAsync(Shred) is { Refusal: null, Position: 0 });
        Assert.Empty(next.FootageKeys.Kept);
    }

    [Fact]
    public async Task destroys_the_key_of_what_was_deleted_before()
    {
        await RecordedAsync(isEncrypted: true);
        await _world.SendAsync(new DeleteRecording(_take, "Old"));
        Assert.Single(_world.FootageKeys.Kept);

        Assert.Null((await _world.SendAsync(Shred)).Refusal);
        Assert.Empty(_world.FootageKeys.Kept);
    }

    [Fact]
    public async Task is_refused_without_encryption_and_under_hold_and_touches_nothing()
    {
        await RecordedAsync(isEncrypted: false);
        Assert.Equal(RecordingRefusals.NotEncrypted, (await _world.SendAsync(Shred)).Refusal);

        await _world.SendAsync(new CommitSegment(_take, SegmentOf(2, isEncrypted: true)));
        await _world.SendAsync(new PlaceLegalHold(_take, "Case 2026-17"));
        Assert.Equal(RecordingRefusals.LegalHold, (await _world.SendAsync(Shred)).Refusal);
        Assert.Empty(_world.Footage.Deleted);
    }

    [Fact]
    public async Task finds_the_key_with_which_the_recording_was_begun()
    {
        _world.FootageKeys.EncryptsNew = true;
        CameraId gate = await _world.WithCameraAsync();
        await _world.SendAsync(new StartRecording(_take, gate, null));

        Assert.Equal(_world.FootageKeys.Kept[_take], Assert.Single(_world.Media.Starts).Key);
    }

    private static Segment SegmentOf(int number, bool isEncrypted) =>
        new(number, 5_000, 800, Samples.Hash, Spec.Now, 10_000, 300, isEncrypted ? new string('a', 64) : null);

    private async Task RecordedAsync(bool isEncrypted)
    {
        _world.FootageKeys.EncryptsNew = isEncrypted;
        CameraId gate = await _world.WithCameraAsync();
        await _world.SendAsync(new StartRecording(_take, gate, null));
        await _world.SendAsync(new CommitSegment(_take, SegmentOf(1, isEncrypted)));
        await _world.SendAsync(new StopRecording(_take, StopReason.Requested));
        _world.Footage.Recordings.Add(Name);
    }
}
