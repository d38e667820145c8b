using Events.Application.Contracts;
using Events.Application.Recordings;
using Events.Application.Snapshots;
using Events.Host.Recordings;
using Events.Host.Security;
using Microsoft.Net.Http.Headers;

namespace Events.Host.Files;

/// <summary>
/// Downloads, <c>GET /files/recordings/{name}</c> and <c>/files/snapshots/{name}</c>, with ranges (RFC 9110, section 14), by
/// bearer token or signed link. 400 for a bad name, 401 and 403 without the right, 404 when it is not there.
/// </summary>
internal sealed class FileEndpoints(
    HttpCallers callers, SignedLinks links, LegacyRecordings recordings, IReadModels views, IFootage footage)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/files/recordings/{**name}", ["GET", "HEAD"], RecordingAsync);
        routes.MapMethods("/files/snapshots/{**name}", ["GET", "HEAD"], SnapshotAsync);
    }

    private async Task<IResult> RecordingAsync(HttpContext context, string name)
    {
        if (await RefusalAsync(context, name) is { } refusal)
        {
            return refusal;
        }

        if (await recordings.FindAsync(name, context.RequestAborted) is not { SegmentCount: > 0 } recording)
        {
            return NotFound(name);
        }

        List<SegmentSpan> segments = [];
        while (true)
        {
            var page = await views.ListAsync(
                SegmentViewProjection.View, SegmentView.Of(recording.Id, segments.Count), context.RequestAborted);
            segments.AddRange(page.Rows.Select(row => new SegmentSpan(row.Number, row.SizeBytes, row.HeaderBytes)));
            if (page.Rows.Count == 0 || segments.Count >= page.Total)
            {
                break;
            }
        }

        string extension = name.EndsWith(".mp4", StringComparison.OrdinalIgnoreCase) ? ".mp4" : ".fmp4";
        return footage.OpenRecording(recording.Name, segments) is { } stream
            ? Download(stream, "video/mp4", $"{recording.Name}{extension}", recording.EndedAt, $"{recording.Id}-{segments.Count}")
            : NotFound(name);
    }

    private async Task<IResult> SnapshotAsync(HttpContext context, string name)
    {
        if (await RefusalAsync(context, name) is { } refusal)
        {
            return refusal;
        }

        var found = await views.ListAsync(
            SnapshotViewProjection.View,
            new ViewQuery(
                [
                    new ViewFilter("file_name", ViewOperator.Equal, name),
                    new ViewFilter("status", ViewOperator.Equal, nameof(SnapshotStatus.Taken)),
                ],
                Limit: 1),
            context.RequestAborted);
        return found.Rows is [{ } snapshot] && footage.OpenSnapshot(snapshot.FileName) is { } stream
            ? Download(stream, "image/jpeg", snapshot.FileName, snapshot.At, snapshot.Id.ToString())
            : NotFound(name);
    }

    private async Task<IResult?> RefusalAsync(HttpContext context, string name)
    {
        if (!TakeSnapshotHandler.IsFileName(name))
        {
            return Results.Problem("The name has folders, \"..\" or characters that no file of ours has.", statusCode: 400);
        }

        if (!context.Request.Headers.Range.ToString().StartsWith("bytes=", StringComparison.OrdinalIgnoreCase))
        {
            // A unit that is not known is passed over (RFC 9110, 14.2); the framework would take any for bytes.
            context.Request.Headers.Remove(HeaderNames.Range);
        }

        if (links.IsGood(context.Request.Path.Value ?? string.Empty, context.Request.Query["exp"], context.Request.Query["sig"]))
        {
            return null;
        }

        int status = await callers.StatusForAsync(context.Request, Role.Viewer);
        if (status == StatusCodes.Status200OK)
        {
            return null;
        }

        context.Response.Headers.WWWAuthenticate = "Bearer";
        return Results.Problem(
            "Send a token (Authorization: Bearer ...), or use a download_url that has not expired.", statusCode: status);
    }

    private static IResult Download(Stream stream, string type, string fileName, DateTimeOffset? modified, string tag) =>
        Results.Stream(
            stream, type, fileName, modified, new EntityTagHeaderValue($"\"{tag}\""), enableRangeProcessing: true);

    private static IResult NotFound(string name) => Results.Problem($"There is no file {name}.", statusCode: 404);
}
