using System.Globalization;
using Events.EventStore.Appending;
using Npgsql;

namespace Events.EventStore.Seals.Sealing;

/// <summary>
/// Up to which position the log is final: no fact can still appear below it. Our own appenders hold one lock from taking a
/// number to their commit, so under that lock there is none in between. A foreign writer may still be about to commit a lower
/// number: its transaction has written to the log, or has taken a number for that and holds the sequence. Then only what is below
/// the first hole is taken. One that takes the number in a transaction of its own cannot be seen; what it adds is adopted.
/// </summary>
internal static class SealBound
{
    /// <summary>In facts. Holes are looked for within what one head can take.</summary>
    private const int LookMax = GrowingTree.LeavesPerHeadMax;

    private static readonly string Hold = string.Create(
        CultureInfo.InvariantCulture,
        $"select pg_advisory_xact_lock({GroupWriter.LockKey})");

    private const string Ask =
        """
        select coalesce((select max(seq_id) from events.mt_events), 0),
               exists (
                 select from pg_locks l
                 where l.locktype = 'relation' and l.granted
                   and l.relation in ('events.mt_events'::regclass, 'events.mt_events_sequence'::regclass)
                   and l.database = (select oid from pg_database where datname = current_database())
                   and l.mode in ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
                   and l.pid <> pg_backend_pid())
        """;

    private const string BelowHole =
        """
        select coalesce(max(seq_id), $1) from (
          select seq_id, row_number() over (order by seq_id) as n
          from (select seq_id from events.mt_events where seq_id > $1 order by seq_id limit $2) rows) numbered
        where seq_id = $1 + n
        """;

    /// <returns>The position, and whether a foreign writer holds it back.</returns>
    public static async Task<(long Position, bool IsHeldBack)> FindAsync(
        NpgsqlConnection connection, long after, CancellationToken cancellationToken)
    {
        (long newest, bool isForeign) = await AskAsync(connection, cancellationToken);
        if (!isForeign)
        {
            return (newest, false);
        }

        await using NpgsqlCommand below = new(BelowHole, connection)
        {
            Parameters =
            {
                new NpgsqlParameter<long> { TypedValue = after },
                new NpgsqlParameter<int> { TypedValue = LookMax },
            },
        };
        long final = Math.Min((long)(await below.ExecuteScalarAsync(cancellationToken))!, newest);
        return (final, final < newest);
    }

    /// <summary>
    /// Under the appenders' lock, and for as short as two statements take: both go in one round trip, and the lock ends with it.
    /// A host that stood still between two would hold up the appends of all others.
    /// </summary>
    private static async Task<(long Newest, bool IsForeign)> AskAsync(
        NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using NpgsqlBatch batch = new(connection) { BatchCommands = { new(Hold), new(Ask) } };
        await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return (reader.GetInt64(0), reader.GetBoolean(1));
    }
}
