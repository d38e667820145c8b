namespace Events.GraphQL.Language;

/// <summary>A place in a document.</summary>
/// <param name="Start">UTF-16 code units before it.</param>
/// <param name="Line">From 1; 0 for what came from no text.</param>
/// <param name="Column">From 1, in UTF-16 code units; 0 for what came from no text.</param>
public readonly record struct Location(int Start, int Line, int Column)
{
    /// <summary>Of a node that a program made.</summary>
    public static Location None => default;

    /// <summary>Finds line and column of an offset. Lines end with LF, CR, or both (specification, section 2.1.3).</summary>
    internal static Location Of(string text, int offset)
    {
        int line = 1;
        int lineStart = 0;
        for (int i = 0; i < offset && i < text.Length; i++)
        {
            bool isEnd = text[i] == '\n' || (text[i] == '\r' && !(i + 1 < text.Length && text[i + 1] == '\n'));
            if (isEnd)
            {
                line++;
                lineStart = i + 1;
            }
        }

        return new Location(offset, line, offset - lineStart + 1);
    }
}
