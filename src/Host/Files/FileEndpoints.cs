using Events.Application.Access;
using Events.Application.Contracts;
using Events.Application.Recordings;
using Events.Application.Snapshots;
using Events.Domain.Kernel;
using Events.Domain.Recordings;
using Events.Host.Recordings;
using Events.Host.Security;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace Events.Host.Files;

/// <summary>
/// Downloads, <c>GET /files/recordings/{name}</c> and <c>/files/snapshots/{name}</c>, with ranges (RFC 9110, section 14), by
/// bearer token, key or signed link. 400 for a bad name, 401 and 403 without the right, 404 when it is not there, 410 when the
/// key that would open it is gone. Cut off when what it was asked for with ends.
/// </summary>
internal sealed class FileEndpoints(
    HttpCallers callers,
    SignedLinks links,
    LegacyRecordings recordings,
    IReadModels views,
    IFootage footage,
    IFootageKeys keys,
    AccessLedger ledger,
    TimeProvider time,
    ILogger<FileEndpoints> logger)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/files/recordings/{**name}", ["GET", "HEAD"], RecordingAsync);
        routes.MapMethods("/files/snapshots/{**name}", ["GET", "HEAD"], SnapshotAsync);
    }

    /// <summary>
    /// Answers 400 to a path with "..", which the server would take out of it before anything else sees the path. What is behind
    /// it then is no file, or another address.
    /// </summary>
    public static Task RefuseClimbingAsync(HttpContext context, RequestDelegate next)
    {
        string target = context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? string.Empty;
        return target.StartsWith("/files/", StringComparison.Ordinal)
            && target.Split('?')[0].Replace("%2e", ".", StringComparison.OrdinalIgnoreCase).Split('/').Contains("..")
                ? BadName().ExecuteAsync(context)
                : next(context);
    }

    private async Task<IResult> RecordingAsync(HttpContext context, string name)
    {
        (FileRight? right, IResult? refusal) = await CheckAsync(context, name);
        if (right is null)
        {
            return refusal!;
        }

        if (await recordings.FindEverAsync(name, context.RequestAborted) is not { } recording
            || !MaySee(context, right, recording.CameraId))
        {
            return NotFound(name);
        }

        if (recording.ShreddedAt is not null)
        {
            return Shredded(name);
        }

        if (recording.Status is RecordingStatus.Deleted || recording.SegmentCount == 0)
        {
            return NotFound(name);
        }

        try
        {
            return await OpenAsync(context, right, name, recording);
        }
        catch (FootageUnreadableException unreadable)
        {
            return Unreadable(name, unreadable);
        }
    }

    private async Task<IResult> OpenAsync(HttpContext context, FileRight right, string name, RecordingView recording)
    {
        // Any recording can be had in any format: the name says which.
        RecordingFormat format = FileNames.FormatOf(Path.GetExtension(name).TrimStart('.').ToLowerInvariant())
            ?? RecordingFormat.Fmp4;
        List<SegmentSpan> segments = await SegmentsAsync(recording, context.RequestAborted);
        bool isEncrypted = segments.Any(segment => segment.IsEncrypted);
        FootageKey? key = isEncrypted ? await FindKeyAsync(context.RequestAborted) : null;
        if (isEncrypted && key is null)
        {
            return WithoutKey(name);
        }

        Container container = format is RecordingFormat.Mkv ? Container.Matroska : Container.Mp4;
        return footage.OpenRecording(recording.Name, segments, container, key) is { } stream
            ? Download(
                context,
                right,
                isEncrypted ? new KeyedStream(stream, FindKeyAsync, time) : stream,
                format is RecordingFormat.Mkv ? "video/x-matroska" : "video/mp4",
                recording.Name + FileNames.ExtensionOf(format),
                recording.EndedAt,
                $"{recording.Id}-{segments.Count}-{format}")
            : NotFound(name);

        Task<FootageKey?> FindKeyAsync(CancellationToken cancellationToken) => keys.FindAsync(recording.Id, cancellationToken);
    }

    private async Task<List<SegmentSpan>> SegmentsAsync(RecordingView recording, CancellationToken cancellationToken)
    {
        List<SegmentSpan> segments = [];
        while (true)
        {
            var page = await views.ListAsync(
                SegmentViewProjection.View, SegmentView.Of(recording.Id, segments.Count), cancellationToken);
            segments.AddRange(page.Rows.Select(row =>
                new SegmentSpan(row.Number, row.SizeBytes, row.HeaderBytes, row.IsEncrypted)));
            if (page.Rows.Count == 0 || segments.Count >= page.Total)
            {
                return segments;
            }
        }
    }

    private async Task<IResult> SnapshotAsync(HttpContext context, string name)
    {
        (FileRight? right, IResult? refusal) = await CheckAsync(context, name);
        if (right is null)
        {
            return refusal!;
        }

        var found = await views.ListAsync(SnapshotViewProjection.View, SnapshotView.Named(name), context.RequestAborted);
        if (found.Rows is not [{ } snapshot] || !MaySee(context, right, snapshot.CameraId))
        {
            return NotFound(name);
        }

        if (snapshot.ShreddedAt is not null)
        {
            return Shredded(name);
        }

        if (snapshot.Status is SnapshotStatus.Deleted)
        {
            return NotFound(name);
        }

        try
        {
            return await OpenAsync(context, right, snapshot);
        }
        catch (FootageUnreadableException unreadable)
        {
            return Unreadable(name, unreadable);
        }
    }

    private async Task<IResult> OpenAsync(HttpContext context, FileRight right, SnapshotView snapshot)
    {
        string name = snapshot.FileName;
        FootageKey? key = snapshot.IsEncrypted ? await FindKeyAsync(context.RequestAborted) : null;
        if (snapshot.IsEncrypted && key is null)
        {
            return WithoutKey(name);
        }

        return footage.OpenSnapshot(name, key) is { } stream
            ? Download(
                context,
                right,
                snapshot.IsEncrypted ? new KeyedStream(stream, FindKeyAsync, time) : stream,
                "image/jpeg",
                name,
                snapshot.At,
                snapshot.Id.ToString())
            : NotFound(name);

        Task<FootageKey?> FindKeyAsync(CancellationToken cancellationToken) => keys.FindAsync(snapshot.Id, cancellationToken);
    }

    private async Task<(FileRight? Right, IResult? Refusal)> CheckAsync(HttpContext context, string name)
    {
        if (!TakeSnapshotHandler.IsFileName(name))
        {
            return (null, BadName());
        }

        if (!context.Request.Headers.Range.ToString().StartsWith("bytes=", StringComparison.OrdinalIgnoreCase))
        {
            // A unit that is not known is passed over (RFC 9110, 14.2); the framework would take any for bytes.
            context.Request.Headers.Remove(HeaderNames.Range);
        }

        string path = context.Request.Path.Value ?? string.Empty;
        if (links.Check(path, SignedQuery.Of(context.Request.Query), context.Connection.RemoteIpAddress) is { } link)
        {
            callers.Count(link);
            // Begun within its time, it may go on: an hour is not enough for every film and line.
            return (new FileRight(link.Who, link.Cameras, DateTimeOffset.MaxValue, link.Ended), null);
        }

        AccessIdentity? identity = await callers.FindAsync(context.Request, "files");
        if (identity?.May(Right.SeePictures) == true)
        {
            // A session's tokens are of minutes; the session itself has its own end.
            DateTimeOffset until = identity.SessionId is null ? identity.ExpiresAt : DateTimeOffset.MaxValue;
            return (new FileRight(identity.UserId, identity.Cameras, until, identity.Ended), null);
        }

        if (identity is not null || context.Request.Query.ContainsKey("sig"))
        {
            ledger.Refused(
                identity?.UserId ?? string.Empty,
                "files",
                context.Connection.RemoteIpAddress,
                identity is null ? "bad_credentials" : nameof(Right.SeePictures));
        }

        context.Response.Headers.WWWAuthenticate = "Bearer";
        return (null, Results.Problem(
            "Send a token (Authorization: Bearer ...) or a key (X-API-Key), or use a download_url that has not expired.",
            statusCode: identity is null ? StatusCodes.Status401Unauthorized : StatusCodes.Status403Forbidden));
    }

    /// <param name="Cameras">Whose files may be fetched; null for all.</param>
    /// <param name="Until">When what was shown ends by itself.</param>
    /// <param name="Ended">Cancelled when it ends before that.</param>
    private sealed record FileRight(string Who, CameraList? Cameras, DateTimeOffset Until, CancellationToken Ended);

    private bool MaySee(HttpContext context, FileRight right, CameraId camera)
    {
        bool may = right.Cameras?.Contains(camera) != false;
        if (!may)
        {
            ledger.OtherCamera(right.Who, "files", context.Connection.RemoteIpAddress);
        }

        return may;
    }

    private IResult Download(
        HttpContext context, FileRight right, Stream stream, string type, string fileName, DateTimeOffset? modified, string tag)
    {
        ledger.Seen(right.Who, "files", context.Connection.RemoteIpAddress, fileName);
        AccessEnd.Watch(context, right.Until, time, logger, right.Ended);
        return Results.Stream(
            stream, type, fileName, modified, new EntityTagHeaderValue($"\"{tag}\""), enableRangeProcessing: true);
    }

    private static IResult Unreadable(string name, FootageUnreadableException why) =>
        Results.Problem($"{name} cannot be read: {why.Message} See: events audit verify --files", statusCode: 500);

    private static IResult Shredded(string name) =>
        Gone($"{name} was shredded: its key was destroyed, and nothing can read it again. Its facts are still there.");

    private static IResult WithoutKey(string name) =>
        Gone($"{name} is encrypted, and its key is not there any more. Nothing can read it.");

    private static IResult Gone(string why) => Results.Problem(why, statusCode: StatusCodes.Status410Gone);

    private static IResult BadName() =>
        Results.Problem("The name has folders, \"..\" or characters that no file of ours has.", statusCode: 400);

    private static IResult NotFound(string name) => Results.Problem($"There is no file {name}.", statusCode: 404);
}
