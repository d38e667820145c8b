using System.Globalization;
using Events.EventStore.Seals.Canonical;
using Events.EventStore.Seals.Sealing;
using Events.EventStore.Seals.Tree;
using Npgsql;

namespace Events.EventStore.Seals.Checking;

/// <summary>Level events: the facts as they are stored now against the hashes that were sealed.</summary>
internal sealed class FactCheck(NpgsqlConnection connection, Findings findings, Adoptions adopted)
{
    /// <summary>In facts. Exchanged ones are looked for among so few only: each is tried with each other's position.</summary>
    private const int ExchangedMax = 16;

    /// <summary>In facts. What parts in more places than a page has was replaced as a whole.</summary>
    private const int DifferencesMax = 10_000;

    private readonly StoredRows _rows = new();
    private readonly LeafForm _form = new();

    public long Count { get; private set; }

    /// <param name="index">In the tree, of the first expected hash.</param>
    public async Task CompareAsync(
        long index,
        IReadOnlyList<TreeHash> expected,
        IReadOnlyList<(long Seq, TreeHash Leaf)> facts,
        CancellationToken cancellationToken)
    {
        facts = await WithoutAdoptedAsync(expected, facts, cancellationToken);
        Count += facts.Count;
        TreeHash[] actual = [.. facts.Select(fact => fact.Leaf)];
        if (expected.SequenceEqual(actual))
        {
            return;
        }

        HashDifference[] all = [.. HashDifferences.Between(expected, actual).Take(DifferencesMax)];
        HashSet<int> exchanged = await ExchangedAsync(all, expected, facts, cancellationToken);
        for (int i = 0; i < all.Length && !findings.AreFull; i++)
        {
            HashDifference one = all[i];
            long place = index + one.Expected;
            StoredHead? nearest = findings.GoodHead is { } good
                ? await new SealTables(connection).HeadUpToAsync(Math.Min(place, good.Size), cancellationToken)
                : null;
            if (one.Kind == DifferenceKind.Missing)
            {
                int run = RunOf(all, i);
                i += run - 1;
                findings.Add(Missing(place, run, one, expected, facts), nearest);
                continue;
            }

            (long seq, TreeHash leaf) = facts[one.Actual];
            (string? stream, long? version) = await StreamAsync(seq, cancellationToken);
            string what = one.Kind == DifferenceKind.Inserted ? "inserted"
                : exchanged.Contains(one.Actual) ? "reordered" : "changed";
            string? sealedHash = one.Kind == DifferenceKind.Inserted ? null : expected[one.Expected].ToString();
            string told =
                $"The fact at position {seq} (index {place}, stream {stream ?? "none"}, version {version}) was {what}: sealed "
                + $"was {sealedHash ?? "nothing there"}, found is {leaf}.";
            findings.Add(
                new AuditFinding(AuditLevels.Events, what, place, seq, stream, version, sealedHash, leaf.ToString(), told),
                nearest);
        }
    }

    /// <summary>
    /// Rows that were adopted are in no tree, and looked at by themselves. One that is in it was adopted falsely, and stays.
    /// </summary>
    private async Task<IReadOnlyList<(long Seq, TreeHash Leaf)>> WithoutAdoptedAsync(
        IReadOnlyList<TreeHash> expected, IReadOnlyList<(long Seq, TreeHash Leaf)> facts, CancellationToken cancellationToken)
    {
        if (adopted.Count == 0 || !facts.Any(fact => adopted.Holds(fact.Seq)))
        {
            return facts;
        }

        HashSet<TreeHash> inTree = [.. expected];
        foreach ((long seq, TreeHash leaf) in facts.Where(fact => adopted.Holds(fact.Seq) && inTree.Contains(fact.Leaf)))
        {
            (string? stream, long? version) = await StreamAsync(seq, cancellationToken);
            string told =
                $"The fact at position {adopted.Of(seq)!.By} says that the one at position {seq} appeared later and was "
                + "adopted. That one was sealed at its place.";
            string hash = leaf.ToString();
            findings.Add(
                new AuditFinding(AuditLevels.Events, "forged", null, seq, stream, version, hash, hash, told), findings.GoodHead);
        }

        return [.. facts.Where(fact => !adopted.Holds(fact.Seq) || inTree.Contains(fact.Leaf))];
    }

    /// <summary>How many neighbours are missing together, from one on.</summary>
    private static int RunOf(HashDifference[] all, int from)
    {
        int run = 1;
        while (from + run < all.Length
            && all[from + run] is { Kind: DifferenceKind.Missing } next
            && next.Actual == all[from].Actual
            && next.Expected == all[from].Expected + run)
        {
            run++;
        }

        return run;
    }

    private static AuditFinding Missing(
        long place,
        int run,
        HashDifference first,
        IReadOnlyList<TreeHash> expected,
        IReadOnlyList<(long Seq, TreeHash Leaf)> facts)
    {
        string from = first.Actual > 0 ? $"position {Text(facts[first.Actual - 1].Seq)}" : "where this look began";
        string to = first.Actual < facts.Count ? $"position {Text(facts[first.Actual].Seq)}" : "where it ended";
        string message = run == 1
            ? $"The fact at index {place} is missing, somewhere between {from} and {to}."
            : $"The {run} facts at index {place} to {place + run - 1} are missing, somewhere between {from} and {to}.";
        string gone = expected[first.Expected].ToString();
        return new AuditFinding(AuditLevels.Events, "missing", place, null, null, null, gone, null, message);
    }

    /// <summary>Changed facts that are right at another's position: they were exchanged.</summary>
    private async Task<HashSet<int>> ExchangedAsync(
        HashDifference[] all,
        IReadOnlyList<TreeHash> expected,
        IReadOnlyList<(long Seq, TreeHash Leaf)> facts,
        CancellationToken cancellationToken)
    {
        HashSet<int> exchanged = [];
        HashDifference[] changed = [.. all.Where(one => one.Kind == DifferenceKind.Changed)];
        if (changed.Length is < 2 or > ExchangedMax)
        {
            return exchanged;
        }

        foreach (HashDifference one in changed)
        {
            long seq = facts[one.Actual].Seq;
            await _rows.ReadAsync(
                connection,
                seq - 1,
                seq,
                1,
                (in LeafRow row) =>
                {
                    LeafRow moved = row;
                    foreach (HashDifference other in changed)
                    {
                        moved.SeqId = facts[other.Actual].Seq;
                        if (other != one && FactLane.HashOf(_form, moved) == expected[other.Expected])
                        {
                            exchanged.Add(one.Actual);
                        }
                    }
                },
                cancellationToken);
        }

        return exchanged;
    }

    private async Task<(string? Stream, long? Version)> StreamAsync(long seq, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new("select stream_id, version from events.mt_events where seq_id = $1", connection)
        {
            Parameters = { new NpgsqlParameter<long> { TypedValue = seq } },
        };
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            ? (await reader.IsDBNullAsync(0, cancellationToken) ? null : reader.GetString(0), reader.GetInt64(1))
            : (null, null);
    }

    private static string Text(long position) => position.ToString(CultureInfo.InvariantCulture);
}
