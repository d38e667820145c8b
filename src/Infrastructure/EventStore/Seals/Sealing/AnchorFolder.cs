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

    /// <summary>
    /// Files with heads of ours, the newest by name: a clock that was ahead has left some whose day is yet to come.
    /// </summary>
    private const int DaysMax = 10;

    /// <summary>Files that are looked into for them: there may be others between.</summary>
    private const int FilesMax = 100;

    /// <summary>Has the last line of a note, whichever key signed it.</summary>
    private const int EndBytes = 4_096;

    /// <summary>Makes two blank lines behind whatever a file ends with.</summary>
    private const string Torn = "\n\n\n";

    /// <summary>Of another host, to be done with the head that it is writing: file systems show a part of it meanwhile.</summary>
    private static readonly TimeSpan WriteTimeMax = TimeSpan.FromMilliseconds(100);

    /// <summary>In bytes, of one file: a day of a head each second has a fifth of it.</summary>
    private const int FileBytesMax = 128 * 1024 * 1024;

    /// <summary>Adds a head at the end of the day's file; on disk when this returns.</summary>
    public void Append(string note, DateTimeOffset now)
    {
        Directory.CreateDirectory(path);
        string file = Path.Combine(
            path, Prefix + now.UtcDateTime.ToString("yyyyMMdd", CultureInfo.InvariantCulture) + ".txt");
        string border = string.Empty;
        SpinWait.SpinUntil(() => (border = BorderFor(file)).Length == 0, WriteTimeMax);
        DurableFile.Append(file, StrictText.Encode(border + note + "\n"));
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
    /// The head of most facts under this name that one of the keys signed: of those in the newest files that have one, and of
    /// those that a stamp is kept of. Null for none. What is no good note is passed over: an audit says so.
    /// </returns>
    public TreeHead? Newest(string origin, IReadOnlyCollection<NoteKey> keys) =>
        Directory.Exists(path)
            ? OfDays(origin, keys).Concat(OfStamps(origin, keys)).MaxBy(head => head.Size)
            : null;

    private IEnumerable<TreeHead> OfDays(string origin, IReadOnlyCollection<NoteKey> keys) =>
        Directory.EnumerateFiles(path, Prefix + "*.txt").OrderDescending(StringComparer.Ordinal).Take(FilesMax)
            .Select(file => NewestIn(file, origin, keys)).OfType<TreeHead>().Take(DaysMax);

    /// <summary>The newest: a stamp a day for years, and each name begins with its size.</summary>
    private IEnumerable<TreeHead> OfStamps(string origin, IReadOnlyCollection<NoteKey> keys) =>
        Directory.EnumerateFiles(path, StampNotes).OrderByDescending(file => file.Length)
            .ThenByDescending(file => file, StringComparer.Ordinal).Take(StampsMax)
            .Select(file => NewestIn(file, origin, keys)).OfType<TreeHead>();

    /// <summary>Signatures cost more than all the rest: looked at from the largest head down, until one is good.</summary>
    private static TreeHead? NewestIn(string file, string origin, IReadOnlyCollection<NoteKey> keys) =>
        NotesIn(file).Where(note => note.StartsWith(origin + "\n", StringComparison.Ordinal))
            .OrderByDescending(SizeIn).Select(note => Open(note, keys)).FirstOrDefault(head => head?.Origin == origin);

    private static IReadOnlyList<string> NotesIn(string file) =>
        new FileInfo(file).Length <= FileBytesMax ? SealNotes.Split(File.ReadAllText(file, Encoding.UTF8)) : [];

    /// <returns>What the note says; -1 for what is no head.</returns>
    private static long SizeIn(string note) =>
        note.Split('\n', 3) is [_, string line, ..] && StrictText.TryNumber(line, out long size) ? size : -1;

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
