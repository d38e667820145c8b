using Events.Application.Contracts;
using Events.Application.Recordings;
using Events.Application.Retention;
using Events.Domain.Kernel;
using Events.Domain.Recordings;
using Events.Domain.Retention;
using Events.Domain.Snapshots;
using Xunit;

namespace Events.Tests.Domain.Retention;

public sealed class The_keeper_of_retention : IAsyncDisposable
{
    private static readonly SetRetentionPolicy ThirtyDays = new(RetentionType.Age, true, 30, null);
    private static readonly TimeSpan CleanupPause = TimeSpan.FromSeconds(60);

    private World _world = new();

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task deletes_what_is_too_old_the_oldest_first_and_says_so()
    {
        RecordingId older = _world.Recording("older", 31);
        SnapshotId oldest = _world.Snapshot("oldest.jpg", 40);
        _world.Recording("younger", 29);
        _world.Snapshot("younger.jpg", 1);
        _world.Footage.OnDelete = () => Assert.True(_world.Streams.AllFacts[^1] is RecordingDeleted or SnapshotDeleted);

        await _world.SendAsync(ThirtyDays);
        await RunAsync();

        Assert.Equal(["oldest.jpg", "older"], _world.Footage.Deleted);
        Assert.Equal(
            [new SnapshotDeleted(oldest, "age", Spec.Now), new RecordingDeleted(older, "age", Spec.Now)],
            _world.Streams.AllFacts.Where(fact => fact is RecordingDeleted or SnapshotDeleted));
        CleanupFinished done = Assert.IsType<CleanupFinished>(_world.Streams.AllFacts[^1]);
        Assert.Equal(
            new CleanupFinished(
                done.CleanupId,
                CleanupTrigger.Scheduled,
                1,
                1,
                KeptFootage.RecordingBytes + KeptFootage.SnapshotBytes,
                true,
                Spec.Now),
            done);
        Assert.All(_world.Streams.Log.TakeLast(3), stored => Assert.Equal("system", stored.UserName));
        Assert.All(_world.Streams.Log.TakeLast(3), stored => Assert.Equal(done.CleanupId.ToString(), stored.CorrelationId));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task begins_with_the_policy_of_the_settings_unless_somebody_set_one(bool isSet)
    {
        await _world.DisposeAsync();
        _world = new World { FirstPolicy = ThirtyDays };
        if (isSet)
        {
            await _world.SendAsync(new SetRetentionPolicy(RetentionType.Manual, false, null, null));
        }

        _world.Recording("older", 31);
        await RunAsync();

        Assert.Equal(isSet ? [] : ["older"], _world.Footage.Deleted);
        RetentionPolicySet set = Assert.Single(_world.Streams.AllFacts.OfType<RetentionPolicySet>());
        Assert.Equal(isSet ? RetentionType.Manual : RetentionType.Age, set.Type);
    }

    [Fact]
    public async Task deletes_the_oldest_until_the_rest_fits()
    {
        _world.Recording("a", 4);
        _world.Snapshot("b.jpg", 3);
        _world.Recording("c", 2);
        _world.Recording("d", 1);

        await _world.SendAsync(new SetRetentionPolicy(RetentionType.Size, true, 1, 2 * KeptFootage.RecordingBytes));
        await RunAsync();

        Assert.Equal(["a", "b.jpg"], _world.Footage.Deleted);
        Assert.Equal("size", _world.Streams.AllFacts.OfType<RecordingDeleted>().Single().Reason);
    }

    [Fact]
    public async Task deletes_nothing_while_nobody_wants_it()
    {
        _world.Recording("old", 4_000);
        _world.Footage.UsedPercent = 99;
        _world.Footage.DiskBytes = 6_000;
        await RunAsync();
        await _world.SendAsync(ThirtyDays with { IsEnabled = false });
        await _world.AdvanceAsync(CleanupPause);
        await _world.SendAsync(new SetRetentionPolicy(RetentionType.Manual, true, 30, 1));
        await _world.AdvanceAsync(2 * CleanupPause);

        Assert.Empty(_world.Footage.Deleted);
        Assert.DoesNotContain(_world.Streams.AllFacts, fact => fact is CleanupFinished);
    }

    [Fact]
    public async Task looks_again_when_time_has_gone_by()
    {
        _world.Recording("old", 29.9999);
        await _world.SendAsync(ThirtyDays);
        await RunAsync();
        await _world.AdvanceAsync(TimeSpan.FromSeconds(8));
        Assert.Empty(_world.Footage.Deleted);

        await _world.AdvanceAsync(CleanupPause);

        Assert.Equal(["old"], _world.Footage.Deleted);
    }

    [Fact]
    public async Task enforces_a_policy_at_once_when_it_is_set()
    {
        _world.Recording("old", 31);
        await RunAsync();

        await _world.SendAsync(ThirtyDays);

        await Until.TrueAsync(() => _world.Footage.Deleted.Count == 1, "the old file goes without waiting for a timer");
        Assert.Equal(Spec.Now, _world.Clock.GetUtcNow());
        Assert.Equal(
            _world.Streams.Log.Last(stored => stored.Fact is RetentionPolicySet).Id.ToString(),
            _world.Streams.Log.Last(stored => stored.Fact is RecordingDeleted).CausationId);
    }

    [Fact]
    public async Task never_deletes_what_is_under_legal_hold_and_does_not_count_it()
    {
        RecordingId held = _world.HeldRecording("held", 400);
        _world.Recording("a", 2);
        _world.Recording("b", 1);
        await _world.SendAsync(new SetRetentionPolicy(RetentionType.Size, true, null, 2 * KeptFootage.RecordingBytes));
        await RunAsync();
        Assert.Empty(_world.Footage.Deleted);

        await _world.SendAsync(ThirtyDays);
        await _world.AdvanceAsync(CleanupPause);
        Assert.Empty(_world.Footage.Deleted);

        await _world.SendAsync(new ReleaseLegalHold(held, "Closed"));
        await _world.AdvanceAsync(2 * CleanupPause);
        Assert.Equal(["held"], _world.Footage.Deleted);
    }

    [Fact]
    public async Task gives_way_to_a_hold_that_comes_between_its_look_and_its_deletion()
    {
        RecordingId first = _world.Recording("first", 40);
        _world.Recording("second", 35);
        _world.Streams.BeforeTransact = command =>
        {
            if (command is DeleteRecording { RecordingId: var id } && id == first)
            {
                _world.Streams.BeforeTransact = _ => { };
                _world.Streams.Seed($"recording-{first}", new LegalHoldPlaced(first, "Case 2026-17", Spec.Now));
            }
        };

        await _world.SendAsync(ThirtyDays);
        await RunAsync();

        Assert.Equal(["second"], _world.Footage.Deleted);
    }

    [Fact]
    public async Task never_deletes_what_is_being_written()
    {
        CameraId gate = await _world.WithCameraAsync();
        RecordingId running = RecordingId.New();
        await _world.SendAsync(new StartRecording(running, gate, null));
        await _world.Listener.SegmentClosedAsync(running, Recordings.Stopping_a_recording.Footage(1), World.Token);
        RecordingId closing = _world.Recording("closing", 1);
        _world.Media.Show(Samples.Gate, closing);

        await _world.SendAsync(new SetRetentionPolicy(RetentionType.Size, true, null, 1));
        await RunAsync();
        Assert.Empty(_world.Footage.Deleted);

        _world.Media.Show(Samples.Gate, recording: null);
        await _world.AdvanceAsync(2 * CleanupPause);
        Assert.Equal(["closing"], _world.Footage.Deleted);
    }

    [Fact]
    public async Task takes_so_many_at_a_time_and_goes_on_at_once()
    {
        for (int i = 0; i <= FileCleaner.FilesMax; i++)
        {
            _world.Snapshot($"{i:d4}.jpg", 100 - (i / 1_000.0));
        }

        await _world.SendAsync(ThirtyDays);
        await RunAsync();

        Assert.Equal(
            [(FileCleaner.FilesMax, false), (1, true)],
            _world.Streams.AllFacts.OfType<CleanupFinished>().Select(done => (done.SnapshotsDeleted, done.IsComplete)));
        Assert.Empty(_world.Footage.Snapshots);
    }

    [Fact]
    public async Task finishes_at_the_next_start_what_a_crash_left_behind_the_fact()
    {
        _world.Recording("old", 31);
        await _world.SendAsync(ThirtyDays);
        _world.Footage.OnDelete = () => throw new CrashException();
        await _world.RunAsync();
        await Until.TrueAsync(() => _world.Streams.AllFacts.Any(fact => fact is RecordingDeleted), "the fact is there");
        _world = await _world.AfterCrashAsync();
        Assert.Equal(["old"], _world.Footage.Recordings);

        await RunAsync();

        Assert.Empty(_world.Footage.Recordings);
        Assert.Single(_world.Streams.AllFacts.OfType<RecordingDeleted>());
    }

    [Fact]
    public async Task puts_no_second_deletion_on_record_while_the_disk_lets_no_file_go()
    {
        _world.Recording("a", 40);
        _world.Recording("b", 35);
        await _world.SendAsync(ThirtyDays);
        _world.Footage.OnDelete = () => throw new IOException("Read-only file system");
        await RunAsync();
        await _world.AdvanceAsync(2 * CleanupPause);

        Assert.Single(_world.Streams.AllFacts.OfType<RecordingDeleted>());
        Assert.DoesNotContain(_world.Streams.AllFacts, fact => fact is CleanupFinished);

        _world.Footage.OnDelete = () => { };
        await _world.AdvanceAsync(2 * CleanupPause);
        Assert.Equal(["a", "b"], _world.Footage.Deleted);
    }

    [Fact]
    public async Task does_not_act_on_views_that_lag_behind()
    {
        await RunAsync();
        _world.Recording("old", 31);
        _world.Views.IsInTime = false;
        await _world.SendAsync(ThirtyDays);
        await _world.AdvanceAsync(TimeSpan.FromSeconds(15));
        Assert.Empty(_world.Footage.Deleted);

        _world.Views.IsInTime = true;
        await _world.AdvanceAsync(2 * CleanupPause);

        Assert.Equal(["old"], _world.Footage.Deleted);
    }

    [Fact]
    public async Task does_not_wait_for_a_view_that_is_none_of_its_business()
    {
        await RunAsync();
        _world.Recording("old", 31);
        _world.Views.IsInTime = false;
        _world.Views.Status = [new("CameraView", 0, 9, "It cannot fold."), new("FootageView", long.MaxValue, 0, null)];
        await _world.SendAsync(ThirtyDays);
        await _world.AdvanceAsync(2 * CleanupPause);

        Assert.Equal(["old"], _world.Footage.Deleted);
    }

    private async Task RunAsync()
    {
        await _world.RunAsync();
        await _world.IdleAsync();
    }
}

public sealed class A_disk_that_fills_up : IAsyncDisposable
{
    private static readonly TimeSpan MeasurePause = TimeSpan.FromSeconds(10);
    private static readonly SetRetentionPolicy TenYears = new(RetentionType.Age, true, 3_650, null);

