using Events.GraphQL;

namespace Events.Host.GraphQL;

/// <summary>Why people do something, in their words. It goes into the log for ever.</summary>
internal static class Reasons
{
    /// <summary>In characters. A sentence or two.</summary>
    private const int LengthMax = 500;

    /// <exception cref="GraphQLException">It is too long, or has characters that the log does not take.</exception>
    public static string Checked(string reason) =>
        reason.Length <= LengthMax && !reason.Any(char.IsControl)
        && !reason.EnumerateRunes().Contains(System.Text.Rune.ReplacementChar)
            ? reason
            : throw new GraphQLException(GraphQLDoor.Coded(
                $"A reason has at most {LengthMax} characters and no control characters.", "BAD_ARGUMENTS"));
}
