using Events.Application.Contracts;
using Events.Media.Encryption;
using Events.Media.Mp4;
using Events.Media.Muxing;
using Events.Media.Recordings;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace Events.Media.Storage;

/// <summary>The files of recordings and snapshots.</summary>
internal sealed partial class Footage(StorageFolder storage, ILogger<Footage> logger) : IFootage
{
    public async Task<IReadOnlyList<SegmentFile>> RecoverAsync(
        string name,
        IReadOnlyCollection<int> committed,
        ICollection<int> missing,
        FootageKey? key,
        CancellationToken cancellationToken)
    {
        string folder = storage.RecordingFolder(name);
        foreach (int number in committed.Where(number => !IsWhole(StorageFolder.SegmentFile(folder, number), number, key)))
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
                && await RecoverFileAsync(path, number, key, cancellationToken) is SegmentFile segment)
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

    public Stream? OpenRecording(
        string name, IReadOnlyList<SegmentSpan> segments, Container container, FootageKey? key = null)
    {
        string folder = storage.RecordingFolder(name);
        var parts = new List<FilePart>(segments.Count);
        foreach (SegmentSpan segment in segments)
        {
            var file = new FileInfo(StorageFolder.SegmentFile(folder, segment.Number));
            long onDisk = segment.IsEncrypted ? RecordFormat.StoredLengthOf(segment.SizeBytes) : segment.SizeBytes;
            if (!file.Exists || file.Length < onDisk)
            {
                return null;
            }

            parts.Add(new FilePart(
                file.FullName, segment.Number, 0, segment.SizeBytes, segment.IsEncrypted ? Required(key) : null));
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
            [.. parts.Select((part, i) => i == 0 ? part : part with
            {
                Offset = segments[i].HeaderBytes,
                Length = part.Length - segments[i].HeaderBytes,
            })]);
    }

    public Stream? OpenSnapshot(string fileName, FootageKey? key = null)
    {
        string path = storage.SnapshotFile(fileName);
        try
        {
            return key is not null ? FootagePaths.OpenEncrypted(path, FootageKey.SnapshotNumber, key) : new FileStream(
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
            using SegmentBytes file = part.Open();
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

    private static FootageKey Required(FootageKey? key) =>
        key ?? throw new FootageUnreadableException("The recording is encrypted, and its key is not there.");

    /// <summary>Whether it is all there. What cannot be read for want of a key counts so: nothing says that it is not.</summary>
    private static bool IsWhole(string path, int number, FootageKey? key)
    {
        if (!File.Exists(path))
        {
            return false;
        }

        bool isEncrypted = IsEncrypted(path);
        if (isEncrypted && key is null)
        {
            return true;
        }

        try
        {
            using SegmentBytes file = SegmentBytes.Open(path, isEncrypted ? key : null, number);
            ScannedSegment found = SegmentScan.Read(file);
            return found.WholeBytes > 0 && found.WholeBytes == file.Length;
        }
        catch (FootageUnreadableException)
        {
            return false;
        }
    }

    private static bool IsEncrypted(string path)
    {
        Span<byte> start = stackalloc byte[FileHeader.Bytes];
        using SafeFileHandle file = File.OpenHandle(
            path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        return FileHeader.IsAt(start[..RandomAccess.Read(file, start, 0)]);
    }

    private async Task<SegmentFile?> RecoverFileAsync(
        string path, int number, FootageKey? key, CancellationToken cancellationToken)
    {
        bool isEncrypted = IsEncrypted(path);
        if (isEncrypted && key is null)
        {
            LogNoKey(path);
            return null;
        }

        using SafeFileHandle disk = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read);
        try
        {
            return isEncrypted
                ? await RecoverEncryptedAsync(disk, path, number, key!, cancellationToken)
                : await RecoverClearAsync(disk, path, number, cancellationToken);
        }
        catch (FootageUnreadableException e)
        {
            LogUnreadable(path, e.Message);
            return null;
        }
    }

    private async Task<SegmentFile?> RecoverClearAsync(
        SafeFileHandle disk, string path, int number, CancellationToken cancellationToken)
    {
        var file = new ClearSegment(disk);
        ScannedSegment found = SegmentScan.Read(file);
        if (found.WholeBytes == 0)
        {
            Remove(path, file.Length);
            return null;
        }

        if (file.Length > found.WholeBytes)
        {
            LogCut(path, file.Length - found.WholeBytes);
            RandomAccess.SetLength(disk, found.WholeBytes);
        }

        RandomAccess.FlushToDisk(disk);
        string hash = await SegmentScan.HashAsync(file, found.WholeBytes, cancellationToken);
        return SegmentScan.Describe(number, found, hash, StartOf(found, path), storedHash: null);
    }

    /// <summary>Up to the last whole fragment of what is in whole records; the last record is written anew to say so.</summary>
    private async Task<SegmentFile?> RecoverEncryptedAsync(
        SafeFileHandle disk, string path, int number, FootageKey key, CancellationToken cancellationToken)
    {
        if (RandomAccess.GetLength(disk) < FileHeader.Bytes)
        {
            Remove(path, RandomAccess.GetLength(disk));
            return null;
        }

        (EncryptedSegment file, bool isFinished) = EncryptedSegment.OpenWhatIsWhole(disk, key, number);
        using (file)
        {
            ScannedSegment found = SegmentScan.Read(file);
            if (found.WholeBytes == 0)
            {
                Remove(path, RandomAccess.GetLength(disk));
                return null;
            }

            if (!isFinished || file.Length > found.WholeBytes)
            {
                long before = RandomAccess.GetLength(disk);
                file.CutAt(disk, found.WholeBytes);
                LogCut(path, before - RandomAccess.GetLength(disk));
            }

            RandomAccess.FlushToDisk(disk);
            string hash = await SegmentScan.HashAsync(file, found.WholeBytes, cancellationToken);
            var stored = new ClearSegment(disk);
            string storedHash = await SegmentScan.HashAsync(stored, stored.Length, cancellationToken);
            return SegmentScan.Describe(number, found, hash, StartOf(found, path), storedHash);
        }
    }

    private void Remove(string path, long length)
    {
        LogRemoved(path, length);
        File.Delete(path);
    }

    private static DateTimeOffset StartOf(ScannedSegment found, string path) =>
        found.StartedAt ?? new DateTimeOffset(File.GetCreationTimeUtc(path), TimeSpan.Zero);

    [LoggerMessage(EventId = 5204, Level = LogLevel.Error,
        Message = "{Path}: is encrypted and its recording has no key; it is left alone")]
    private partial void LogNoKey(string path);

    [LoggerMessage(EventId = 5205, Level = LogLevel.Error, Message = "{Path}: cannot be read and is left alone: {Why}")]
    private partial void LogUnreadable(string path, string why);

    [LoggerMessage(EventId = 5203, Level = LogLevel.Error, Message = "{Name}: cannot be made into one file: {Why}")]
    private partial void LogNotRemuxed(string name, string why);

    [LoggerMessage(EventId = 5201, Level = LogLevel.Warning,
        Message = "{Path}: {Bytes} bytes behind the last whole fragment cut off")]
    private partial void LogCut(string path, long bytes);

    [LoggerMessage(EventId = 5202, Level = LogLevel.Warning, Message = "{Path}: removed, {Bytes} bytes without a whole fragment")]
    private partial void LogRemoved(string path, long bytes);
}
