using System.Globalization;
using Events.EventStore.Seals.Tree;
using Npgsql;

namespace Events.EventStore.Seals.Sealing;

/// <summary>A fact that names a row which appeared below what was sealed, and says what it was when somebody looked.</summary>
/// <param name="By">Position of the fact.</param>
/// <param name="Position">Of the row.</param>
internal sealed record Adoption(long By, long Position, TreeHash Leaf, string Reason)
{
    public const string FactType = "fact_adopted";

    /// <returns>Null when it names no row and no hash: then it says nothing.</returns>
    public static Adoption? Of(long by, string? position, string? leaf, string? reason)
    {
        bool isRow = long.TryParse(position, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long row);
        byte[] hash = new byte[TreeHash.Length];
        bool isHash = leaf is { Length: 2 * TreeHash.Length }
            && Convert.FromHexString(leaf, hash, out _, out int length) == System.Buffers.OperationStatus.Done
            && length == hash.Length;
        return isRow && isHash ? new Adoption(by, row, new TreeHash(hash), reason ?? string.Empty) : null;
    }
}

/// <summary>
/// Rows that are in no tree, as facts say. The first fact about a row counts; one that is such a row itself says nothing, so that
/// every word rests on a fact that is in the tree.
/// </summary>
internal sealed class Adoptions
{
    /// <summary>Each is looked at by a person who says why.</summary>
    private const int CountMax = 10_000;

    /// <summary>By the stream, so that the log is not searched as a whole.</summary>
    private const string Select =
        $"""
        select seq_id, data->>'position', data->>'leaf', data->>'reason' from events.mt_events
        where stream_id = 'logbook-all' and type = '{Adoption.FactType}' order by seq_id limit $1
        """;

    private readonly Dictionary<long, Adoption> _byPosition;

    private Adoptions(IEnumerable<Adoption> all) => _byPosition = all.ToDictionary(one => one.Position);

    public int Count => _byPosition.Count;

    /// <summary>By the position of the row.</summary>
    public IEnumerable<Adoption> All => _byPosition.Values.OrderBy(one => one.Position);

    public long[] Positions => [.. _byPosition.Keys];

    /// <summary>All that the log has, those included that no head proves yet.</summary>
    public static async Task<Adoptions> ReadAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new(Select, connection)
        {
            Parameters = { new NpgsqlParameter<int> { TypedValue = CountMax } },
        };
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        List<Adoption> all = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            if (Adoption.Of(
                reader.GetInt64(0),
                await TextAsync(1, cancellationToken),
                await TextAsync(2, cancellationToken),
                await TextAsync(3, cancellationToken)) is { } one)
            {
                all.Add(one);
            }
        }

        HashSet<long> rows = [.. all.Select(one => one.Position)];
        return new Adoptions(all.Where(one => !rows.Contains(one.By)).DistinctBy(one => one.Position));

        async Task<string?> TextAsync(int column, CancellationToken token) =>
            await reader.IsDBNullAsync(column, token) ? null : reader.GetString(column);
    }

    /// <summary>Those that a head over facts up to this position proves.</summary>
    public Adoptions UpTo(long lastSeq) => new(_byPosition.Values.Where(one => one.By <= lastSeq));

    public bool Holds(long position) => _byPosition.ContainsKey(position);

    /// <returns>Null when nothing adopted that row.</returns>
    public Adoption? Of(long position) => _byPosition.GetValueOrDefault(position);
}
