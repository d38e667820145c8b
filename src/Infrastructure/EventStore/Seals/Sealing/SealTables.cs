using Events.EventStore.Seals.Tree;
using Npgsql;
using NpgsqlTypes;

namespace Events.EventStore.Seals.Sealing;

/// <summary>A tile that has become full.</summary>
internal sealed record FullTile(int Level, long Number, byte[] Hashes, long FirstSeq, long LastSeq);

/// <summary>A row of <c>audit_head</c>.</summary>
/// <param name="Leaves">
/// Hashes since the head before that are in no whole tile; null in heads of programs that did not keep them.
/// </param>
internal sealed record StoredHead(
    long Size, TreeHash Root, long LastSeq, byte[] Frontier, DateTimeOffset SignedAt, string Note, byte[]? Leaves = null)
{
    /// <summary>False for a time at the ends of the calendar, or beyond them, which somebody gave the row by hand.</summary>
    public bool HasTime => SignedAt.Year is > 1 and < 9_999;
}

/// <summary>The seals' tables, read and written on one connection.</summary>
internal sealed class SealTables(NpgsqlConnection connection)
{
    /// <summary>
    /// PostgreSQL has times that no calendar here has. Such a one is read as the end next to it: it must not keep the rest of
    /// the row, or of the log, from being looked at.
    /// </summary>
    private const string HeadColumns =
        "size, root, last_seq, frontier, least(greatest(signed_at, timestamptz '0001-01-01 00:00:00+00'), "
        + "timestamptz '9999-12-31 23:59:59.999999+00') as signed_at, note, leaves";

    /// <summary>Cluster and database: a copy of the files keeps the first, a restored dump neither.</summary>
    public async Task<string> SystemAsync(CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new(
            """
            select format('%s/%s', (select system_identifier from pg_control_system()), oid)
            from pg_database where datname = current_database()
            """,
            connection);
        return (string)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    public async Task<string> EncodingAsync(CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new("select current_setting('server_encoding')", connection);
        return (string)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <returns>The newest head; null before the first.</returns>
    public Task<StoredHead?> NewestHeadAsync(CancellationToken cancellationToken) =>
        HeadUpToAsync(long.MaxValue, cancellationToken);

    /// <returns>The newest head of at most so many facts; null if there is none.</returns>
    public async Task<StoredHead?> HeadUpToAsync(long size, CancellationToken cancellationToken)
    {
        IReadOnlyList<StoredHead> heads = await HeadsAsync(
            $"select {HeadColumns} from events_own.audit_head where size <= {size} order by size desc limit $1",
            1,
            cancellationToken);
        return heads.Count == 0 ? null : heads[0];
    }

    /// <returns>The first head that has a position below it; null if there is none.</returns>
    public async Task<StoredHead?> HeadBehindAsync(long position, CancellationToken cancellationToken)
    {
        IReadOnlyList<StoredHead> heads = await HeadsAsync(
            $"select {HeadColumns} from events_own.audit_head where last_seq >= {position} order by size limit $1",
            1,
            cancellationToken);
        return heads.Count == 0 ? null : heads[0];
    }

    /// <returns>Heads above a size, in order, at most so many.</returns>
    public Task<IReadOnlyList<StoredHead>> HeadsAsync(long after, int countMax, CancellationToken cancellationToken) =>
        HeadsAsync(
            $"select {HeadColumns} from events_own.audit_head where size > {after} order by size limit $1",
            countMax,
            cancellationToken);

    /// <returns>Tiles of a level, in order, at most so many; holes are left out.</returns>
    public async Task<IReadOnlyList<FullTile>> TilesAsync(
        int level, long from, int countMax, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new(
            """
            select n, hashes, first_seq, last_seq from events_own.audit_tile
            where level = $1 and n >= $2 order by n limit $3
            """,
            connection)
        {
            Parameters =
            {
                new NpgsqlParameter<int> { TypedValue = level },
                new NpgsqlParameter<long> { TypedValue = from },
                new NpgsqlParameter<int> { TypedValue = countMax },
            },
        };
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        List<FullTile> tiles = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            tiles.Add(new FullTile(
                level, reader.GetInt64(0), reader.GetFieldValue<byte[]>(1), reader.GetInt64(2), reader.GetInt64(3)));
        }

        return tiles;
    }

    /// <param name="first">Size of the tree's whole tiles.</param>
    /// <param name="count">How many lie behind them, under the head that is asked for.</param>
    /// <returns>
    /// The hashes that heads keep of facts in no whole tile; null when not every head kept them.
    /// </returns>
    public async Task<IReadOnlyList<TreeHash>?> EdgeLeavesAsync(long first, int count, CancellationToken cancellationToken)
    {
        List<TreeHash> kept = [];
        foreach (StoredHead head in await HeadsAsync(first, Tiles.Width, cancellationToken))
        {
            if (head.Size > first + count)
            {
                // Signed since the asker began.
                break;
            }

            if (head.Leaves is not { } leaves || leaves.Length % TreeHash.Length != 0)
            {
                return null;
            }

            kept.AddRange(Tiles.HashesIn(leaves));
        }

        return kept.Count == count ? kept : null;
    }

    public async Task<IReadOnlyList<string>> KeysAsync(CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new("select distinct vkey from events_own.audit_key order by vkey", connection);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        List<string> keys = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            keys.Add(reader.GetString(0));
        }

        return keys;
    }

