using Events.Application.Broadcasts;
using Events.Application.Cameras;
using Events.Application.Contracts;
using Events.Application.ExternalStreams;
using Events.Application.Recordings;
using Events.Application.Retention;
using Events.Application.Snapshots;
using Events.Domain.Broadcasts;
using Events.Domain.Cameras;
using Events.Domain.ExternalStreams;
using Events.Domain.Logs;
using Events.Domain.Recordings;
using Events.Domain.Retention;
using Events.Domain.Snapshots;
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
        services.AddSingleton<TakeSnapshotHandler>();
        services.AddSingleton<DeleteSnapshotHandler>();
        services.AddSingleton<ExternalStreamHandler>();
        services.AddSingleton<StreamDiscovery>();
        services.AddSingleton<FootageRemoval>();
        services.AddSingleton<StorageWatch>();
        services.AddSingleton<FileCleaner>();
        services.AddSingleton<CleanUpFilesHandler>();
        services.AddSingleton<IEnumerable<CommandRoute>>(Routes);
        services.AddSingleton<CommandBus>();
        services.AddSingleton<PastViews>();
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
        return services;
    }

    private static List<CommandRoute> Routes(IServiceProvider provider)
    {
        var addCamera = provider.GetRequiredService<AddCameraHandler>();
        var moveCamera = provider.GetRequiredService<MoveCameraHandler>();
        var startRecording = provider.GetRequiredService<StartRecordingHandler>();
        var stopRecording = provider.GetRequiredService<StopRecordingHandler>();
        var deleteRecording = provider.GetRequiredService<DeleteRecordingHandler>();
        var takeSnapshot = provider.GetRequiredService<TakeSnapshotHandler>();
        var deleteSnapshot = provider.GetRequiredService<DeleteSnapshotHandler>();
        var external = provider.GetRequiredService<ExternalStreamHandler>();
        var cleanUpFiles = provider.GetRequiredService<CleanUpFilesHandler>();
        return
        [
            CommandRoute.To<AddCamera>(Role.Admin, addCamera.HandleAsync),
            CommandRoute.To<MoveCamera>(Role.Admin, moveCamera.HandleAsync),
            ToCamera<RenameCamera>(Role.Admin),
            ToCamera<RetireCamera>(Role.Admin),
            ToCamera<ReportCameraConnected>(Role.Admin),
            ToCamera<ReportCameraDisconnected>(Role.Admin),
            ToCamera<ReportCameraCapabilities>(Role.Admin),
            ToCamera<ReportCameraModes>(Role.Admin),

            CommandRoute.To<StartRecording>(Role.Operator, startRecording.HandleAsync),
            CommandRoute.To<StopRecording>(Role.Operator, stopRecording.HandleAsync),
            CommandRoute.To<DeleteRecording>(Role.Admin, deleteRecording.HandleAsync),
            ToRecording<CommitSegment>(Role.Admin),
            ToRecording<ReportRecordingInterrupted>(Role.Admin),
            ToRecording<ReportRecordingRecovered>(Role.Admin),
            ToRecording<PlaceLegalHold>(Role.Admin),
            ToRecording<ReleaseLegalHold>(Role.Admin),

            CommandRoute.To<TakeSnapshot>(Role.Operator, takeSnapshot.HandleAsync),
            CommandRoute.To<DeleteSnapshot>(Role.Admin, deleteSnapshot.HandleAsync),

            CommandRoute.To<StartBroadcast>(Role.Operator, StartBroadcastHandler.HandleAsync),
            ToBroadcast<StopBroadcast>(Role.Operator),

            CommandRoute.To<AddExternalStream>(Role.Operator, external.HandleAsync),
            CommandRoute.To<RemoveExternalStream>(Role.Operator, external.HandleAsync),
            CommandRoute.To<SetDiscoveryInterval>(Role.Admin, external.HandleAsync),
            CommandRoute.ToDecider<SetRetentionPolicy, RetentionPolicy, SetRetentionPolicy, RetentionPolicySet>(
                Role.Admin, RetentionPolicy.Decider, _ => RetentionPolicy.Key),
            CommandRoute.To<CleanUpFiles>(Role.Admin, cleanUpFiles.HandleAsync),

            ToLogbook<NoteExport>(Role.Admin),
            ToLogbook<NoteFork>(Role.Admin),
            ToLogbook<ParkFact>(Role.Admin),
            ToLogbook<UnparkFact>(Role.Admin),
        ];
    }

    private static CommandRoute ToCamera<TCommand>(Role role)
        where TCommand : CameraCommand =>
        CommandRoute.ToDecider<TCommand, Camera, CameraCommand, CameraEvent>(
            role, Camera.Decider, command => command.CameraId.ToString());

    private static CommandRoute ToRecording<TCommand>(Role role)
        where TCommand : RecordingCommand =>
        CommandRoute.ToDecider<TCommand, Recording, RecordingCommand, RecordingEvent>(
            role, Recording.Decider, command => command.RecordingId.ToString());

    private static CommandRoute ToLogbook<TCommand>(Role role)
        where TCommand : LogbookCommand =>
        CommandRoute.ToDecider<TCommand, Logbook, LogbookCommand, LogbookEvent>(role, Logbook.Decider, _ => Logbook.Key);

    private static CommandRoute ToBroadcast<TCommand>(Role role)
        where TCommand : BroadcastCommand =>
        CommandRoute.ToDecider<TCommand, Broadcast, BroadcastCommand, BroadcastEvent>(
            role, Broadcast.Decider, command => command.CameraId.ToString());
}
