using Events.Application.Contracts;
using Events.GraphQL;
using StorageRule = Events.Domain.Retention.StorageRule;

namespace Events.Host.Recordings;

/// <summary>Whether there is room for more footage.</summary>
internal enum StorageLevel
{
    Ok,

    /// <summary>Above the configured warning.</summary>
    Low,

    /// <summary>No new recording begins.</summary>
    Critical,
}

/// <summary>The disk that holds the footage.</summary>
/// <param name="TotalBytes">Used and available together.</param>
/// <param name="WarnPercent">From here on the level is LOW.</param>
/// <param name="BlockPercent">From here on no new recording begins.</param>
internal sealed record Storage(
    long TotalBytes, long AvailableBytes, double UsedPercent, double WarnPercent, double BlockPercent, StorageLevel Level);

[QueryType]
[Authorize(Policy = nameof(Right.ReadCatalogue))]
internal static class StorageQueries
{
    /// <summary>How full the disk with the footage is.</summary>
    public static Storage GetStorage(IFootage footage, StorageRule rule)
    {
        StorageUsage usage = footage.Usage();
        return new Storage(
            usage.TotalBytes,
            usage.AvailableBytes,
            Math.Round(usage.UsedPercent, 2),
            rule.WarnPercent,
            rule.BlockPercent,
            usage.UsedPercent >= rule.BlockPercent ? StorageLevel.Critical
                : usage.UsedPercent >= rule.WarnPercent ? StorageLevel.Low
                : StorageLevel.Ok);
    }
}
