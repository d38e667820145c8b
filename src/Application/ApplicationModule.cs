using Events.Application.Access;
using Events.Application.ApiKeys;
using Events.Application.Broadcasts;
using Events.Application.Cameras;
using Events.Application.Contracts;
using Events.Application.ExternalStreams;
using Events.Application.Logs;
using Events.Application.Recordings;
using Events.Application.Retention;
using Events.Application.Snapshots;
using Events.Application.Users;
using Events.Domain.ApiKeys;
using Events.Domain.Broadcasts;
using Events.Domain.Cameras;
using Events.Domain.ExternalStreams;
using Events.Domain.Logs;
using Events.Domain.Recordings;
using Events.Domain.Retention;
using Events.Domain.Snapshots;
using Events.Domain.Users;
using Microsoft.Extensions.DependencyInjection;

namespace Events.Application;

/// <summary>The application's parts, and the table of all commands: what each needs and who may ask for it.</summary>
public static class ApplicationModule
{
    /// <summary>Every view, in no particular order.</summary>
    public static IReadOnlyList<View> Views { get; } =
    [
        CameraViewProjection.View,
        RecordingViewProjection.View,
        SegmentViewProjection.View,
        SnapshotViewProjection.View,
        BroadcastViewProjection.View,
        FootageViewProjection.View,
        CleanupViewProjection.View,
        StorageViewProjection.View,
        ApiKeyViewProjection.View,
        UserViewProjection.View,
        SessionViewProjection.View,
    ];

    public static IServiceCollection AddApplication(this IServiceCollection services)
    {
        services.AddSingleton(EventTypes.Catalogue);
        foreach (View view in Views)
        {
            services.AddSingleton(view);
        }

        services.AddSingleton<AddCameraHandler>();
        services.AddSingleton<MoveCameraHandler>();
        services.AddSingleton<StartRecordingHandler>();
        services.AddSingleton<StopRecordingHandler>();
        services.AddSingleton<DeleteRecordingHandler>();
        services.AddSingleton<ShredRecordingHandler>();
        services.AddSingleton<TakeSnapshotHandler>();
        services.AddSingleton<DeleteSnapshotHandler>();
        services.AddSingleton<ShredSnapshotHandler>();
        services.AddSingleton<ExternalStreamHandler>();
        services.AddSingleton<StreamDiscovery>();
        services.AddSingleton<FootageRemoval>();
        services.AddSingleton<StorageWatch>();
        services.AddSingleton<FileCleaner>();
        services.AddSingleton<CleanUpFilesHandler>();
        services.AddSingleton<ParkFactHandler>();
        services.AddSingleton<IEnumerable<CommandRoute>>(Routes);
        services.AddSingleton<CommandBus>();
        services.AddSingleton<PastViews>();
        services.AddSingleton<RowsAndFacts>();
        services.AddSingleton<NewestRows>();
        services.AddSingleton<Timelines>();
        services.AddSingleton<IMediaListener>(provider => new MediaReports(provider.GetRequiredService<CommandBus>));
        services.AddSingleton<FootageCheck>();
        services.AddSingleton<CameraKeeper>();
        services.AddHostedService(provider => provider.GetRequiredService<CameraKeeper>());
        services.AddHostedService<RecordingKeeper>();
        services.AddHostedService<BroadcastKeeper>();
        services.AddSingleton<DiscoveryKeeper>();
        services.AddHostedService(provider => provider.GetRequiredService<DiscoveryKeeper>());
        services.AddHostedService<RetentionKeeper>();
        services.AddSingleton<ApiKeyHandler>();
        services.AddSingleton<ApiKeyRing>();
        services.AddHostedService<ApiKeyKeeper>();
        services.AddSingleton<Passwords>();
        services.AddSingleton<UserRing>();
        services.AddSingleton<UserIndex>();
        services.AddSingleton<Erasure>();
        services.AddSingleton<UserHandler>();
        services.AddHostedService<ErasureKeeper>();
        services.AddSingleton<UserAccounts>();
        services.AddSingleton<SignIns>();
        services.AddHostedService<UserKeeper>();
        services.AddSingleton<AccessLedger>();
        services.AddHostedService<AccessKeeper>();
        return services;
    }

