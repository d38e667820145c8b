using System.Runtime.Intrinsics;
using System.Security.Cryptography;

namespace Events.EventStore.Seals.Tree;

/// <summary>A hash of the tree: SHA-256, 32 bytes. RFC 9162 section 2.1.1.</summary>
internal readonly struct TreeHash : IEquatable<TreeHash>
{
    /// <summary>In bytes.</summary>
    public const int Length = SHA256.HashSizeInBytes;

    /// <summary>In characters of base64.</summary>
    public const int TextLength = 44;

    /// <summary>Stands before a leaf's bytes, so that no leaf can pass for a node.</summary>
    public const byte LeafMark = 0;

    /// <summary>Stands before a node's two hashes.</summary>
    public const byte NodeMark = 1;

    private readonly Vector256<byte> _bytes;

    /// <param name="bytes">Exactly <see cref="Length"/> of them.</param>
    public TreeHash(ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(bytes.Length, Length);
        _bytes = Vector256.Create(bytes);
    }

    /// <summary>The root of a tree without leaves.</summary>
    public static TreeHash Empty { get; } = OfBytes([]);

    public static bool operator ==(in TreeHash left, in TreeHash right) => left._bytes == right._bytes;

    public static bool operator !=(in TreeHash left, in TreeHash right) => left._bytes != right._bytes;

    /// <summary>SHA-256 of these bytes, without any mark.</summary>
    public static TreeHash OfBytes(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[Length];
        SHA256.HashData(bytes, hash);
        return new TreeHash(hash);
    }

    public static TreeHash OfLeaf(ReadOnlySpan<byte> leaf)
    {
        byte[] marked = new byte[leaf.Length + 1];
        marked[0] = LeafMark;
        leaf.CopyTo(marked.AsSpan(1));
        return OfBytes(marked);
    }

    public static TreeHash OfNode(in TreeHash left, in TreeHash right)
    {
        Span<byte> node = stackalloc byte[1 + (2 * Length)];
        node[0] = NodeMark;
        left.CopyTo(node[1..]);
        right.CopyTo(node[(1 + Length)..]);
        return OfBytes(node);
    }

    public void CopyTo(Span<byte> to) => _bytes.CopyTo(to);

    public byte[] ToBytes()
    {
        byte[] bytes = new byte[Length];
        CopyTo(bytes);
        return bytes;
    }

    public string ToBase64() => Convert.ToBase64String(ToBytes());

    /// <summary>Lower-case hexadecimal.</summary>
    public override string ToString() => Convert.ToHexStringLower(ToBytes());

    public bool Equals(TreeHash other) => this == other;

    public override bool Equals(object? obj) => obj is TreeHash other && this == other;

    public override int GetHashCode() => _bytes.GetHashCode();
}
