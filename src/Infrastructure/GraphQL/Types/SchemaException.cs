namespace Events.GraphQL.Types;

/// <summary>A schema cannot be built. It is a programming error, found at start.</summary>
internal sealed class SchemaException(IReadOnlyList<GraphQLError> errors) : Exception(TextOf(errors))
{
    internal SchemaException(GraphQLError error)
        : this([error])
    {
    }

    internal IReadOnlyList<GraphQLError> Errors => errors;

    private static string TextOf(IReadOnlyList<GraphQLError> errors) =>
        string.Join('\n', errors.Select(error => error.Locations.Count == 0
            ? error.Message
            : $"{error.Message} ({error.Locations[0].Line}:{error.Locations[0].Column})"));
}
