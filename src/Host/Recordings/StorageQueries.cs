using Events.Application.Retention;
using Events.GraphQL;
using Events.Host.Retention;
using Level = Events.Domain.Retention.StorageLevel;

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

/// <summary>What footage takes of the disk, as far as the log knows.</summary>
/// <param name="RecordingsBytes">Of all recordings.</param>
/// <param name="SnapshotsBytes">Of all snapshots.</param>
/// <param name="HeldBytes">Of recordings under legal hold, which are among the others.</param>
internal sealed record StorageUse(long RecordingsBytes, long SnapshotsBytes, long HeldBytes);

[QueryType]
[Authorize(Policy = nameof(Right.ReadCatalogue))]
internal static class StorageQueries
{
    /// <summary>How full the disk with the footage is.</summary>
    public static Storage GetStorage(StorageWatch watch)
    {
        StorageReading reading = watch.Look();
        return new Storage(
            reading.Usage.TotalBytes,
            reading.Usage.AvailableBytes,
            Math.Round(reading.Usage.UsedPercent, 2),
            watch.Rule.WarnPercent,
            watch.Rule.BlockPercent,
            reading.Level switch
            {
                Level.Critical => StorageLevel.Critical,
                Level.Low => StorageLevel.Low,
                _ => StorageLevel.Ok,
            });
    }
}

[ExtendObjectType<Storage>]
internal static class StorageFields
{
    /// <summary>What the footage of all cameras takes; null for who may not ask how the machine is.</summary>
    [Authorize(Policy = nameof(Right.ReadStatus))]
    public static async Task<StorageUse?> GetUseAsync(StorageReport report, CancellationToken cancellationToken)
    {
        StorageSizes sizes = await report.ReadAsync(cancellationToken);
        return new StorageUse(sizes.RecordingsBytes, sizes.SnapshotsBytes, sizes.HeldBytes);
    }
}
