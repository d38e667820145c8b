using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Events.GraphQL.Language;

/// <summary>
/// Writes nodes as text: two spaces a level, one definition behind a blank line. Reading the text again gives the same document.
/// The type system is in the other half.
/// </summary>
internal sealed partial class Printer
{
    private readonly StringBuilder _out = new();
    private int _indent;

    private Printer()
    {
    }

    /// <returns>A document ends with a line end, all else does not.</returns>
    internal static string Print(SyntaxNode node)
    {
        var printer = new Printer();
        printer.Write(node);
        return printer._out.ToString();
    }

    private void Write(SyntaxNode node)
    {
        switch (node)
        {
            case DocumentNode document:
                WriteDocument(document);
                break;
            case OperationDefinitionNode operation:
                WriteOperation(operation);
                break;
            case FragmentDefinitionNode fragment:
                WriteDescription(fragment.Description);
                Text("fragment ").Text(fragment.Name.Value).Text(" on ").Text(fragment.TypeCondition.Name.Value);
                WriteDirectives(fragment.Directives);
                Text(" ").Write(fragment.SelectionSet);
                break;
            case SelectionSetNode selectionSet:
                WriteBlock("{", selectionSet.Selections, Write, "}");
                break;
            case SelectionNode selection:
                WriteSelection(selection);
                break;
            case VariableDefinitionNode variable:
                WriteVariableDefinition(variable);
                break;
            case DirectiveNode directive:
                Text("@").Text(directive.Name.Value).WriteList("(", directive.Arguments, ")");
                break;
            case ArgumentNode argument:
                Text(argument.Name.Value).Text(": ").Write(argument.Value);
                break;
            case ObjectFieldNode field:
                Text(field.Name.Value).Text(": ").Write(field.Value);
                break;
            case ValueNode value:
                WriteValue(value);
                break;
            case TypeNode type:
                WriteType(type);
                break;
            default:
                WriteTypeSystem(node);
                break;
        }
    }

    private void WriteDocument(DocumentNode document)
    {
        for (int i = 0; i < document.Definitions.Length; i++)
        {
            Text(i > 0 ? "\n" : string.Empty).Write(document.Definitions[i]);
            Text("\n");
        }
    }

    /// <summary>An anonymous query of nothing but a selection set is written as such.</summary>
    private void WriteOperation(OperationDefinitionNode operation)
    {
        bool isShort = operation is
        {
            Operation: OperationType.Query, Name: null, Description: null, Variables.IsEmpty: true, Directives.IsEmpty: true,
        };
        if (!isShort)
        {
            WriteDescription(operation.Description);
            Text(NameOf(operation.Operation)).Text(operation.Name is { } name ? $" {name.Value}" : string.Empty);
            WriteVariables(operation);
            WriteDirectives(operation.Directives);
            Text(" ");
        }

        Write(operation.SelectionSet);
    }

    private void WriteVariables(OperationDefinitionNode operation)
    {
        if (operation.Variables.IsEmpty)
        {
            return;
        }

        Text(operation.Name is null ? " " : string.Empty);
        if (operation.Variables.All(variable => variable.Description is null))
        {
            WriteList("(", operation.Variables, ")");
        }
        else
        {
            WriteBlock("(", operation.Variables, Write, ")");
        }
    }

    private static string NameOf(OperationType operation) =>
        operation switch
        {
            OperationType.Mutation => "mutation",
            OperationType.Subscription => "subscription",
            _ => "query",
        };

    private void WriteVariableDefinition(VariableDefinitionNode variable)
    {
        WriteDescription(variable.Description);
        Write(variable.Variable);
        Text(": ").Write(variable.Type);
        WriteDefault(variable.DefaultValue);
        WriteDirectives(variable.Directives);
    }

    private void WriteDefault(ValueNode? value)
    {
        if (value is not null)
        {
            Text(" = ").Write(value);
        }
    }

