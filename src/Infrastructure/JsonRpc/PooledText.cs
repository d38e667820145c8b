using System.Buffers;

namespace Events.JsonRpc;

/// <summary>A growing text in rented memory. A bound that is passed shows as <see cref="TextTooLongException"/>.</summary>
internal sealed class PooledText(int bytesMax) : IBufferWriter<byte>, IDisposable
{
    /// <summary>The first rent: most answers fit.</summary>
    private const int FirstBytes = 1024;

    private byte[] _bytes = [];
    private int _written;

    internal int Length => _written;

    internal ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, _written);

    public void Advance(int count) => _written += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Ensure(sizeHint);
        return _bytes.AsMemory(_written);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Ensure(sizeHint);
        return _bytes.AsSpan(_written);
    }

    internal void Append(byte value)
    {
        Ensure(1);
        _bytes[_written++] = value;
    }

    /// <summary>Takes back what was written after a mark.</summary>
    internal void CutAt(int mark) => _written = mark;

    /// <summary>Empties it and gives its memory back.</summary>
    public void Dispose()
    {
        Return();
        _bytes = [];
        _written = 0;
    }

    private void Return()
    {
        if (_bytes.Length is > 0 and <= Stock.SharedBytesMax)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
        }
    }

    private void Ensure(int sizeHint)
    {
        int wanted = _written + Math.Max(sizeHint, 1);
        if (wanted <= _bytes.Length)
        {
            return;
        }

        // What is asked for is three times what a long string will need, so only what is there counts.
        if (_written > bytesMax)
        {
            throw new TextTooLongException();
        }

        int bytes = Math.Max(Math.Max(wanted, FirstBytes), _bytes.Length * 2);
        byte[] larger = bytes <= Stock.SharedBytesMax
            ? ArrayPool<byte>.Shared.Rent(bytes)
            : GC.AllocateUninitializedArray<byte>(bytes);
        _bytes.AsSpan(0, _written).CopyTo(larger);
        Return();
        _bytes = larger;
    }
}

/// <summary>An answer would have passed its bound.</summary>
internal sealed class TextTooLongException() : Exception("The text is longer than its bound.");
