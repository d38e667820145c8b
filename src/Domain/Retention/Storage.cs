using Events.Domain.Kernel;

namespace Events.Domain.Retention;

/// <summary>How full the disk is.</summary>
// Zero is left out so that a forgotten value is never taken for a real one.
public enum StorageLevel
{
    Normal = 1,

    /// <summary>Answers carry a warning; an enabled policy deletes the oldest files.</summary>
    Low = 2,

    /// <summary>No recording is started.</summary>
    Critical = 3,
}

/// <summary>How full the disk may be, as a share of it in percent.</summary>
/// <param name="WarnPercent">At and above, the level is low.</param>
/// <param name="BlockPercent">At and above, it is critical. More than the warning.</param>
public sealed record StorageRule(double WarnPercent, double BlockPercent)
{
    /// <summary>
    /// How far the use must fall below a threshold before the level falls, so that a use that trembles about it makes one fact
    /// and not hundreds.
    /// </summary>
    public const double MarginPercent = 2;

    public StorageLevel LevelAfter(StorageLevel before, double usedPercent) =>
        usedPercent >= BlockPercent ? StorageLevel.Critical
        : before is StorageLevel.Critical && usedPercent >= Below(BlockPercent) ? StorageLevel.Critical
        : usedPercent >= WarnPercent ? StorageLevel.Low
        : before is not StorageLevel.Normal && usedPercent >= Below(WarnPercent) ? StorageLevel.Low
        : StorageLevel.Normal;

    /// <summary>
    /// What has to be deleted until the level is normal again; where that is out of reach, until it is no longer critical. Where
    /// even that is, it is something else that fills the disk: then footage is not sacrificed in vain.
    /// </summary>
    /// <param name="deletableBytes">Of all files that may be deleted.</param>
    /// <returns>0 for nothing; never more than <paramref name="deletableBytes"/>.</returns>
    public long MissingBytes(StorageLevel level, long totalBytes, long availableBytes, long deletableBytes)
    {
        long toNormal = BytesAbove(Below(WarnPercent), totalBytes, availableBytes);
        long toLow = BytesAbove(Below(BlockPercent), totalBytes, availableBytes);
        return level is StorageLevel.Normal ? 0
            : toNormal <= deletableBytes ? toNormal
            : level is StorageLevel.Critical && toLow <= deletableBytes ? toLow
            : 0;
    }

    private static long BytesAbove(double percent, long totalBytes, long availableBytes)
    {
        long usedMax = (long)Math.Ceiling(totalBytes * percent / 100) - 1;
        if (100.0 * usedMax / totalBytes >= percent)
        {
            usedMax--; // What was rounded up on the way.
        }

        return Math.Max(0, totalBytes - availableBytes - usedMax);
    }

    private static double Below(double percent) => percent - Math.Min(MarginPercent, percent / 2);
}

/// <summary>Tells how full the disk is now.</summary>
/// <param name="TotalBytes">Used and available together.</param>
public sealed record ReportStorageUse(StorageRule Rule, long TotalBytes, long AvailableBytes)
{
    public double UsedPercent => TotalBytes == 0 ? 100 : 100.0 * (TotalBytes - AvailableBytes) / TotalBytes;
}

/// <param name="TotalBytes">Of the disk, when the level changed.</param>
public sealed record StorageLevelChanged(StorageLevel Level, long TotalBytes, long AvailableBytes, DateTimeOffset At)
    : RetentionEvent(At);

/// <summary>The disk with the storage folder as the rules see it, in one stream for the whole installation.</summary>
public sealed record Storage(StorageLevel Level)
{
    /// <summary>The one stream's key.</summary>
    public const string Key = "all";

    public static readonly Decider<Storage, ReportStorageUse, StorageLevelChanged> Decider =
        new("storage", new Storage(StorageLevel.Normal), Decide, Evolve);

    public static Decision<StorageLevelChanged> Decide(Storage storage, ReportStorageUse command, DateTimeOffset now)
    {
        StorageLevel level = command.Rule.LevelAfter(storage.Level, command.UsedPercent);
        return level == storage.Level
            ? Decision<StorageLevelChanged>.Nothing
            : new StorageLevelChanged(level, command.TotalBytes, command.AvailableBytes, now);
    }

    public static Storage Evolve(Storage storage, StorageLevelChanged fact) => new(fact.Level);
}
