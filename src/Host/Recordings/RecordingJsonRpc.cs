using Events.Application;
using Events.Application.Contracts;
using Events.Application.Recordings;
using Events.Domain.Kernel;
using Events.Domain.Recordings;
using Events.Domain.Retention;
using Events.Host.Cameras;
using Events.Host.Files;
using Events.Host.JsonRpc;
using Events.JsonRpc;

namespace Events.Host.Recordings;

/// <summary>Recordings over the legacy contract: start, stop, list, info, delete.</summary>
internal sealed class RecordingJsonRpc(
    CommandBus bus, IReadModels views, LegacyCameras cameras, LegacyRecordings recordings, ClientSessions sessions)
    : IJsonRpcMethods
{
    private const int DurationSecondsMax = 86_400;

    public IEnumerable<JsonRpcMethod> Methods =>
    [
        new("start_recording", StartAsync, new MethodRule(Right.Control, NeedsFootage: true)),
        new("stop_recording", StopAsync, new MethodRule(Right.Control)),
        new("list_recordings", ListAsync, new MethodRule(Right.SeePictures)),
        new("get_recording_info", InfoAsync, new MethodRule(Right.SeePictures)),
        new("delete_recording", DeleteAsync, new MethodRule(Right.Administer)),
    ];

    private async ValueTask<JsonRpcAnswer> StartAsync(JsonRpcCall call)
    {
        var given = new CallParams(call.Params);
        int? seconds = given.OptionalInteger("duration", 1, DurationSecondsMax);
        RecordingFormat? format = FileNames.FormatOf(given.OptionalText("format") ?? "fmp4");
        if (format is null)
        {
            given.Refuse("format", "enum", "One of fmp4, mp4, mkv.");
        }

        var found = await CameraJsonRpc.FindAsync(call, given, cameras, sessions);
        if (found.Camera is not { } camera)
        {
            return found.Error!;
        }

        RecordingId id = RecordingId.New();
        CommandResult result = await bus.SendAsync(
            new StartRecording(
                id,
                camera.Id,
                seconds is { } s ? TimeSpan.FromSeconds(s) : null,
                format!.Value),
            sessions.Of(call.Connection).CallerNow(),
            call.Cancellation);
        if (ErrorOf(result, camera.Number.ToString()) is { } error)
        {
            return error;
        }

        RecordingView? started = await views.FindAsync(RecordingViewProjection.View, id.ToString(), call.Cancellation);
        return started is null
            ? LegacyErrors.Dependency("projections", "The recording runs, but its view lags behind. List it shortly.")
            : JsonRpcAnswer.Result(LegacyRecordings.ShowStart(started), LegacyJson.Default.LegacyRecordingStarted);
    }

    private async ValueTask<JsonRpcAnswer> StopAsync(JsonRpcCall call)
    {
        var found = await CameraJsonRpc.FindAsync(call, new CallParams(call.Params), cameras, sessions);
        if (found.Camera is not { } camera)
        {
            return found.Error!;
        }

        if (await recordings.FindOpenAsync(camera.Id.ToString(), call.Cancellation) is not { } open)
        {
            return LegacyErrors.Of(RecordingRefusals.NotRunning, camera.Number.ToString());
        }

        CommandResult result = await bus.SendAsync(
            new StopRecording(open.Id, StopReason.Requested), sessions.Of(call.Connection).CallerNow(), call.Cancellation);
        if (ErrorOf(result, camera.Number.ToString()) is { } error)
        {
            return error;
        }

        RecordingView? stopped = await views.FindAsync(RecordingViewProjection.View, open.Id.ToString(), call.Cancellation);
        return JsonRpcAnswer.Result(LegacyRecordings.ShowStop(stopped ?? open), LegacyJson.Default.LegacyRecordingStopped);
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
        Page<RecordingView> page = await recordings.ListAsync(
            limit, offset, session.Identity!.Cameras, call.Cancellation);
        return JsonRpcAnswer.Result(
            new LegacyFileList(
                [.. page.Rows.Select(row => recordings.ShowFile(row, session.LinkOwner))], page.Total, limit, offset),
            LegacyJson.Default.LegacyFileList);
    }

    private async ValueTask<JsonRpcAnswer> InfoAsync(JsonRpcCall call)
    {
        var found = await FindAsync(call);
        if (found.Recording is not { } recording)
        {
            return found.Error!;
        }

        // One that failed before its first picture has no file: lists do not have it either.
        return recording is { IsOpen: false, SegmentCount: 0 }
            ? LegacyErrors.NotFound("recording", recording.Name)
            : JsonRpcAnswer.Result(
                recordings.ShowInfo(recording, sessions.Of(call.Connection).LinkOwner), LegacyJson.Default.LegacyFileInfo);
    }

    private async ValueTask<JsonRpcAnswer> DeleteAsync(JsonRpcCall call)
    {
        var found = await FindAsync(call);
        if (found.Recording is not { } recording)
        {
            return found.Error!;
        }

        CommandResult result = await bus.SendAsync(
            new DeleteRecording(recording.Id, DeletionReason.Requested),
            sessions.Of(call.Connection).CallerNow(),
            call.Cancellation);
        return ErrorOf(result, recording.Name) is { } error
            ? error
            : JsonRpcAnswer.Result(
                new LegacyDeletion(recording.Name, true, "The recording was deleted."), LegacyJson.Default.LegacyDeletion);
    }

    private async Task<(RecordingView? Recording, JsonRpcError? Error)> FindAsync(JsonRpcCall call)
    {
        var given = new CallParams(call.Params);
        string filename = FileNames.Read(given);
        if (given.Error is { } error)
        {
            return (null, error);
        }

        RecordingView? recording = await recordings.FindAsync(filename, call.Cancellation);
        return recording is null || !cameras.MaySee(sessions.Of(call.Connection).Identity!, recording.CameraId)
            ? (null, LegacyErrors.NotFound("recording", filename))
            : (recording, null);
    }

    private static JsonRpcError? ErrorOf(CommandResult result, string id) =>
        result switch
        {
            { Refusal: { } refusal } => LegacyErrors.Of(refusal, id),
            { Failure: { } failure } => LegacyErrors.Dependency(failure.Dependency, failure.Why),
            _ => null,
        };
}
