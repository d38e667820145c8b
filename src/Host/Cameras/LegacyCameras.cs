using System.Globalization;
using Events.Application.Access;
using Events.Application.Cameras;
using Events.Application.Contracts;
using Events.Domain.Kernel;
using Events.Host.Live;
using Events.Host.Security;

namespace Events.Host.Cameras;

internal sealed record LegacyCamera(
    string Device,
    string Status,
    string Name,
    string Resolution,
    int Fps,
    LegacyStreams Streams,
    LegacyCameraMetrics? Metrics = null,
    LegacyCapabilities? Capabilities = null);

internal sealed record LegacyStreams(string Rtsp, string Hls);

internal sealed record LegacyCameraMetrics(long BytesSent, int Readers, long Uptime);

internal sealed record LegacyCapabilities(IReadOnlyList<string> Formats, IReadOnlyList<string> Resolutions);

internal sealed record LegacyCameraList(IReadOnlyList<LegacyCamera> Cameras, int Total, int Connected);

/// <summary>Cameras as the legacy contract shows them, and found by their wire name.</summary>
internal sealed class LegacyCameras(
    IReadModels views, LiveLinks links, LiveViewers viewers, AccessLedger ledger, TimeProvider time)
{
    public const string DeviceHint = "A camera's name as get_camera_list gives it: camera0, camera1, ...";

    /// <returns>Null when there is no such camera, or it was retired.</returns>
    public async Task<CameraView?> FindAsync(CameraNumber number, CancellationToken cancellationToken)
    {
        var found = await views.ListAsync(
            CameraViewProjection.View, ViewQuery.Where("number", (long)number.Value), cancellationToken);
        return found.Rows.FirstOrDefault(camera => camera.Status is not CameraStatus.Retired);
    }

    /// <summary>For what is there: that somebody named a camera of others is told to the audit, and to nobody else.</summary>
    public bool MaySee(AccessIdentity identity, CameraId camera)
    {
        bool may = identity.MaySee(camera);
        if (!may)
        {
            ledger.OtherCamera(identity.UserId, "json-rpc", identity.Address);
        }

        return may;
    }

    /// <param name="among">Only these; null for all.</param>
    public async Task<IReadOnlyList<CameraView>> ListAsync(CameraList? among, CancellationToken cancellationToken)
    {
        List<CameraView> cameras = [];
        while (true)
        {
            var page = await views.ListAsync(
                CameraViewProjection.View, CameraView.Present with { Offset = cameras.Count }, cancellationToken);
            cameras.AddRange(page.Rows);
            if (page.Rows.Count == 0 || cameras.Count >= page.Total)
            {
                return among is null ? cameras : [.. cameras.Where(camera => among.Contains(camera.Id))];
            }
        }
    }

    /// <returns>What each is called on the wire; its id where the views have none of it.</returns>
    public async Task<Dictionary<Guid, string>> NamesOfAsync(
        IEnumerable<CameraId> ids, CancellationToken cancellationToken)
    {
        Dictionary<Guid, string> names = [];
        foreach (CameraId id in ids.Distinct())
        {
            CameraView? camera = await views.FindAsync(CameraViewProjection.View, id.ToString(), cancellationToken);
            names[id.Value] = camera?.Number.ToString() ?? id.ToString();
        }

        return names;
    }

    public LegacyCamera Show(CameraView camera, LinkOwner owner)
    {
        return new LegacyCamera(
            camera.Number.ToString(),
            StatusOf(camera),
            camera.Name,
            ResolutionOf(camera),
            FpsOf(camera),
            new LegacyStreams(links.RtspOf(camera.Number, owner), links.HlsOf(camera.Number, owner)));
    }

    /// <summary>The same with what is measured of its stream and known of its source.</summary>
    public LegacyCamera ShowWhole(CameraView camera, LinkOwner owner)
    {
        LegacyCamera shown = Show(camera, owner);
        bool isConnected = camera.Status is CameraStatus.Connected;
        long uptime = isConnected && camera.ConnectedAt is { } since
            ? Math.Max(0, (long)(time.GetUtcNow() - since).TotalSeconds)
            : 0;
        return shown with
        {
            Metrics = new LegacyCameraMetrics(viewers.BytesSentTo(camera.Number), viewers.CountOf(camera.Number), uptime),
            Capabilities = camera.Codec is null && camera.Modes is null
                ? null
                : new LegacyCapabilities(FormatsOf(camera), ResolutionsOf(camera)),
        };
    }

    public static string StatusOf(CameraView camera) =>
        camera.Status is CameraStatus.Connected ? "CONNECTED" : "DISCONNECTED";

    /// <summary>Before the first picture, <c>0x0</c>: the contract knows no nothing.</summary>
    public static string ResolutionOf(CameraView camera) => SizeText(camera.Width ?? 0, camera.Height ?? 0);

    /// <summary>The contract's rates are whole.</summary>
    public static int FpsOf(CameraView camera) => (int)Math.Round(camera.FramesPerSecond ?? 0);

    /// <summary>What it could send by its driver, and what it sends; each once.</summary>
    public static IReadOnlyList<string> FormatsOf(CameraView camera) =>
    [
        .. (camera.Modes?.All.Select(mode => mode.Format) ?? [])
            .Concat(camera.Codec is { } codec ? [codec.ToUpperInvariant()] : [])
            .Distinct(StringComparer.Ordinal),
    ];

    public static IReadOnlyList<string> ResolutionsOf(CameraView camera) =>
    [
        .. (camera.Modes?.All.Select(mode => SizeText(mode.Width, mode.Height)) ?? [])
            .Concat(camera is { Width: { } width, Height: { } height } ? [SizeText(width, height)] : [])
            .Distinct(StringComparer.Ordinal),
    ];

    /// <summary>Pictures per second, highest first.</summary>
    public static IReadOnlyList<double> RatesOf(CameraView camera) =>
    [
        .. (camera.Modes?.All.SelectMany(mode => mode.Rates) ?? [])
            .Concat(camera.FramesPerSecond is > 0 and { } rate ? [rate] : [])
            .Distinct()
            .OrderDescending(),
    ];

    private static string SizeText(int width, int height) =>
        string.Create(CultureInfo.InvariantCulture, $"{width}x{height}");
}
