using System.IO.Compression;
using System.Security.Cryptography;

namespace Events.EventStore.Seals.Bundles;

/// <summary>One file of a bundle, as its manifest lists it.</summary>
/// <param name="Sha256">Lower-case hex.</param>
internal sealed record BundleFile(string Path, long Length, string Sha256);

/// <summary>Writes a zip archive and notes length and hash of everything in it.</summary>
internal sealed class BundleWriter(Stream to) : IAsyncDisposable
{
    private const int CopyBytes = 128 * 1024;

    private readonly ZipArchive _archive = new(to, ZipArchiveMode.Create, leaveOpen: true);

    public List<BundleFile> Files { get; } = [];

    public async Task AddAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        await using Stream stream = await _archive.CreateEntry(path, CompressionLevel.Fastest).OpenAsync(cancellationToken);
        await stream.WriteAsync(content, cancellationToken);
        Files.Add(new BundleFile(path, content.Length, Convert.ToHexStringLower(SHA256.HashData(content.Span))));
    }

    /// <summary>A file that is written piece by piece.</summary>
    /// <param name="write">Gets what each piece is handed to.</param>
    public async Task AddAsync(
        string path, Func<Func<ReadOnlyMemory<byte>, Task>, Task> write, CancellationToken cancellationToken)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long length = 0;
        await using Stream stream = await _archive.CreateEntry(path, CompressionLevel.Fastest).OpenAsync(cancellationToken);
        await write(async piece =>
        {
            hash.AppendData(piece.Span);
            length += piece.Length;
            await stream.WriteAsync(piece, cancellationToken);
        });
        Files.Add(new BundleFile(path, length, Convert.ToHexStringLower(hash.GetHashAndReset())));
    }

    /// <summary>A file from this machine, as far as it can be read. Pictures do not compress.</summary>
    /// <returns>What is in the archive then.</returns>
    public async Task<BundleFile> CopyAsync(string path, Func<Stream> open, CancellationToken cancellationToken)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long length = 0;
        byte[] buffer = new byte[CopyBytes];
        await using Stream from = open();
        await using Stream stream = await _archive.CreateEntry(path, CompressionLevel.NoCompression).OpenAsync(cancellationToken);
        while (await ReadAsync(from, buffer, cancellationToken) is > 0 and int read)
        {
            hash.AppendData(buffer, 0, read);
            length += read;
            await stream.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
        }

        BundleFile file = new(path, length, Convert.ToHexStringLower(hash.GetHashAndReset()));
        Files.Add(file);
        return file;
    }

    /// <returns>0 also where a disk fails, or an encrypted file was changed: its hash says then that it is not whole.</returns>
    private static async Task<int> ReadAsync(Stream from, byte[] buffer, CancellationToken cancellationToken)
    {
        try
        {
            return await from.ReadAsync(buffer, cancellationToken);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    public async ValueTask DisposeAsync() => await _archive.DisposeAsync();
}
