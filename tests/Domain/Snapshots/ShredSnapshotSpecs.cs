using Events.Application.Contracts;
using Events.Application.Snapshots;
using Events.Domain.Kernel;
using Events.Domain.Snapshots;
using Xunit;

namespace Events.Tests.Domain.Snapshots;

public sealed class Shredding_a_snapshot : IAsyncDisposable
{
    private readonly World _world = new();
    private readonly SnapshotId _shot = SnapshotId.New();

    private ShredSnapshot Shred => new(_shot, "Asked for by who is on it");

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task is_a_fact_before_the_key_is_gone_and_the_file_goes_last()
    {
        await TakenAsync(isEncrypted: true);
        _world.FootageKeys.BeforeDestroy = () => Assert.IsType<SnapshotDeleted>(_world.Streams.AllFacts[^1]);
        _world.Footage.OnDelete = () => Assert.Empty(_world.FootageKeys.KeptForSnapshots);

        Assert.Null((await _world.SendAsync(Shred)).Refusal);

        Assert.Equal(["gate.jpg"], _world.Footage.Deleted);
        Assert.Single(_world.Streams.AllFacts.OfType<SnapshotShredded>());
    }

    [Fact]
    public async Task is_finished_by_a_start_after_a_crash_behind_the_fact()
    {
        await CrashedAsync();

        await using World next = await _world.AfterCrashAsync();
        await next.CheckFootageAsync();

        Assert.Empty(next.FootageKeys.KeptForSnapshots);
        Assert.Equal(["gate.jpg"], next.Footage.Deleted);
        Assert.True(next.Findings is { WithoutFile: [], WithoutFact: [] });
    }

    [Fact]
    public async Task is_finished_by_a_repeat_after_a_crash_behind_the_fact()
    {
        await CrashedAsync();

        await using World next = await _world.AfterCrashAsync();
        Assert.True(await next.SendAsync(Shred) is { Refusal: null, Position: 0 });

        Assert.Empty(next.FootageKeys.KeptForSnapshots);
        Assert.Equal(["gate.jpg"], next.Footage.Deleted);
    }

    [Fact]
    public async Task destroys_the_key_that_a_deletion_left()
    {
        await TakenAsync(isEncrypted: true);
        await _world.SendAsync(new DeleteSnapshot(_shot, "Old"));
        Assert.Single(_world.FootageKeys.KeptForSnapshots);

        Assert.Null((await _world.SendAsync(Shred)).Refusal);
        Assert.Empty(_world.FootageKeys.KeptForSnapshots);
    }

    [Fact]
    public async Task is_refused_without_encryption_and_touches_nothing()
    {
        Assert.Equal(SnapshotRefusals.NotFound, (await _world.SendAsync(Shred)).Refusal);
        await TakenAsync(isEncrypted: false);
        Assert.Equal(SnapshotRefusals.NotEncrypted, (await _world.SendAsync(Shred)).Refusal);
        Assert.Empty(_world.Footage.Deleted);
    }

    /// <summary>A host gives a name once; two hosts could give it at the same moment.</summary>
    [Fact]
    public async Task leaves_the_name_to_another_picture_that_is_still_there()
    {
        await TakenAsync(isEncrypted: true);
        Assert.Equal(_shot, await NamedAsync("gate.jpg"));
        await _world.SendAsync(Shred);
        Assert.Equal(_shot, await NamedAsync("gate.jpg"));

        SnapshotId[] others = [SnapshotId.New(), SnapshotId.New()];
        await TransactAsync(new ReportSnapshotFailure(others[0], Samples.Gate, new CameraNumber(0), "gate.jpg", "There is one already."));
        Assert.Equal(_shot, await NamedAsync("gate.jpg"));
        await TransactAsync(new RecordSnapshot(
            others[1], Samples.Gate, new CameraNumber(0), new Picture("gate.jpg", 1, Samples.Hash, 1, 1, Spec.Now)));
        Assert.Equal(others[1], await NamedAsync("gate.jpg"));
        Assert.Null(await NamedAsync("yard.jpg"));
    }

    private async Task<SnapshotId?> NamedAsync(string fileName) =>
        (await _world.Views.ListAsync(SnapshotViewProjection.View, SnapshotView.Named(fileName), World.Token)).Rows is [var row]
            ? row.Id
            : null;

    private async Task TransactAsync(SnapshotCommand command) =>
        await _world.Streams.For(Caller.System("other", "request-2").Origin)
            .TransactAsync(Snapshot.Decider, command.SnapshotId.ToString(), command, World.Token);

    private async Task TakenAsync(bool isEncrypted)
    {
        _world.FootageKeys.EncryptsNew = isEncrypted;
        _world.Media.OnPicture = _ =>
            new MediaSnapshot.Taken(1, Samples.Hash, 1, 1, Spec.Now, isEncrypted ? new string('a', 64) : null);
        CameraId gate = await _world.WithCameraAsync();
        await _world.SendAsync(new TakeSnapshot(_shot, gate, "gate.jpg"));
        _world.Footage.Snapshots.Add("gate.jpg");
    }

    private async Task CrashedAsync()
    {
        await TakenAsync(isEncrypted: true);
        _world.FootageKeys.BeforeDestroy = () => throw new CrashException();
        await Assert.ThrowsAsync<CrashException>(() => _world.SendAsync(Shred));
        Assert.Single(_world.FootageKeys.KeptForSnapshots);
        Assert.IsType<SnapshotDeleted>(_world.Streams.AllFacts[^1]);
    }
}
