using Events.Application.Contracts;
using Events.Application.Recordings;
using Events.Application.Retention;
using Events.Domain.Kernel;
using Events.Domain.Recordings;
using Events.Domain.Retention;
using Events.Domain.Snapshots;
using Xunit;

namespace Events.Tests.Domain.Retention;

public sealed class Cleaning_up_by_hand : IAsyncDisposable
{
    private static readonly CleanUpFiles Clean = new(Samples.Cleanup);

    private readonly World _world = new();

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Theory]
    [InlineData(null)]
    [InlineData(RetentionType.Age)]
    [InlineData(RetentionType.Manual)]
    public async Task does_nothing_and_says_so_when_no_policy_is_enabled(RetentionType? type)
    {
        await KeptAsync();
        if (type is { } given)
        {
            await _world.SendAsync(new SetRetentionPolicy(given, false, 1, 1));
        }

        int facts = _world.Streams.Log.Count;

        Assert.True(await _world.SendAsync(Clean) is { Refusal: null, Failure: null, Position: 0 });
        Assert.Equal(facts, _world.Streams.Log.Count);
        Assert.Empty(_world.Footage.Deleted);
    }

    [Theory]
    [InlineData(RetentionType.Age, "a")]
    [InlineData(RetentionType.Size, "a b")]
    [InlineData(RetentionType.Manual, "a b")]
    public async Task deletes_by_the_limits_of_the_policy(RetentionType type, string deleted)
    {
        await KeptAsync();
        await _world.SendAsync(new SetRetentionPolicy(type, true, 30, KeptFootage.RecordingBytes));

        CommandResult result = await _world.SendAsync(Clean);

        Assert.True(result is { Refusal: null, Position: > 0 });
        Assert.Equal(deleted.Split(' '), _world.Footage.Deleted);
        Assert.Equal(
            new CleanupFinished(
                Samples.Cleanup,
                CleanupTrigger.Requested,
                _world.Footage.Deleted.Count,
                0,
                _world.Footage.Deleted.Count * KeptFootage.RecordingBytes,
                true,
                Spec.Now),
            _world.Streams.FactsOf($"cleanup-{Samples.Cleanup}").Single());
    }

    [Fact]
    public async Task names_the_one_who_asked_beside_each_deletion()
    {
        await KeptAsync();
        await _world.SendAsync(new SetRetentionPolicy(RetentionType.Age, true, 30, null));
        await _world.SendAsync(Clean);

        StoredFact deletion = _world.Streams.Log.Single(stored => stored.Fact is RecordingDeleted);
        Assert.Equal(("ada", "request-1"), (deletion.UserName, deletion.CorrelationId));
    }

    [Fact]
    public async Task is_a_fact_also_when_nothing_was_due()
    {
        await _world.CheckFootageAsync();
        await _world.SendAsync(new SetRetentionPolicy(RetentionType.Manual, true, null, null));

        await _world.SendAsync(Clean);

        Assert.True(_world.Streams.AllFacts[^1] is CleanupFinished { RecordingsDeleted: 0, BytesFreed: 0, IsComplete: true });
    }

    [Fact]
    public async Task adds_nothing_when_it_is_repeated()
    {
        await KeptAsync();
        await _world.SendAsync(new SetRetentionPolicy(RetentionType.Age, true, 30, null));
        await _world.SendAsync(Clean);
        _world.Recording("later", 50);
        int facts = _world.Streams.Log.Count;

        Assert.True(await _world.SendAsync(Clean) is { Refusal: null, Position: 0 });
        Assert.Equal(facts, _world.Streams.Log.Count);
    }

    [Fact]
    public async Task waits_for_the_check_of_the_footage()
    {
        _world.Recording("a", 40);
        await _world.SendAsync(new SetRetentionPolicy(RetentionType.Age, true, 30, null));

        var lost = await Assert.ThrowsAsync<DependencyUnavailableException>(() => _world.SendAsync(Clean));

        Assert.Equal("storage", lost.Dependency);
        Assert.Empty(_world.Footage.Deleted);
    }

    [Fact]
    public async Task leaves_off_behind_a_whole_file_when_the_caller_goes_away_and_writes_down_what_it_did()
    {
        await KeptAsync();
        await _world.SendAsync(new SetRetentionPolicy(RetentionType.Size, true, null, 1));
        using var gone = new CancellationTokenSource();
        _world.Footage.OnDelete = gone.Cancel;

        await _world.Bus.SendAsync(Clean, new Caller("ada", Role.Admin, "json-rpc", "request-1"), gone.Token);

        Assert.Equal(["a"], _world.Footage.Deleted);
        Assert.True(_world.Streams.AllFacts[^1] is CleanupFinished { RecordingsDeleted: 1, IsComplete: false });
    }

    [Fact]
    public async Task says_that_it_left_off_when_the_disk_refuses()
    {
        await KeptAsync();
        await _world.SendAsync(new SetRetentionPolicy(RetentionType.Size, true, null, 1));
        _world.Footage.OnDelete = () => throw new IOException("Input/output error");

        await _world.SendAsync(Clean);

        Assert.True(_world.Streams.AllFacts[^1] is CleanupFinished { RecordingsDeleted: 0, BytesFreed: 0, IsComplete: false });
        Assert.Single(_world.Streams.AllFacts.OfType<RecordingDeleted>());
    }

    /// <summary>Three recordings: one older than a month, and two that are not.</summary>
    private async Task KeptAsync()
    {
        _world.Recording("a", 40);
        _world.Recording("b", 20);
        _world.Recording("c", 10);
        await _world.CheckFootageAsync();
    }
}

