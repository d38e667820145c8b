using System.Collections.Immutable;
using Events.GraphQL.Language;
using Events.GraphQL.Types;

namespace Events.GraphQL.Execution;

/// <summary><c>@skip</c> and <c>@include</c> (specification, sections 3.13.1 and 3.13.2).</summary>
internal static class Conditions
{
    private const string If = "if";

    /// <exception cref="GraphQLException">A condition is null.</exception>
    internal static bool IsIncluded(
        ImmutableArray<DirectiveNode> directives, GraphSchema schema, IReadOnlyDictionary<string, object?> variables)
    {
        foreach (DirectiveNode directive in directives)
        {
            bool? wanted = WantedValue(directive);
            if (wanted is not null && IfOf(directive, schema, variables) != wanted)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether what is selected depends on variables, and not on the text alone.</summary>
    internal static bool UseVariables(DocumentNode document)
    {
        var finder = new Finder();
        finder.Walk(document);
        return finder.IsFound;
    }

    /// <returns>Null for a directive that is no condition.</returns>
    private static bool? WantedValue(DirectiveNode directive) =>
        directive.Name.Value switch
        {
            BuiltIns.Skip => false,
            BuiltIns.Include => true,
            _ => null,
        };

    private static bool IfOf(DirectiveNode directive, GraphSchema schema, IReadOnlyDictionary<string, object?> variables)
    {
        ValueNode? literal = directive.Arguments.FirstOrDefault(one => one.Name.Value == If)?.Value;
        if (literal is BooleanValueNode boolean)
        {
            return boolean.Value;
        }

        GraphMembers<GraphInputValue> definitions = schema.Directives.Find(directive.Name.Value)!.Arguments;
        var given = new ValueNode?[definitions.Count];
        given[definitions.IndexOf(If)] = literal;
        return ArgumentCoercion.Coerce(definitions, given, directive, variables, out InputValues values) is { } error
            ? throw new GraphQLException(error)
            : values[If] is true;
    }

    private sealed class Finder : SyntaxWalker
    {
        internal bool IsFound { get; private set; }

        protected override bool Enter(SyntaxNode node)
        {
            IsFound |= node is DirectiveNode directive
                && WantedValue(directive) is not null
                && directive.Arguments.Any(argument => argument.Value is VariableNode);
            IsStopped = IsFound;
            return true;
        }
    }
}
