namespace Events.EventStore.Seals;

/// <summary>What an audit looks at. Each level says something of its own, and none stands for another.</summary>
[Flags]
public enum AuditLevels
{
    /// <summary>Signatures and order of the tree heads.</summary>
    Heads = 1,

    /// <summary>Whether the stored hashes make the signed roots.</summary>
    Tiles = 2,

    /// <summary>Whether the facts make the stored hashes. Only this looks at the data.</summary>
    Events = 4,

    /// <summary>Whether the log goes on from the heads that were shown outside.</summary>
    Anchors = 8,

    /// <summary>
    /// Whether the files are those of the facts. The event store knows no file; whoever does adds what he found.
    /// </summary>
    Files = 16,

    /// <summary>Columns beside the leaf that something else accounts for: the mark of archived streams.</summary>
    Side = 32,
}

/// <summary>What is asked of an audit.</summary>
/// <param name="Keys">
/// Public keys as vkeys, from wherever the asker keeps them. Empty: those in the database, and that is said.
/// </param>
/// <param name="KeyFolder">Where the sealer's key and state are; null if the asker has no access to it.</param>
/// <param name="From">First position of the facts to look at.</param>
/// <param name="To">Last position of the facts to look at.</param>
public sealed record AuditQuestion(
    AuditLevels Levels, IReadOnlyList<string> Keys, string? KeyFolder, long From = 0, long To = long.MaxValue)
{
    /// <summary>Signed heads that somebody kept outside, each a whole note, in any order.</summary>
    public IReadOnlyList<string> Anchors { get; init; } = [];

    /// <summary>Time stamps that somebody kept outside.</summary>
    public IReadOnlyList<KeptStamp> Stamps { get; init; } = [];

    /// <summary>What the asker has from outside and cannot hand over, in words: it is said not to be checked.</summary>
    public IReadOnlyList<string> Unread { get; init; } = [];

    /// <summary>Certificates of time-stamp authorities that the asker trusts, as PEM; null to take any, and say so.</summary>
    public string? StampAuthorities { get; init; }

    /// <summary>
    /// Whether the log was set back on purpose, by a restore: the keys in the folder count, and its state file, which may know of
    /// more, does not.
    /// </summary>
    public bool IsRestored { get; init; }

    /// <summary>A key that others have had, too; null for none.</summary>
    public StolenKey? Stolen { get; init; }

    /// <summary>Public keys of witnesses that must have cosigned, as vkeys.</summary>
    public IReadOnlyList<string> WitnessKeys { get; init; } = [];
}

/// <param name="Key">A vkey.</param>
/// <param name="Above">
/// In facts. A head of more that this key signed proves only what heads that were kept outside hold, too: the thief can sign, and
/// cannot change what somebody else has.
/// </param>
public sealed record StolenKey(string Key, long Above);

/// <param name="Note">The signed head that was stamped, byte for byte.</param>
/// <param name="Token">The stamp's DER, without a status around it.</param>
public sealed record KeptStamp(string Note, byte[] Token);

/// <summary>A signed head.</summary>
/// <param name="Size">In facts.</param>
/// <param name="Position">Of the last fact in it.</param>
/// <param name="SignedAt">UTC.</param>
public sealed record AuditHead(long Size, long Position, DateTimeOffset SignedAt);

/// <summary>Something that contradicts the seals.</summary>
/// <param name="What">One word: changed, missing, inserted, reordered, truncated, forged, forked.</param>
/// <param name="Index">Place in the tree, from 0; null if it is not about one fact.</param>
/// <param name="Position">Of the fact; null if it is not known or not about one.</param>
/// <param name="Expected">The hash that was sealed; null if there is none.</param>
/// <param name="Found">The hash of what is stored now; null if nothing is.</param>
/// <param name="Message">All of it in a sentence, with the newest good head before.</param>
public sealed record AuditFinding(
    AuditLevels Level,
    string What,
    long? Index,
    long? Position,
    string? Stream,
    long? Version,
    string? Expected,
    string? Found,
    string Message)
{
    /// <summary>The newest good head before it; null if there is none.</summary>
    public AuditHead? Nearest { get; init; }
}

/// <summary>What an audit found, and what it did not look at.</summary>
/// <param name="Origin">The log's name in its heads; null without a head.</param>
/// <param name="ProvedPosition">Of the last fact under the newest head.</param>
/// <param name="FactsSince">Younger facts, which nothing proves yet.</param>
/// <param name="Anchors">Heads kept outside that the log goes on from.</param>
/// <param name="NotChecked">In words. Never empty: no audit looks at everything.</param>
/// <param name="Notices">In words: what contradicts nothing and should be known.</param>
/// <param name="Undecided">Why there is no verdict; null if there is one.</param>
public sealed record AuditReport(
    string? Origin,
    long Heads,
    long Tiles,
    long Facts,
    long ProvedPosition,
    long FactsSince,
    long Anchors,
    IReadOnlyList<AuditFinding> Findings,
    IReadOnlyList<string> NotChecked,
    IReadOnlyList<string> Notices,
    string? Undecided)
{
    /// <summary>Whether there was no connection to the database: then nobody else can read anything there either.</summary>
    public bool IsUnreached { get; init; }
}

/// <summary>How far an audit is.</summary>
/// <param name="Done">In facts of the tree.</param>
public sealed record AuditProgress(long Done, long All);
