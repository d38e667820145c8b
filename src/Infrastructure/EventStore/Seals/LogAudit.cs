using Events.EventStore.Seals.Checking;
using Events.EventStore.Seals.Notes;
using Events.EventStore.Seals.Sealing;
using Npgsql;

namespace Events.EventStore.Seals;

/// <summary>Checks a log against its seals, from any machine that reaches its database. Changes nothing.</summary>
public static class LogAudit
{
    /// <param name="connectionString">For Npgsql; a role that may read is enough.</param>
    /// <param name="progress">Called now and then, on the audit's own thread.</param>
    /// <returns>What was found. An audit that could not be carried out says so in <see cref="AuditReport.Undecided"/>.</returns>
    public static async Task<AuditReport> RunAsync(
        string connectionString, AuditQuestion question, Action<AuditProgress> progress, CancellationToken cancellationToken)
    {
        Audit? audit = null;
        try
        {
            await using NpgsqlConnection connection = new(connectionString);
            await connection.OpenAsync(cancellationToken);
            audit = new Audit(connectionString, connection, question, progress);
            return await audit.RunAsync(cancellationToken);
        }
        catch (Exception failed) when (failed is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // Whoever owns the database may have made something of it that no program expects. What was found before counts.
            string why = failed is NpgsqlException or NoteRefusedException or SealRefusedException or IOException
                ? failed.Message
                : $"What the database has is not in a form that can be read ({failed.GetType().Name}): {failed.Message}";
            return audit?.Broken(why)
                ?? new AuditReport(
                    null, 0, 0, 0, 0, 0, 0, [], ["anything: the audit was not carried out to its end"], [], why)
                {
                    IsUnreached = true,
                };
        }
    }

    /// <summary>What the database says of its seals, unchecked.</summary>
    /// <exception cref="NpgsqlException">It does not answer.</exception>
    public static async Task<AuditStatus> StatusAsync(string connectionString, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = new(connectionString);
        await connection.OpenAsync(cancellationToken);
        SealTables tables = new(connection);
        StoredHead? head = await tables.NewestHeadAsync(cancellationToken);
        await using NpgsqlCommand count = new(
            "select coalesce(max(seq_id), 0), count(*) filter (where seq_id > $1) from events.mt_events where seq_id > $1 - 1",
            connection)
        {
            Parameters = { new NpgsqlParameter<long> { TypedValue = head?.LastSeq ?? 0 } },
        };
        long newest;
        long since;
        await using (NpgsqlDataReader reader = await count.ExecuteReaderAsync(cancellationToken))
        {
            await reader.ReadAsync(cancellationToken);
            (newest, since) = (reader.GetInt64(0), reader.GetInt64(1));
        }

        return new AuditStatus(
            head?.Note.Split('\n', 2)[0],
            head is null ? null : new AuditHead(head.Size, head.LastSeq, head.SignedAt),
            newest,
            since,
            await tables.KeysAsync(cancellationToken),
            await AnchorsAsync(connection, cancellationToken));
    }

    internal static async Task<IReadOnlyList<AnchorStatus>> AnchorsAsync(
        NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        // Of times that no calendar here has, which only somebody's own hand can have put there, nothing is told.
        await using NpgsqlCommand command = new(
            """
            select sink, coalesce(max(size) filter (where state = 'done'), 0),
                   max(sent_at) filter (where state = 'done' and sent_at >= timestamptz '0001-01-02 00:00:00+00'
                     and sent_at < timestamptz '9999-12-31 00:00:00+00'),
                   (array_agg(state order by size desc))[1]
            from events_own.audit_anchor group by sink order by sink
            """,
            connection);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        List<AnchorStatus> anchors = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            anchors.Add(new AnchorStatus(
                reader.GetString(0),
                reader.GetInt64(1),
                reader.GetString(3),
                await reader.IsDBNullAsync(2, cancellationToken) ? null : reader.GetFieldValue<DateTimeOffset>(2)));
        }

        return anchors;
    }
}
