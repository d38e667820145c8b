using Events.Application.Contracts;
using Events.Application.Snapshots;
using Events.Domain.Cameras;
using Events.Domain.Kernel;
using Events.Domain.Snapshots;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Events.Tests.Domain.Snapshots;

public sealed class Taking_a_snapshot : IAsyncDisposable
{
    private readonly World _world = new();
    private readonly SnapshotId _shot = SnapshotId.New();

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task writes_down_the_picture()
    {
        CameraId gate = await _world.WithCameraAsync();

        CommandResult result = await _world.SendAsync(new TakeSnapshot(_shot, gate, "gate.jpg"), Role.Operator);

        Assert.True(result is { Version: 1, Refusal: null, Failure: null });
        Assert.Equal(
            [
                new SnapshotTaken(
                    _shot, gate, new CameraNumber(0), "gate.jpg", 20_480, Samples.Hash, 1280, 720, Spec.Now.AddMilliseconds(-40), Spec.Now),
            ],
            _world.Streams.FactsOf($"snapshot-{_shot}"));
    }

    [Theory]
    [InlineData(null, "camera0_2026-03-01_12-00-00.jpg")]
    [InlineData("gate", "gate.jpg")]
    [InlineData("gate.JPG", "gate.JPG")]
    [InlineData("gate.jpeg", "gate.jpeg")]
    [InlineData("gate.png", "gate.png.jpg")]
    [InlineData("gate.v2", "gate.v2.jpg")]
    public async Task names_the_file(string? wanted, string name)
    {
        CameraId gate = await _world.WithCameraAsync();

        await _world.SendAsync(new TakeSnapshot(_shot, gate, wanted));

        Assert.Equal([name], _world.Media.Pictures);
    }

    [Theory]
    [InlineData("")]
    [InlineData(".jpg")]
    [InlineData(".hidden")]
    [InlineData("..")]
    [InlineData("../gate")]
    [InlineData("a/../gate")]
    [InlineData("a..b")]
    [InlineData("/etc/passwd")]
    [InlineData("a/b")]
    [InlineData("a\\b")]
    [InlineData("a b")]
    [InlineData("a\0b")]
    [InlineData("gate.jpg\n")]
    [InlineData("-rf")]
    [InlineData("süd")]
    [InlineData("%2e%2e")]
    public async Task is_refused_for_a_name_that_could_leave_its_folder(string wanted)
    {
        CameraId gate = await _world.WithCameraAsync();

        CommandResult result = await _world.SendAsync(new TakeSnapshot(_shot, gate, wanted));

        Assert.Equal(SnapshotRefusals.BadFileName, result.Refusal);
        Assert.Empty(_world.Media.Pictures);
    }

    [Theory]
    [InlineData(251, null)]
    [InlineData(252, "snapshot.bad_file_name")]
    public async Task has_a_name_that_fits_a_file_system(int length, string? code)
    {
        CameraId gate = await _world.WithCameraAsync();

        Assert.Equal(code, (await _world.SendAsync(new TakeSnapshot(_shot, gate, new string('n', length)))).Refusal?.Code);
    }

    /// <summary>A count must not make a name that is good into one that is too long.</summary>
    [Fact]
    public async Task is_counted_also_where_its_name_is_as_long_as_can_be()
    {
        CameraId gate = await _world.WithCameraAsync();
        string name = new('n', 251);
        await _world.SendAsync(new TakeSnapshot(_shot, gate, name));
        await _world.SendAsync(new TakeSnapshot(SnapshotId.New(), gate, name));

        Assert.Equal([$"{name}.jpg", $"{name[..249]}_2.jpg"], _world.Media.Pictures);
    }

    [Fact]
    public void is_not_named_with_a_line_break_at_the_end() => Assert.False(TakeSnapshotHandler.IsFileName("gate.jpg\n"));

