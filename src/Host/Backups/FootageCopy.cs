using System.Security.Cryptography;
using Events.Host.Audit;
using Events.Host.Cli;
using Events.Host.Operations;

namespace Events.Host.Backups;

/// <summary>What came of copying footage.</summary>
/// <param name="Files">That are whole in the new place, those included that were there before.</param>
/// <param name="Copied">Of them, now.</param>
/// <param name="Missing">Paths of files that are not where they ought to be, or are not those of their facts.</param>
internal sealed record FootageCopied(long Files, long Copied, long Bytes, IReadOnlyList<string> Missing);

/// <summary>
/// Copies files of recordings and pictures from one folder to another, each held against its fact on the way. A finished file
/// never changes, so what is there already is left alone: cut off anywhere, the next run goes on.
/// </summary>
internal sealed class FootageCopy(string from, string to)
{
    /// <summary>Beside the base backups, once for all of them.</summary>
    public const string Folder = "footage";

    /// <summary>Says whose footage a folder is; a host takes no other one's.</summary>
    private const string Mark = ".events-storage";

    private const int BufferBytes = 1024 * 1024;

    /// <exception cref="CommandFailedException">There is no room for all of it; nothing was copied then.</exception>
    public async Task<FootageCopied> RunAsync(IReadOnlyList<FactFile> files, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(to);
        RequireRoom(files);
        List<string> missing = [];
        long copied = 0;
        long bytes = 0;
        foreach (FactFile file in files)
        {
            if (IsThere(file))
            {
                continue;
            }

            if (await CopyAsync(file, cancellationToken))
            {
                copied++;
                bytes += file.SizeOnDisk;
            }
            else
            {
                missing.Add(file.Path);
            }
        }

        string mark = Path.Combine(from, Mark);
        if (File.Exists(mark) && !File.Exists(Path.Combine(to, Mark)))
        {
            File.Copy(mark, Path.Combine(to, Mark));
        }

        return new FootageCopied(files.Count - missing.Count, copied, bytes, missing);
    }

    /// <summary>Removes what no base backup names any more.</summary>
    /// <param name="named">Paths that are to stay.</param>
    public void Prune(IReadOnlySet<string> named)
    {
        foreach (string file in Directory.EnumerateFiles(to, "*", SearchOption.AllDirectories))
        {
            string path = Path.GetRelativePath(to, file);
            if (path != Mark && !named.Contains(path))
            {
                File.Delete(file);
            }
        }
    }

    private void RequireRoom(IReadOnlyList<FactFile> files)
    {
        long needed = files
            .Where(file => !IsThere(file) && File.Exists(Path.Combine(from, file.Path)))
            .Sum(file => file.SizeOnDisk);
        long free = new DriveInfo(to).AvailableFreeSpace;
        if (needed > free)
        {
            throw new CommandFailedException(
                $"The footage needs {needed} bytes more in {to}, and {free} are free. Make room, or leave the footage out.");
        }
    }

    private bool IsThere(FactFile file) => new FileInfo(Path.Combine(to, file.Path)) is { Exists: true } found
        && found.Length == file.SizeOnDisk;

    /// <returns>False when the file is gone or is not the one of its fact.</returns>
    private async Task<bool> CopyAsync(FactFile file, CancellationToken cancellationToken)
    {
        string target = Path.Combine(to, file.Path);
        string draft = target + ".part";
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        try
        {
            string found;
            await using (FileStream source = File.OpenRead(Path.Combine(from, file.Path)))
            await using (FileStream copy = File.Create(draft))
            {
                found = await CopyHashedAsync(source, copy, cancellationToken);
                copy.Flush(flushToDisk: true);
            }

            if (found != file.Sha256OnDisk)
            {
                return false;
            }

            File.Move(draft, target, overwrite: true);
            UnixFiles.SyncFolder(Path.GetDirectoryName(target)!);
            return true;
        }
        catch (Exception gone) when (gone is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
        finally
        {
            File.Delete(draft);
        }
    }

    private static async Task<string> CopyHashedAsync(FileStream source, FileStream copy, CancellationToken cancellationToken)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[BufferBytes];
        for (int read; (read = await source.ReadAsync(buffer, cancellationToken)) > 0;)
        {
            hash.AppendData(buffer, 0, read);
            await copy.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
