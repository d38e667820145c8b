using System.Security.Cryptography;
using Events.Application.Contracts;
using Events.Domain.Kernel;
using Events.Domain.Recordings;
using Events.Domain.Snapshots;
using Events.EventStore.Seals;
using Events.Media;

namespace Events.Host.Audit;

/// <summary>A file that a fact describes.</summary>
/// <param name="Path">Relative to the storage folder, with slashes.</param>
/// <param name="SizeBytes">Of the clear bytes.</param>
/// <param name="Sha256">Of the clear bytes, lower-case hex.</param>
/// <param name="Encrypted">How it lies on disk; null when it lies there as it is.</param>
internal sealed record FactFile(string Path, long SizeBytes, string Sha256, StoredFact Fact, EncryptedFile? Encrypted = null)
{
    public long SizeOnDisk => Encrypted is null ? SizeBytes : FootagePaths.EncryptedLengthOf(SizeBytes);

    public string Sha256OnDisk => Encrypted?.Sha256 ?? Sha256;
}

/// <param name="RecordingId">Null for a snapshot's.</param>
/// <param name="SnapshotId">Null for a recording's.</param>
/// <param name="Sha256">Of the file as it lies on disk, lower-case hex.</param>
internal sealed record EncryptedFile(RecordingId? RecordingId, SnapshotId? SnapshotId, int Number, string Sha256)
{
    /// <returns>Null where there is none.</returns>
    /// <exception cref="FootageUnreadableException">It is there and does not open with the installation's key.</exception>
    public Task<FootageKey?> KeyAsync(IFootageKeys keys, CancellationToken cancellationToken) =>
        (RecordingId, SnapshotId) switch
        {
            ({ } recording, _) => keys.FindAsync(recording, cancellationToken),
            (_, { } snapshot) => keys.FindAsync(snapshot, cancellationToken),
            _ => Task.FromResult<FootageKey?>(null),
        };
}

/// <summary>
/// Level files: whether each file of a recording or snapshot is the one that its fact describes. An encrypted one is held against
/// the hash of what lies on disk, and, where its key is at hand, its content against the hash of that.
/// </summary>
/// <param name="keys">Null where there are none at hand.</param>
internal sealed class FileCheck(ILog log, IFacts facts, string storage, IFootageKeys? keys = null)
{
    /// <summary>Nobody reads more than these; a lost disk has as many as it had files.</summary>
    private const int FindingsMax = 100;

    private const string Requested = "recording_requested";
    private const string Committed = "recording_segment_committed";
    private const string Deleted = "recording_deleted";
    private const string Taken = "snapshot_taken";
    private const string SnapshotGone = "snapshot_deleted";

    public List<AuditFinding> Findings { get; } = [];

    public long Count { get; private set; }

    /// <summary>Encrypted files whose content was not looked at, for want of a key.</summary>
    public long Closed { get; private set; }

    /// <summary>Of the first file that could not be read; null when all could.</summary>
    public string? Unreadable { get; private set; }

    /// <param name="progress">Gets how many of how many files are done.</param>
    public async Task RunAsync(
        long from, long to, Action<AuditProgress> progress, CancellationToken cancellationToken)
    {
        List<FactFile> files = await FilesAsync(from, to, cancellationToken);
        foreach (FactFile file in files)
        {
            await CheckAsync(file, cancellationToken);
            Count++;
            progress(new AuditProgress(Count, files.Count));
            if (Findings.Count >= FindingsMax)
            {
                return;
            }
        }
    }

    /// <summary>The files that ought to be there: what facts between two positions describe and none says is deleted.</summary>
    public async Task<List<FactFile>> FilesAsync(long from, long to, CancellationToken cancellationToken)
    {
        Dictionary<RecordingId, string> names = [];
        HashSet<string> gone = [];
        List<StoredFact> described = [];
        long after = 0;
        while (true)
        {
            FactsFound page = await facts.FindAsync(
                new FactQuery(Types: [Requested, Committed, Deleted, Taken, SnapshotGone], After: after), cancellationToken);
            foreach (StoredFact stored in page.Facts)
            {
                after = stored.Position;
                switch (stored.Fact)
                {
                    case RecordingRequested fact:
                        names[fact.RecordingId] = fact.Name;
                        break;
                    case RecordingDeleted or SnapshotDeleted:
                        gone.Add(stored.StreamId);
                        break;
                    case RecordingSegmentCommitted or SnapshotTaken when after >= from && after <= to:
                        described.Add(stored);
                        break;
                }
            }

            if (!page.HasMore)
            {
                return
                [
                    .. described.Where(one => !gone.Contains(one.StreamId)).Select(one => FileOf(one, names)).OfType<FactFile>(),
                ];
            }
        }
    }

    /// <returns>
    /// In one word, what is in the file's place: whole, changed, missing, unreadable, or deleted meanwhile.
    /// </returns>
    public async Task<string> StateOfAsync(FactFile file, CancellationToken cancellationToken)
    {
        int before = Findings.Count;
        bool isRead = await CheckAsync(file, cancellationToken);
        return Findings.Count > before ? Findings[^1].What
            : !isRead ? "unreadable"
            : File.Exists(Path.Combine(storage, file.Path)) ? "whole" : "deleted";
    }

