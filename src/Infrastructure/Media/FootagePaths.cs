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
}
