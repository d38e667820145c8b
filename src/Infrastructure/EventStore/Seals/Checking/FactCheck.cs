using System.Globalization;
using Events.EventStore.Seals.Canonical;
using Events.EventStore.Seals.Sealing;
using Events.EventStore.Seals.Tree;
using Npgsql;

namespace Events.EventStore.Seals.Checking;

/// <summary>Level events: the facts as they are stored now against the hashes that were sealed.</summary>
internal sealed class FactCheck(NpgsqlConnection connection, Findings findings)
{
    /// <summary>In facts. Exchanged ones are looked for among so few only: each is tried with each other's position.</summary>
    private const int ExchangedMax = 16;

    private readonly StoredRows _rows = new();
    private readonly LeafForm _form = new();

    public long Count { get; private set; }

    /// <summary>Leaf hashes of the facts behind one position up to another.</summary>
    public async Task<IReadOnlyList<(long Seq, TreeHash Leaf)>> ReadAsync(
        long after, long upTo, int countMax, CancellationToken cancellationToken)
    {
        List<(long Seq, TreeHash Leaf)> facts = [];
        await _rows.ReadAsync(
            connection, after, upTo, countMax, (in LeafRow row) => facts.Add((row.SeqId, HashOf(row))), cancellationToken);
        Count += facts.Count;
        return facts;
    }

    /// <param name="index">In the tree, of the first expected hash.</param>
    public async Task CompareAsync(
        long index,
        IReadOnlyList<TreeHash> expected,
        IReadOnlyList<(long Seq, TreeHash Leaf)> facts,
        CancellationToken cancellationToken)
    {
        TreeHash[] actual = [.. facts.Select(fact => fact.Leaf)];
        HashDifference[] all = [.. HashDifferences.Between(expected, actual).Take(Findings.CountMax)];
        HashSet<int> exchanged = await ExchangedAsync(all, expected, facts, cancellationToken);
        foreach (HashDifference one in all)
        {
            long place = index + one.Expected;
            StoredHead? nearest = findings.GoodHead is { } good
                ? await new SealTables(connection).HeadUpToAsync(Math.Min(place, good.Size), cancellationToken)
                : null;
            if (one.Kind == DifferenceKind.Missing)
            {
                string from = one.Actual > 0 ? Text(facts[one.Actual - 1].Seq) : "the beginning";
                string to = one.Actual < facts.Count ? Text(facts[one.Actual].Seq) : "the end";
                string message = $"The fact at index {place} is missing, somewhere between position {from} and {to}.";
                string gone = expected[one.Expected].ToString();
                findings.Add(
                    new AuditFinding(AuditLevels.Events, "missing", place, null, null, null, gone, null, message), nearest);
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
                        if (other != one && HashOf(moved) == expected[other.Expected])
                        {
                            exchanged.Add(one.Actual);
                        }
                    }
                },
                cancellationToken);
        }

        return exchanged;
    }

    private TreeHash HashOf(in LeafRow row)
    {
        try
        {
            return _form.HashOf(row);
        }
        catch (RefusedJsonException)
        {
            // No fact that was sealed is like that, so this differs from every hash there is.
            return default;
        }
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
