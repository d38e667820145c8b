using Events.GraphQL.Language;

namespace Events.GraphQL.Validation.Sdl;

/// <summary>What the rules about members of a type share: a name stands once in a type and all its extensions.</summary>
/// <param name="kind">As messages begin: <c>Field</c>.</param>
internal abstract class UniqueMembers(ValidationContext context, string kind) : ValidationRule(context)
{
    private readonly Dictionary<(string Type, string Member), Name> _known = [];

    internal override bool Enter(SyntaxNode node)
    {
        if (node is TypeDefinitionNode type)
        {
            foreach (Name name in MembersOf(type))
            {
                Check(type.Name.Value, name);
            }
        }

        return node is DocumentNode;
    }

    protected abstract IEnumerable<Name> MembersOf(TypeDefinitionNode type);

    /// <summary>Whether the schema that is extended has such a member.</summary>
    protected abstract bool IsInSchema(string type, string member);

    private void Check(string type, Name name)
    {
        if (Context.HasSchema && IsInSchema(type, name.Value))
        {
            Report(
                $"{kind} \"{type}.{name}\" already exists in the schema. It cannot also be defined in this type extension.",
                name.Location);
        }
        else if (!_known.TryAdd((type, name.Value), name))
        {
            Report($"{kind} \"{type}.{name}\" can only be defined once.", _known[(type, name.Value)].Location, name.Location);
        }
    }
}
