using Events.Application.Contracts;
using Events.Media.Mp4;
using Events.Media.Muxing;
using Events.Media.Recordings;
using Microsoft.Extensions.Logging;

namespace Events.Media.Storage;

/// <summary>The files of recordings and snapshots.</summary>
internal sealed partial class Footage(StorageFolder storage, ILogger<Footage> logger) : IFootage
{
    public async Task<IReadOnlyList<SegmentFile>> RecoverAsync(
        string name, IReadOnlyCollection<int> committed, ICollection<int> missing, CancellationToken cancellationToken)
    {
        string folder = storage.RecordingFolder(name);
        foreach (int number in committed.Where(number => !IsWhole(StorageFolder.SegmentFile(folder, number))))
        {
            missing.Add(number);
        }

        if (!Directory.Exists(folder))
        {
            return [];
        }

        var found = new List<SegmentFile>();
        foreach (string path in Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal).ToList())
        {
            if (StorageFolder.SegmentNumber(path) is int number
                && !committed.Contains(number)
                && await RecoverFileAsync(path, number, cancellationToken) is SegmentFile segment)
            {
                found.Add(segment);
            }
        }

        Folder.Sync(folder);
        return found;
    }

    public IReadOnlyList<string> ListRecordings() =>
        [
            .. Directory.EnumerateDirectories(storage.Recordings)
                .Select(path => Path.GetFileName(path))
                .Order(StringComparer.Ordinal),
        ];

    public IReadOnlyList<string> ListSnapshots() =>
        [
            .. Directory.EnumerateFiles(storage.Snapshots)
                .Select(path => Path.GetFileName(path))
                .Where(file => !file.StartsWith('.'))
                .Order(StringComparer.Ordinal),
        ];

    public Stream? OpenRecording(string name, IReadOnlyList<SegmentSpan> segments, Container container)
    {
        string folder = storage.RecordingFolder(name);
        var parts = new List<FilePart>(segments.Count);
        foreach (SegmentSpan segment in segments)
        {
            var file = new FileInfo(StorageFolder.SegmentFile(folder, segment.Number));
            if (!file.Exists || file.Length < segment.SizeBytes)
            {
                return null;
            }

            parts.Add(new FilePart(file.FullName, 0, segment.SizeBytes));
        }

        if (parts.Count == 0)
        {
            return null;
        }

        try
        {
            if (container is Container.Matroska)
            {
                return new RemuxedStream(parts, new MatroskaMuxer());
            }

            if (HasSeveralFormats(parts))
            {
                return new RemuxedStream(parts, new Mp4Muxer());
            }
        }
        catch (MalformedMediaException e)
        {
            LogNotRemuxed(name, e.Message);
            if (container is Container.Matroska)
            {
                return null;
            }
        }

        return new ConcatenatedStream(
            [.. parts.Select((part, i) => i == 0 ? part : new FilePart(
                part.Path, segments[i].HeaderBytes, part.Length - segments[i].HeaderBytes))]);
    }

    public Stream? OpenSnapshot(string fileName)
    {
        string path = storage.SnapshotFile(fileName);
        try
        {
            return new FileStream(
                path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 4096, FileOptions.Asynchronous);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    public Task DeleteRecordingAsync(string name, CancellationToken cancellationToken)
    {
        string folder = storage.RecordingFolder(name);
        return Task.Run(
            () =>
            {
                RequireStorage();
                if (Directory.Exists(folder))
                {
                    Directory.Delete(folder, recursive: true);
                }

                Folder.Sync(storage.Recordings);
            },
            cancellationToken);
    }

    public Task DeleteSnapshotAsync(string fileName, CancellationToken cancellationToken)
    {
        string path = storage.SnapshotFile(fileName);
        return Task.Run(
            () =>
            {
                RequireStorage();
                File.Delete(path);
                Folder.Sync(storage.Snapshots);
            },
            cancellationToken);
    }

    public StorageUsage Usage()
    {
        try
        {
            RequireStorage();
            StorageSpace space = storage.Space();
            return new StorageUsage(space.TotalBytes, space.AvailableBytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DependencyUnavailableException("storage", "The storage folder cannot be looked at.", e);
        }
    }

    /// <exception cref="MalformedMediaException">A header cannot be read.</exception>
    private static bool HasSeveralFormats(List<FilePart> parts)
    {
        StreamHeader? first = null;
        foreach (FilePart part in parts)
        {
            using var file = File.OpenHandle(part.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            StreamHeader header = SegmentScan.ReadHeader(file, part.Length).Header;
            first ??= header;
            if (!first.HasSameFormatAs(header))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Without its mark it is another disk's empty mount point: a file that is not there has not been removed.</summary>
    /// <exception cref="IOException">It is not there.</exception>
    private void RequireStorage()
    {
        if (!storage.IsThere())
        {
            throw new IOException("The storage folder has gone.");
        }
    }

    private static bool IsWhole(string path)
    {
        if (!File.Exists(path))
        {
            return false;
        }

        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        ScannedSegment found = SegmentScan.Read(file);
        return found.WholeBytes > 0 && found.WholeBytes == RandomAccess.GetLength(file);
    }

    private async Task<SegmentFile?> RecoverFileAsync(string path, int number, CancellationToken cancellationToken)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read);
        ScannedSegment found = SegmentScan.Read(file);
        long length = RandomAccess.GetLength(file);
        if (found.WholeBytes == 0)
        {
            LogRemoved(path, length);
            File.Delete(path);
            return null;
        }

        if (length > found.WholeBytes)
        {
            LogCut(path, length - found.WholeBytes);
            RandomAccess.SetLength(file, found.WholeBytes);
        }

        RandomAccess.FlushToDisk(file);
        string hash = await SegmentScan.HashAsync(file, found.WholeBytes, cancellationToken);
        DateTimeOffset startedAt = found.StartedAt ?? new DateTimeOffset(File.GetCreationTimeUtc(path), TimeSpan.Zero);
        return SegmentScan.Describe(number, found, hash, startedAt);
    }

    [LoggerMessage(EventId = 5203, Level = LogLevel.Error, Message = "{Name}: cannot be made into one file: {Why}")]
    private partial void LogNotRemuxed(string name, string why);

    [LoggerMessage(EventId = 5201, Level = LogLevel.Warning,
        Message = "{Path}: {Bytes} bytes behind the last whole fragment cut off")]
    private partial void LogCut(string path, long bytes);

    [LoggerMessage(EventId = 5202, Level = LogLevel.Warning, Message = "{Path}: removed, {Bytes} bytes without a whole fragment")]
    private partial void LogRemoved(string path, long bytes);
}
