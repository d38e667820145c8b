using Events.Application.Cameras;
using Events.GraphQL;
using Events.Host.GraphQL;

namespace Events.Host.Cameras;

/// <summary>A source of pictures that was registered. It keeps its id and number across renames and new sources.</summary>
/// <param name="Id">Of the camera in the whole schema.</param>
/// <param name="Number">Given once, never reused. With camera in front it is the name in files and in JSON-RPC: camera0.</param>
/// <param name="Name">What people call it.</param>
/// <param name="Source">Where its pictures come from, without credentials.</param>
/// <param name="Status">Whether pictures come.</param>
/// <param name="Codec">Null before the first picture, as are width, height and rate.</param>
/// <param name="Width">In pixels.</param>
/// <param name="Height">In pixels.</param>
/// <param name="FramesPerSecond">0 when unknown.</param>
/// <param name="ConnectedAt">When pictures last began to come; null before the first time.</param>
/// <param name="DisconnectedAt">When they last stopped; null while they never did.</param>
/// <param name="Disconnection">Why they stopped; null while they come.</param>
/// <param name="Version">Facts of this camera so far. Commands take it as expectedVersion.</param>
/// <param name="Stream">The name of its stream in the log.</param>
[GraphQLName("Camera")]
internal sealed record CameraNode(
    [property: ID] Guid Id,
    int Number,
    string Name,
    string Source,
    CameraStatus Status,
    string? Codec,
    int? Width,
    int? Height,
    double? FramesPerSecond,
    DateTimeOffset RegisteredAt,
    DateTimeOffset? ConnectedAt,
    DateTimeOffset? DisconnectedAt,
    string? Disconnection,
    long Version,
    string Stream)
{
    public static Lookup<CameraNode> ById(Guid id) => Lookups.Of(CameraViewProjection.View, id, Of);

    public static CameraNode Of(CameraView view) =>
        new(
            view.Id.Value,
            view.Number.Value,
            view.Name,
            view.Source.ToString(),
            view.Status,
            view.Codec,
            view.Width,
            view.Height,
            view.FramesPerSecond,
            view.RegisteredAt,
            view.ConnectedAt,
            view.DisconnectedAt,
            view.Disconnection,
            view.Version,
            $"camera-{view.Id}");
}

/// <summary>What cameras can be filtered and sorted by.</summary>
[GraphQLName("Camera")]
internal sealed record CameraColumns(int Number, string Name, CameraStatus Status, DateTimeOffset RegisteredAt);

/// <summary>Addresses of live pictures. Each carries the right to look, for a day.</summary>
/// <param name="Rtsp">RTSP 1.0 (RFC 2326), over TCP or UDP.</param>
/// <param name="Hls">HTTP Live Streaming (RFC 8216).</param>
/// <param name="Jpeg">The newest key frame.</param>
/// <param name="Page">A page that plays them in a browser.</param>
/// <param name="IsReady">Whether there are pictures now.</param>
/// <param name="Viewers">Who fetched pictures over HLS in the last seconds.</param>
internal sealed record LiveStreams(string Rtsp, string Hls, string Jpeg, string Page, bool IsReady, int Viewers);
