using System.Buffers.Binary;

namespace Events.Media.Mp4;

/// <summary>Walks the boxes that lie one after another in <paramref name="bytes"/>. Never reads outside them.</summary>
internal ref struct BoxCursor(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    public uint Type { get; private set; }

    public ReadOnlySpan<byte> Body { get; private set; }

    /// <exception cref="MalformedMediaException">A size is smaller than a box's head or larger than what is left.</exception>
    public bool Next()
    {
        if (_rest.IsEmpty)
        {
            return false;
        }

        if (_rest.Length < Box.HeadBytes)
        {
            throw new MalformedMediaException("A box ends inside its head.");
        }

        uint size = BinaryPrimitives.ReadUInt32BigEndian(_rest);
        if (size < Box.HeadBytes || size > _rest.Length)
        {
            throw new MalformedMediaException("A box has an impossible size.");
        }

        Type = BinaryPrimitives.ReadUInt32BigEndian(_rest[4..]);
        Body = _rest[Box.HeadBytes..(int)size];
        _rest = _rest[(int)size..];
        return true;
    }

    /// <returns>The first box of that type; empty when there is none.</returns>
    public static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> bytes, uint type)
    {
        var boxes = new BoxCursor(bytes);
        while (boxes.Next())
        {
            if (boxes.Type == type)
            {
                return boxes.Body;
            }
        }

        return [];
    }
}

/// <summary>Reads numbers from the front of a box's body.</summary>
internal ref struct FieldReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    /// <summary>Bytes not read yet.</summary>
    public readonly int Left => _rest.Length;

    public uint U32() => BinaryPrimitives.ReadUInt32BigEndian(Take(4));

    public int I32() => BinaryPrimitives.ReadInt32BigEndian(Take(4));

    public ulong U64() => BinaryPrimitives.ReadUInt64BigEndian(Take(8));

    public byte U8() => Take(1)[0];

    public ushort U16() => BinaryPrimitives.ReadUInt16BigEndian(Take(2));

    public byte[] Bytes(int count) => Take(count).ToArray();

    public void Skip(int count) => Take(count);

    private ReadOnlySpan<byte> Take(int count)
    {
        if (_rest.Length < count)
        {
            throw new MalformedMediaException("A box is shorter than its fields.");
        }

        ReadOnlySpan<byte> taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
