using System.Text;
using System.Text.Json;
using Events.GraphQL.Language;
using Events.GraphQL.Types;

namespace Events.GraphQL.Execution;

/// <summary>
/// Makes one variable's value of JSON (specification, "input coercion" of each kind of type). It recurses as deep as the JSON,
/// which was measured before.
/// </summary>
internal sealed class JsonCoercion(VariableDefinitionNode variable, VariableErrors errors)
{
    private readonly List<Step> _path = [];

    /// <returns>
    /// Lists as <c>object?[]</c>, input objects as <see cref="GraphInput.Runtime"/> makes them; null also where there is an
    /// error.
    /// </returns>
    internal object? Coerce(JsonElement value, GraphType type)
    {
        if (type is GraphNonNull nonNull)
        {
            if (value.ValueKind != JsonValueKind.Null)
            {
                return Coerce(value, nonNull.Of);
            }

            Add(value, $"Expected non-nullable type \"{type}\" not to be null.");
            return null;
        }

        if (value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        return type switch
        {
            GraphList list => CoerceList(value, list.Of),
            GraphInput input => CoerceObject(value, input),
            _ => CoerceLeaf(value, (IGraphLeaf)type),
        };
    }

    /// <summary>A single item counts as a list of one.</summary>
    private object?[] CoerceList(JsonElement value, GraphType of)
    {
        if (value.ValueKind != JsonValueKind.Array)
        {
            return [Coerce(value, of)];
        }

        var items = new object?[value.GetArrayLength()];
        int index = 0;
        foreach (JsonElement item in value.EnumerateArray())
        {
            if (errors.IsFull)
            {
                break;
            }

            items[index] = Below(new Step(null, index), item, of);
            index++;
        }

        return items;
    }

    private object? CoerceObject(JsonElement value, GraphInput type)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            Add(value, $"Expected type \"{type}\" to be an object.");
            return null;
        }

        int before = errors.All.Count;
        string? shown = null;
        var values = new InputValues(type.Fields);
        for (int i = 0; i < type.Fields.Count; i++)
        {
            GraphInputValue field = type.Fields[i];
            if (value.TryGetProperty(field.Name, out JsonElement given))
            {
                values[i] = Below(new Step(field.Name, 0), given, field.Type);
            }
            else if (field.TryGetDefault(out object? byDefault))
            {
                values[i] = byDefault;
            }
            else if (field.Type.Kind == TypeKind.NonNull)
            {
                AddShown($"Field \"{field.Name}\" of required type \"{field.Type}\" was not provided.", null);
            }
        }

        RefuseUnknown(value, type, AddShown);
        if (type.IsOneOf)
        {
            RequireOne(value, values, type, AddShown);
        }

        return errors.All.Count == before ? Make(value, type, values) : null;

        // The value may be large and have many errors.
        void AddShown(string problem, string? hint) => Add(shown ??= Inspect.Of(value), problem, hint);
    }

    private void RefuseUnknown(JsonElement value, GraphInput type, Action<string, string?> add)
    {
        foreach (JsonProperty property in value.EnumerateObject())
        {
            if (errors.IsFull)
            {
                return;
            }

            if (!type.Fields.Has(property.Name))
            {
                IReadOnlyList<string> near = Suggestions.For(property.Name, type.Fields.Select(field => field.Name));
                add($"Field \"{property.Name}\" is not defined by type \"{type}\".", Suggestions.Question(null, near));
            }
        }
    }

    /// <summary>Exactly one field, and not null (specification, section 3.10.1).</summary>
    private void RequireOne(JsonElement value, InputValues values, GraphInput type, Action<string, string?> add)
    {
        List<string> given = [.. values.Given().Select(one => one.Definition.Name)];
        if (given.Count != 1)
        {
            add($"Exactly one key must be specified for OneOf type \"{type}\".", null);
        }

        if (given is [string first, ..] && value.GetProperty(first).ValueKind == JsonValueKind.Null)
        {
            _path.Add(new Step(first, 0));
            Add("null", $"Field \"{first}\" must be non-null.", null);
            _path.RemoveAt(_path.Count - 1);
        }
    }

    private object? Make(JsonElement value, GraphInput type, InputValues values)
    {
        try
        {
            return type.Runtime(values);
        }
        catch (CoercionException problem)
        {
            Add(Inspect.Of(value), problem.Message, problem.Hint);
            return null;
        }
    }

    private object? CoerceLeaf(JsonElement value, IGraphLeaf type)
    {
        try
        {
            return type.ParseValue(value);
        }
        catch (CoercionException problem)
        {
            Add(Inspect.Of(value), problem.Message, problem.Hint);
            return null;
        }
    }

    private object? Below(Step step, JsonElement value, GraphType type)
    {
        _path.Add(step);
        object? coerced = Coerce(value, type);
        _path.RemoveAt(_path.Count - 1);
        return coerced;
    }

    private void Add(JsonElement value, string problem) => Add(Inspect.Of(value), problem, null);

    private void Add(string shown, string problem, string? hint)
    {
        string at = _path.Count == 0 ? string.Empty : $" at \"{PathText()}\"";
        errors.Add(GraphQLError.At(
            $"Variable \"${variable.Variable.Name}\" got invalid value {shown}{at}; {problem}", variable) with { Hint = hint });
    }

    private string PathText()
    {
        var text = new StringBuilder(variable.Variable.Name.Value);
        foreach (Step step in _path)
        {
            _ = step.Name is null ? text.Append('[').Append(step.Index).Append(']') : text.Append('.').Append(step.Name);
        }

        return text.ToString();
    }

    private readonly record struct Step(string? Name, int Index);
}
