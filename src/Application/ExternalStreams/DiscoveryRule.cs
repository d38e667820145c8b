using Events.Application.Contracts;
using Events.Domain.Kernel;

namespace Events.Application.ExternalStreams;

/// <summary>What the configuration says of external streams.</summary>
/// <param name="IsEnabled">While false, nothing of this feature can be asked for.</param>
/// <param name="IntervalSeconds">Between two scans by themselves, until somebody sets another; 0 for scans on demand.</param>
/// <param name="Targets">At most one per kind; a kind without one is never looked for.</param>
public sealed record DiscoveryRule(
    bool IsEnabled,
    int IntervalSeconds,
    bool ScansAtStart,
    bool AsksOnvif,
    TimeSpan ScanTimeMax,
    int ConcurrencyMax,
    IReadOnlyList<ScanTarget> Targets)
{
    public static DiscoveryRule Off { get; } = new(false, 0, false, false, TimeSpan.FromSeconds(1), 1, []);

    public ScanTarget? TargetOf(ExternalStreamKind kind) => Targets.FirstOrDefault(target => target.Kind == kind);
}
