using Events.Application.Contracts;
using Events.Application.Recordings;
using Events.Application.Snapshots;
using Events.Domain.Kernel;
using Events.Domain.Recordings;
using Events.Domain.Snapshots;
using Xunit;

namespace Events.Tests.Domain.Recordings;

public sealed class A_check_of_the_footage : IAsyncDisposable
{
    private const string Name = "camera0_2026-03-01_12-00-00";

    private readonly World _world = new();
    private readonly RecordingId _take = RecordingId.New();

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task finds_nothing_in_an_empty_place()
    {
        await _world.CheckFootageAsync();

        Assert.True(_world.Findings is { Recovered: 0, WithoutFile: [], WithoutFact: [] });
    }

    [Fact]
    public async Task writes_down_what_a_crash_left_and_that_it_interrupted()
    {
        await RecordAsync();
        await _world.Listener.SegmentClosedAsync(_take, Stopping_a_recording.Footage(1), World.Token);
        await using World next = await CrashedAsync(Stopping_a_recording.Footage(2));

        await next.CheckFootageAsync();

        Assert.Equal(1, next.Findings.Recovered);
        Assert.Equal(2, Assert.IsType<RecordingSegmentCommitted>(next.Streams.AllFacts[^2]).Number);
        Assert.Equal(new RecordingInterrupted(_take, "host_stopped", Spec.Now), next.Streams.AllFacts[^1]);
    }

    [Fact]
    public async Task finds_the_start_of_a_recording_whose_start_was_not_written_down()
    {
        CameraId gate = await _world.WithCameraAsync();
        _world.Streams.BeforeTransact = command => _ = command is ConfirmRecordingStarted ? throw new CrashException() : 0;
        await Assert.ThrowsAsync<CrashException>(() => _world.SendAsync(new StartRecording(_take, gate, null)));
        await using World next = await CrashedAsync(Stopping_a_recording.Footage(1));

        await next.CheckFootageAsync();

        Assert.Equal(
            [
                typeof(RecordingRequested), typeof(RecordingSegmentCommitted), typeof(RecordingStarted),
                typeof(RecordingInterrupted),
            ],
            next.Streams.FactsOf($"recording-{_take}").Select(fact => fact.GetType()));
        Assert.Equal(Spec.Now, next.Streams.AllFacts.OfType<RecordingStarted>().Single().FirstFrameAt);
    }

    [Fact]
    public async Task changes_nothing_when_it_is_run_again()
    {
        await RecordAsync();
        await using World next = await CrashedAsync(Stopping_a_recording.Footage(1));
        await next.CheckFootageAsync();
        int facts = next.Streams.Log.Count;

        await next.CheckFootageAsync();

        Assert.Equal(facts, next.Streams.Log.Count);
        Assert.Equal(0, next.Findings.Recovered);
    }

    [Fact]
    public async Task is_finished_by_the_next_after_a_crash_in_its_middle()
    {
        await RecordAsync();
        await using World broken = await CrashedAsync(Stopping_a_recording.Footage(1), Stopping_a_recording.Footage(2));
        broken.Streams.BeforeTransact =
            command => _ = command is CommitSegment { Segment.Number: 2 } ? throw new CrashException() : 0;
        await Assert.ThrowsAsync<CrashException>(broken.CheckFootageAsync);

        await using World next = await broken.AfterCrashAsync();
        await next.CheckFootageAsync();

        Assert.Equal([1, 2], next.Streams.AllFacts.OfType<RecordingSegmentCommitted>().Select(segment => segment.Number));
        Assert.Single(next.Streams.AllFacts.OfType<RecordingInterrupted>());
    }

    [Fact]
    public async Task finishes_deletions_that_broke_off()
    {
        CameraId gate = await RecordAsync();
        SnapshotId shot = SnapshotId.New();
        await _world.SendAsync(new StopRecording(_take, StopReason.Requested));
        await _world.SendAsync(new TakeSnapshot(shot, gate, "gate.jpg"));
        _world.Footage.OnDelete = () => throw new CrashException();
        await Assert.ThrowsAsync<CrashException>(() => _world.SendAsync(new DeleteRecording(_take, "Old")));
        await Assert.ThrowsAsync<CrashException>(() => _world.SendAsync(new DeleteSnapshot(shot, "Old")));
        await using World next = await CrashedAsync();
        next.Footage.Snapshots.Add("gate.jpg");

        await next.CheckFootageAsync();

        Assert.Equal([Name, "gate.jpg"], next.Footage.Deleted);
        Assert.True(next.Findings is { WithoutFile: [], WithoutFact: [] });
    }

    [Fact]
    public async Task reports_files_without_facts_and_leaves_them_alone()
    {
        _world.Footage.Recordings.Add("holiday");
        _world.Footage.Snapshots.Add("stray.jpg");

        await _world.CheckFootageAsync();

        Assert.Equal(["recordings/holiday", "snapshots/stray.jpg"], _world.Findings.WithoutFact);
        Assert.Empty(_world.Footage.Deleted);
    }

    [Fact]
    public async Task reports_facts_without_files()
    {
        CameraId gate = await RecordAsync();
        await _world.Listener.SegmentClosedAsync(_take, Stopping_a_recording.Footage(1), World.Token);
        await _world.SendAsync(new StopRecording(_take, StopReason.Requested));
        await _world.SendAsync(new TakeSnapshot(SnapshotId.New(), gate, "gate.jpg"));

        await _world.CheckFootageAsync();

        Assert.Equal([$"recordings/{Name}", "snapshots/gate.jpg"], _world.Findings.WithoutFile);
    }

    [Fact]
    public async Task finds_the_picture_whose_name_another_asked_for_in_vain()
    {
        CameraId gate = await _world.WithCameraAsync();
        _world.Media.OnPicture = _ => new MediaSnapshot.Failed("No picture yet");
        await _world.SendAsync(new TakeSnapshot(SnapshotId.New(), gate, "gate.jpg"));
        _world.Media.OnPicture = _ => new MediaSnapshot.Taken(1, Samples.Hash, 1, 1, Spec.Now);
        await _world.SendAsync(new TakeSnapshot(SnapshotId.New(), gate, "gate.jpg"));
        _world.Footage.Snapshots.Add("gate.jpg");

        await _world.CheckFootageAsync();

        Assert.True(_world.Findings is { WithoutFile: [], WithoutFact: [] });
    }

    [Fact]
    public async Task reports_segments_that_are_gone_from_an_open_recording()
    {
        await RecordAsync();
        await _world.Listener.SegmentClosedAsync(_take, Stopping_a_recording.Footage(1), World.Token);
        await using World next = await CrashedAsync();
        next.Footage.MissingSegments.Add(1);

        await next.CheckFootageAsync();

        Assert.Equal([$"recordings/{Name}/000001.mp4"], next.Findings.WithoutFile);
    }

    private async Task<CameraId> RecordAsync()
    {
        CameraId gate = await _world.WithCameraAsync();
        await _world.SendAsync(new StartRecording(_take, gate, null));
        return gate;
    }

    private async Task<World> CrashedAsync(params SegmentFile[] left)
    {
        World next = await _world.AfterCrashAsync();
        next.Footage.Recordings.Add(Name);
        next.Footage.Uncommitted[Name] = left;
        return next;
    }
}
