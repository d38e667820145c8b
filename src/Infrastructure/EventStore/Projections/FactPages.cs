using Events.Application;
using Events.Application.Contracts;
using Events.EventStore.Personal;
using Events.EventStore.Reading;
using Npgsql;

namespace Events.EventStore.Projections;

internal readonly record struct FoldFact(object Fact, long Position, long Version);

/// <param name="End">Every fact up to here that the view handles is in this page or an earlier one.</param>
/// <param name="Head">Position of the newest fact; 0 in an empty log.</param>
/// <param name="Fault">Why the page ends before a fact that cannot be read. Null when it does not.</param>
internal sealed record FactPage(IReadOnlyList<FoldFact> Facts, long End, long Head, ViewFaultException? Fault)
{
    /// <summary>There was nothing more in the log.</summary>
    public bool IsLast => End >= Head;
}

/// <summary>The log as one view reads it: only the types it handles, only the columns that are folded.</summary>
internal sealed class FactPages
{
    /// <summary>In bytes of bodies. A page of large facts ends here.</summary>
    private const int PageBytesMax = 16 * 1024 * 1024;

    private const string ReadHead = "select coalesce(max(seq_id), 0) from events.mt_events";

    private const string ReadPage =
        """
        select seq_id, version, type, data, id from events.mt_events
        where seq_id > $1 and seq_id <= $2 and type = any($3) order by seq_id limit $4
        """;

    private readonly EventCatalogue _catalogue;
    private readonly PersonalBodies _personal;
    private readonly string[] _aliases;
    private readonly HashSet<string> _handled;

    public FactPages(EventCatalogue catalogue, PersonalBodies personal, View view)
    {
        (_catalogue, _personal) = (catalogue, personal);
        _aliases = [.. catalogue.Types.Where(type => view.Handles(type.FactType)).Select(type => type.Alias)];
        _handled = new HashSet<string>(_aliases, StringComparer.Ordinal);
    }

    /// <summary>What of the log's end this view handles.</summary>
    /// <param name="after">Where the page begins.</param>
    /// <returns>Null when it holds a body that cannot be read: a page of the view's own says what is wrong with it.</returns>
    public FactPage? Of(TailPage tail, long after, IReadOnlySet<long> parked)
    {
        List<FoldFact> facts = [];
        foreach (StoredFact stored in tail.Facts)
        {
            if (!_handled.Contains(stored.Type) || parked.Contains(stored.Position))
            {
                continue;
            }

            if (stored.Fact is null)
            {
                return null;
            }

            facts.Add(new FoldFact(stored.Fact, stored.Position, stored.Version));
        }

        long end = tail.Facts.Count > 0 ? tail.Facts[^1].Position : after;
        return new FactPage(facts, end, tail.IsFull ? end + 1 : end, null);
    }

    /// <param name="upTo">Last position that counts.</param>
    /// <param name="parked">Positions that are passed over, unread.</param>
    /// <param name="size">Bounds the page; a window also its time in a log full of facts that this view does not handle.</param>
    public async Task<FactPage> ReadAsync(
        NpgsqlConnection connection, long after, long upTo, IReadOnlySet<long> parked, StepSize size,
        CancellationToken cancellationToken)
    {
        long windowEnd = upTo - after > size.Positions ? after + size.Positions : upTo;
        // The head is read before the page: what the page does not show up to the head is not in the log.
        await using NpgsqlBatch batch = new(connection)
        {
            BatchCommands =
            {
                new(ReadHead),
                new(ReadPage)
                {
                    Parameters =
                    {
                        new NpgsqlParameter<long> { TypedValue = after },
                        new NpgsqlParameter<long> { TypedValue = windowEnd },
                        new NpgsqlParameter<string[]> { TypedValue = _aliases },
                        new NpgsqlParameter<int> { TypedValue = size.Facts },
                    },
                },
            },
        };
        await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        long head = Math.Min(reader.GetInt64(0), upTo);
        await reader.NextResultAsync(cancellationToken);
        List<FoldFact> facts = new(256);
        (int rows, int bytes) = (0, 0);
        long last = after;
        bool isWhole = false;
        // Parked rows fill the page, too: only one with fewer rows than were asked for reaches to the window's end.
        while (rows < size.Facts && bytes < PageBytesMax && !(isWhole = !await reader.ReadAsync(cancellationToken)))
        {
            rows++;
            last = reader.GetInt64(0);
            if (parked.Contains(last))
            {
                continue;
            }

            byte[] data = reader.GetFieldValue<byte[]>(3);
            bytes += data.Length;
            try
            {
                string type = reader.GetString(2);
                data = _personal.IsPersonal(type) ? _personal.Open(type, reader.GetGuid(4), data, last) : data;
                object fact = Body.Read(_catalogue, type, data, last)!;
                facts.Add(new FoldFact(fact, last, reader.GetInt64(1)));
            }
            catch (UnreadableFactException broken)
            {
                return new FactPage(facts, last - 1, head, new ViewFaultException(broken.Message, broken));
            }
        }

        long end = isWhole ? Math.Max(last, Math.Min(head, windowEnd)) : last;
        return new FactPage(facts, end, head, null);
    }
}