    private static List<CommandRoute> Routes(IServiceProvider provider)
    {
        var addCamera = provider.GetRequiredService<AddCameraHandler>();
        var moveCamera = provider.GetRequiredService<MoveCameraHandler>();
        var startRecording = provider.GetRequiredService<StartRecordingHandler>();
        var stopRecording = provider.GetRequiredService<StopRecordingHandler>();
        var deleteRecording = provider.GetRequiredService<DeleteRecordingHandler>();
        var shredRecording = provider.GetRequiredService<ShredRecordingHandler>();
        var external = provider.GetRequiredService<ExternalStreamHandler>();
        var cleanUpFiles = provider.GetRequiredService<CleanUpFilesHandler>();
        var apiKeys = provider.GetRequiredService<ApiKeyHandler>();
        var users = provider.GetRequiredService<UserHandler>();
        return
        [
            CommandRoute.To<AddCamera>(Right.Administer, addCamera.HandleAsync),
            CommandRoute.To<MoveCamera>(Right.Administer, moveCamera.HandleAsync),
            ToCamera<RenameCamera>(Right.Administer),
            ToCamera<RetireCamera>(Right.Administer),
            ToCamera<ReportCameraConnected>(Right.Administer),
            ToCamera<ReportCameraDisconnected>(Right.Administer),
            ToCamera<ReportCameraCapabilities>(Right.Administer),
            ToCamera<ReportCameraModes>(Right.Administer),

            CommandRoute.To<StartRecording>(Right.Control, startRecording.HandleAsync),
            CommandRoute.To<StopRecording>(Right.Control, stopRecording.HandleAsync),
            CommandRoute.To<DeleteRecording>(Right.Administer, deleteRecording.HandleAsync),
            CommandRoute.To<ShredRecording>(Right.Administer, shredRecording.HandleAsync),
            ToRecording<CommitSegment>(Right.Administer),
            ToRecording<ReportRecordingInterrupted>(Right.Administer),
            ToRecording<ReportRecordingRecovered>(Right.Administer),
            ToRecording<PlaceLegalHold>(Right.Administer),
            ToRecording<ReleaseLegalHold>(Right.Administer),

            .. SnapshotRoutes(provider),

            CommandRoute.To<StartBroadcast>(Right.Control, StartBroadcastHandler.HandleAsync),
            CommandRoute.To<StopBroadcast>(Right.Control, StopBroadcastHandler.HandleAsync),

            CommandRoute.To<AddExternalStream>(Right.Control, external.HandleAsync),
            CommandRoute.To<RemoveExternalStream>(Right.Control, external.HandleAsync),
            CommandRoute.To<SetDiscoveryInterval>(Right.Administer, external.HandleAsync),
            CommandRoute.ToDecider<SetRetentionPolicy, RetentionPolicy, SetRetentionPolicy, RetentionPolicySet>(
                Right.Administer, RetentionPolicy.Decider, _ => RetentionPolicy.Key),
            CommandRoute.To<CleanUpFiles>(Right.Administer, cleanUpFiles.HandleAsync),

            .. AccessRoutes(apiKeys, users),

            .. LogbookRoutes(provider.GetRequiredService<ParkFactHandler>()),
        ];
    }

    private static List<CommandRoute> LogbookRoutes(ParkFactHandler parking) =>
        [
            ToLogbook<NoteExport>(Right.Administer),
            ToLogbook<NoteFork>(Right.Administer),
            ToLogbook<NoteKeyRotation>(Right.Administer),
            ToLogbook<NoteSecretsRotation>(Right.Administer),
            CommandRoute.To<ParkFact>(Right.Administer, parking.HandleAsync) with
            {
                Besides = command => ParkFactHandler.RightTo(((ParkFact)command).View),
            },
            ToLogbook<UnparkFact>(Right.Administer) with
            {
                Besides = command => ParkFactHandler.RightTo(((UnparkFact)command).View),
            },
            ToLogbook<AdoptFact>(Right.Administer),
        ];

