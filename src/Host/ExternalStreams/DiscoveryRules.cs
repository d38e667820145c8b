using Events.Application.Contracts;
using Events.Application.ExternalStreams;
using Events.Domain.Kernel;
using Events.Host.Settings;

namespace Events.Host.ExternalStreams;

/// <summary>What the settings say of discovery, in the application's words.</summary>
internal static class DiscoveryRules
{
    public static DiscoveryRule Of(DiscoverySettings settings) => new(
        settings.Enabled,
        settings.ScanIntervalS,
        settings.StartupScan,
        settings.Onvif,
        TimeSpan.FromSeconds(settings.ScanTimeoutS),
        settings.MaxConcurrentScans,
        [.. TargetsOf(settings)]);

    private static IEnumerable<ScanTarget> TargetsOf(DiscoverySettings settings)
    {
        SkydioSettings skydio = settings.Skydio;
        if (skydio is { Enabled: true, Ranges.Count: > 0 })
        {
            StreamPlace[] places =
                [new StreamPlace(skydio.EoPort, skydio.EoPath, "eo"), new StreamPlace(skydio.IrPort, skydio.IrPath, "ir")];
            yield return new ScanTarget(ExternalStreamKind.SkydioStanag4609, skydio.Ranges, places);
        }

        if (settings is { GenericEnabled: true, GenericRanges.Count: > 0 })
        {
            StreamPlace[] places =
            [
                .. settings.GenericPorts.SelectMany(port =>
                    settings.GenericPaths.Select(path => new StreamPlace(port, path, string.Empty))),
            ];
            yield return new ScanTarget(ExternalStreamKind.GenericRtsp, settings.GenericRanges, places);
        }
    }
}
