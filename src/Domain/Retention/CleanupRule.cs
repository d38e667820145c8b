namespace Events.Domain.Retention;

/// <summary>Why a file goes; stored with its deletion, so these words never change.</summary>
public static class DeletionReason
{
    /// <summary>A person asked for it.</summary>
    public const string Requested = "requested";

    /// <summary>It was older than the policy's limit.</summary>
    public const string Age = "age";

    /// <summary>All together were larger than the policy's limit.</summary>
    public const string Size = "size";

    /// <summary>The disk was filling up.</summary>
    public const string FreeSpace = "free_space";
}

/// <summary>What a cleanup holds the files against.</summary>
/// <param name="MaxAgeDays">Null for no limit.</param>
/// <param name="MaxSizeBytes">Null for no limit.</param>
public sealed record CleanupLimits(int? MaxAgeDays, long? MaxSizeBytes);

/// <summary>
/// Which files go: asked of one file after the other, the oldest first, until one may stay. Every younger one then stays, too.
/// </summary>
/// <param name="FootageBytes">Of all files that are not under legal hold.</param>
/// <param name="MissingBytes">What the disk lacks, by <see cref="StorageRule.MissingBytes"/>; 0 for nothing.</param>
public sealed record CleanupRule(CleanupLimits Limits, long FootageBytes, long MissingBytes)
{
    /// <param name="endedAt">When the file's last picture was taken, UTC: no picture goes before its time.</param>
    /// <returns>One of <see cref="DeletionReason"/>; null when the file may stay.</returns>
    public string? ReasonFor(DateTimeOffset endedAt, DateTimeOffset now) =>
        Limits.MaxAgeDays is { } days && now - endedAt > TimeSpan.FromDays(days) ? DeletionReason.Age
        : Limits.MaxSizeBytes is { } bytes && FootageBytes > bytes ? DeletionReason.Size
        : MissingBytes > 0 ? DeletionReason.FreeSpace
        : null;

    /// <summary>The rule for the next file, when one of so many bytes has gone.</summary>
    public CleanupRule Without(long bytes) =>
        this with { FootageBytes = FootageBytes - bytes, MissingBytes = Math.Max(0, MissingBytes - bytes) };
}
