using Events.GraphQL.Language;

namespace Events.GraphQL.Validation.Rules;

/// <summary>Each field of an input object is given once (specification, section 5.6.3).</summary>
internal sealed class UniqueInputFieldNames(ValidationContext context) : ValidationRule(context)
{
    internal override bool Enter(SyntaxNode node)
    {
        if (node is ObjectValueNode { Fields.Length: > 1 } value)
        {
            var known = new Dictionary<string, Name>(StringComparer.Ordinal);
            foreach (ObjectFieldNode field in value.Fields)
            {
                if (!known.TryAdd(field.Name.Value, field.Name))
                {
                    Report(
                        $"There can be only one input field named \"{field.Name}\".",
                        known[field.Name.Value].Location,
                        field.Name.Location);
                }
            }
        }

        return true;
    }
}
