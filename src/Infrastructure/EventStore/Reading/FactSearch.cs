using System.Globalization;
using Events.Application.Contracts;
using Events.EventStore.Postgres;
using Events.EventStore.Projections;
using Npgsql;

namespace Events.EventStore.Reading;

/// <summary>
/// Finds facts in the log. One stream's facts are found by its index; all else walks over the log in windows, so that no
/// statement runs for long, however rare what is sought.
/// </summary>
internal sealed class FactSearch(Database database, Log log) : IFacts
{
    /// <summary>In positions. A window of small facts is read over in about 50 ms.</summary>
    private const long WindowMax = 100_000;

    public async Task<FactsFound> FindAsync(FactQuery query, CancellationToken cancellationToken)
    {
        int count = Math.Clamp(query.Count, 0, ILog.PageCountMax);
        List<StoredFact> found = [];
        bool isOneStream = query.StreamId is not null;
        bool canExist = (query.StreamId is null || StorableText.IsStorable(query.StreamId))
            && (query.Types?.All(StorableText.IsStorable) ?? true);
        long after = query.After;
        long before = Math.Min(query.Before, await log.HeadAsync(cancellationToken) + 1);
        while (canExist && found.Count <= count && before - after > 1)
        {
            long low = isOneStream || !query.IsFromEnd ? after : Math.Max(after, before - WindowMax);
            long high = isOneStream || query.IsFromEnd ? before : Math.Min(before, after + WindowMax);
            bool isCut = await ReadAsync(
                query with { After = low, Before = high, Count = count + 1 - found.Count }, found, cancellationToken);
            if (isCut || isOneStream)
            {
                // A page of the largest facts stops early; there is more.
                return Page(found, isCut ? Math.Min(count, found.Count) : count, isCut, query.IsFromEnd);
            }

            (after, before) = query.IsFromEnd ? (after, low + 1) : (high - 1, before);
        }

        return Page(found, count, false, query.IsFromEnd);
    }

    public Task<long> PositionAtAsync(DateTimeOffset moment, CancellationToken cancellationToken) =>
        database.ReadAsync(
            async (connection, token) =>
            {
                await using NpgsqlCommand command = new(
                    "select seq_id from events.mt_events where timestamp <= $1 order by seq_id desc limit 1", connection)
                {
                    Parameters = { new NpgsqlParameter<DateTime> { TypedValue = moment.UtcDateTime } },
                };
                return await command.ExecuteScalarAsync(token) is long position ? position : 0;
            },
            cancellationToken);

    public Task<IReadOnlySet<long>> ParkedAsync(View view, CancellationToken cancellationToken) =>
        database.ReadAsync(
            async (connection, token) => (await ViewControl.LoadAsync(connection, view.Checkpoint, token)).Parked,
            cancellationToken);

    private static FactsFound Page(List<StoredFact> found, int count, bool isCut, bool isFromEnd)
    {
        bool hasMore = isCut || found.Count > count;
        IEnumerable<StoredFact> page = found.Take(count);
        return new FactsFound([.. isFromEnd ? page.Reverse() : page], hasMore);
    }

    /// <returns>Whether the page was ended by its size in bytes.</returns>
    private Task<bool> ReadAsync(FactQuery query, List<StoredFact> found, CancellationToken cancellationToken)
    {
        List<object> values = [query.After, query.Before, query.Count];
        string where = "seq_id > $1 and seq_id < $2";
        void Add(string condition, object? value)
        {
            if (value is not null)
            {
                values.Add(value);
                where += string.Create(CultureInfo.InvariantCulture, $" and {condition.Replace("?", $"${values.Count}")}");
            }
        }

        Add("stream_id = ?", query.StreamId);
        Add("type = any(?)", query.Types?.ToArray());
        Add("timestamp >= ?", query.From?.UtcDateTime);
        Add("timestamp < ?", query.To?.UtcDateTime);
        string order = query.IsFromEnd ? "desc" : "asc";
        string sql = $"select {Log.Columns} from events.mt_events where {where} order by seq_id {order} limit $3";
        int start = found.Count;
        return database.ReadAsync(
            async (connection, token) =>
            {
                // A read that is repeated on another connection begins anew.
                found.RemoveRange(start, found.Count - start);
                await using NpgsqlCommand command = new(sql, connection);
                foreach (object value in values)
                {
                    command.Parameters.Add(new NpgsqlParameter { Value = value });
                }

                await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(token);
                int bytes = 0;
                while (await reader.ReadAsync(token))
                {
                    if (bytes >= Log.PageBytesMax)
                    {
                        return true;
                    }

                    byte[] data = reader.GetFieldValue<byte[]>(6);
                    bytes += data.Length;
                    found.Add(log.Read(reader, data, areBroken: true));
                }

                return false;
            },
            cancellationToken);
    }
}
