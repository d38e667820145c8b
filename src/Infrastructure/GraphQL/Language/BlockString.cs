namespace Events.GraphQL.Language;

/// <summary>What a block string means (specification, section 2.9.4, <c>BlockStringValue</c>), and how it is written.</summary>
internal static class BlockString
{
    private const int OneLineLengthMax = 70;

    /// <summary>Takes away the common indentation, and blank lines at both ends.</summary>
    internal static string Dedent(IReadOnlyList<string> lines)
    {
        int common = int.MaxValue;
        int first = -1;
        int last = -1;
        for (int i = 0; i < lines.Count; i++)
        {
            int indent = Indent(lines[i]);
            if (indent == lines[i].Length)
            {
                continue;
            }

            first = first < 0 ? i : first;
            last = i;
            if (i > 0)
            {
                common = Math.Min(common, indent);
            }
        }

        return first < 0
            ? string.Empty
            : string.Join('\n', Enumerable.Range(first, last - first + 1)
                .Select(i => i == 0 ? lines[i] : lines[i][Math.Min(common, lines[i].Length)..]));
    }

    /// <summary>
    /// Whether a text survives being written as a block string: blank ends, an indent of its own, or control characters do
    /// not.
    /// </summary>
    internal static bool CanHold(string value)
    {
        if (value.Any(c => char.IsControl(c) && c is not ('\n' or '\t')) || HasLoneSurrogate(value))
        {
            return false;
        }

        return Dedent(["", .. value.Split('\n')]) == value;
    }

    /// <summary>Whether it may stand between the quotes without line ends.</summary>
    internal static bool FitsOneLine(string value) =>
        value.Length <= OneLineLengthMax
        && !value.Contains('\n', StringComparison.Ordinal)
        && !value.EndsWith('"')
        && !value.EndsWith('\\');

    /// <returns>The lines between the quotes, not indented.</returns>
    internal static string[] Lines(string value) => value.Replace("\"\"\"", "\\\"\"\"", StringComparison.Ordinal).Split('\n');

    private static int Indent(string line)
    {
        int count = 0;
        while (count < line.Length && line[count] is ' ' or '\t')
        {
            count++;
        }

        return count;
    }

    private static bool HasLoneSurrogate(string value)
    {
        for (int i = 0; i < value.Length; i++)
        {
            if (char.IsSurrogatePair(value, i))
            {
                i++;
            }
            else if (char.IsSurrogate(value[i]))
            {
                return true;
            }
        }

        return false;
    }
}
