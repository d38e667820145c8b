using System.Buffers;

namespace Events.GraphQL.Transports;

/// <summary>A growing text in rented memory, with a bound.</summary>
internal sealed class PooledBuffer(int bytesMax) : IBufferWriter<byte>, IDisposable
{
    /// <summary>The first rent: most answers fit.</summary>
    private const int FirstBytes = 1024;

    /// <summary>Up to here memory is rented; the pool would keep larger pieces for many minutes.</summary>
    private const int RentedBytesMax = 1024 * 1024;

    private byte[] _bytes = [];
    private int _written;

    internal int Length => _written;

    internal ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, _written);

    internal Span<byte> WrittenSpan => _bytes.AsSpan(0, _written);

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

    internal void Append(ReadOnlySpan<byte> text)
    {
        Ensure(text.Length);
        text.CopyTo(_bytes.AsSpan(_written));
        _written += text.Length;
    }

    /// <summary>Takes back what was written after a mark.</summary>
    internal void CutAt(int mark) => _written = mark;

    public void Dispose()
    {
        Return(_bytes);
        _bytes = [];
        _written = 0;
    }

    private static void Return(byte[] bytes)
    {
        if (bytes.Length is > 0 and <= RentedBytesMax)
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    private void Ensure(int sizeHint)
    {
        int wanted = checked(_written + Math.Max(sizeHint, 1));
        if (wanted <= _bytes.Length)
        {
            return;
        }

        // Writers ask for three times what a long string will need, so only what is there counts.
        if (_written > bytesMax)
        {
            throw new TextTooLongException();
        }

        int bytes = Math.Max(Math.Max(wanted, FirstBytes), (int)Math.Min(_bytes.Length * 2L, Array.MaxLength));
        byte[] larger = bytes <= RentedBytesMax
            ? ArrayPool<byte>.Shared.Rent(bytes)
            : GC.AllocateUninitializedArray<byte>(bytes);
        _bytes.AsSpan(0, _written).CopyTo(larger);
        Return(_bytes);
        _bytes = larger;
    }
}

/// <summary>A text would have passed its bound.</summary>
internal sealed class TextTooLongException() : Exception("The text is longer than its bound.");
