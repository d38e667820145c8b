using Events.Application;
using Events.Application.Cameras;
using Events.Application.Contracts;
using Events.Application.ExternalStreams;
using Events.Application.Recordings;
using Events.Application.Retention;
using Events.Application.Snapshots;
using Events.Domain.ApiKeys;
using Events.Domain.Broadcasts;
using Events.Domain.Cameras;
using Events.Domain.ExternalStreams;
using Events.Domain.Kernel;
using Events.Domain.Logs;
using Events.Domain.Recordings;
using Events.Domain.Retention;
using Events.Domain.Snapshots;
using Events.Domain.Users;
using Xunit;

namespace Events.Tests.Domain.Kernel;

public sealed class The_command_bus : IAsyncDisposable
{
    /// <summary>What each command needs; who has it is in the policy, which has specs of its own.</summary>
    private static readonly Dictionary<Type, Right> Needed = new()
    {
        [typeof(AddCamera)] = Right.Administer,
        [typeof(MoveCamera)] = Right.Administer,
        [typeof(RenameCamera)] = Right.Administer,
        [typeof(RetireCamera)] = Right.Administer,
        [typeof(ReportCameraConnected)] = Right.Administer,
        [typeof(ReportCameraDisconnected)] = Right.Administer,
        [typeof(ReportCameraCapabilities)] = Right.Administer,
        [typeof(StartRecording)] = Right.Control,
        [typeof(StopRecording)] = Right.Control,
        [typeof(DeleteRecording)] = Right.Administer,
        [typeof(ShredRecording)] = Right.Administer,
        [typeof(CommitSegment)] = Right.Administer,
        [typeof(ReportRecordingInterrupted)] = Right.Administer,
        [typeof(ReportRecordingRecovered)] = Right.Administer,
        [typeof(PlaceLegalHold)] = Right.Administer,
        [typeof(ReleaseLegalHold)] = Right.Administer,
        [typeof(TakeSnapshot)] = Right.Control,
        [typeof(DeleteSnapshot)] = Right.Administer,
        [typeof(ShredSnapshot)] = Right.Administer,
        [typeof(ReportCameraModes)] = Right.Administer,
        [typeof(StartBroadcast)] = Right.Control,
        [typeof(StopBroadcast)] = Right.Control,
        [typeof(AddExternalStream)] = Right.Control,
        [typeof(RemoveExternalStream)] = Right.Control,
        [typeof(SetDiscoveryInterval)] = Right.Administer,
        [typeof(SetRetentionPolicy)] = Right.Administer,
        [typeof(CleanUpFiles)] = Right.Administer,
        [typeof(NoteExport)] = Right.Administer,
        [typeof(NoteFork)] = Right.Administer,
        [typeof(NoteKeyRotation)] = Right.Administer,
        [typeof(NoteSecretsRotation)] = Right.Administer,
        [typeof(ParkFact)] = Right.Administer,
        [typeof(UnparkFact)] = Right.Administer,
        [typeof(AdoptFact)] = Right.Administer,
        [typeof(IssueApiKey)] = Right.ManageAccess,
        [typeof(NarrowApiKey)] = Right.ManageAccess,
        [typeof(RotateApiKey)] = Right.ManageAccess,
        [typeof(SuspendApiKey)] = Right.ManageAccess,
        [typeof(ResumeApiKey)] = Right.ManageAccess,
        [typeof(RevokeApiKey)] = Right.ManageAccess,
        [typeof(ExpireApiKey)] = Right.ManageAccess,
        [typeof(ReportApiKeyUse)] = Right.ManageAccess,
        [typeof(CreateUser)] = Right.ManageAccess,
        [typeof(SetUserPassword)] = Right.ManageAccess,
        [typeof(LockUser)] = Right.ManageAccess,
        [typeof(UnlockUser)] = Right.ManageAccess,
        [typeof(DisableUser)] = Right.ManageAccess,
        [typeof(EnableUser)] = Right.ManageAccess,
        [typeof(ChangeUserRole)] = Right.ManageAccess,
        [typeof(ChangeUserCameras)] = Right.ManageAccess,
        [typeof(EndUserSessions)] = Right.ManageAccess,
        [typeof(EnrolSecondFactor)] = Right.ManageAccess,
        [typeof(ConfirmSecondFactor)] = Right.ManageAccess,
        [typeof(UseSecondFactor)] = Right.ManageAccess,
        [typeof(RemoveUserSecondFactor)] = Right.ManageAccess,
        [typeof(EraseUser)] = Right.ManageAccess,
        [typeof(StartSession)] = Right.ManageAccess,
        [typeof(RefreshSession)] = Right.ManageAccess,
        [typeof(EndSession)] = Right.ManageAccess,
    };

