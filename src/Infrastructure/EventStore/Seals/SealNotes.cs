using System.Text;

namespace Events.EventStore.Seals;

/// <summary>Files of signed heads.</summary>
public static class SealNotes
{
    /// <summary>
    /// The notes in a file that somebody kept: one of notes, or one that a syslog receiver wrote, whose other lines are passed
    /// over.
    /// </summary>
    public static IReadOnlyList<string> In(string file) =>
        Outside.SyslogLine.NotesIn(file) is { Count: > 0 } lines ? lines : Split(file);

    /// <summary>Takes a file of notes apart: each is a text, a blank line and signatures, and a blank line follows it.</summary>
    /// <returns>Whole notes, with their last newline.</returns>
    public static IReadOnlyList<string> Split(string file)
    {
        List<string> notes = [];
        StringBuilder note = new();
        bool isSigned = false;
        foreach (string line in file.Split('\n'))
        {
            bool isSignature = line.StartsWith(Notes.SignedNote.LineStart, StringComparison.Ordinal);
            if (isSigned && !isSignature)
            {
                notes.Add(note.ToString());
                note.Clear();
                isSigned = false;
                if (line.Length == 0)
                {
                    continue;
                }
            }

            if (note.Length > 0 || line.Length > 0)
            {
                note.Append(line).Append('\n');
            }

            isSigned |= isSignature;
        }

        // What has no signature is no note, and whoever checks it says so.
        if (note.ToString().Trim().Length > 0)
        {
            notes.Add(note.ToString());
        }

        return notes;
    }
}
