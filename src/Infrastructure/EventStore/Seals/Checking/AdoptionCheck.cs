using Events.EventStore.Seals.Canonical;
using Events.EventStore.Seals.Sealing;
using Events.EventStore.Seals.Tree;
using Npgsql;

namespace Events.EventStore.Seals.Checking;

/// <summary>
/// Level events, for rows that are in no tree: what is stored of them now against the hash in the fact that adopted them, which
/// is in the tree.
/// </summary>
internal sealed class AdoptionCheck(
    NpgsqlConnection connection, AuditQuestion question, Findings findings, AuditNotes notes)
{
    /// <summary>More are counted.</summary>
    private const int NamedMax = 20;

    private readonly StoredRows _rows = new();
    private readonly LeafForm _form = new();

    public async Task RunAsync(Adoptions all, StoredHead newest, CancellationToken cancellationToken)
    {
        List<string> good = [];
        bool areHeld = true;
        foreach (Adoption one in all.All.Where(one => one.Position >= question.From && one.Position <= question.To))
        {
            if (one.By > newest.LastSeq)
            {
                notes.Notices.Add(
                    $"The fact at position {one.By} adopts the row at position {one.Position} and is not sealed yet. Until it "
                    + "is, the row counts as inserted.");
                continue;
            }

            areHeld &= one.By >= question.From && one.By <= question.To;
            bool isInTree = findings.All.Any(found => found.What == "forged" && found.Position == one.Position);
            if (!isInTree && await CheckAsync(one, newest, cancellationToken))
            {
                good.Add($"at position {one.Position}, by the fact at position {one.By} ({one.Reason})");
            }
        }

        if (!areHeld)
        {
            notes.NotChecked.Add("the facts that adopt rows: not all of them were held against their seals");
        }

        Say(good);
    }

    private void Say(List<string> good)
    {
        if (good.Count == 0)
        {
            return;
        }

        string more = good.Count > NamedMax ? $"; and {good.Count - NamedMax} more" : string.Empty;
        string rows = good.Count == 1 ? "1 row" : $"{good.Count} rows";
        notes.Notices.Add(
            $"{rows} adopted later, in no tree and unchanged since: {string.Join("; ", good.Take(NamedMax))}{more}.");
    }

    /// <returns>Whether the row is what was adopted.</returns>
    private async Task<bool> CheckAsync(Adoption one, StoredHead newest, CancellationToken cancellationToken)
    {
        if (one.Position > newest.LastSeq)
        {
            Add("forged", one, null, $"adopts position {one.Position}, which is not below what is sealed.");
            return false;
        }

        TreeHash? found = null;
        await _rows.ReadAsync(
            connection,
            one.Position - 1,
            one.Position,
            1,
            (in LeafRow row) => found = FactLane.HashOf(_form, row),
            cancellationToken);
        if (found is not { } leaf)
        {
            Add("missing", one, null, $"adopted the row at position {one.Position}, and that row is gone.");
            return false;
        }

        if (leaf != one.Leaf)
        {
            Add(
                "changed",
                one,
                leaf.ToString(),
                $"adopted the row at position {one.Position} as {one.Leaf}; found there is {leaf}.");
            return false;
        }

        return true;
    }

    private void Add(string what, Adoption one, string? found, string told) =>
        findings.Add(
            new AuditFinding(
                AuditLevels.Events,
                what,
                null,
                one.Position,
                null,
                null,
                one.Leaf.ToString(),
                found,
                $"The fact at position {one.By} {told}"),
            findings.GoodHead);
}
