using Events.GraphQL.Language;

namespace Events.GraphQL;

/// <summary>An error as the client is told it (specification, section 7.1.5).</summary>
/// <param name="Message">For people.</param>
public sealed record GraphQLError(string Message)
{
    /// <summary>Where in the document; empty when it has no place there.</summary>
    public IReadOnlyList<Location> Locations { get; init; } = [];

    /// <summary>
    /// Response names and list indices (<see cref="string"/>, <see cref="int"/>) to the field; null outside of execution.
    /// </summary>
    public IReadOnlyList<object>? Path { get; init; }

    /// <summary>Null for none. Values are what JSON can hold.</summary>
    public IReadOnlyDictionary<string, object?>? Extensions { get; init; }

    /// <summary>A question that helps, e.g. <c> Did you mean "name"?</c>. Left out where introspection is off.</summary>
    internal string? Hint { get; init; }

    internal static GraphQLError At(string message, params IEnumerable<SyntaxNode> nodes) =>
        new(message) { Locations = [.. nodes.Select(node => node.Location)] };

    internal static GraphQLError At(string message, params IEnumerable<Location> locations) =>
        new(message) { Locations = [.. locations] };
}

/// <summary>Thrown by a resolver to tell the client what is wrong. Any other exception is told without its text.</summary>
public sealed class GraphQLException(GraphQLError error) : Exception(error.Message)
{
    public GraphQLException(string message)
        : this(new GraphQLError(message))
    {
    }

    public GraphQLError Error => error;
}
