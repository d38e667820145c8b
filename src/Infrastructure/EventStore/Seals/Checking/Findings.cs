using System.Globalization;
using Events.EventStore.Seals.Sealing;

namespace Events.EventStore.Seals.Checking;

/// <summary>What an audit has found so far.</summary>
internal sealed class Findings
{
    /// <summary>A log that was replaced as a whole has as many as it has facts; nobody reads more than these.</summary>
    public const int CountMax = 100;

    private readonly List<AuditFinding> _all = [];

    public IReadOnlyList<AuditFinding> All => _all;

    public bool AreFull => _all.Count >= CountMax;

    /// <summary>The newest head that held, for messages; null before the first.</summary>
    public StoredHead? GoodHead { get; set; }

    /// <param name="nearest">The newest good head before it; null if there is none.</param>
    public void Add(AuditFinding finding, StoredHead? nearest)
    {
        if (!AreFull)
        {
            _all.Add(finding with
            {
                Message = $"{finding.Message} {Nearest(nearest)}",
                Nearest = nearest is null ? null : new AuditHead(nearest.Size, nearest.LastSeq, nearest.SignedAt),
            });
        }
    }

    public void Add(
        AuditLevels level, string what, string message, long? index = null, string? expected = null, string? found = null) =>
        Add(new AuditFinding(level, what, index, null, null, null, expected, found, message), GoodHead);

    private static string Nearest(StoredHead? nearest) =>
        nearest is { } head
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"The newest good head before has {head.Size} facts, up to position {head.LastSeq}, signed {head.SignedAt:u}.")
            : "There is no good head before.";
}