    private static List<CommandRoute> SnapshotRoutes(IServiceProvider provider)
    {
        var take = provider.GetRequiredService<TakeSnapshotHandler>();
        var delete = provider.GetRequiredService<DeleteSnapshotHandler>();
        var shred = provider.GetRequiredService<ShredSnapshotHandler>();
        return
        [
            CommandRoute.To<TakeSnapshot>(Right.Control, take.HandleAsync),
            CommandRoute.To<DeleteSnapshot>(Right.Administer, delete.HandleAsync),
            CommandRoute.To<ShredSnapshot>(Right.Administer, shred.HandleAsync),
        ];
    }

    private static List<CommandRoute> AccessRoutes(ApiKeyHandler apiKeys, UserHandler users) =>
        [
            CommandRoute.To<IssueApiKey>(Right.ManageAccess, apiKeys.HandleAsync),
            CommandRoute.To<NarrowApiKey>(Right.ManageAccess, apiKeys.HandleAsync),
            ToApiKey<RotateApiKey>(),
            ToApiKey<SuspendApiKey>(),
            ToApiKey<ResumeApiKey>(),
            ToApiKey<RevokeApiKey>(),
            ToApiKey<ExpireApiKey>(),
            ToApiKey<ReportApiKeyUse>(),

            ToUser<CreateUser>(users),
            ToUser<SetUserPassword>(users),
            ToUser<LockUser>(users),
            ToUser<UnlockUser>(users),
            ToUser<DisableUser>(users),
            ToUser<EnableUser>(users),
            ToUser<ChangeUserRole>(users),
            ToUser<ChangeUserCameras>(users),
            ToUser<EndUserSessions>(users),
            ToUser<EnrolSecondFactor>(users),
            ToUser<ConfirmSecondFactor>(users),
            ToUser<UseSecondFactor>(users),
            ToUser<RemoveUserSecondFactor>(users),
            ToUser<EraseUser>(users),
            ToSession<StartSession>(),
            ToSession<RefreshSession>(),
            ToSession<EndSession>(),
        ];

    private static CommandRoute ToCamera<TCommand>(Right right)
        where TCommand : CameraCommand =>
        CommandRoute.ToDecider<TCommand, Camera, CameraCommand, CameraEvent>(
            right, Camera.Decider, command => command.CameraId.ToString());

    private static CommandRoute ToRecording<TCommand>(Right right)
        where TCommand : RecordingCommand =>
        CommandRoute.ToDecider<TCommand, Recording, RecordingCommand, RecordingEvent>(
            right, Recording.Decider, command => command.RecordingId.ToString());

    private static CommandRoute ToLogbook<TCommand>(Right right)
        where TCommand : LogbookCommand =>
        CommandRoute.ToDecider<TCommand, Logbook, LogbookCommand, LogbookEvent>(right, Logbook.Decider, _ => Logbook.Key);

    private static CommandRoute ToApiKey<TCommand>()
        where TCommand : ApiKeyCommand =>
        CommandRoute.ToDecider<TCommand, ApiKey, ApiKeyCommand, ApiKeyEvent>(
            Right.ManageAccess, ApiKey.Decider, command => command.KeyId.ToString());

    private static CommandRoute ToUser<TCommand>(UserHandler users)
        where TCommand : UserCommand =>
        CommandRoute.To<TCommand>(Right.ManageAccess, users.HandleAsync);

    private static CommandRoute ToSession<TCommand>()
        where TCommand : SessionCommand =>
        CommandRoute.ToDecider<TCommand, Session, SessionCommand, SessionEvent>(
            Right.ManageAccess, Session.Decider, command => command.SessionId.ToString());
}
