using Events.GraphQL.Language;

namespace Events.GraphQL.Execution;

/// <summary>Errors of the engine that programs may want to tell apart. Codes stay when messages change.</summary>
internal static class Limit
{
    internal const string Exceeded = "LIMIT_EXCEEDED";
    internal const string CostExceeded = "COST_EXCEEDED";
    internal const string TimedOut = "TIMEOUT";
    internal const string Unexpected = "INTERNAL_ERROR";

    /// <param name="what">As it is counted: <c>fields</c>.</param>
    internal static GraphQLError Error(string what, string message, double actual, double maximum, SyntaxNode? node = null) =>
        new(message)
        {
            Locations = node is null ? [] : [node.Location],
            Extensions = new Dictionary<string, object?>
            {
                ["code"] = Exceeded,
                ["limit"] = what,
                ["actual"] = actual,
                ["maximum"] = maximum,
            },
        };

    internal static GraphQLError Coded(string message, string code) =>
        new(message) { Extensions = new Dictionary<string, object?> { ["code"] = code } };
}
