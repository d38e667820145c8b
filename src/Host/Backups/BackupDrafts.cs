namespace Events.Host.Backups;

/// <summary>
/// Folders of base backups that are not whole. Who makes one holds a file in it, so that what a killed program left can be told
/// from what another one is making.
/// </summary>
internal static class BackupDrafts
{
    private const string LockName = "being-made";

    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Makes the folder, and holds it until the file is closed.</summary>
    public static FileStream Take(string draft)
    {
        Directory.CreateDirectory(draft, Private);
        return Open(draft);
    }

    /// <summary>Removes what nobody holds: each would take the place of a whole backup for ever.</summary>
    public static void RemoveLeft(string folder)
    {
        foreach (string draft in Directory.EnumerateDirectories(folder, Backup.BasePrefix + "*" + Backup.DraftEnding))
        {
            try
            {
                Open(draft).Dispose();
                Directory.Delete(draft, recursive: true);
            }
            catch (Exception held) when (held is IOException or UnauthorizedAccessException)
            {
                // Another program's, or another user's: theirs to remove.
            }
        }
    }

    /// <summary>Removes a base backup. Cut off half way, it is none any more, and the next backup removes the rest.</summary>
    public static void Remove(string path)
    {
        string draft = path + Backup.DraftEnding;
        Directory.Move(path, draft);
        Directory.Delete(draft, recursive: true);
    }

    /// <summary>Writes a file that is on the disk when this is over.</summary>
    public static Task WriteAsync(string path, byte[] content, CancellationToken cancellationToken) =>
        WriteAsync(path, [content], isLines: false, cancellationToken);

    /// <summary>The same, of lines.</summary>
    public static Task WriteAsync(string path, IEnumerable<byte[]> lines, CancellationToken cancellationToken) =>
        WriteAsync(path, lines, isLines: true, cancellationToken);

    private static async Task WriteAsync(
        string path, IEnumerable<byte[]> parts, bool isLines, CancellationToken cancellationToken)
    {
        await using FileStream stream = File.Create(path);
        foreach (byte[] part in parts)
        {
            await stream.WriteAsync(part, cancellationToken);
            if (isLines)
            {
                stream.WriteByte((byte)'\n');
            }
        }

        stream.Flush(flushToDisk: true);
    }

    private static FileStream Open(string draft) =>
        new(Path.Combine(draft, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
}
