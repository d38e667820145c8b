using Events.Application.Contracts;
using Events.Application.Retention;
using Events.GraphQL;
using Events.Host.GraphQL;
using Events.Host.Retention;
using Disk = Events.Domain.Retention.Storage;
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
    long TotalBytes, long AvailableBytes, double UsedPercent, double WarnPercent, double BlockPercent, StorageLevel Level)
{
    /// <summary>As of when the use is told; null for now.</summary>
    [GraphQLIgnore]
    public AsOf? AsOf { get; init; }
}

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
    /// <param name="asOf">
    /// Level and use as they were then. No fact holds the disk's bytes and percentages: those are of now all the same. Null
    /// for now.
    /// </param>
    public static async Task<Storage> GetStorageAsync(
        StorageWatch watch, IReadModels views, ViewLists lists, CancellationToken cancellationToken,
        AsOf? asOf = null)
    {
        StorageReading reading = watch.Look();
        Level level = asOf is null
            ? reading.Level
            : (await lists.FindAsync(
                StorageViewProjection.View, Disk.Decider.Category, StorageView.Key, asOf, views, cancellationToken)
                ?? StorageView.Initial).Level;
        return new Storage(
            reading.Usage.TotalBytes,
            reading.Usage.AvailableBytes,
            Math.Round(reading.Usage.UsedPercent, 2),
            watch.Rule.WarnPercent,
            watch.Rule.BlockPercent,
            level switch
            {
                Level.Critical => StorageLevel.Critical,
                Level.Low => StorageLevel.Low,
                _ => StorageLevel.Ok,
            })
        {
            AsOf = asOf,
        };
    }
}

[ExtendObjectType<Storage>]
internal static class StorageFields
{
    /// <summary>What the footage of all cameras takes; null for who may not ask how the machine is.</summary>
    [Authorize(Policy = nameof(Right.ReadStatus))]
    [Cost(20)]
    public static async Task<StorageUse?> GetUseAsync(
        [Parent] Storage storage, StorageReport report, ViewLists lists, CancellationToken cancellationToken)
    {
        if (storage.AsOf is not { } moment)
        {
            StorageSizes sizes = await report.ReadAsync(cancellationToken);
            return new StorageUse(sizes.RecordingsBytes, sizes.SnapshotsBytes, sizes.HeldBytes);
        }

        FootageView[] then =
            [.. (await lists.PastRowsAsync(FootageViewProjection.View, moment, cancellationToken)).Values];
        return new StorageUse(
            then.Where(row => row.Kind is FootageKind.Recording).Sum(row => row.Bytes),
            then.Where(row => row.Kind is FootageKind.Snapshot).Sum(row => row.Bytes),
            then.Where(row => row.IsHeld).Sum(row => row.Bytes));
    }
}
