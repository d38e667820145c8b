using Events.Application.Contracts;
using Events.Media.Encryption;
using Microsoft.Win32.SafeHandles;

namespace Events.Media.Storage;

/// <summary>A file of a recording, read as its clear bytes, however it lies on disk.</summary>
internal abstract class SegmentBytes : IDisposable
{
    /// <summary>In clear bytes.</summary>
    public abstract long Length { get; }

    /// <summary>Opens a finished file.</summary>
    /// <param name="key">Null for one that is not encrypted.</param>
    /// <param name="number">The segment's.</param>
    /// <exception cref="FootageUnreadableException">It cannot be read with that key, or was cut off.</exception>
    public static SegmentBytes Open(string path, FootageKey? key, int number)
    {
        SafeFileHandle file = File.OpenHandle(
            path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.Asynchronous);
        try
        {
            return key is null ? new ClearSegment(file) : EncryptedSegment.Open(file, key, number);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <returns>As many bytes as there is room for; fewer only at the end.</returns>
    /// <exception cref="FootageUnreadableException">What is there is not what was written.</exception>
    public abstract int Read(Span<byte> buffer, long offset);

    /// <returns>At least one byte; none only at the end.</returns>
    /// <exception cref="FootageUnreadableException">What is there is not what was written.</exception>
    public abstract ValueTask<int> ReadAsync(Memory<byte> buffer, long offset, CancellationToken cancellationToken);

    public abstract void Dispose();
}

/// <summary>A file that lies on disk as it is.</summary>
internal sealed class ClearSegment(SafeFileHandle file) : SegmentBytes
{
    public override long Length => RandomAccess.GetLength(file);

    public override int Read(Span<byte> buffer, long offset) => RandomAccess.Read(file, buffer, offset);

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, long offset, CancellationToken cancellationToken) =>
        RandomAccess.ReadAsync(file, buffer, offset, cancellationToken);

    public override void Dispose() => file.Dispose();
}
