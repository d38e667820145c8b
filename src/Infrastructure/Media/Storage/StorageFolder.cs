using System.Globalization;
using System.Text.RegularExpressions;

namespace Events.Media.Storage;

/// <summary>
/// The storage folder belongs to another installation, or holds footage without saying whose. Nothing has been changed.
/// </summary>
public sealed class ForeignStorageException(string message) : Exception(message);

/// <summary>
/// Where everything lies: <c>.events-storage</c> (whose it is), <c>recordings/NAME/000001.mp4</c>, <c>snapshots/NAME</c>.
/// </summary>
internal sealed partial class StorageFolder
{
    private const string IdentityFile = ".events-storage";

    private StorageFolder(string root)
    {
        Root = root;
        Recordings = Path.Combine(root, "recordings");
        Snapshots = Path.Combine(root, "snapshots");
    }

    public string Root { get; }

    public string Recordings { get; }

    public string Snapshots { get; }

    /// <summary>Makes the folder, or checks that it is ours.</summary>
    /// <exception cref="ForeignStorageException">It is not.</exception>
    public static StorageFolder Open(MediaOptions options)
    {
        var storage = new StorageFolder(Path.GetFullPath(options.StorageFolder));
        Folder.Make(storage.Root);
        string identity = Path.Combine(storage.Root, IdentityFile);
        if (!File.Exists(identity))
        {
            if (Directory.Exists(storage.Recordings) && Directory.EnumerateFileSystemEntries(storage.Recordings).Any())
            {
                throw new ForeignStorageException(
                    $"The storage folder {storage.Root} holds recordings but no {IdentityFile}. If they are this installation's, "
                    + $"write the line {options.InstallationId} into {identity}; otherwise choose another folder.");
            }

            WriteDurably(identity, options.InstallationId + "\n");
        }

        string owner = File.ReadAllText(identity).Trim();
        if (owner != options.InstallationId)
        {
            throw new ForeignStorageException(
                $"The storage folder {storage.Root} belongs to the installation {owner}, and this one is "
                + $"{options.InstallationId}. Mount the right disk or choose another folder.");
        }

        Folder.Make(storage.Recordings);
        Folder.Make(storage.Snapshots);
        return storage;
    }

    /// <summary>False when the disk has gone from under us, e.g. was unmounted.</summary>
    public bool IsThere() => File.Exists(Path.Combine(Root, IdentityFile));

    /// <exception cref="ArgumentException">Not a name that could have been given here.</exception>
    public string RecordingFolder(string name) => Path.Combine(Recordings, Checked(name));

    /// <exception cref="ArgumentException">Not a name that could have been given here.</exception>
    public string SnapshotFile(string fileName) => Path.Combine(Snapshots, Checked(fileName));

    public static string SegmentFile(string folder, int number) =>
        Path.Combine(folder, number.ToString("D6", CultureInfo.InvariantCulture) + ".mp4");

    /// <returns>Null for a file that is not named as a segment.</returns>
    public static int? SegmentNumber(string path) =>
        SegmentName().Match(Path.GetFileName(path)) is { Success: true } match
        && int.TryParse(match.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
        && number > 0
            ? number
            : null;

    public StorageSpace Space()
    {
        var drive = new DriveInfo(Root);

        // What others reserved is neither used nor ours: a share of the disk is counted as df does.
        long usedBytes = drive.TotalSize - drive.TotalFreeSpace;
        return new StorageSpace(usedBytes + drive.AvailableFreeSpace, drive.AvailableFreeSpace);
    }

    internal static string Checked(string name) =>
        Name().IsMatch(name) && !name.Contains("..", StringComparison.Ordinal)
            ? name
            : throw new ArgumentException("Not the name of a file here.", nameof(name));

    private static void WriteDurably(string path, string text)
    {
        string temporary = path + ".tmp";
        File.WriteAllText(temporary, text);
        using (var file = File.OpenHandle(temporary, FileMode.Open, FileAccess.ReadWrite))
        {
            RandomAccess.FlushToDisk(file);
        }

        File.Move(temporary, path, overwrite: true);
        Folder.Sync(Path.GetDirectoryName(path)!);
    }

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._-]{0,254}\z")]
    private static partial Regex Name();

    [GeneratedRegex(@"^([0-9]{6,9})\.mp4\z")]
    private static partial Regex SegmentName();
}

/// <summary>Of a file system, in bytes.</summary>
internal readonly record struct StorageSpace(long TotalBytes, long AvailableBytes)
{
    /// <summary>In bytes: two files of PostgreSQL's write-ahead log.</summary>
    private const long ReserveBytesMax = 32L * 1024 * 1024;

    /// <summary>Of a disk so small that the above would be most of it.</summary>
    private const int ReservePercent = 3;

    /// <summary>
    /// What recordings leave free. The log usually lives on the same disk: it must be able to write down that they ended.
    /// </summary>
    public long ReserveBytes => Math.Min(ReserveBytesMax, TotalBytes / 100 * ReservePercent);

    /// <summary>Whether so many bytes more would touch the reserve.</summary>
    public bool IsFullFor(long byteCount) => AvailableBytes - byteCount < ReserveBytes;

    /// <summary>Whether a recording that the disk has stopped may go on: not to stop again in the next second.</summary>
    public bool IsRoomy => AvailableBytes >= 2 * ReserveBytes;
}
