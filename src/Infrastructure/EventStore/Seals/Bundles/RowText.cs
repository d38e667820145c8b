using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Events.EventStore.Seals.Canonical;
using Events.EventStore.Seals.Tree;

namespace Events.EventStore.Seals.Bundles;

/// <summary>A fact as a line of <c>events.jsonl</c>: its index, and all that its leaf is made of as it is stored.</summary>
internal static class RowText
{
    private static readonly string[] _members =
    [
        "index", "seq_id", "id", "stream_id", "version", "data", "bdata", "type", "timestamp_us", "tenant_id", "mt_dotnet_type",
        "correlation_id", "causation_id", "headers", "user_name",
    ];

    private static readonly JsonWriterOptions _options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <returns>A JSON object without its first member, the index, and without its opening brace.</returns>
    public static byte[] Of(in LeafRow row)
    {
        ArrayBufferWriter<byte> buffer = new(1024);
        using (Utf8JsonWriter writer = new(buffer, _options))
        {
            writer.WriteStartObject();
            writer.WriteString("seq_id", row.SeqId.ToString(CultureInfo.InvariantCulture));
            writer.WriteString("id", row.Id.ToString("d"));
            Text(writer, "stream_id", row.StreamId);
            writer.WriteString("version", row.Version.ToString(CultureInfo.InvariantCulture));
            Text(writer, "data", row.Data);
            Binary(writer, "bdata", row.BinaryData);
            Text(writer, "type", row.Type);
            Span<byte> time = stackalloc byte[LeafTime.LengthMax];
            writer.WriteString("timestamp_us", time[..LeafTime.Write(row.Timestamp, time)]);
            Text(writer, "tenant_id", row.TenantId);
            Text(writer, "mt_dotnet_type", row.DotNetType);
            Text(writer, "correlation_id", row.CorrelationId);
            Text(writer, "causation_id", row.CausationId);
            Text(writer, "headers", row.Headers);
            Text(writer, "user_name", row.UserName);
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan[1..].ToArray();
    }

    /// <summary>The line's first member.</summary>
    public static byte[] Beginning(long index) =>
        Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{{\"index\":{index},"));

    /// <summary>Whether a line has the members of a fact, each once, and no others.</summary>
    public static bool IsFact(JsonElement line) => Has(line, _members);

    /// <summary>Whether an object has these members, each once, and no others.</summary>
    public static bool Has(JsonElement line, params IEnumerable<string> members) =>
        line.EnumerateObject().Select(member => member.Name).Order(StringComparer.Ordinal)
            .SequenceEqual(members.Order(StringComparer.Ordinal));

    /// <summary>Bytes in lower-case hex.</summary>
    /// <exception cref="FormatException">They are spelled otherwise, or are none.</exception>
    public static byte[] Bytes(string hex) =>
        Convert.FromHexString(hex) is var bytes && Convert.ToHexStringLower(bytes) == hex
            ? bytes : throw new FormatException("Hex that is not in small letters.");

    /// <summary>
    /// The leaf hash of a line's fact. Each value has one spelling; others are refused, although they mean the same.
    /// </summary>
    /// <exception cref="FormatException">A member is missing, or is not what it must be.</exception>
    /// <exception cref="KeyNotFoundException">A member is missing.</exception>
    /// <exception cref="InvalidOperationException">A member is of another kind.</exception>
    /// <exception cref="RefusedJsonException">Body or headers have no canonical form.</exception>
    public static TreeHash HashOf(JsonElement line, LeafForm form)
    {
        LeafRow row = new()
        {
            SeqId = checked((long)NumberOf(Required(line, "seq_id"))),
            Id = IdOf(Required(line, "id")),
            StreamId = TextOf(line, "stream_id"),
            Version = checked((long)NumberOf(Required(line, "version"))),
            Data = TextOf(line, "data"),
            BinaryData = line.GetProperty("bdata").GetString() is { } hex ? new Column(Bytes(hex)) : Column.Null,
            Type = TextOf(line, "type"),
            Timestamp = TimeOf(Required(line, "timestamp_us")),
            TenantId = TextOf(line, "tenant_id"),
            DotNetType = TextOf(line, "mt_dotnet_type"),
            CorrelationId = TextOf(line, "correlation_id"),
            CausationId = TextOf(line, "causation_id"),
            Headers = TextOf(line, "headers"),
            UserName = TextOf(line, "user_name"),
        };
        return form.HashOf(row);
    }

    /// <exception cref="FormatException">It is null.</exception>
    public static string Required(JsonElement line, string name) =>
        line.GetProperty(name).GetString() ?? throw new FormatException($"{name} is null.");

    /// <summary>A position, in decimal text.</summary>
    /// <exception cref="FormatException">It is none, or is spelled otherwise.</exception>
    /// <exception cref="KeyNotFoundException">It is missing.</exception>
    /// <exception cref="OverflowException">There is no such position.</exception>
    public static long PositionOf(JsonElement member, string name) => checked((long)NumberOf(Required(member, name)));

    private static long TimeOf(string text) =>
        text switch
        {
            "infinity" => long.MaxValue,
            "-infinity" => long.MinValue,
            _ => checked((long)(NumberOf(text) - LeafTime.PostgresEpoch)),
        };

    private static Int128 NumberOf(string text) =>
        Int128.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) is var number
        && number.ToString(CultureInfo.InvariantCulture) == text
            ? number : throw new FormatException("A number that is spelled otherwise.");

    private static Guid IdOf(string text) =>
        Guid.ParseExact(text, "d") is var id && id.ToString("d") == text
            ? id : throw new FormatException("An id that is not in small letters.");

    private static Column TextOf(JsonElement line, string name) =>
        line.GetProperty(name).GetString() is { } text ? new Column(Encoding.UTF8.GetBytes(text)) : Column.Null;

    private static void Text(Utf8JsonWriter writer, string name, Column column)
    {
        if (column.IsPresent)
        {
            writer.WriteString(name, column.Bytes);
        }
        else
        {
            writer.WriteNull(name);
        }
    }

    private static void Binary(Utf8JsonWriter writer, string name, Column column)
    {
        if (column.IsPresent)
        {
            writer.WriteString(name, Convert.ToHexStringLower(column.Bytes));
        }
        else
        {
            writer.WriteNull(name);
        }
    }
}
