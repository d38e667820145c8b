namespace Events.EventStore.Seals;

/// <summary>How far the log is proved, and whether it goes on.</summary>
public interface ISeals
{
    /// <summary>As of the last look, at most some seconds ago. Never fails.</summary>
    SealStatus Status { get; }
}

/// <summary>What is sealed.</summary>
/// <param name="Origin">The log's name in its tree heads; null before the first look at the key's folder.</param>
/// <param name="Size">Facts in the newest signed tree.</param>
/// <param name="Position">Of the last fact in it; what came after is not proved yet.</param>
/// <param name="SignedAt">UTC; null before the first head.</param>
/// <param name="Trouble">
/// In words, why no head is signed: for the time being, or until somebody has looked if <paramref name="IsRefused"/>. Null if all
/// is well.
/// </param>
/// <param name="IsRefused">The database contradicts what was signed before. It stays so until the host is started again.</param>
public sealed record SealStatus(
    string? Origin, long Size, long Position, DateTimeOffset? SignedAt, string? Trouble, bool IsRefused);
