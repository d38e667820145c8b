using System.Runtime.InteropServices;
using Events.Application.Cameras;
using Events.Application.ExternalStreams;
using Events.Domain.Cameras;
using Events.Host.Health;
using Events.Host.JsonRpc;

namespace Events.Host.Status;

/// <param name="Uptime">In seconds, with milliseconds.</param>
internal sealed record LegacySystem(string Status, double Uptime, string Version, LegacyComponents Components);

internal sealed record LegacyComponents(string WebsocketServer, string CameraMonitor, string Mediamtx);

internal sealed record LegacyReadiness(
    string Status, string Message, IReadOnlyList<string> AvailableCameras, bool DiscoveryActive);

internal sealed record LegacyServer(
    string Name,
    string Version,
    string BuildDate,
    string GoVersion,
    string Architecture,
    IReadOnlyList<string> Capabilities,
    IReadOnlyList<string> SupportedFormats,
    int MaxCameras);

/// <summary>The host's state in the words of the legacy contract, for its methods and its notifications alike.</summary>
internal sealed class LegacyStatus(
    HealthChecks health, DiscoveryKeeper discovery, DiscoveryRule rule, IHostApplicationLifetime lifetime)
{
    private static readonly string _version = typeof(LegacyStatus).Assembly.GetName().Version!.ToString(3);

    /// <summary>The same for as long as the program runs.</summary>
    public static readonly LegacyServer Server = new(
        "Events",
        _version,
        LegacyText.Instant(File.GetLastWriteTimeUtc(typeof(LegacyStatus).Assembly.Location)),
        $"dotnet-{Environment.Version.ToString(2)}",
        RuntimeInformation.ProcessArchitecture switch
        {
            Architecture.X64 => "amd64",
            Architecture.Arm64 => "arm64",
            var other => other.ToString().ToLowerInvariant(),
        },
        ["snapshots", "recordings", "streaming", "events", "external_streams"],
        ["fmp4", "mp4", "mkv", "jpg"],
        CameraNumbers.CountMax);

    public LegacySystem System
    {
        get
        {
            var components = health.Latest;
            return new LegacySystem(
                components.Count == 0 ? "DEGRADED" : HealthChecks.Worst(components).ToString().ToUpperInvariant(),
                Math.Round(health.Uptime.TotalSeconds, 3),
                _version,
                new LegacyComponents(
                    lifetime.ApplicationStopping.IsCancellationRequested ? "STOPPING" : "RUNNING",
                    !health.AreCamerasReady ? "STARTING" : StateOf(components, "postgresql", "projections"),
                    !health.IsReady ? "STARTING" : StateOf(components, "media")));
        }
    }

    /// <summary>Answers at any time, also while nothing is ready yet.</summary>
    /// <param name="cameras">Those that are known now.</param>
    public LegacyReadiness ReadinessWith(IEnumerable<CameraView> cameras) => new(
        health.IsReady ? "ready" : health.AreCamerasReady ? "partial" : "starting",
        health.IsReady ? "Every request is served."
            : health.AreCamerasReady ? "Footage is being checked after the start; no recording begins before that."
            : "Cameras are being taken in after the start.",
        [.. cameras.Where(camera => camera.Status is CameraStatus.Connected).Select(camera => camera.Number.ToString())],
        rule.IsEnabled && discovery.IntervalSeconds > 0);

    private static string StateOf(IReadOnlyList<ComponentHealth> components, params string[] names) =>
        components.Any(component => names.Contains(component.Name) && component.Level is HealthLevel.Unhealthy)
            ? "ERROR"
            : "RUNNING";
}
