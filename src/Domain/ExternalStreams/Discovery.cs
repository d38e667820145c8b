using Events.Domain.Kernel;

namespace Events.Domain.ExternalStreams;

/// <param name="Seconds">Between two scans by themselves; 0 to scan only when somebody asks.</param>
public sealed record SetDiscoveryInterval(int Seconds);

public sealed record DiscoveryIntervalSet(int Seconds, DateTimeOffset At);

/// <summary>How the installation looks for external streams, as far as it is not settled by its configuration.</summary>
/// <param name="IntervalSeconds">Null while nobody has set it: the configured one counts.</param>
public sealed record Discovery(int? IntervalSeconds)
{
    /// <summary>The one stream's key.</summary>
    public const string Key = "all";

    /// <summary>In seconds: 30 days. A longer pause is as good as none.</summary>
    public const int IntervalSecondsMax = 2_592_000;

    public static readonly Decider<Discovery, SetDiscoveryInterval, DiscoveryIntervalSet> Decider =
        new("discovery", new Discovery((int?)null), Decide, Evolve);

    public static readonly Refusal BadInterval =
        new("discovery.bad_interval", $"An interval is 0, for scans on demand, to {IntervalSecondsMax} seconds.");

    public static Decision<DiscoveryIntervalSet> Decide(Discovery discovery, SetDiscoveryInterval command, DateTimeOffset now) =>
        command.Seconds is < 0 or > IntervalSecondsMax ? BadInterval
        : command.Seconds == discovery.IntervalSeconds ? Decision<DiscoveryIntervalSet>.Nothing
        : new DiscoveryIntervalSet(command.Seconds, now);

    public static Discovery Evolve(Discovery discovery, DiscoveryIntervalSet fact) => new(fact.Seconds);
}

public static class ExternalStreamRefusals
{
    public static readonly Refusal NotFound = new("external_stream.not_found", "No external stream has this address.");

    public static readonly Refusal AlreadyAdded = new(
        "external_stream.already_added",
        "A stream with this address was added already, with another name or type. Remove it first.");

    public static readonly Refusal NotOnNetwork = new(
        "external_stream.not_on_network",
        "An external stream is an address like rtsp://host/path, rtsps://, http:// or https://.");

    public static readonly Refusal SwitchedOff =
        new("external_stream.switched_off", "External streams are switched off. Set Discovery.Enabled to true.");
}
