namespace Events.EventStore.Seals;

/// <summary>Files of signed heads.</summary>
public static class SealNotes
{
    /// <summary>
    /// The notes in a file that somebody kept: one of notes, one that a syslog receiver wrote, whose other lines are passed over,
    /// or one of both. Where mail or an editor made another end of each line, it is the newline that was signed.
    /// </summary>
    public static IReadOnlyList<string> In(string file)
    {
        string text = file.Replace("\r\n", "\n", StringComparison.Ordinal);
        if (Outside.SyslogLine.NotesIn(text).Count == 0)
        {
            return Split(text);
        }

        // A line of syslog hides no note beside it: whoever adds one to a file takes nothing out of it.
        List<string> notes = [];
        List<string> between = [];
        foreach (string line in text.Split('\n'))
        {
            IReadOnlyList<string> found = Outside.SyslogLine.NotesIn(line);
            if (found.Count == 0)
            {
                between.Add(line);
                continue;
            }

            TakeBetween(string.Join('\n', between.Append(string.Empty)));
            notes.AddRange(found);
            between.Clear();
        }

        TakeBetween(string.Join('\n', between));
        return notes;

        void TakeBetween(string part) => notes.AddRange(IsOfNotes(part) ? Split(part) : []);
    }

    /// <summary>
    /// Takes a file of notes apart: each is a text, a blank line and signatures, and a blank line follows it. Two blank lines
    /// follow what a full disk or a power cut left of one: such a part loses its signatures here, so that nobody takes it for a
    /// note that was forged.
    /// </summary>
    /// <returns>Notes with their last newline, and what is none, for whoever checks it to say so.</returns>
    public static IReadOnlyList<string> Split(string file)
    {
        List<string> notes = [];
        List<string> note = [];
        string[] lines = file.Split('\n');
        int blanks = 0;
        for (int i = 0; i < lines.Length; i++)
        {
            bool isSigned = note.Count > 0 && IsSignature(note[^1]);
            blanks = lines[i].Length == 0 ? blanks + 1 : 0;
            bool isTorn = isSigned ? lines[i].Length == 0 && i + 2 < lines.Length && lines[i + 1].Length == 0 : blanks == 2;
            if (note.Count > 0 && (isTorn || (isSigned && !IsSignature(lines[i]))))
            {
                Add(notes, note, isTorn);
            }

            if (note.Count > 0 || lines[i].Length > 0)
            {
                note.Add(lines[i]);
            }
        }

        Add(notes, note, isTorn: !file.EndsWith('\n'));
        return notes;
    }

    private static void Add(List<string> notes, List<string> note, bool isTorn)
    {
        if (note.Any(line => line.Length > 0))
        {
            notes.Add(string.Concat(note.Where(line => !isTorn || !IsSignature(line)).Select(line => line + "\n")));
        }

        note.Clear();
    }

    /// <summary>What has no line of a signature is the receiver's.</summary>
    private static bool IsOfNotes(string part) =>
        $"\n{part}".Contains("\n" + Notes.SignedNote.LineStart, StringComparison.Ordinal);

    private static bool IsSignature(string line) => line.StartsWith(Notes.SignedNote.LineStart, StringComparison.Ordinal);
}