public sealed class A_legal_hold : IAsyncDisposable
{
    private readonly World _world = new();

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task keeps_a_recording_from_being_deleted_by_anybody_until_it_is_released()
    {
        RecordingId take = _world.Recording("gate", 1);
        Assert.Null((await _world.SendAsync(new PlaceLegalHold(take, "Case 2026-17"))).Refusal);

        Assert.Equal(RecordingRefusals.LegalHold, (await _world.SendAsync(new DeleteRecording(take, "requested"))).Refusal);
        Assert.Empty(_world.Footage.Deleted);
        Assert.Equal(
            "Case 2026-17", _world.Views.Rows(RecordingViewProjection.View)[take.ToString()].HeldFor);

        await _world.SendAsync(new ReleaseLegalHold(take, "Closed"));
        Assert.Null((await _world.SendAsync(new DeleteRecording(take, "requested"))).Refusal);
        Assert.Equal(["gate"], _world.Footage.Deleted);
        Assert.Equal(RecordingRefusals.Deleted, (await _world.SendAsync(new PlaceLegalHold(take, "Case 2026-18"))).Refusal);
    }
}

public sealed class Deleting_a_file : IAsyncDisposable
{
    private World _world = new();

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task is_refused_while_its_last_piece_is_being_closed()
    {
        RecordingId take = _world.Recording("gate", 1);
        _world.Media.Show(Samples.Gate, take);

        Assert.Equal(RecordingRefusals.StillRunning, (await _world.SendAsync(new DeleteRecording(take, "requested"))).Refusal);
        Assert.Empty(_world.Footage.Deleted);
    }

    [Fact]
    public async Task says_when_the_disk_refused_and_is_finished_by_the_keeper()
    {
        RecordingId take = _world.Recording("gate", 1);
        SnapshotId shot = _world.Snapshot("gate.jpg", 1);
        await _world.RunAsync();
        await _world.IdleAsync();
        _world.Footage.OnDelete = () => throw new UnauthorizedAccessException("Operation not permitted");

        CommandResult recording = await _world.SendAsync(new DeleteRecording(take, "requested"));
        CommandResult snapshot = await _world.SendAsync(new DeleteSnapshot(shot, "requested"));
        Assert.Equal(("storage", "storage"), (recording.Failure?.Dependency, snapshot.Failure?.Dependency));
        await _world.AdvanceAsync(TimeSpan.FromMinutes(2));
        Assert.Empty(_world.Footage.Deleted);

        _world.Footage.OnDelete = () => { };
        await _world.AdvanceAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(["gate", "gate.jpg"], _world.Footage.Deleted.Order());
    }

    [Fact]
    public async Task does_not_keep_a_start_from_ending_when_the_disk_refuses()
    {
        RecordingId take = _world.Recording("gate", 1);
        _world.Footage.OnDelete = () => throw new IOException("Input/output error");
        await _world.SendAsync(new DeleteRecording(take, "requested"));
        _world = await _world.AfterCrashAsync();
        _world.Footage.OnDelete = () => throw new IOException("Input/output error");

        await _world.CheckFootageAsync();

        Assert.True(_world.Findings is { WithoutFile: [], WithoutFact: [] });
    }
}
