using Events.Domain.Kernel;

namespace Events.Domain.Retention;

/// <summary>By what files are deleted.</summary>
// Zero is left out so that a forgotten value is never taken for a real one.
public enum RetentionType
{
    /// <summary>What is older than its limit goes.</summary>
    Age = 1,

    /// <summary>The oldest go while all together are larger than the limit.</summary>
    Size = 2,

    /// <summary>Nothing goes by itself; a cleanup by hand uses whichever limits are given.</summary>
    Manual = 3,
}

/// <param name="MaxAgeDays">Of a file since its last picture. Null for no limit.</param>
/// <param name="MaxSizeBytes">Of all files that are not under legal hold. Null for no limit.</param>
public sealed record SetRetentionPolicy(RetentionType Type, bool IsEnabled, int? MaxAgeDays, long? MaxSizeBytes);

/// <summary>What can happen to the footage as a whole. These shapes are stored for ever.</summary>
public abstract record RetentionEvent(DateTimeOffset At);

/// <param name="MaxAgeDays">Null for no limit.</param>
/// <param name="MaxSizeBytes">Null for no limit.</param>
public sealed record RetentionPolicySet(
    RetentionType Type, bool IsEnabled, int? MaxAgeDays, long? MaxSizeBytes, DateTimeOffset At)
    : RetentionEvent(At);

/// <summary>How long footage is kept, in one stream for the whole installation. Until it is set, everything is kept.</summary>
public abstract record RetentionPolicy
{
    /// <summary>The one stream's key.</summary>
    public const string Key = "all";

    /// <summary>A hundred years. More is a slip of the keyboard, and dates must not run out of their range.</summary>
    public const int MaxAgeDaysMax = 36_500;

    /// <summary>A pebibyte. More is a slip of the keyboard.</summary>
    public const long MaxSizeBytesMax = 1L << 50;

    public static readonly Decider<RetentionPolicy, SetRetentionPolicy, RetentionPolicySet> Decider =
        new("retention_policy", new Unset(), Decide, Evolve);

    private RetentionPolicy()
    {
    }

    /// <summary>What a cleanup has to hold the files against; null when it must leave them all alone.</summary>
    /// <param name="isByHand">Whether a person asked for it. A manual policy does nothing otherwise.</param>
    public CleanupLimits? LimitsFor(bool isByHand) =>
        this switch
        {
            Given { IsEnabled: true, Type: RetentionType.Age } g => new CleanupLimits(g.MaxAgeDays, null),
            Given { IsEnabled: true, Type: RetentionType.Size } g => new CleanupLimits(null, g.MaxSizeBytes),
            Given { IsEnabled: true } g when isByHand => new CleanupLimits(g.MaxAgeDays, g.MaxSizeBytes),
            _ => null,
        };

    public static Decision<RetentionPolicySet> Decide(RetentionPolicy policy, SetRetentionPolicy command, DateTimeOffset now) =>
        (policy, command) switch
        {
            (_, { MaxAgeDays: < 1 or > MaxAgeDaysMax }) => RetentionRefusals.BadMaxAge,
            (_, { MaxSizeBytes: < 1 or > MaxSizeBytesMax }) => RetentionRefusals.BadMaxSize,
            (_, { IsEnabled: true, Type: RetentionType.Age, MaxAgeDays: null }) => RetentionRefusals.NoMaxAge,
            (_, { IsEnabled: true, Type: RetentionType.Size, MaxSizeBytes: null }) => RetentionRefusals.NoMaxSize,
            (_, var c) when policy == From(c) => Decision<RetentionPolicySet>.Nothing,
            (_, var c) => new RetentionPolicySet(c.Type, c.IsEnabled, c.MaxAgeDays, c.MaxSizeBytes, now),
        };

    public static RetentionPolicy Evolve(RetentionPolicy policy, RetentionPolicySet fact) =>
        new Given(fact.Type, fact.IsEnabled, fact.MaxAgeDays, fact.MaxSizeBytes);

    private static Given From(SetRetentionPolicy command) =>
        new(command.Type, command.IsEnabled, command.MaxAgeDays, command.MaxSizeBytes);

    public sealed record Unset : RetentionPolicy;

    public sealed record Given(RetentionType Type, bool IsEnabled, int? MaxAgeDays, long? MaxSizeBytes) : RetentionPolicy;
}

public static class RetentionRefusals
{
    public static readonly Refusal BadMaxAge = new(
        "retention.bad_max_age", $"A greatest age is a whole number of days from 1 to {RetentionPolicy.MaxAgeDaysMax}.");

    public static readonly Refusal BadMaxSize = new(
        "retention.bad_max_size", "A greatest size is more than nothing and at most 1,048,576 GB.");

    public static readonly Refusal NoMaxAge =
        new("retention.no_max_age", "A policy by age needs the greatest age, in days.");

    public static readonly Refusal NoMaxSize =
        new("retention.no_max_size", "A policy by size needs the greatest size, in GB.");
}
