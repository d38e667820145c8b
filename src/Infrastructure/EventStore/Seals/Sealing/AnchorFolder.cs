using System.Globalization;
using System.Text;
using Events.EventStore.Seals.Notes;

namespace Events.EventStore.Seals.Sealing;

/// <summary>Heads in files outside the installation: one file a day, notes one behind the other.</summary>
internal sealed class AnchorFolder(string path)
{
    private const string Prefix = "heads-";

    /// <summary>As the sink for time stamps writes them.</summary>
    private const string StampNotes = "stamp-*.note";

    /// <summary>Those of a fork before may be larger than all of today's.</summary>
    private const int StampsMax = 1_000;

    /// <summary>Has the last line of a note, whichever key signed it.</summary>
    private const int EndBytes = 4_096;

    /// <summary>Makes two blank lines behind whatever a file ends with.</summary>
    private const string Torn = "\n\n\n";

    /// <summary>In bytes, of one file: a day of a head each second has a fifth of it.</summary>
    private const int FileBytesMax = 128 * 1024 * 1024;

    /// <summary>Adds a head at the end of the day's file; on disk when this returns.</summary>
    public void Append(string note, DateTimeOffset now)
    {
        Directory.CreateDirectory(path);
        string file = Path.Combine(
            path, Prefix + now.UtcDateTime.ToString("yyyyMMdd", CultureInfo.InvariantCulture) + ".txt");
        DurableFile.Append(file, StrictText.Encode(BorderFor(file) + note + "\n"));
    }

    /// <summary>What has to stand between what is there and the next note: a power cut may have left a part of one.</summary>
    private static string BorderFor(string file)
    {
        if (!File.Exists(file))
        {
            return string.Empty;
        }

        using FileStream stream = new(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        byte[] end = new byte[Math.Min(stream.Length, EndBytes)];
        stream.Seek(-end.Length, SeekOrigin.End);
        int got = stream.ReadAtLeast(end, end.Length, throwOnEndOfStream: false);
        string text = Encoding.UTF8.GetString(end, 0, got);
        bool isWhole = text.EndsWith('\n')
            && text.TrimEnd('\n').Split('\n')[^1].StartsWith(SignedNote.LineStart, StringComparison.Ordinal);
        return text.Length == 0 || (isWhole && text.EndsWith("\n\n", StringComparison.Ordinal)) ? string.Empty
            : isWhole ? "\n"
            : Torn;
    }

    /// <returns>
    /// Heads that one of the keys signed: those in the newest file that has one, and those that a stamp is kept of. What is no
    /// good note is passed over: an audit says so.
    /// </returns>
    public IEnumerable<TreeHead> Heads(IReadOnlyCollection<NoteKey> keys) =>
        Directory.Exists(path) ? InNewestFile(keys).Concat(InFiles(StampNotes, keys)) : [];

    private TreeHead[] InNewestFile(IReadOnlyCollection<NoteKey> keys) =>
        Directory.EnumerateFiles(path, Prefix + "*.txt").OrderDescending(StringComparer.Ordinal)
            .Select(file => InFile(file, keys)).FirstOrDefault(heads => heads.Length > 0) ?? [];

    /// <summary>The newest: a stamp a day for years, and each name begins with its size.</summary>
    private IEnumerable<TreeHead> InFiles(string pattern, IReadOnlyCollection<NoteKey> keys) =>
        Directory.EnumerateFiles(path, pattern).OrderByDescending(file => file.Length)
            .ThenByDescending(file => file, StringComparer.Ordinal).Take(StampsMax).SelectMany(file => InFile(file, keys));

    private static TreeHead[] InFile(string file, IReadOnlyCollection<NoteKey> keys) =>
        new FileInfo(file).Length <= FileBytesMax
            ? [.. SealNotes.Split(File.ReadAllText(file, Encoding.UTF8)).Select(note => Open(note, keys)).OfType<TreeHead>()]
            : [];

    /// <returns>Null when none of the keys signed it.</returns>
    public static TreeHead? Open(string note, IReadOnlyCollection<NoteKey> keys)
    {
        try
        {
            return TreeHead.Open(StrictText.Encode(note), keys);
        }
        catch (NoteRefusedException)
        {
            return null;
        }
    }
}