    private World _world = new();

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task is_a_fact_once_in_each_direction()
    {
        await RunAsync();
        foreach (double used in new[] { 79.0, 80, 79, 94, 95, 93, 92.9, 78, 77.9, 77 })
        {
            _world.Footage.UsedPercent = used;
            await _world.AdvanceAsync(MeasurePause);
        }

        Assert.Equal([StorageLevel.Low, StorageLevel.Critical, StorageLevel.Low, StorageLevel.Normal], Levels());
        Assert.Equal(StorageLevel.Normal, _world.Views.Rows(StorageViewProjection.View)[StorageView.Key].Level);
    }

    [Fact]
    public async Task is_remembered_over_a_crash()
    {
        _world.Footage.UsedPercent = 81;
        await RunAsync();
        _world = await _world.AfterCrashAsync();
        _world.Footage.UsedPercent = 79;
        await RunAsync();
        await _world.AdvanceAsync(MeasurePause);

        Assert.Equal([StorageLevel.Low], Levels());
    }

    [Fact]
    public async Task takes_no_recording_until_it_is_well_below_the_threshold()
    {
        CameraId gate = await _world.WithCameraAsync();
        _world.Footage.UsedPercent = 95;
        await RunAsync();
        _world.Footage.UsedPercent = 93;
        Assert.Equal(RecordingRefusals.StorageCritical, (await StartAsync(gate)).Refusal);

        _world.Footage.UsedPercent = 92.9;
        Assert.Null((await StartAsync(gate)).Refusal);
    }

