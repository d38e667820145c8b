using Events.GraphQL.Language;

namespace Events.GraphQL.Types;

/// <summary>
/// A default of an input field may need, through the defaults of the fields that it leaves out, itself (specification, section
/// 3.10). Such a value has no end.
/// </summary>
internal sealed class DefaultCycles
{
    private readonly HashSet<GraphInputValue> _done = [];
    private readonly HashSet<GraphInputValue> _open = [];

    private DefaultCycles()
    {
    }

    /// <exception cref="SchemaException">There is such a default.</exception>
    internal static void Check(GraphSchema schema)
    {
        var cycles = new DefaultCycles();
        foreach (GraphInputValue field in schema.Types.OfType<GraphInput>().SelectMany(type => type.Fields))
        {
            cycles.Follow(field);
        }
    }

    private void Follow(GraphInputValue field)
    {
        if (field.DefaultLiteral is null || _done.Contains(field))
        {
            return;
        }

        if (!_open.Add(field))
        {
            throw new SchemaException(
                GraphQLError.At($"The default value of \"{field.Name}\" needs itself.", field.DefaultLiteral));
        }

        Follow(field.DefaultLiteral, field.Type);
        _open.Remove(field);
        _done.Add(field);
    }

    private void Follow(ValueNode literal, GraphType type)
    {
        switch (type.Nullable, literal)
        {
            case (GraphList list, ListValueNode items):
                foreach (ValueNode item in items.Items)
                {
                    Follow(item, list.Of);
                }

                break;
            case (GraphList list, _):
                Follow(literal, list.Of);
                break;
            case (GraphInput input, ObjectValueNode fields):
                foreach (GraphInputValue field in input.Fields)
                {
                    ValueNode? given = fields.Fields.FirstOrDefault(one => one.Name.Value == field.Name)?.Value;
                    if (given is null)
                    {
                        Follow(field);
                    }
                    else
                    {
                        Follow(given, field.Type);
                    }
                }

                break;
        }
    }
}