    private FactFile? FileOf(StoredFact stored, Dictionary<RecordingId, string> names)
    {
        try
        {
            return stored.Fact switch
            {
                RecordingSegmentCommitted fact when names.TryGetValue(fact.RecordingId, out string? name) =>
                    new FactFile(
                        FootagePaths.Segment(name, fact.Number), fact.SizeBytes, fact.Sha256, stored,
                        fact.StoredSha256 is { } onDisk ? new EncryptedFile(fact.RecordingId, null, fact.Number, onDisk) : null),
                SnapshotTaken fact =>
                    new FactFile(
                        FootagePaths.Snapshot(fact.FileName), fact.SizeBytes, fact.Sha256, stored,
                        fact.StoredSha256 is { } onDisk
                            ? new EncryptedFile(null, fact.SnapshotId, FootageKey.SnapshotNumber, onDisk)
                            : null),
                _ => null,
            };
        }
        catch (ArgumentException)
        {
            Add(stored, "changed", null, null, "names a file that this program would never write");
            return null;
        }
    }

    /// <returns>False when nothing can be said of what is there, because it cannot be read.</returns>
    private async Task<bool> CheckAsync(FactFile file, CancellationToken cancellationToken)
    {
        string path = Path.Combine(storage, file.Path);
        string found;
        try
        {
            await using FileStream stream = File.OpenRead(path);
            found = Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellationToken));
        }
        catch (Exception gone) when (gone is FileNotFoundException or DirectoryNotFoundException)
        {
            // A cleanup deletes while we look, and says so in the log first.
            if (!await IsDeletedAsync(file.Fact.StreamId, cancellationToken))
            {
                Add(
                    file.Fact,
                    "missing",
                    file.Sha256,
                    null,
                    $"describes the file {file.Path}, which is missing; no fact says that it was deleted");
            }

            return true;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            if (Directory.Exists(path))
            {
                Add(file.Fact, "changed", file.Sha256OnDisk, null, $"describes the file {file.Path}; a folder is in its place");
                return true;
            }

            // A failing disk says nothing of what was written on it.
            Unreadable ??= $"{file.Path} cannot be read, and perhaps others: {unreadable.Message}";
            return false;
        }

        if (found != file.Sha256OnDisk)
        {
            long length = new FileInfo(path).Length;
            Add(
                file.Fact,
                "changed",
                file.Sha256OnDisk,
                found,
                $"describes the file {file.Path} with {file.SizeOnDisk} bytes; found are {length} bytes of another content");
        }
        else if (file.Encrypted is { } encrypted)
        {
            await CheckContentAsync(file, encrypted, path, cancellationToken);
        }

        return true;
    }

    private async Task CheckContentAsync(
        FactFile file, EncryptedFile encrypted, string path, CancellationToken cancellationToken)
    {
        if (await KeyOfAsync(encrypted, cancellationToken) is not { } key)
        {
            Closed++;
            return;
        }

        try
        {
            await using Stream content = FootagePaths.OpenEncrypted(path, encrypted.Number, key);
            string found = Convert.ToHexStringLower(await SHA256.HashDataAsync(content, cancellationToken));
            if (found != file.Sha256)
            {
                Add(
                    file.Fact, "changed", file.Sha256, found,
                    $"describes the file {file.Path}; it is on disk as it was written, and its content is another one");
            }
        }
        catch (FootageUnreadableException unreadable)
        {
            Add(
                file.Fact, "changed", file.Sha256, null,
                $"describes the file {file.Path}; it is on disk as it was written, and does not open: {unreadable.Message}");
        }
    }

    /// <returns>Null also for one that does not open here: that says something of this place and nothing of the file.</returns>
    private async Task<FootageKey?> KeyOfAsync(EncryptedFile file, CancellationToken cancellationToken)
    {
        try
        {
            return keys is null ? null : await file.KeyAsync(keys, cancellationToken);
        }
        catch (FootageUnreadableException)
        {
            return null;
        }
    }

    private async Task<bool> IsDeletedAsync(string streamId, CancellationToken cancellationToken)
    {
        long version = 0;
        while (await log.ReadStreamAsync(streamId, version, ILog.PageCountMax, cancellationToken) is { Count: > 0 } page)
        {
            if (page.Any(stored => stored.Fact is RecordingDeleted or SnapshotDeleted))
            {
                return true;
            }

            version = page[^1].Version;
        }

        return false;
    }

    private void Add(StoredFact fact, string what, string? expected, string? found, string words) =>
        Findings.Add(new AuditFinding(
            AuditLevels.Files,
            what,
            null,
            fact.Position,
            fact.StreamId,
            fact.Version,
            expected,
            found,
            $"The fact at position {fact.Position} (stream {fact.StreamId}, version {fact.Version}) {words}."));
}