    [Fact]
    public void accepts_only_names_that_are_one_plain_file() =>
        Prop.ForAll(ArbMap.Default.ArbFor<string>().Filter(name => name is not null), name =>
            !TakeSnapshotHandler.IsFileName(name)
            || (Path.GetFileName(name) == name && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_')))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(5_000));

    [Fact]
    public async Task puts_a_count_behind_a_name_that_was_ever_used()
    {
        CameraId gate = await _world.WithCameraAsync();
        SnapshotId deleted = SnapshotId.New();
        await _world.SendAsync(new TakeSnapshot(deleted, gate, "gate.jpg"));
        await _world.SendAsync(new DeleteSnapshot(deleted, "Old"));
        await _world.SendAsync(new TakeSnapshot(SnapshotId.New(), gate, "gate.jpg"));
        await _world.SendAsync(new TakeSnapshot(SnapshotId.New(), gate, "gate.jpg"));

        Assert.Equal(["gate.jpg", "gate_2.jpg", "gate_3.jpg"], _world.Media.Pictures);
    }

    [Fact]
    public async Task keeps_no_name_for_a_picture_that_never_was()
    {
        CameraId gate = await _world.WithCameraAsync();
        _world.Media.OnPicture = _ => new MediaSnapshot.Failed("No picture yet");
        await _world.SendAsync(new TakeSnapshot(_shot, gate, "gate.jpg"));
        _world.Media.OnPicture = _ => new MediaSnapshot.Taken(1, Samples.Hash, 1, 1, Spec.Now);
        await _world.SendAsync(new TakeSnapshot(SnapshotId.New(), gate, "gate.jpg"));
        await _world.SendAsync(new TakeSnapshot(SnapshotId.New(), gate, "gate.jpg"));

        Assert.Equal(["gate.jpg", "gate.jpg", "gate_2.jpg"], _world.Media.Pictures);
    }

    [Fact]
    public async Task finds_the_next_name_behind_a_great_many_with_few_looks()
    {
        CameraId gate = await _world.WithCameraAsync();
        Given(gate, "gate.jpg");
        for (int count = 2; count <= 1_200; count++)
        {
            Given(gate, $"gate_{count}.jpg");
        }

        int looks = _world.Views.ListCount;
        CommandResult result = await _world.SendAsync(new TakeSnapshot(_shot, gate, "gate.jpg"));

        Assert.Null(result.Refusal);
        Assert.Equal(["gate_1201.jpg"], _world.Media.Pictures);
        Assert.InRange(_world.Views.ListCount - looks, 1, 30);
    }

    /// <summary>Names given so that each step of the search meets one: the search ends all the same, and nothing is refused.</summary>
    [Fact]
    public async Task is_named_by_its_id_where_names_were_given_out_against_it()
    {
        CameraId gate = await _world.WithCameraAsync();
        Given(gate, "gate.jpg");
        for (int count = 2; count <= 1 << 20; count *= 2)
        {
            Given(gate, $"gate_{count}.jpg");
        }

        Assert.Null((await _world.SendAsync(new TakeSnapshot(_shot, gate, "gate.jpg"))).Refusal);

        Assert.Equal([$"gate_{_shot}.jpg"], _world.Media.Pictures);
    }

    [Fact]
    public async Task keeps_a_key_for_a_picture_that_is_to_be_encrypted_and_for_no_other()
    {
        CameraId gate = await _world.WithCameraAsync();
        SnapshotId clear = SnapshotId.New();
        await _world.SendAsync(new TakeSnapshot(clear, gate, "clear"));
        _world.FootageKeys.EncryptsNew = true;
        _world.Media.OnPicture = _ => new MediaSnapshot.Taken(1, Samples.Hash, 1, 1, Spec.Now, new string('a', 64));
        await _world.SendAsync(new TakeSnapshot(_shot, gate, "vault"));
        _world.Media.OnPicture = _ => new MediaSnapshot.Failed("The camera shows no picture.");
        await _world.SendAsync(new TakeSnapshot(SnapshotId.New(), gate, "failed"));

        Assert.Equal([_shot], _world.FootageKeys.KeptForSnapshots.Keys);
        Assert.Equal([false, true, false], _world.Media.PictureKeys.Select(key => key?.Owner == _shot.Value));
        Assert.Equal(
            new string('a', 64), _world.Streams.FactsOf($"snapshot-{_shot}").OfType<SnapshotTaken>().Single().StoredSha256);
        Assert.Null(_world.Streams.FactsOf($"snapshot-{clear}").OfType<SnapshotTaken>().Single().StoredSha256);
    }

    [Fact]
    public async Task never_gives_one_name_to_two_pictures_at_the_same_moment()
    {
        CameraId gate = await _world.WithCameraAsync();
        CommandResult? second = null;
        _world.Media.OnPicture = name =>
        {
            _world.Media.OnPicture = _ => new MediaSnapshot.Taken(1, Samples.Hash, 1, 1, Spec.Now);
            second = _world.SendAsync(new TakeSnapshot(SnapshotId.New(), gate, "gate.jpg")).GetAwaiter().GetResult();
            return new MediaSnapshot.Taken(1, Samples.Hash, 1, 1, Spec.Now);
        };

        await _world.SendAsync(new TakeSnapshot(_shot, gate, "gate.jpg"));

        Assert.Null(second!.Refusal);
        Assert.Equal(["gate.jpg", "gate_2.jpg"], _world.Media.Pictures);
    }

    [Fact]
    public async Task keeps_no_name_back_when_the_views_do_not_answer()
    {
        CameraId gate = await _world.WithCameraAsync();
        _world.Views.BeforeList = () => throw new DependencyUnavailableException("postgresql", "No answer.");
        await Assert.ThrowsAsync<DependencyUnavailableException>(
            () => _world.SendAsync(new TakeSnapshot(_shot, gate, "gate.jpg")));

        _world.Views.BeforeList = () => { };
        await _world.SendAsync(new TakeSnapshot(_shot, gate, "gate.jpg"));

        Assert.Equal(["gate.jpg"], _world.Media.Pictures);
    }

    [Fact]
    public async Task writes_down_why_there_is_no_picture()
    {
        CameraId gate = await _world.WithCameraAsync();
        _world.Media.OnPicture = _ => new MediaSnapshot.Failed("No picture yet");

        CommandResult result = await _world.SendAsync(new TakeSnapshot(_shot, gate, "gate.jpg"));

        Assert.Equal(new OutsideFailure("camera", "No picture yet"), result.Failure);
        Assert.Equal(
            [new SnapshotFailed(_shot, gate, new CameraNumber(0), "gate.jpg", "No picture yet", Spec.Now)],
            _world.Streams.FactsOf($"snapshot-{_shot}"));
    }

    [Fact]
    public async Task takes_no_second_picture_when_it_is_repeated()
    {
        CameraId gate = await _world.WithCameraAsync();
        await _world.SendAsync(new TakeSnapshot(_shot, gate, "gate.jpg"));

        Assert.True(await _world.SendAsync(new TakeSnapshot(_shot, gate, "gate.jpg")) is { Refusal: null, Position: 0 });
        Assert.Single(_world.Media.Pictures);
    }

    [Fact]
    public async Task is_refused_for_a_camera_nobody_registered_or_that_was_retired()
    {
        CameraId gate = await _world.WithCameraAsync();
        await _world.SendAsync(new RetireCamera(gate, "Broken"));

        Assert.Equal(
            SnapshotRefusals.CameraNotActive, (await _world.SendAsync(new TakeSnapshot(_shot, gate, null))).Refusal);
        Assert.Equal(
            CameraRefusals.NotRegistered, (await _world.SendAsync(new TakeSnapshot(_shot, CameraId.New(), null))).Refusal);
        Assert.Empty(_world.Media.Pictures);
    }

    private void Given(CameraId camera, string name)
    {
        SnapshotId id = SnapshotId.New();
        _world.Streams.Seed(
            $"snapshot-{id}",
            new SnapshotTaken(id, camera, new CameraNumber(0), name, 1, Samples.Hash, 1, 1, Spec.Now, Spec.Now));
    }
}

public sealed class Deleting_a_snapshot : IAsyncDisposable
{
    private readonly World _world = new();
    private readonly SnapshotId _shot = SnapshotId.New();

    private DeleteSnapshot Delete => new(_shot, "Old");

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task is_a_fact_before_the_file_is_gone()
    {
        await TakenAsync();
        _world.Footage.OnDelete = () => Assert.IsType<SnapshotDeleted>(_world.Streams.AllFacts[^1]);

        Assert.Null((await _world.SendAsync(Delete)).Refusal);
        Assert.Equal(["gate.jpg"], _world.Footage.Deleted);
    }

    [Fact]
    public async Task is_finished_by_a_repeat_after_a_crash_behind_the_fact()
    {
        await TakenAsync();
        _world.Footage.OnDelete = () => throw new CrashException();
        await Assert.ThrowsAsync<CrashException>(() => _world.SendAsync(Delete));

        await using World next = await _world.AfterCrashAsync();
        Assert.True(await next.SendAsync(Delete) is { Refusal: null, Position: 0 });
        Assert.Equal(["gate.jpg"], next.Footage.Deleted);
    }

    [Fact]
    public async Task is_refused_for_one_that_was_never_taken()
    {
        Assert.Equal(SnapshotRefusals.NotFound, (await _world.SendAsync(Delete)).Refusal);
        Assert.Empty(_world.Footage.Deleted);
    }

    private async Task TakenAsync()
    {
        CameraId gate = await _world.WithCameraAsync();
        await _world.SendAsync(new TakeSnapshot(_shot, gate, "gate.jpg"));
    }
}