    /// <returns>Position of the fact that announces one key after another; null when there is none.</returns>
    public async Task<long?> AnnouncedAsync(string old, string vkey, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new(
            KeyRotation.Select("and data->>'oldKey' = $1 and data->>'newKey' = $2 order by seq_id limit 1"), connection)
        {
            Parameters = { new NpgsqlParameter<string> { TypedValue = old }, new NpgsqlParameter<string> { TypedValue = vkey } },
        };
        return await command.ExecuteScalarAsync(cancellationToken) as long?;
    }

    /// <returns>How one key came after another, in the order of the log.</returns>
    public async Task<IReadOnlyList<KeyRotation>> RotationsAsync(CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new(KeyRotation.Select("order by seq_id limit $1"), connection)
        {
            Parameters = { new NpgsqlParameter<int> { TypedValue = KeyRotation.CountMax } },
        };
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        List<KeyRotation> rotations = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            if (KeyRotation.Of(
                reader.GetInt64(0),
                await TextAsync(1, cancellationToken),
                await TextAsync(2, cancellationToken),
                await TextAsync(3, cancellationToken),
                await TextAsync(4, cancellationToken)) is { } rotation)
            {
                rotations.Add(rotation);
            }
        }

        return rotations;

        async Task<string?> TextAsync(int column, CancellationToken token) =>
            await reader.IsDBNullAsync(column, token) ? null : reader.GetString(column);
    }

    /// <summary>Adds a head with its new tiles, and its keys if they are not known yet, all or nothing.</summary>
    /// <param name="vkey">Of the key that goes on.</param>
    /// <param name="retired">Of the key that signed for the last time; null when none did.</param>
    /// <exception cref="SealRefusedException">One of them is there already.</exception>
    public async Task AddAsync(
        StoredHead head, IReadOnlyList<FullTile> tiles, string vkey, string? retired, CancellationToken cancellationToken)
    {
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using NpgsqlBatch batch = new(connection, transaction)
        {
            BatchCommands = { TilesCommand(tiles), HeadCommand(head), KeyCommand(vkey, head.Size) },
        };
        if (retired is not null)
        {
            batch.BatchCommands.Add(RetiredCommand(retired, head.Size));
        }

        try
        {
            await batch.ExecuteNonQueryAsync(cancellationToken);
        }
        catch (PostgresException taken) when (taken.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            throw new SealRefusedException(
                $"There are tiles or a tree head already where those of {head.Size} facts belong. Heads were removed, or "
                + "somebody else seals this log.");
        }

        // From here on the head is known outside or not; a caller that gives up now could not tell.
        await transaction.CommitAsync(CancellationToken.None);
    }

    private static NpgsqlBatchCommand TilesCommand(IReadOnlyList<FullTile> tiles) =>
        new(
            """
            insert into events_own.audit_tile (level, n, hashes, first_seq, last_seq)
            select * from unnest($1::int[], $2::bigint[], $3::bytea[], $4::bigint[], $5::bigint[])
            """)
        {
            Parameters =
            {
                new NpgsqlParameter<int[]> { TypedValue = [.. tiles.Select(tile => tile.Level)] },
                new NpgsqlParameter<long[]> { TypedValue = [.. tiles.Select(tile => tile.Number)] },
                new NpgsqlParameter<byte[][]> { TypedValue = [.. tiles.Select(tile => tile.Hashes)] },
                new NpgsqlParameter<long[]> { TypedValue = [.. tiles.Select(tile => tile.FirstSeq)] },
                new NpgsqlParameter<long[]> { TypedValue = [.. tiles.Select(tile => tile.LastSeq)] },
            },
        };

    private static NpgsqlBatchCommand HeadCommand(StoredHead head) =>
        new(
            """
            insert into events_own.audit_head (size, root, last_seq, frontier, leaf_version, signed_at, note, leaves)
            values ($1, $2, $3, $4, $5, $6, $7, $8)
            """)
        {
            Parameters =
            {
                new NpgsqlParameter<long> { TypedValue = head.Size },
                new NpgsqlParameter<byte[]> { TypedValue = head.Root.ToBytes() },
                new NpgsqlParameter<long> { TypedValue = head.LastSeq },
                new NpgsqlParameter<byte[]> { TypedValue = head.Frontier },
                new NpgsqlParameter<int> { TypedValue = Canonical.LeafForm.Version },
                new NpgsqlParameter<DateTimeOffset> { TypedValue = head.SignedAt, NpgsqlDbType = NpgsqlDbType.TimestampTz },
                new NpgsqlParameter<string> { TypedValue = head.Note },
                new NpgsqlParameter { Value = (object?)head.Leaves ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bytea },
            },
        };

    private static NpgsqlBatchCommand KeyCommand(string vkey, long size) =>
        new(
            """
            insert into events_own.audit_key (vkey, from_size, state)
            values ($1, coalesce((select max(size) from events_own.audit_head where size < $2), 0), 'active')
            on conflict do nothing
            """)
        {
            Parameters = { new NpgsqlParameter<string> { TypedValue = vkey }, new NpgsqlParameter<long> { TypedValue = size } },
        };

    private static NpgsqlBatchCommand RetiredCommand(string vkey, long size) =>
        new(
            """
            insert into events_own.audit_key (vkey, from_size, to_size, state)
            values (
              $1, coalesce((select from_size from events_own.audit_key where vkey = $1 and state = 'active'), 0), $2, 'retired')
            on conflict do nothing
            """)
        {
            Parameters = { new NpgsqlParameter<string> { TypedValue = vkey }, new NpgsqlParameter<long> { TypedValue = size } },
        };

    private async Task<IReadOnlyList<StoredHead>> HeadsAsync(string sql, int countMax, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new(sql, connection)
        {
            Parameters = { new NpgsqlParameter<int> { TypedValue = countMax } },
        };
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        List<StoredHead> heads = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            byte[] root = reader.GetFieldValue<byte[]>(1);
            heads.Add(new StoredHead(
                reader.GetInt64(0),
                root.Length == TreeHash.Length ? new TreeHash(root) : default,
                reader.GetInt64(2),
                reader.GetFieldValue<byte[]>(3),
                reader.GetFieldValue<DateTimeOffset>(4),
                reader.GetString(5),
                await reader.IsDBNullAsync(6, cancellationToken) ? null : reader.GetFieldValue<byte[]>(6)));
        }

        return heads;
    }
}
