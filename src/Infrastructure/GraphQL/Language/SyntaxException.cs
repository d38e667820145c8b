namespace Events.GraphQL.Language;

/// <summary>A text is no GraphQL, or passes a limit of the parser.</summary>
internal sealed class SyntaxException(string problem, Location location) : Exception($"Syntax Error: {problem}")
{
    internal Location Location => location;
}
