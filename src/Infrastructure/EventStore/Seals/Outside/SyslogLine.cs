using System.Globalization;
using System.Text;
using Events.EventStore.Seals.Notes;

namespace Events.EventStore.Seals.Outside;

/// <summary>
/// A signed head as one line of RFC 5424, whole in its structured data, so that the note can be made from it again: some 400
/// bytes, and every receiver takes 480.
/// </summary>
internal static class SyslogLine
{
    /// <summary>
    /// Names with an enterprise's number are for everybody's own use; 32473 is the one that RFC 5612 leaves to those who have
    /// none.
    /// </summary>
    private const string Element = "[head@32473 ";

    /// <summary>Facility 13 (log audit), severity 5 (notice).</summary>
    private const int Priority = (13 * 8) + 5;

    private const string Nothing = "-";

    public static string Of(string note, DateTimeOffset now, string host)
    {
        SignedNote signed = SignedNote.Parse(StrictText.Encode(note));
        TreeHead head = TreeHead.Parse(signed.Text);
        StringBuilder line = new();
        line.Append(
            CultureInfo.InvariantCulture,
            $"<{Priority}>1 {now.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.fff'Z'} {NameOf(host)} events {Nothing} head {Element}");
        line.Append(CultureInfo.InvariantCulture, $"origin=\"{Escaped(head.Origin)}\" size=\"{head.Size}\" ");
        line.Append(CultureInfo.InvariantCulture, $"root=\"{head.Root.ToBase64()}\"");
        foreach (NoteSignature signature in signed.Signatures.Where(one => one.KeyName == head.Origin))
        {
            string text = signature.ToString().TrimEnd('\n');
            line.Append(CultureInfo.InvariantCulture, $" sig=\"{text[(text.LastIndexOf(' ') + 1)..]}\"");
        }

        return line.Append(']').ToString();
    }

    /// <summary>The notes in a file that a receiver wrote; what stands around them is the receiver's.</summary>
    /// <returns>Empty for a file without any.</returns>
    public static IReadOnlyList<string> NotesIn(string file) =>
        [.. file.Split('\n').Where(line => line.Contains(Element, StringComparison.Ordinal)).Select(NoteIn)];

    /// <returns>A note; what cannot be one is refused by whoever opens it.</returns>
    private static string NoteIn(string line)
    {
        int at = line.IndexOf(Element, StringComparison.Ordinal) + Element.Length;
        List<(string Name, string Value)> values = ValuesIn(line, at);
        string Value(string name) => values.FirstOrDefault(one => one.Name == name).Value ?? string.Empty;
        StringBuilder note = new($"{Value("origin")}\n{Value("size")}\n{Value("root")}\n\n");
        foreach ((_, string signature) in values.Where(one => one.Name == "sig"))
        {
            note.Append(SignedNote.LineStart).Append(Value("origin")).Append(' ').Append(signature).Append('\n');
        }

        return note.ToString();
    }

    private static List<(string Name, string Value)> ValuesIn(string line, int at)
    {
        List<(string, string)> values = [];
        while (at < line.Length && line[at] != ']')
        {
            int equals = line.IndexOf("=\"", at, StringComparison.Ordinal);
            if (equals < 0)
            {
                break;
            }

            string name = line[at..equals].Trim();
            StringBuilder value = new();
            for (at = equals + 2; at < line.Length && line[at] != '"'; at++)
            {
                at += line[at] == '\\' && at + 1 < line.Length ? 1 : 0;
                value.Append(line[at]);
            }

            values.Add((name, value.ToString()));
            at++;
        }

        return values;
    }

    private static string Escaped(string value) =>
        value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)
            .Replace("]", "\\]", StringComparison.Ordinal);

    /// <summary>A host name in a header: printable ASCII without blanks, at most 255 characters.</summary>
    private static string NameOf(string host)
    {
        string name = new([.. host.Where(letter => letter is > ' ' and < (char)127).Take(255)]);
        return name.Length == 0 ? Nothing : name;
    }
}
