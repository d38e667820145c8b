namespace Events.EventStore.Seals;

/// <summary>How far the log is proved, and whether it goes on.</summary>
public interface ISeals
{
    /// <summary>As of the last look, at most some seconds ago. Never fails.</summary>
    SealStatus Status { get; }

    /// <summary>
    /// In words, why no fact is taken: the log was set back. Null when facts are taken, or before the first look.
    /// </summary>
    string? AppendsRefused { get; }

    /// <summary>
    /// Ends a log that was set back and goes on with what is left, under a new name: nothing is ever signed twice under one. As
    /// long as <see cref="ForkTold"/> was not called after it, the same fork is the answer again.
    /// </summary>
    /// <exception cref="InvalidOperationException">There is nothing to fork, or the facts contradict their seals.</exception>
    Task<SealFork> ForkAsync(CancellationToken cancellationToken);

    /// <summary>A fact in the log tells of the last fork.</summary>
    void ForkTold();

    /// <summary>
    /// Has a sealer that refused look again at once, because a fact now explains what it found. On other hosts it does so by
    /// itself, some seconds later.
    /// </summary>
    void LookAgain();

    /// <summary>
    /// Makes the key that is to come after the present one, or tells the one that was made before. It signs nothing until a fact
    /// in the log announces it.
    /// </summary>
    /// <exception cref="InvalidOperationException">This host does not seal, or its seals are broken.</exception>
    SealKeys PrepareNextKey();
}

/// <summary>Public keys as vkeys.</summary>
/// <param name="Present">With which heads are signed.</param>
/// <param name="Next">With which they will be.</param>
/// <param name="Signature">Of the present key on both, base64: for the fact.</param>
public sealed record SealKeys(string Present, string Next, string Signature);

/// <summary>Where a log that was set back began anew.</summary>
/// <param name="LostSize">Facts that had been signed under the old name.</param>
/// <param name="LostRoot">Their root, base64; empty when only a witness knows of them, which tells no root.</param>
/// <param name="Size">Facts that are left.</param>
/// <param name="Root">Their root, base64.</param>
public sealed record SealFork(string OldOrigin, string NewOrigin, long LostSize, string LostRoot, long Size, string Root);

/// <summary>What is sealed.</summary>
/// <param name="Origin">The log's name in its tree heads; null before the first look at the key's folder.</param>
/// <param name="Size">Facts in the newest signed tree.</param>
/// <param name="Position">Of the last fact in it; what came after is not proved yet.</param>
/// <param name="SignedAt">UTC; null before the first head.</param>
/// <param name="Trouble">
/// In words, why no head is signed: for the time being, or until somebody has looked if <paramref name="IsRefused"/>. Null if all
/// is well.
/// </param>
/// <param name="IsRefused">
/// The database contradicts what was signed before. It stays so until a fork or an adoption, on whichever host, until key and
/// state are put right, or until another host seals.
/// </param>
public sealed record SealStatus(
    string? Origin, long Size, long Position, DateTimeOffset? SignedAt, string? Trouble, bool IsRefused);
