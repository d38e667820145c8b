using System.Globalization;
using Events.Application;
using Events.Application.Broadcasts;
using Events.Application.Cameras;
using Events.Application.Contracts;
using Events.Domain.Broadcasts;
using Events.Host.Cameras;
using Events.Host.JsonRpc;
using Events.JsonRpc;

namespace Events.Host.Live;

/// <summary>Streams over the legacy contract: start, stop, address, status, list.</summary>
internal sealed class StreamJsonRpc(
    CommandBus bus,
    IReadModels views,
    LegacyCameras cameras,
    LegacyStreamList streams,
    LiveLinks links,
    BroadcastRule rule,
    ClientSessions sessions)
    : IJsonRpcMethods
{
    public IEnumerable<JsonRpcMethod> Methods =>
    [
        new("start_streaming", StartAsync, new MethodRule(Right.Control)),
        new("stop_streaming", StopAsync, new MethodRule(Right.Control)),
        new("get_stream_url", UrlAsync, new MethodRule(Right.SeePictures)),
        new("get_stream_status", StatusAsync, new MethodRule(Right.SeePictures)),
        new("get_streams", ListAsync, new MethodRule(Right.SeePictures)),
    ];

    private async ValueTask<JsonRpcAnswer> StartAsync(JsonRpcCall call)
    {
        var found = await CameraJsonRpc.FindAsync(call, new CallParams(call.Params), cameras, sessions);
        if (found.Camera is not { } camera)
        {
            return found.Error!;
        }

        CommandResult result = await bus.SendAsync(
            new StartBroadcast(camera.Id), sessions.Of(call.Connection).CallerNow(), call.Cancellation);
        if (result.Refusal is { } refusal)
        {
            return LegacyErrors.Of(refusal, camera.Number.ToString());
        }

        return await BroadcastOfAsync(camera, call.Cancellation) is not { } broadcast
            ? LegacyErrors.Dependency("projections", "The stream runs, but its view lags behind. Ask for its status shortly.")
            : JsonRpcAnswer.Result(
                new LegacyStreamStarted(
                    camera.Number.ToString(),
                    camera.Number.ToString(),
                    links.RtspOf(camera.Number, sessions.Of(call.Connection).LinkOwner),
                    "STARTED",
                    LegacyText.Instant(broadcast.StartedAt),
                    string.Create(CultureInfo.InvariantCulture, $"{(long)rule.Unwatched.TotalSeconds}s"),
                    FfmpegCommandOf(camera)),
                LegacyJson.Default.LegacyStreamStarted);
    }

    private async ValueTask<JsonRpcAnswer> StopAsync(JsonRpcCall call)
    {
        var found = await CameraJsonRpc.FindAsync(call, new CallParams(call.Params), cameras, sessions);
        if (found.Camera is not { } camera)
        {
            return found.Error!;
        }

        if (await BroadcastOfAsync(camera, call.Cancellation) is not { IsRunning: true } before)
        {
            return LegacyErrors.Of(BroadcastRefusals.NotRunning, camera.Number.ToString());
        }

        CommandResult result = await bus.SendAsync(
            new StopBroadcast(camera.Id, BroadcastEnd.Requested),
            sessions.Of(call.Connection).CallerNow(),
            call.Cancellation);
        if (result.Refusal is { } refusal)
        {
            return LegacyErrors.Of(refusal, camera.Number.ToString());
        }

        BroadcastView? after = await BroadcastOfAsync(camera, call.Cancellation);
        DateTimeOffset stoppedAt = after?.StoppedAt ?? before.StartedAt;
        bool goesOn = streams.IsUsed(camera);
        return JsonRpcAnswer.Result(
            new LegacyStreamStopped(
                camera.Number.ToString(),
                camera.Number.ToString(),
                "STOPPED",
                LegacyText.Instant(before.StartedAt),
                LegacyText.Instant(stoppedAt),
                LegacyText.Seconds(stoppedAt - before.StartedAt),
                goesOn,
                goesOn ? "The stream goes on for others: it is watched or recorded." : "The stream was stopped."),
            LegacyJson.Default.LegacyStreamStopped);
    }

    private async ValueTask<JsonRpcAnswer> UrlAsync(JsonRpcCall call)
    {
        var found = await CameraJsonRpc.FindAsync(call, new CallParams(call.Params), cameras, sessions);
        return found.Camera is { } camera
            ? JsonRpcAnswer.Result(
                streams.ShowUrl(camera, links.RtspOf(camera.Number, sessions.Of(call.Connection).LinkOwner)),
                LegacyJson.Default.LegacyStreamUrl)
            : found.Error!;
    }

    private async ValueTask<JsonRpcAnswer> StatusAsync(JsonRpcCall call)
    {
        var found = await CameraJsonRpc.FindAsync(call, new CallParams(call.Params), cameras, sessions);
        if (found.Camera is not { } camera)
        {
            return found.Error!;
        }

        return await BroadcastOfAsync(camera, call.Cancellation) is { IsRunning: true } broadcast
            ? JsonRpcAnswer.Result(streams.ShowStatus(camera, broadcast), LegacyJson.Default.LegacyStreamStatus)
            : LegacyErrors.NotFound("stream", camera.Number.ToString());
    }

    private async ValueTask<JsonRpcAnswer> ListAsync(JsonRpcCall call)
    {
        var present = await cameras.ListAsync(sessions.Of(call.Connection).Identity!.Cameras, call.Cancellation);
        LegacyStream[] all = [.. present.Select(streams.Show)];
        return JsonRpcAnswer.Result(all, LegacyJson.Default.LegacyStreamArray);
    }

    /// <summary>What takes a camera in, with its wire name for its address: that one may hold a password.</summary>
    private static string FfmpegCommandOf(CameraView camera) =>
        $"ffmpeg -i {camera.Number} -map 0:v:0 -f mp4 -movflags empty_moov+default_base_moof+frag_every_frame pipe:1";

    private Task<BroadcastView?> BroadcastOfAsync(CameraView camera, CancellationToken cancellationToken) =>
        views.FindAsync(BroadcastViewProjection.View, camera.Id.ToString(), cancellationToken);
}
