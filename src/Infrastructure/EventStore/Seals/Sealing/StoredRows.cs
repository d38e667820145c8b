using System.Buffers.Binary;
using System.Globalization;
using Events.EventStore.Seals.Canonical;
using Npgsql;

namespace Events.EventStore.Seals.Sealing;

internal delegate void LeafRowReader(in LeafRow row);

/// <summary>
/// Facts as they are stored, byte for byte: PostgreSQL's binary COPY, so that no library turns a time or a text into something
/// else on the way, and no row costs an object.
/// </summary>
internal sealed class StoredRows
{
    /// <summary>Before every position there can be.</summary>
    public const long Beginning = long.MinValue;

    private const int First = 128 * 1024;

    /// <summary>In bytes. What one huge row needed beyond it is given back.</summary>
    private const int KeptMax = 1024 * 1024;

    private const int HeaderLength = 19;

    /// <summary>The fixed list of columns that leaf version 1 is made of.</summary>
    private const string Columns =
        "seq_id, id, stream_id, version, data, bdata, type, timestamp, tenant_id, mt_dotnet_type, correlation_id, causation_id, "
        + "headers, user_name";

    private const int ColumnCount = 14;

    private byte[] _buffer = new byte[First];
    private int _start;
    private int _end;

    /// <summary>Reads facts in order.</summary>
    /// <param name="after">Position behind which to begin; <see cref="Beginning"/> for the first there is.</param>
    /// <param name="upTo">Last position that counts.</param>
    /// <param name="countMax">At most so many.</param>
    /// <returns>How many were read.</returns>
    public Task<int> ReadAsync(
        NpgsqlConnection connection,
        long after,
        long upTo,
        int countMax,
        LeafRowReader each,
        CancellationToken cancellationToken) =>
        ReadAsync(connection, after, upTo, countMax, null, each, cancellationToken);

    /// <summary>The same, of some streams only; of all if <paramref name="streams"/> is null.</summary>
    public async Task<int> ReadAsync(
        NpgsqlConnection connection,
        long after,
        long upTo,
        int countMax,
        IReadOnlyCollection<string>? streams,
        LeafRowReader each,
        CancellationToken cancellationToken)
    {
        string copy = string.Create(
            CultureInfo.InvariantCulture,
            $"copy (select {Columns} from events.mt_events where {Behind(after)} and seq_id <= {upTo}{Among(streams)} "
            + $"order by seq_id limit {countMax}) "
            + $"to stdout (format binary)");
        await using NpgsqlRawCopyStream stream = await connection.BeginRawBinaryCopyAsync(copy, cancellationToken);
        (_start, _end) = (0, 0);
        int count = 0;
        bool isBegun = false;
        while (true)
        {
            if (!isBegun && _end - _start >= HeaderLength)
            {
                isBegun = true;
                _start += HeaderLength;
            }

            bool isEnded = false;
            while (isBegun && !isEnded && TryRow(each, out isEnded))
            {
                count++;
            }

            MakeRoom();
            int read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
            if (read == 0)
            {
                return isEnded ? count : throw new InvalidDataException("PostgreSQL's copy of the log ended too early.");
            }

            _end += read;
        }
    }

    private static string Behind(long after) =>
        after == Beginning ? "true" : string.Create(CultureInfo.InvariantCulture, $"seq_id > {after}");

    /// <summary>COPY takes no parameters, so names are quoted as SQL does it; a backslash means nothing in them.</summary>
    private static string Among(IReadOnlyCollection<string>? streams) =>
        streams is null
            ? string.Empty
            : $" and stream_id = any (array[{string.Join(",", streams.Select(Quoted))}]::varchar[])";

    private static string Quoted(string name) => $"'{name.Replace("'", "''", StringComparison.Ordinal)}'";

    /// <summary>Shifts what is left to the front; more room if a row fills all there is.</summary>
    private void MakeRoom()
    {
        int left = _end - _start;
        byte[] to = _buffer;
        if (left == _buffer.Length)
        {
            to = new byte[checked(_buffer.Length * 2)];
        }
        else if (left < First / 2 && _buffer.Length > KeptMax)
        {
            to = new byte[First];
        }

        _buffer.AsSpan(_start, left).CopyTo(to);
        (_buffer, _start, _end) = (to, 0, left);
    }

    /// <param name="isEnded">Whether the end was found instead of a row.</param>
    private bool TryRow(LeafRowReader each, out bool isEnded)
    {
        isEnded = false;
        ReadOnlySpan<byte> rest = _buffer.AsSpan(_start, _end - _start);
        if (rest.Length < sizeof(short))
        {
            return false;
        }

        short columns = BinaryPrimitives.ReadInt16BigEndian(rest);
        isEnded = columns == -1;
        if (isEnded || !IsWhole(rest))
        {
            return false;
        }

        int at = sizeof(short);
        LeafRow row = new()
        {
            SeqId = Number(Next(rest, ref at)),
            Id = new Guid(Next(rest, ref at).Bytes, bigEndian: true),
            StreamId = Next(rest, ref at),
            Version = Number(Next(rest, ref at)),
            Data = Json(Next(rest, ref at)),
            BinaryData = Next(rest, ref at),
            Type = Next(rest, ref at),
            Timestamp = Number(Next(rest, ref at)),
            TenantId = Next(rest, ref at),
            DotNetType = Next(rest, ref at),
            CorrelationId = Next(rest, ref at),
            CausationId = Next(rest, ref at),
            Headers = Json(Next(rest, ref at)),
            UserName = Next(rest, ref at),
        };
        each(row);
        _start += at;
        return true;
    }

    private static bool IsWhole(ReadOnlySpan<byte> rest)
    {
        int at = sizeof(short);
        for (int column = 0; column < ColumnCount; column++)
        {
            if (rest.Length - at < sizeof(int))
            {
                return false;
            }

            int length = BinaryPrimitives.ReadInt32BigEndian(rest[at..]);
            at += sizeof(int);
            if (rest.Length - at < length)
            {
                return false;
            }

            at += Math.Max(length, 0);
        }

        return true;
    }

    private static Column Next(ReadOnlySpan<byte> rest, ref int at)
    {
        int length = BinaryPrimitives.ReadInt32BigEndian(rest[at..]);
        at += sizeof(int);
        if (length < 0)
        {
            return Column.Null;
        }

        Column column = new(rest.Slice(at, length));
        at += length;
        return column;
    }

    /// <summary>A whole number of any width, so that a widened column changes nothing.</summary>
    private static long Number(Column column) =>
        column.Bytes.Length == sizeof(int)
            ? BinaryPrimitives.ReadInt32BigEndian(column.Bytes)
            : BinaryPrimitives.ReadInt64BigEndian(column.Bytes);

    /// <summary>jsonb is sent as a version, which is 1, and its text.</summary>
    private static Column Json(Column column)
    {
        if (!column.IsPresent)
        {
            return column;
        }

        return column.Bytes is [1, ..]
            ? new Column(column.Bytes[1..])
            : throw new InvalidDataException("PostgreSQL sends jsonb in a form that this program does not know.");
    }
}
