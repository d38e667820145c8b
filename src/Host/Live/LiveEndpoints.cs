using System.Globalization;
using Events.Application.Contracts;
using Events.Domain.Kernel;
using Events.Host.Cameras;
using Events.Host.Security;

namespace Events.Host.Live;

/// <summary>
/// Live pictures: a player at <c>/live/camera0</c>, with what it plays over WebSocket at the same address, HTTP Live Streaming
/// (RFC 8216) at <c>/hls/camera0.m3u8</c> and the newest key frame at <c>/live/camera0.jpg</c>, by signed link or bearer token.
/// </summary>
internal sealed class LiveEndpoints(
    LiveAccess access, ILiveOutput live, LiveViewers viewers, LiveSockets sockets, HttpCallers callers)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/hls/{camera}.m3u8", PlaylistAsync);
        routes.MapGet("/hls/{camera}/{part}", PartAsync);
        routes.MapGet("/live/{camera}.jpg", JpegAsync);
        routes.MapGet("/live/player.js", () => LivePage.Script());
        routes.MapGet("/live/player.css", () => LivePage.Style());
        routes.MapGet("/live/{camera}", routes.CreateApplicationBuilder()
            .UseWebSockets(LiveSockets.Options)
            .Use(_ => LookAsync)
            .Build());
    }

    private Task<IResult> PlaylistAsync(HttpContext context, string camera) =>
        ForAsync(context, camera, async found =>
        {
            string query = context.Request.Query.ContainsKey("sig")
                ? context.Request.QueryString.Value ?? string.Empty
                : string.Empty;
            context.Response.Headers.CacheControl = "no-cache";
            return await live.HlsPlaylistAsync(found.CameraId, $"{found.Number}/", query, context.RequestAborted) is { } playlist
                ? Results.Text(playlist, "application/vnd.apple.mpegurl")
                : NothingYet(camera);
        });

    private Task<IResult> PartAsync(HttpContext context, string camera, string part) =>
        ForAsync(context, camera, found =>
        {
            ReadOnlyMemory<byte>? bytes = BytesOf(found.CameraId, part);
            if (bytes is not { } some)
            {
                return Task.FromResult(Results.Problem($"{part} is gone or not there yet.", statusCode: 404));
            }

            if (!access.MayFetch(found, "live", context.Connection.RemoteIpAddress))
            {
                return Task.FromResult(Full(Crowd.Account));
            }

            viewers.Saw(found.Number, context.Connection.RemoteIpAddress, some.Length);
            return Task.FromResult(Results.Bytes(some, "video/mp4"));
        });

    private Task<IResult> JpegAsync(HttpContext context, string camera) =>
        ForAsync(context, camera, async found =>
        {
            context.Response.Headers.CacheControl = "no-store";
            return await live.JpegOfAsync(found.CameraId, context.RequestAborted) is { } jpeg
                ? Results.Bytes(jpeg, "image/jpeg")
                : NothingYet(camera);
        });

    /// <summary>The same address is a page for people and a socket for what the page plays.</summary>
    private async Task LookAsync(HttpContext context)
    {
        string camera = (string)context.Request.RouteValues["camera"]!;
        IResult result = context.WebSockets.IsWebSocketRequest
            ? sockets.Refuse(context) ?? await ForAsync(context, camera, found => ShowAsync(context, found))
            : await ForAsync(context, camera, _ => Task.FromResult(LivePage.For(context)));
        await result.ExecuteAsync(context);
    }

    private async Task<IResult> ShowAsync(HttpContext context, LiveAdmission.Granted right) =>
        access.TakeSeat(right, "live", context.Connection.RemoteIpAddress, out Crowd why) is { } seat
            ? await sockets.ServeAsync(context, right, seat)
            : Full(why);

    private static IResult Full(Crowd why) =>
        why is Crowd.Account
            ? Results.Problem(
                "Your account has as many viewers as it may (setting Live.MaxViewersPerAccount). Close one.", statusCode: 429)
            : Results.Problem("All places for viewers are taken. Try again later.", statusCode: 503);

    private ReadOnlyMemory<byte>? BytesOf(CameraId id, string part) =>
        NumberIn(part, "segment-", ".m4s") is { } sequence ? live.HlsSegmentOf(id, sequence)
        : NumberIn(part, "header-", ".mp4") is { } generation and <= int.MaxValue ? live.HlsHeaderOf(id, (int)generation)
        : null;

    private static long? NumberIn(string text, string before, string after) =>
        text.StartsWith(before, StringComparison.Ordinal)
        && text.EndsWith(after, StringComparison.Ordinal)
        && long.TryParse(
            text.AsSpan(before.Length, text.Length - before.Length - after.Length),
            NumberStyles.None,
            CultureInfo.InvariantCulture,
            out long number)
            ? number
            : null;

    private async Task<IResult> ForAsync(HttpContext context, string camera, Func<LiveAdmission.Granted, Task<IResult>> show)
    {
        if (CameraNumber.TryParse(camera) is not { } number)
        {
            return Results.Problem(LegacyCameras.DeviceHint, statusCode: 400);
        }

        AccessIdentity? identity = await callers.FindAsync(context.Request, "live")
            ?? await sockets.IdentityOfAsync(context.Request);
        LiveAdmission admission = await access.AdmitAsync(
            number,
            SignedQuery.Of(context.Request.Query),
            "live",
            context.Connection.RemoteIpAddress,
            identity,
            context.RequestAborted);
        if (admission is LiveAdmission.Granted granted)
        {
            return await show(granted);
        }

        LiveRefusal why = ((LiveAdmission.Refused)admission).Why;
        if (why is LiveRefusal.NotFound)
        {
            return Results.Problem($"There is no {camera}.", statusCode: 404);
        }

        context.Response.Headers.WWWAuthenticate = "Bearer";
        return Results.Problem(
            "Use an address from get_stream_url or get_camera_list, or send a token (Authorization: Bearer ...) "
            + "or a key (X-API-Key).",
            statusCode: why is LiveRefusal.NotLoggedIn ? 401 : 403);
    }

    private static IResult NothingYet(string camera) =>
        Results.Problem($"{camera} shows no pictures now.", statusCode: 503);
}
