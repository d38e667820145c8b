using Events.Application.Contracts;
using Events.Application.Retention;
using Events.Domain.Retention;

namespace Events.Host.Retention;

/// <summary>In bytes. Total and available are the disk's, the others of the files that the log knows.</summary>
internal sealed record StorageSizes(
    long TotalBytes, long AvailableBytes, double UsedPercent, StorageLevel Level, long RecordingsBytes, long SnapshotsBytes,
    long HeldBytes);

/// <summary>How full the disk is and what footage takes of it, for every way in.</summary>
internal sealed class StorageReport(StorageWatch watch, IReadModels views)
{
    /// <exception cref="DependencyUnavailableException">The storage folder or PostgreSQL is away.</exception>
    public async Task<StorageSizes> ReadAsync(CancellationToken cancellationToken)
    {
        (StorageUsage usage, StorageLevel level) = watch.Look();
        return new StorageSizes(
            usage.TotalBytes,
            usage.AvailableBytes,
            usage.UsedPercent,
            level,
            await SumAsync("kind", nameof(FootageKind.Recording), cancellationToken),
            await SumAsync("kind", nameof(FootageKind.Snapshot), cancellationToken),
            await SumAsync("is_held", true, cancellationToken));
    }

    private Task<long> SumAsync(string column, object value, CancellationToken cancellationToken) =>
        views.SumAsync(
            FootageViewProjection.View, "bytes", [new ViewFilter(column, ViewOperator.Equal, value)], cancellationToken);
}