    private static readonly CameraId Gate = Samples.Gate;
    private static readonly object[] Commands =
    [
        new AddCamera(CameraId.New(), "Yard", "rtsp://10.0.0.6/main"),
        new MoveCamera(Gate, "rtsp://10.0.0.7/main"),
        new RenameCamera(Gate, "Yard"),
        new RetireCamera(Gate, "Broken"),
        new ReportCameraConnected(Gate),
        new ReportCameraDisconnected(Gate, "Gone"),
        new ReportCameraCapabilities(Gate, new CameraCapabilities("h264", 1280, 720, 30)),
        new StartRecording(RecordingId.New(), Gate, null),
        new StopRecording(Samples.Take, StopReason.Requested),
        new DeleteRecording(Samples.Take, "Old"),
        new ShredRecording(Samples.Take, "Asked for"),
        new CommitSegment(Samples.Take, new Segment(1, 1, 1, Samples.Hash, Spec.Now, 1, 1)),
        new ReportRecordingInterrupted(Samples.Take, "camera_lost"),
        new ReportRecordingRecovered(Samples.Take, Spec.Now),
        new PlaceLegalHold(Samples.Take, "Case 2026-17"),
        new ReleaseLegalHold(Samples.Take, "Closed"),
        new TakeSnapshot(SnapshotId.New(), Gate, null),
        new DeleteSnapshot(Samples.Shot, "Old"),
        new ShredSnapshot(Samples.Shot, "Asked for"),
        new ReportCameraModes(Gate, Samples.Modes),
        new StartBroadcast(Gate),
        new StopBroadcast(Gate, BroadcastEnd.Requested),
        new AddExternalStream(CameraId.New(), "Drone", "rtsp://10.0.0.8/subject", ExternalStreamKind.SkydioStanag4609),
        new RemoveExternalStream("rtsp://10.0.0.8/subject"),
        new SetDiscoveryInterval(60),
        new SetRetentionPolicy(RetentionType.Age, true, 30, null),
        new CleanUpFiles(CleanupId.New()),
        new IssueApiKey(ApiKeyId.New(), "Wall", new ApiKeyLimits(Role.Viewer, null, null, null), Samples.Hash),
        new NarrowApiKey(Samples.Key, new ApiKeyLimits(Role.Viewer, null, null, null)),
        new RotateApiKey(Samples.Key, Samples.Hash, 60),
        new SuspendApiKey(Samples.Key, "Lost"),
        new ResumeApiKey(Samples.Key),
        new RevokeApiKey(Samples.Key, "Lost"),
        new ExpireApiKey(Samples.Key),
        new ReportApiKeyUse(Samples.Key, "node1", 1, Spec.Now, Spec.Now),
        new CreateUser(Samples.Ada, Role.Viewer, Samples.Password, false),
        new SetUserPassword(Samples.Ada, Samples.Password, false),
        new LockUser(Samples.Ada),
        new UnlockUser(Samples.Ada),
        new DisableUser(Samples.Ada, "Has left"),
        new EnableUser(Samples.Ada),
        new ChangeUserRole(Samples.Ada, Role.Admin),
        new ChangeUserCameras(Samples.Ada, null),
        new EndUserSessions(Samples.Ada, Spec.Now),
        new EnrolSecondFactor(Samples.Ada, Samples.Password),
        new ConfirmSecondFactor(Samples.Ada, Samples.Password, 1),
        new UseSecondFactor(Samples.Ada, 1),
        new RemoveUserSecondFactor(Samples.Ada),
        new EraseUser(Samples.Ada, "Asked for by the person"),
        new StartSession(Samples.Session, Samples.Ada, Samples.Hash, Spec.Now),
        new RefreshSession(Samples.Session, Samples.Hash, Samples.Hash),
        new EndSession(Samples.Session),
        new NoteExport(Guid.NewGuid(), "positions 1 to 900", 412, 912, Samples.Hash, "Case 2026-17"),
        new NoteFork("host-a/1", "host-a/2", 2_000, "bG9zdA==", 1_000, "bGVmdA==", "Restored after a disk failure"),
        new NoteSecretsRotation(Guid.NewGuid(), "Once a year"),
        new NoteKeyRotation("host-a/1+0123abcd+AjA=", "host-a/1+89abcdef+AjE=", "c2lnbmVk", "Once a year"),
        new ParkFact("CameraView", 17, "Written by a test"),
        new UnparkFact("CameraView", 17, "The fold was mended"),
        new AdoptFact(5, "camera-1", 7, Samples.Hash, "A transaction of the old importer ended late"),
    ];

