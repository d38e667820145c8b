using System.Buffers;
using System.Collections.Concurrent;
using Microsoft.Extensions.ObjectPool;

namespace Events.JsonRpc;

/// <summary>What connections borrow while they work on a message. It keeps little, so a burst leaves little behind.</summary>
internal sealed class Stock(JsonRpcOptions options)
{
    /// <summary>Up to here the shared pool of the process is used; it would keep larger arrays for many minutes.</summary>
    internal const int SharedBytesMax = 64 * 1024;

    /// <summary>Long messages that are read side by side without new memory; 8 MiB with the usual limit.</summary>
    private const int LargestKept = 8;

    private const int Growth = 4;
    private readonly ConcurrentQueue<byte[]> _largest = new();

    internal ObjectPool<Workbench> Benches { get; } = new DefaultObjectPool<Workbench>(new Workbench.Policy(options));

    /// <summary>One byte more than the longest message, so that a longer one is seen.</summary>
    private int LargestBytes => options.MessageBytesMax + 1;

    /// <summary>Lends the next larger array and takes the old one back; the first when there is none.</summary>
    internal byte[] Grow(byte[]? full, int firstBytes)
    {
        byte[] larger = Rent(Math.Min((full?.Length * Growth) ?? firstBytes, LargestBytes));
        if (full is not null)
        {
            full.CopyTo(larger, 0);
            Return(full);
        }

        return larger;
    }

    internal void Return(byte[] bytes)
    {
        if (bytes.Length == LargestBytes && _largest.Count < LargestKept)
        {
            _largest.Enqueue(bytes);
        }
        else if (bytes.Length != LargestBytes && bytes.Length <= SharedBytesMax)
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    private byte[] Rent(int bytes)
    {
        if (bytes == LargestBytes)
        {
            return _largest.TryDequeue(out byte[]? kept) ? kept : GC.AllocateUninitializedArray<byte>(bytes);
        }

        return bytes <= SharedBytesMax ? ArrayPool<byte>.Shared.Rent(bytes) : GC.AllocateUninitializedArray<byte>(bytes);
    }
}
