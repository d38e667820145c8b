using System.Text.Json;
using Events.GraphQL.Language;

namespace Events.GraphQL.Types;

/// <summary>A value of an enum: its name on the wire, and what stands for it in the application.</summary>
internal sealed class GraphEnumValue(string name, object? runtime = null) : GraphAnnotated, IGraphMember
{
    private LazyText _description;

    public string Name => name;

    public string? Description
    {
        get => _description.Value;
        set => _description = new(value);
    }

    /// <summary>Looks the description up when somebody asks for it.</summary>
    internal void DescribeLater(Func<string?> find) => _description = new(find);

    /// <summary>The name itself when nothing else was given.</summary>
    internal object Runtime => runtime ?? name;

    /// <summary>Null while it is not deprecated.</summary>
    internal string? DeprecationReason { get; set; }
}

/// <summary>An enum (specification, section 3.9).</summary>
internal sealed class GraphEnum(string name) : GraphNamedType(name), IGraphLeaf
{
    private Dictionary<object, GraphEnumValue>? _byRuntime;

    internal override TypeKind Kind => TypeKind.Enum;

    internal GraphMembers<GraphEnumValue> Values { get; } = new(name);

    public object Serialize(object value)
    {
        Dictionary<object, GraphEnumValue> byRuntime = _byRuntime ??= Values
            .GroupBy(one => one.Runtime)
            .ToDictionary(group => group.Key, group => group.First());
        return byRuntime.TryGetValue(value, out GraphEnumValue? found)
            ? found.Name
            : throw new CoercionException($"Enum \"{Name}\" cannot represent value: {Inspect.Of(value)}");
    }

    public object? ParseValue(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.String)
        {
            string text = Inspect.Of(value);
            throw new CoercionException($"Enum \"{Name}\" cannot represent non-string value: {text}.", HintFor(text));
        }

        return RuntimeOf(value.GetString()!);
    }

    public object? ParseLiteral(ValueNode literal, IReadOnlyDictionary<string, object?>? variables)
    {
        if (literal is not EnumValueNode value)
        {
            string text = Printer.Print(literal);
            throw new CoercionException($"Enum \"{Name}\" cannot represent non-enum value: {text}.", HintFor(text));
        }

        return RuntimeOf(value.Value);
    }

    private object RuntimeOf(string value) =>
        Values.TryGet(value, out GraphEnumValue? found)
            ? found.Runtime
            : throw new CoercionException($"Value \"{value}\" does not exist in \"{Name}\" enum.", HintFor(value));

    private string? HintFor(string text) =>
        Suggestions.Question("the enum value", Suggestions.For(text, Values.Select(value => value.Name)));
}
