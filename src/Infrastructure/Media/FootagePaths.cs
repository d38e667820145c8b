using Events.Application.Contracts;
using Events.Media.Encryption;
using Events.Media.Storage;

namespace Events.Media;

/// <summary>Where files lie below a storage folder, for those who read them without the media engine.</summary>
public static class FootagePaths
{
    /// <param name="name">The recording's.</param>
    /// <param name="number">The segment's, from 1.</param>
    /// <returns>Relative, with slashes.</returns>
    /// <exception cref="ArgumentException">Not a name that could have been given here.</exception>
    public static string Segment(string name, int number) =>
        StorageFolder.SegmentFile($"recordings/{StorageFolder.Checked(name)}", number);

    /// <returns>Relative, with slashes.</returns>
    /// <exception cref="ArgumentException">Not a name that could have been given here.</exception>
    public static string Snapshot(string fileName) => $"snapshots/{StorageFolder.Checked(fileName)}";

    /// <summary>How long an encrypted file is.</summary>
    /// <param name="clearBytes">Of its content.</param>
    public static long EncryptedLengthOf(long clearBytes) => RecordFormat.StoredLengthOf(clearBytes);

    /// <summary>Opens one finished encrypted file.</summary>
    /// <param name="path">Of the file.</param>
    /// <param name="number">The segment's; for a snapshot <see cref="FootageKey.SnapshotNumber"/>.</param>
    /// <returns>A seekable stream of its clear bytes.</returns>
    /// <exception cref="FootageUnreadableException">
    /// It is another one's, was changed or cut off; also from the stream, at the first bytes that were changed.
    /// </exception>
    public static Stream OpenEncrypted(string path, int number, FootageKey key)
    {
        using SegmentBytes file = SegmentBytes.Open(path, key, number);
        return new ConcatenatedStream([new FilePart(path, number, 0, file.Length, key)]);
    }
}
