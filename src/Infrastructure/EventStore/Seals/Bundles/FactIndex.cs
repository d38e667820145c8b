using Events.EventStore.Seals.Sealing;
using Npgsql;

namespace Events.EventStore.Seals.Bundles;

/// <summary>Which place in the tree a fact has: its rank among the positions. In rising order, a tile is read once.</summary>
/// <param name="adopted">Rows that are in no tree, and so have no place in it.</param>
internal sealed class FactIndex(NpgsqlConnection connection, Adoptions adopted)
{
    private const string Tile =
        """
        select n, first_seq, last_seq from events_own.audit_tile where level = 0 and last_seq >= $1 order by n limit 1
        """;

    private const string Behind =
        "select coalesce(max(n) + 1, 0), coalesce(max(last_seq), 0) from events_own.audit_tile where level = 0";

    private long _first;
    private long _last = -1;
    private long _from;
    private List<long> _positions = [];

    /// <param name="position">Of a fact that is there, under the newest head.</param>
    /// <exception cref="SealRefusedException">It has no place in the tree.</exception>
    public async Task<long> OfAsync(long position, CancellationToken cancellationToken)
    {
        if (position < _from || position > _last)
        {
            await LoadAsync(position, cancellationToken);
        }

        int at = _positions.BinarySearch(position);
        return at >= 0
            ? _first + at
            : throw new SealRefusedException(
                $"The fact at position {position} has no place in the tree: more facts are there than were sealed. events audit "
                + "verify says which were put between.");
    }

    private async Task LoadAsync(long position, CancellationToken cancellationToken)
    {
        (long number, _from, _last) = await TileAsync(Tile, position, cancellationToken)
            ?? await BehindAsync(cancellationToken);
        _first = number * Tree.Tiles.Width;
        await using NpgsqlCommand command = new(
            """
            select seq_id from events.mt_events where seq_id >= $1 and seq_id <= $2 and seq_id <> all($4)
            order by seq_id limit $3
            """,
            connection)
        {
            Parameters =
            {
                new NpgsqlParameter<long> { TypedValue = _from },
                new NpgsqlParameter<long> { TypedValue = _last },
                new NpgsqlParameter<int> { TypedValue = Tree.Tiles.Width },
                new NpgsqlParameter<long[]> { TypedValue = adopted.Positions },
            },
        };
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        _positions = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            _positions.Add(reader.GetInt64(0));
        }
    }

    private async Task<(long Number, long From, long To)?> TileAsync(
        string sql, long position, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new(sql, connection)
        {
            Parameters = { new NpgsqlParameter<long> { TypedValue = position } },
        };
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? (reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2)) : null;
    }

    /// <summary>The facts behind the last whole tile.</summary>
    private async Task<(long Number, long From, long To)> BehindAsync(CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new(Behind, connection);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return (reader.GetInt64(0), reader.GetInt64(1) + 1, long.MaxValue);
    }
}
