using Npgsql;

namespace Events.EventStore.Seals.Checking;

/// <summary>What an audit says beside its findings: what it left out, and what is worth knowing.</summary>
internal sealed class AuditNotes(NpgsqlConnection connection, AuditQuestion question)
{
    private const string ForeignColumns =
        """
        select attname::text from pg_attribute
        where attrelid = 'events.mt_events'::regclass and attnum > 0 and not attisdropped
          and attname <> all (array['seq_id', 'id', 'stream_id', 'version', 'data', 'bdata', 'type', 'timestamp', 'tenant_id',
            'mt_dotnet_type', 'correlation_id', 'causation_id', 'headers', 'user_name', 'is_archived'])
        order by attnum
        """;

    private const string UnusedNumbers =
        """
        select (case when is_called then last_value else 0 end) - coalesce((select max(seq_id) from events.mt_events), 0)
        from events.mt_events_sequence
        """;

    public List<string> NotChecked { get; } = [.. question.Unread];

    public List<string> Notices { get; } = [];

    /// <summary>Whether there was a head from outside to hold the log against.</summary>
    public bool AreAnchorsThere { get; set; }

    public async Task SayWhatIsLeftAsync(CancellationToken cancellationToken)
    {
        if (!Asks(AuditLevels.Events))
        {
            NotChecked.Add("the facts themselves: hashes were compared with heads only");
        }
        else if (question.From > 0 || question.To < long.MaxValue)
        {
            NotChecked.Add($"facts before position {question.From} or behind position {question.To}, some neighbours excepted");
        }

        if (!Asks(AuditLevels.Tiles | AuditLevels.Events | AuditLevels.Anchors))
        {
            NotChecked.Add("whether the stored hashes make the signed roots");
        }

        if (!AreAnchorsThere)
        {
            NotChecked.Add("anchors outside this installation: no head was given that somebody kept elsewhere");
        }

        if (!Asks(AuditLevels.Files))
        {
            NotChecked.Add("files of recordings and snapshots");
        }

        if (!Asks(AuditLevels.Side))
        {
            NotChecked.Add("the column is_archived, which no leaf holds, and the table of streams");
        }

        NotChecked.Add("when heads were signed: their times are under no signature (time stamps and witnesses vouch for them)");
        NotChecked.Add("views, which are made of the facts (projections verify)");

        await SayColumnsAsync(cancellationToken);
        await SayNumbersAsync(cancellationToken);
    }

    private bool Asks(AuditLevels levels) => (question.Levels & levels) != 0;

    private async Task SayColumnsAsync(CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new(ForeignColumns, connection);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            NotChecked.Add($"the column {reader.GetString(0)}, which somebody added to the log");
        }
    }

    /// <summary>Numbers behind the newest fact are what failed appends used up, or all that is left of a tail.</summary>
    private async Task SayNumbersAsync(CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new(UnusedNumbers, connection);
        if (await command.ExecuteScalarAsync(cancellationToken) is long unused and > 0)
        {
            Notices.Add(
                $"{unused} numbers behind the newest fact were given out and belong to none. Appends that failed leave such "
                + "numbers, and so does a tail that was cut off before it was sealed.");
        }
    }
}