    private readonly World _world = new();

    public static TheoryData<string, Role> Matrix
    {
        get
        {
            var matrix = new TheoryData<string, Role>();
            foreach (object command in Commands)
            {
                foreach (Role role in Enum.GetValues<Role>())
                {
                    matrix.Add(command.GetType().Name, role);
                }
            }

            return matrix;
        }
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public void has_a_right_for_every_route_that_this_table_names() =>
        Assert.Equal(
            Needed.Select(pair => $"{pair.Key.Name} {pair.Value}").Order(),
            _world.Routes.Select(route => $"{route.Command.Name} {route.Right}").Order());

    [Theory]
    [MemberData(nameof(Matrix))]
    public async Task lets_a_role_do_what_it_may_and_nothing_else(string commandName, Role role)
    {
        await _world.CheckFootageAsync();
        _world.Streams.Seed($"camera-{Gate}", new CameraRegistered(Gate, Samples.Number, "Gate", Samples.Main, Spec.Now));
        object command = Commands.Single(candidate => candidate.GetType().Name == commandName);
        int before = _world.Streams.Log.Count;

        CommandResult result = await _world.SendAsync(command, role);

        bool isDenied = result.Refusal == CommandBus.NotAllowed;
        Assert.Equal(!Policy.Allows(role, Needed[command.GetType()]), isDenied);
        if (isDenied)
        {
            Assert.Equal(before, _world.Streams.Log.Count);
            Assert.Empty(_world.Secrets.Kept);
            Assert.Empty(_world.Media.Starts);
            Assert.Empty(_world.Media.Stops);
            Assert.Empty(_world.Media.Pictures);
        }
    }

    [Fact]
    public async Task denies_before_it_tells_whether_the_thing_exists() =>
        Assert.Equal(
            CommandBus.NotAllowed, (await _world.SendAsync(new RenameCamera(CameraId.New(), " "), Role.Operator)).Refusal);

    /// <summary>Who may administer and not let anybody in could make a key stay, by the view that its end is in.</summary>
    [Fact]
    public async Task lets_nobody_park_facts_of_access_who_may_not_manage_it()
    {
        await _world.SendAsync(new IssueApiKey(ApiKeyId.New(), "Wall", new ApiKeyLimits(Role.Viewer, null, null, null), Samples.Hash));
        var some = new Caller(
            "key-1", Role.Admin, "graphql", "request-1", Scopes: ScopeList.From([Right.Administer, Right.ReadAudit]));
        foreach (string view in new[] { "ApiKeyView", "UserView", "SessionView" })
        {
            Assert.Equal(CommandBus.NotAllowed, (await _world.Bus.SendAsync(new ParkFact(view, 1, "Why"), some, World.Token)).Refusal);
            Assert.Null((await _world.SendAsync(new ParkFact(view, 1, "Why"))).Refusal);
            Assert.Equal(CommandBus.NotAllowed, (await _world.Bus.SendAsync(new UnparkFact(view, 1, "Why"), some, World.Token)).Refusal);
        }

        Assert.Null((await _world.Bus.SendAsync(new ParkFact("CameraView", 1, "Why"), some, World.Token)).Refusal);
        Assert.Null((await _world.Bus.SendAsync(new UnparkFact("CameraView", 1, "Why"), some, World.Token)).Refusal);
    }

    [Fact]
    public async Task parks_no_fact_that_is_yet_to_come()
    {
        Assert.Equal(LogbookRefusals.PositionAhead, (await _world.SendAsync(new ParkFact("CameraView", 1, "Why"))).Refusal);
        await _world.WithCameraAsync();
        long head = _world.Streams.Log.Count;
        Assert.Equal(LogbookRefusals.PositionAhead, (await _world.SendAsync(new ParkFact("CameraView", head + 1, "Why"))).Refusal);
        Assert.Null((await _world.SendAsync(new ParkFact("CameraView", head, "Why"))).Refusal);
        Assert.Equal(LogbookRefusals.BadPosition, (await _world.SendAsync(new ParkFact("CameraView", 0, "Why"))).Refusal);
    }

    [Fact]
    public async Task answers_with_a_conflict_when_others_were_faster_time_after_time()
    {
        CameraId gate = await _world.WithCameraAsync();
        _world.Streams.BeforeTransact = _ => throw new TimeoutException();

        Assert.Equal(CommandBus.TooMuchTraffic, (await _world.SendAsync(new RenameCamera(gate, "Yard"))).Refusal);
    }

    [Fact]
    public async Task lets_a_lost_dependency_through()
    {
        CameraId gate = await _world.WithCameraAsync();
        _world.Streams.BeforeTransact = _ => throw new DependencyUnavailableException("postgresql", "No answer.");

        var lost = await Assert.ThrowsAsync<DependencyUnavailableException>(
            () => _world.SendAsync(new RenameCamera(gate, "Yard")));

        Assert.Equal("postgresql", lost.Dependency);
    }

    [Fact]
    public async Task says_when_the_views_lag_behind_what_was_done()
    {
        CameraId gate = await _world.WithCameraAsync();
        _world.Views.IsInTime = false;

        CommandResult renamed = await _world.SendAsync(new RenameCamera(gate, "Yard"));
        CommandResult again = await _world.SendAsync(new RenameCamera(gate, "Yard"));

        Assert.True(renamed is { Position: > 0, IsVisible: false, Refusal: null });
        Assert.True(again is { Position: 0, IsVisible: true, Refusal: null });
    }

    [Fact]
    public async Task writes_down_who_asked_and_how()
    {
        CameraId gate = await _world.WithCameraAsync();
        await _world.SendAsync(new RenameCamera(gate, "Yard"));

        Assert.Equal(("ada", "request-1"), (_world.Streams.Log[^1].UserName, _world.Streams.Log[^1].CorrelationId));
        Assert.Equal("json-rpc", _world.Streams.LastOrigin!.Headers["way"]);
    }

    [Fact]
    public async Task takes_no_new_command_from_a_caller_that_has_gone_away()
    {
        CameraId gate = await _world.WithCameraAsync();
        using var gone = new CancellationTokenSource();
        await gone.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _world.Bus.SendAsync(
            new RenameCamera(gate, "Yard"), Caller.System("keeper", "x"), gone.Token));
    }
}
