using System.Buffers.Text;
using System.Security.Cryptography;
using Events.EventStore.Seals.Tree;

namespace Events.EventStore.Seals.Canonical;

/// <summary>
/// Version 1 of a leaf: a canonical JSON object of 15 keys in which body, headers and binary data are replaced by their SHA-256.
/// So a leaf stays small, and a body can be withheld while the leaf is shown.
/// </summary>
/// <remarks>Not for use by two threads at once.</remarks>
internal sealed class LeafForm
{
    /// <summary>What <c>audit_head.leaf_version</c> says of trees whose newest leaves are these.</summary>
    public const int Version = 1;

    private const int HexLength = 2 * SHA256.HashSizeInBytes;
    private const int GuidLength = 36;
    private const int NumberLengthMax = 20;

    private readonly CanonicalJson _json = new(isNulRefused: true);
    private readonly ByteRow _leaf = new();

    /// <returns>The leaf's bytes; good until the next call.</returns>
    /// <exception cref="RefusedJsonException">Body or headers have no canonical form, or a text is not UTF-8.</exception>
    public ReadOnlySpan<byte> Of(in LeafRow row) => Write(row)[1..];

    /// <returns>The leaf's hash, RFC 9162 section 2.1.1.</returns>
    /// <exception cref="RefusedJsonException">As for <see cref="Of"/>.</exception>
    public TreeHash HashOf(in LeafRow row) => TreeHash.OfBytes(Write(row));

    /// <returns>The byte that marks a leaf, then the leaf.</returns>
    private ReadOnlySpan<byte> Write(in LeafRow row)
    {
        _leaf.Clear();
        _leaf.Add(TreeHash.LeafMark);
        Digest("{\"bdata\":"u8, row.BinaryData, isJson: false);
        Text(",\"causation_id\":"u8, row.CausationId);
        Text(",\"correlation_id\":"u8, row.CorrelationId);
        Digest(",\"data\":"u8, row.Data, isJson: true);
        Digest(",\"headers\":"u8, row.Headers, isJson: true);
        _leaf.Add(",\"id\":\""u8);
        Utf8Formatter.TryFormat(row.Id, _leaf.Room(GuidLength), out int written);
        _leaf.Advance(written);
        Text("\",\"leaf\":1,\"mt_dotnet_type\":"u8, row.DotNetType);
        Number(",\"seq_id\":\""u8, row.SeqId);
        Text("\",\"stream_id\":"u8, row.StreamId);
        Text(",\"tenant_id\":"u8, row.TenantId);
        _leaf.Add(",\"timestamp_us\":\""u8);
        _leaf.Advance(LeafTime.Write(row.Timestamp, _leaf.Room(LeafTime.LengthMax)));
        Text("\",\"type\":"u8, row.Type);
        Text(",\"user_name\":"u8, row.UserName);
        Number(",\"version\":\""u8, row.Version);
        _leaf.Add("\"}"u8);
        return _leaf.Written;
    }

    private void Text(ReadOnlySpan<byte> label, Column column)
    {
        _leaf.Add(label);
        if (column.IsPresent)
        {
            JsonText.Write(column.Bytes, _leaf);
        }
        else
        {
            _leaf.Add("null"u8);
        }
    }

    private void Number(ReadOnlySpan<byte> label, long value)
    {
        _leaf.Add(label);
        value.TryFormat(_leaf.Room(NumberLengthMax), out int written);
        _leaf.Advance(written);
    }

    private void Digest(ReadOnlySpan<byte> label, Column column, bool isJson)
    {
        _leaf.Add(label);
        if (!column.IsPresent)
        {
            _leaf.Add("null"u8);
            return;
        }

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(isJson ? _json.Form(column.Bytes) : column.Bytes, hash);
        _leaf.Add((byte)'"');
        Convert.TryToHexStringLower(hash, _leaf.Room(HexLength), out int written);
        _leaf.Advance(written);
        _leaf.Add((byte)'"');
    }
}