    private void WriteSelection(SelectionNode selection)
    {
        switch (selection)
        {
            case FieldNode field:
                Text(field.Alias is { } alias ? $"{alias.Value}: " : string.Empty).Text(field.Name.Value);
                WriteList("(", field.Arguments, ")");
                WriteDirectives(field.Directives);
                if (field.SelectionSet is not null)
                {
                    Text(" ").Write(field.SelectionSet);
                }

                break;
            case FragmentSpreadNode spread:
                Text("...").Text(spread.Name.Value);
                WriteDirectives(spread.Directives);
                break;
            case InlineFragmentNode fragment:
                Text("...").Text(fragment.TypeCondition is { } condition ? $" on {condition.Name.Value}" : string.Empty);
                WriteDirectives(fragment.Directives);
                Text(" ").Write(fragment.SelectionSet);
                break;
        }
    }

    private void WriteDirectives(ImmutableArray<DirectiveNode> directives)
    {
        foreach (DirectiveNode directive in directives)
        {
            Text(" ").Write(directive);
        }
    }

    private void WriteType(TypeNode type)
    {
        switch (type)
        {
            case NamedTypeNode named:
                Text(named.Name.Value);
                break;
            case ListTypeNode list:
                Text("[").Write(list.Of);
                Text("]");
                break;
            case NonNullTypeNode nonNull:
                Write(nonNull.Of);
                Text("!");
                break;
        }
    }

    private void WriteValue(ValueNode value)
    {
        switch (value)
        {
            case VariableNode variable:
                Text("$").Text(variable.Name.Value);
                break;
            case IntValueNode number:
                Text(number.Text);
                break;
            case FloatValueNode number:
                Text(number.Text);
                break;
            case BooleanValueNode boolean:
                Text(boolean.Value ? "true" : "false");
                break;
            case NullValueNode:
                Text("null");
                break;
            case EnumValueNode name:
                Text(name.Value);
                break;
            case ListValueNode list:
                Text("[").WriteJoined(list.Items);
                Text("]");
                break;
            case ObjectValueNode fields:
                Text("{").WriteJoined(fields.Fields);
                Text("}");
                break;
            case StringValueNode text:
                WriteString(text);
                break;
        }
    }

    /// <summary>Descriptions are always written on lines of their own, other short block strings on one.</summary>
    private void WriteString(StringValueNode text, bool isDescription = false)
    {
        if (!text.IsBlock || !BlockString.CanHold(text.Value))
        {
            WriteQuoted(text.Value);
            return;
        }

        if (!isDescription && BlockString.FitsOneLine(text.Value))
        {
            Text("\"\"\"").Text(BlockString.Lines(text.Value)[0]).Text("\"\"\"");
            return;
        }

        Text("\"\"\"");
        foreach (string line in BlockString.Lines(text.Value))
        {
            Line(line);
        }

        Line("\"\"\"");
    }

    private void WriteQuoted(string value)
    {
        Text("\"");
        for (int i = 0; i < value.Length; i++)
        {
            char c = value[i];
            Text(c switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\b' => "\\b",
                '\f' => "\\f",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                _ when char.IsControl(c) => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:X4}"),
                _ => c.ToString(),
            });
        }

        Text("\"");
    }

    private Printer Text(string text)
    {
        _out.Append(text);
        return this;
    }

    /// <summary>A new line, indented unless it is empty.</summary>
    private void Line(string text)
    {
        _out.Append('\n');
        if (text.Length > 0)
        {
            _out.Append(' ', 2 * _indent).Append(text);
        }
    }

    private void WriteJoined<T>(ImmutableArray<T> nodes)
        where T : SyntaxNode
    {
        for (int i = 0; i < nodes.Length; i++)
        {
            Text(i > 0 ? ", " : string.Empty).Write(nodes[i]);
        }
    }

    private void WriteList<T>(string open, ImmutableArray<T> nodes, string close)
        where T : SyntaxNode
    {
        if (!nodes.IsEmpty)
        {
            Text(open).WriteJoined(nodes);
            Text(close);
        }
    }

    /// <summary>Each item on a line of its own.</summary>
    private void WriteBlock<T>(string open, ImmutableArray<T> items, Action<T> write, string close)
    {
        if (items.IsEmpty)
        {
            return;
        }

        Text(open);
        _indent++;
        foreach (T item in items)
        {
            _out.Append('\n').Append(' ', 2 * _indent);
            write(item);
        }

        _indent--;
        Line(close);
    }
}
