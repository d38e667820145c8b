using Events.Application;
using Events.Application.Contracts;
using Events.Application.Snapshots;
using Events.Domain.Kernel;
using Events.Domain.Retention;
using Events.Domain.Snapshots;
using Events.Host.Cameras;
using Events.Host.Files;
using Events.Host.JsonRpc;
using Events.Host.Recordings;
using Events.Host.Security;
using Events.JsonRpc;

namespace Events.Host.Snapshots;

/// <param name="FilePath">A stable path of ours, not one of this machine.</param>
internal sealed record LegacySnapshot(
    string Device, string Filename, string Status, string Timestamp, long FileSize, string FilePath);

/// <summary>Snapshots over the legacy contract: take, list, info, delete.</summary>
internal sealed class SnapshotJsonRpc(
    CommandBus bus, IReadModels views, LegacyCameras cameras, FileLinks links, ClientSessions sessions) : IJsonRpcMethods
{
    public IEnumerable<JsonRpcMethod> Methods =>
    [
        new("take_snapshot", TakeAsync, new MethodRule(Right.Control)),
        new("list_snapshots", ListAsync, new MethodRule(Right.SeePictures)),
        new("get_snapshot_info", InfoAsync, new MethodRule(Right.SeePictures)),
        new("delete_snapshot", DeleteAsync, new MethodRule(Right.Administer)),
    ];

    private async ValueTask<JsonRpcAnswer> TakeAsync(JsonRpcCall call)
    {
        var given = new CallParams(call.Params);
        string? filename = given.OptionalText("filename");
        if (filename is not null && !TakeSnapshotHandler.IsFileName(filename))
        {
            given.Refuse("filename", "pattern", SnapshotRefusals.BadFileName.Message);
        }

        var found = await CameraJsonRpc.FindAsync(call, given, cameras, sessions);
        if (found.Camera is not { } camera)
        {
            return found.Error!;
        }

        SnapshotId id = SnapshotId.New();
        CommandResult result = await bus.SendAsync(
            new TakeSnapshot(id, camera.Id, filename), sessions.Of(call.Connection).CallerNow(), call.Cancellation);
        if (result.Refusal is { } refusal)
        {
            return LegacyErrors.Of(refusal, camera.Number.ToString());
        }

        SnapshotView? taken = await views.FindAsync(SnapshotViewProjection.View, id.ToString(), call.Cancellation);
        return (result.Failure, taken) switch
        {
            ({ } failure, _) => LegacyErrors.Dependency(failure.Dependency, failure.Why),
            (_, null) => LegacyErrors.Dependency(
                "projections", "The snapshot is safe, but its view lags behind. List it shortly."),
            (_, { } view) => JsonRpcAnswer.Result(
                new LegacySnapshot(
                    view.CameraNumber.ToString(),
                    view.FileName,
                    "SUCCESS",
                    LegacyText.Instant(view.At),
                    view.SizeBytes,
                    $"/snapshots/{view.FileName}"),
                LegacyJson.Default.LegacySnapshot),
        };
    }

    private async ValueTask<JsonRpcAnswer> ListAsync(JsonRpcCall call)
    {
        var given = new CallParams(call.Params);
        (int limit, int offset) = FileNames.Paging(given);
        if (given.Error is { } error)
        {
            return error;
        }

        ClientSession session = sessions.Of(call.Connection);
        var page = await views.ListAsync(
            SnapshotViewProjection.View,
            new ViewQuery(
                [
                    new ViewFilter("status", ViewOperator.Equal, nameof(SnapshotStatus.Taken)),
                    .. CameraFilters.Of(session.Identity!.Cameras),
                ],
                OrderBy: "at",
                IsDescending: true,
                limit,
                offset),
            call.Cancellation);
        LegacyFile[] files =
        [
            .. page.Rows.Select(row =>
                new LegacyFile(
                    row.FileName,
                    row.SizeBytes,
                    LegacyText.Instant(row.At),
                    links.ForSnapshot(row.FileName, session.LinkOwner))),
        ];
        return JsonRpcAnswer.Result(new LegacyFileList(files, page.Total, limit, offset), LegacyJson.Default.LegacyFileList);
    }

    private async ValueTask<JsonRpcAnswer> InfoAsync(JsonRpcCall call)
    {
        var found = await FindAsync(call);
        return found.Snapshot is { } row
            ? JsonRpcAnswer.Result(
                new LegacyFileInfo(
                    row.FileName,
                    row.SizeBytes,
                    null,
                    LegacyText.Instant(row.At),
                    links.ForSnapshot(row.FileName, sessions.Of(call.Connection).LinkOwner)),
                LegacyJson.Default.LegacyFileInfo)
            : found.Error!;
    }

    private async ValueTask<JsonRpcAnswer> DeleteAsync(JsonRpcCall call)
    {
        var found = await FindAsync(call);
        if (found.Snapshot is not { } row)
        {
            return found.Error!;
        }

        CommandResult result = await bus.SendAsync(
            new DeleteSnapshot(row.Id, DeletionReason.Requested), sessions.Of(call.Connection).CallerNow(), call.Cancellation);
        return result switch
        {
            { Refusal: { } refusal } => LegacyErrors.Of(refusal, row.FileName),
            { Failure: { } failure } => LegacyErrors.Dependency(failure.Dependency, failure.Why),
            _ => JsonRpcAnswer.Result(
                new LegacyDeletion(row.FileName, true, "The snapshot was deleted."), LegacyJson.Default.LegacyDeletion),
        };
    }

    private async Task<(SnapshotView? Snapshot, JsonRpcError? Error)> FindAsync(JsonRpcCall call)
    {
        var given = new CallParams(call.Params);
        string filename = FileNames.Read(given);
        if (given.Error is { } error)
        {
            return (null, error);
        }

        foreach (string name in new[] { filename, $"{filename}.jpg", $"{filename}.jpeg" })
        {
            var found = await views.ListAsync(
                SnapshotViewProjection.View,
                new ViewQuery(
                    [
                        new ViewFilter("file_name", ViewOperator.Equal, name),
                        new ViewFilter("status", ViewOperator.Equal, nameof(SnapshotStatus.Taken)),
                    ],
                    Limit: 1),
                call.Cancellation);
            if (found.Rows is [{ } snapshot]
                && cameras.MaySee(sessions.Of(call.Connection).Identity!, snapshot.CameraId))
            {
                return (snapshot, null);
            }
        }

        return (null, LegacyErrors.NotFound("snapshot", filename));
    }
}
