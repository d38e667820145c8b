using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;
using Events.GraphQL.Language;
using Events.GraphQL.Types;

namespace Events.GraphQL.Execution;

/// <summary>
/// Coerces the variables of a request (specification, section 6.1.2, <c>CoerceVariableValues</c>). Messages are those of the
/// reference implementation.
/// </summary>
internal static class VariableCoercion
{
    private const string NoUnicode = "Variables hold text that is no Unicode.";
    private static readonly Dictionary<string, object?> None = [];

    /// <param name="given">A JSON object; null for none.</param>
    /// <param name="values">Those given or with a default; the others are left out.</param>
    /// <returns>Empty when all fit.</returns>
    internal static IReadOnlyList<GraphQLError> Coerce(
        IReadOnlyList<PreparedVariable> definitions, JsonElement? given, out IReadOnlyDictionary<string, object?> values)
    {
        values = None;
        if (definitions.Count == 0)
        {
            return [];
        }

        var input = given is { ValueKind: not JsonValueKind.Null and not JsonValueKind.Undefined } ? given : null;
        if (input is { ValueKind: not JsonValueKind.Object })
        {
            return [new GraphQLError("Variables must be an object.")];
        }

        if (input is not null && ProblemOf(JsonMarshal.GetRawUtf8Value(input.Value)) is { } problem)
        {
            return [problem];
        }

        var coerced = new Dictionary<string, object?>(StringComparer.Ordinal);
        var errors = new VariableErrors();
        foreach (PreparedVariable definition in definitions)
        {
            Coerce(definition, input, coerced, errors);
            if (errors.IsFull)
            {
                break;
            }
        }

        values = coerced;
        return errors.All;
    }

    private static void Coerce(
        PreparedVariable definition, JsonElement? input, Dictionary<string, object?> coerced, VariableErrors errors)
    {
        VariableDefinitionNode node = definition.Node;
        string name = node.Variable.Name.Value;
        if (definition.Type is not { } type)
        {
            errors.Add(GraphQLError.At(
                $"Variable \"${name}\" expected value of type \"{Printer.Print(node.Type)}\" which cannot be used as an input "
                    + "type.",
                node.Type));
            return;
        }

        if (input is null || !input.Value.TryGetProperty(name, out JsonElement value))
        {
            if (node.DefaultValue is not null)
            {
                LiteralCoercion.TryCoerce(node.DefaultValue, type, null, out object? byDefault);
                coerced[name] = byDefault;
            }
            else if (type.Kind == TypeKind.NonNull)
            {
                errors.Add(GraphQLError.At($"Variable \"${name}\" of required type \"{type}\" was not provided.", node));
            }

            return;
        }

        if (value.ValueKind == JsonValueKind.Null && type.Kind == TypeKind.NonNull)
        {
            errors.Add(GraphQLError.At($"Variable \"${name}\" of non-null type \"{type}\" must not be null.", node));
            return;
        }

        coerced[name] = new JsonCoercion(node, errors).Coerce(value, type);
    }

    /// <summary>
    /// Looks for what would go wrong later: nesting that recursion could not bear, and text that is no Unicode. Small texts
    /// without escapes, which most are, need no second reading: each level takes two characters.
    /// </summary>
    /// <returns>Null when there is nothing.</returns>
    private static GraphQLError? ProblemOf(ReadOnlySpan<byte> text)
    {
        if (!Utf8.IsValid(text))
        {
            return new GraphQLError(NoUnicode);
        }

        if (text.Length <= ExecutorOptions.NestingMax * 2 && !text.Contains((byte)'\\'))
        {
            return null;
        }

        // Its first level is the object of all variables.
        var reader = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = ExecutorOptions.NestingMax + 1 });
        try
        {
            while (reader.Read())
            {
                if (reader.ValueIsEscaped)
                {
                    reader.GetString();
                }
            }

            return null;
        }
        catch (JsonException)
        {
            // The text was read before, so it can only be too deep.
            return Limit.Error(
                "nesting",
                $"Variables are nested deeper than {ExecutorOptions.NestingMax} levels.",
                reader.CurrentDepth,
                ExecutorOptions.NestingMax);
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair was escaped.
            return new GraphQLError(NoUnicode);
        }
    }
}

/// <summary>A variable that an operation defines.</summary>
/// <param name="Type">Null when it is none that input can have, which validation refuses.</param>
internal sealed record PreparedVariable(VariableDefinitionNode Node, GraphType? Type);

/// <summary>What is wrong with the variables, up to a maximum.</summary>
internal sealed class VariableErrors
{
    /// <summary>A list of a million wrong items has a million errors.</summary>
    private const int Max = 50;

    private readonly List<GraphQLError> _all = [];

    internal IReadOnlyList<GraphQLError> All => _all;

    /// <summary>Nothing further is taken, or worth looking for.</summary>
    internal bool IsFull => _all.Count > Max;

    internal void Add(GraphQLError error)
    {
        if (!IsFull)
        {
            _all.Add(_all.Count < Max
                ? error
                : new GraphQLError("Too many errors processing variables, error limit reached. Execution aborted."));
        }
    }
}
