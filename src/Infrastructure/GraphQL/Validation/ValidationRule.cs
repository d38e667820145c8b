using Events.GraphQL.Language;

namespace Events.GraphQL.Validation;

/// <summary>
/// One rule of the specification's section 5. It is told of every node on the way in and on the way out, and reports to the
/// context.
/// </summary>
internal abstract class ValidationRule(ValidationContext context)
{
    protected ValidationContext Context => context;

    /// <returns>False: this rule wants to hear neither of the node's children nor of its end.</returns>
    internal virtual bool Enter(SyntaxNode node) => true;

    internal virtual void Leave(SyntaxNode node)
    {
    }

    protected void Report(string message, params IEnumerable<SyntaxNode> nodes) =>
        context.Report(GraphQLError.At(message, nodes));

    protected void Report(string message, params IEnumerable<Location> locations) =>
        context.Report(GraphQLError.At(message, locations));

    protected void ReportWithHint(string message, string? hint, Location location) =>
        context.Report(GraphQLError.At(message, location) with { Hint = hint });
}
