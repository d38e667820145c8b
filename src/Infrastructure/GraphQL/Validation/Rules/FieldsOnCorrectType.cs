using Events.GraphQL.Language;
using Events.GraphQL.Types;

namespace Events.GraphQL.Validation.Rules;

/// <summary>Every field is one of its type (specification, section 5.3.1).</summary>
internal sealed class FieldsOnCorrectType(ValidationContext context) : ValidationRule(context)
{
    internal override bool Enter(SyntaxNode node)
    {
        if (node is FieldNode field && Context.Types is { ParentType: { } parent, Field: null })
        {
            string name = field.Name.Value;
            ReportWithHint(
                $"Cannot query field \"{name}\" on type \"{parent}\".",
                Suggestions.Question("to use an inline fragment on", TypesWith(parent, name))
                    ?? Suggestions.Question(null, FieldsLike(parent, name)),
                field.Location);
        }

        return true;
    }

    private static IReadOnlyList<string> FieldsLike(GraphNamedType type, string name) =>
        type is GraphFieldsType fields ? Suggestions.For(name, fields.Fields.Select(field => field.Name)) : [];

    /// <summary>
    /// Objects of an abstract type that have such a field, and their interfaces that have it: those that most have in common
    /// first, then the wider before the narrower.
    /// </summary>
    private List<string> TypesWith(GraphNamedType type, string name)
    {
        var found = new List<GraphFieldsType>();
        var counts = new Dictionary<GraphFieldsType, int>();
        IEnumerable<GraphObject> objects = type.IsAbstract ? Context.Schema.PossibleTypes(type) : [];
        foreach (GraphObject possible in objects.Where(one => one.Fields.Has(name)))
        {
            IEnumerable<GraphFieldsType> types = possible.Interfaces.Prepend<GraphFieldsType>(possible);
            foreach (GraphFieldsType one in types.Where(one => one.Fields.Has(name)))
            {
                counts[one] = counts.GetValueOrDefault(one) + 1;
                if (counts[one] == 1)
                {
                    found.Add(one);
                }
            }
        }

        return [.. found
            .OrderByDescending(one => one is GraphObject ? 1 : counts[one])
            .ThenByDescending(one => found.Count(other => one is GraphInterface && Context.Schema.IsSubType(one, other)))
            .ThenBy(one => one.Name, StringComparer.Ordinal)
            .Select(one => one.Name)];
    }
}
