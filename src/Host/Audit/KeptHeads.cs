using Events.EventStore.Seals;
using Events.Host.Cli;

namespace Events.Host.Audit;

/// <summary>What an auditor kept outside: heads, and stamps with the heads that they are of.</summary>
internal sealed record KeptHeads(IReadOnlyList<string> Notes, IReadOnlyList<KeptStamp> Stamps)
{
    /// <summary>In bytes: an anchor file of years, a head each minute.</summary>
    private const long BytesMax = 512 * 1024 * 1024;

    /// <summary>A stamp lies beside its head: <c>stamp-1000.tst</c> and <c>stamp-1000.note</c>.</summary>
    private const string StampEnding = ".tst";

    private const string NoteEnding = ".note";

    private const string DraftEnding = ".new";

    public static KeptHeads None { get; } = new([], []);

    /// <summary>What is there and cannot be used, in words.</summary>
    public IReadOnlyList<string> Unread { get; init; } = [];

    /// <param name="path">
    /// A file, or a folder of them: signed notes one behind the other, what a syslog receiver wrote, or stamps.
    /// </param>
    /// <exception cref="CommandFailedException">It is too much.</exception>
    public static KeptHeads In(string path)
    {
        // A host that is writing a stamp at this moment has a draft of it there.
        string[] files = Directory.Exists(path)
            ?
            [
                .. Directory.EnumerateFiles(path).Where(file => !file.EndsWith(DraftEnding, StringComparison.Ordinal))
                    .Order(StringComparer.Ordinal),
            ]
            : [path];
        if (files.Sum(file => new FileInfo(file).Length) > BytesMax)
        {
            throw new CommandFailedException($"{path} has more than {BytesMax} bytes of heads. Name a part of it.");
        }

        List<KeptStamp> stamps = [];
        List<string> unread = [];
        foreach (string file in files.Where(IsStamp))
        {
            string note = Path.ChangeExtension(file, NoteEnding);
            if (File.Exists(note))
            {
                stamps.Add(new KeptStamp(File.ReadAllText(note), File.ReadAllBytes(file)));
            }
            else
            {
                unread.Add($"the time stamp {file}: the head that it is of is not there, {note}");
            }
        }

        return new KeptHeads(
            [
                .. files.Where(file => !IsStamp(file)).SelectMany(file => SealNotes.In(File.ReadAllText(file)))
                    .Distinct(StringComparer.Ordinal),
            ],
            stamps)
        {
            Unread = unread,
        };
    }

    private static bool IsStamp(string file) => Path.GetExtension(file) == StampEnding;
}
