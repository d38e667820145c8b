using System.Globalization;
using System.Text;
using Events.EventStore.Seals.Notes;

namespace Events.EventStore.Seals.Sealing;

/// <summary>Heads in files outside the installation: one file a day, notes one behind the other.</summary>
internal sealed class AnchorFolder(string path)
{
    private const string Prefix = "heads-";

    /// <summary>In bytes, of one file: a day of a head each second has a fifth of it.</summary>
    private const int FileBytesMax = 128 * 1024 * 1024;

    /// <summary>Adds a head at the end of the day's file; on disk when this returns.</summary>
    public async Task AppendAsync(string note, DateTimeOffset now, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(path);
        string file = Path.Combine(
            path, Prefix + now.UtcDateTime.ToString("yyyyMMdd", CultureInfo.InvariantCulture) + ".txt");
        await using FileStream stream = new(file, FileMode.Append, FileAccess.Write, FileShare.Read);
        await stream.WriteAsync(StrictText.Encode(note + "\n"), cancellationToken);
        stream.Flush(flushToDisk: true);
    }

    /// <returns>
    /// The head of most facts that one of the keys signed, in the newest file that has one; null if none is there. What is no
    /// good note is passed over: an audit says so.
    /// </returns>
    public TreeHead? Newest(IReadOnlyCollection<NoteKey> keys)
    {
        if (!Directory.Exists(path))
        {
            return null;
        }

        foreach (string file in Directory.EnumerateFiles(path, Prefix + "*.txt").OrderDescending(StringComparer.Ordinal))
        {
            if (new FileInfo(file).Length <= FileBytesMax
                && SealNotes.Split(File.ReadAllText(file, Encoding.UTF8)).Select(note => Open(note, keys)).OfType<TreeHead>()
                    .MaxBy(head => head.Size) is { } newest)
            {
                return newest;
            }
        }

        return null;
    }

    private static TreeHead? Open(string note, IReadOnlyCollection<NoteKey> keys)
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
