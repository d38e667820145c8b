using System.Collections.Immutable;

namespace Events.GraphQL.Language;

/// <summary>Definitions and extensions of the type system.</summary>
internal sealed partial class Printer
{
    private void WriteTypeSystem(SyntaxNode node)
    {
        switch (node)
        {
            case SchemaDefinitionNode schema:
                WriteHead(schema.Description, schema.IsExtension, "schema");
                WriteDirectives(schema.Directives);
                WriteBody(schema.Roots);
                break;
            case TypeDefinitionNode type:
                WriteTypeDefinition(type);
                break;
            case DirectiveDefinitionNode directive:
                WriteHead(directive.Description, false, $"directive @{directive.Name.Value}");
                WriteArguments(directive.Arguments);
                Text(directive.IsRepeatable ? " repeatable on " : " on ");
                Text(string.Join(" | ", directive.Locations.Select(location => location.NameOf())));
                break;
            case RootTypeNode root:
                Text(NameOf(root.Operation)).Text(": ").Write(root.Type);
                break;
            case FieldDefinitionNode field:
                WriteDescription(field.Description);
                Text(field.Name.Value).WriteArguments(field.Arguments);
                Text(": ").Write(field.Type);
                WriteDirectives(field.Directives);
                break;
            case InputValueDefinitionNode input:
                WriteDescription(input.Description);
                Text(input.Name.Value).Text(": ").Write(input.Type);
                WriteDefault(input.DefaultValue);
                WriteDirectives(input.Directives);
                break;
            case EnumValueDefinitionNode value:
                WriteDescription(value.Description);
                Text(value.Name.Value).WriteDirectives(value.Directives);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(node), node, "No node of a document.");
        }
    }

    private void WriteTypeDefinition(TypeDefinitionNode type)
    {
        WriteHead(type.Description, type.IsExtension, $"{KeywordOf(type)} {type.Name.Value}");
        if (type is FieldsDefinitionNode { Interfaces: { IsEmpty: false } interfaces })
        {
            Text(" implements ").Text(string.Join(" & ", interfaces.Select(name => name.Name.Value)));
        }

        WriteDirectives(type.Directives);
        switch (type)
        {
            case FieldsDefinitionNode fields:
                WriteBody(fields.Fields);
                break;
            case InputObjectDefinitionNode input:
                WriteBody(input.Fields);
                break;
            case EnumDefinitionNode values:
                WriteBody(values.Values);
                break;
            case UnionDefinitionNode { Members: { IsEmpty: false } members }:
                Text(" = ").Text(string.Join(" | ", members.Select(name => name.Name.Value)));
                break;
        }
    }

    private static string KeywordOf(TypeDefinitionNode type) =>
        type switch
        {
            ScalarDefinitionNode => "scalar",
            FieldsDefinitionNode { IsInterface: true } => "interface",
            FieldsDefinitionNode => "type",
            UnionDefinitionNode => "union",
            EnumDefinitionNode => "enum",
            _ => "input",
        };

    private void WriteHead(StringValueNode? description, bool isExtension, string head)
    {
        WriteDescription(description);
        Text(isExtension ? "extend " : string.Empty).Text(head);
    }

    private void WriteDescription(StringValueNode? description)
    {
        if (description is not null)
        {
            WriteString(description, isDescription: true);
            Line(string.Empty);
            _out.Append(' ', 2 * _indent);
        }
    }

    /// <summary>On one line, unless one of them has a description.</summary>
    private void WriteArguments(ImmutableArray<InputValueDefinitionNode> arguments)
    {
        if (arguments.All(argument => argument.Description is null))
        {
            WriteList("(", arguments, ")");
        }
        else
        {
            WriteBlock("(", arguments, Write, ")");
        }
    }

    private void WriteBody<T>(ImmutableArray<T> items)
        where T : SyntaxNode
    {
        if (!items.IsEmpty)
        {
            Text(" ").WriteBlock("{", items, Write, "}");
        }
    }
}