    [Fact]
    public async Task loses_its_oldest_files_until_it_is_normal()
    {
        string[] names = ["a", "b", "c", "d", "e"];
        for (int i = 0; i < names.Length; i++)
        {
            _world.Recording(names[i], 10 - i);
        }

        _world.Footage.DiskBytes = 40 * KeptFootage.RecordingBytes;
        _world.Footage.OnDelete = () => _world.Footage.UsedPercent -= 2.5;
        await _world.SendAsync(TenYears);
        await RunAsync();
        Assert.Empty(_world.Footage.Deleted);

        _world.Footage.UsedPercent = 82;
        await _world.AdvanceAsync(2 * MeasurePause);

        Assert.Equal(["a", "b"], _world.Footage.Deleted);
        Assert.All(_world.Streams.AllFacts.OfType<RecordingDeleted>(), deleted => Assert.Equal("free_space", deleted.Reason));
        Assert.Equal([StorageLevel.Low, StorageLevel.Normal], Levels());
    }

    [Fact]
    public async Task loses_nothing_when_it_is_something_else_that_fills_it()
    {
        _world.Recording("a", 10);
        _world.Recording("b", 9);
        _world.Footage.DiskBytes = 1_000 * KeptFootage.RecordingBytes;
        _world.Footage.UsedPercent = 97;
        await _world.SendAsync(TenYears);
        await RunAsync();
        await _world.AdvanceAsync(TimeSpan.FromMinutes(3));

        Assert.Empty(_world.Footage.Deleted);
        Assert.Equal([StorageLevel.Critical], Levels());
    }

    private Task<CommandResult> StartAsync(CameraId camera) =>
        _world.SendAsync(new StartRecording(RecordingId.New(), camera, null));

    private IEnumerable<StorageLevel> Levels() =>
        _world.Streams.AllFacts.OfType<StorageLevelChanged>().Select(changed => changed.Level);

    private async Task RunAsync()
    {
        await _world.RunAsync();
        await _world.IdleAsync();
    }
}
