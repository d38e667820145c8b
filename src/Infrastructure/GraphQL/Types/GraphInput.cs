namespace Events.GraphQL.Types;

/// <summary>An input object (specification, section 3.10).</summary>
internal sealed class GraphInput(string name) : GraphNamedType(name)
{
    internal override TypeKind Kind => TypeKind.InputObject;

    internal GraphMembers<GraphInputValue> Fields { get; } = new(name);

    /// <summary>Exactly one field must be given, and not as null.</summary>
    internal bool IsOneOf { get; set; }

    /// <summary>
    /// Makes the application's object from coerced fields; throws <see cref="CoercionException"/> when they do not fit together.
    /// Null: the <see cref="InputValues"/> are the value.
    /// </summary>
    internal Func<InputValues, object>? ToRuntime { get; set; }

    internal object Runtime(InputValues values) => ToRuntime is null ? values : ToRuntime(values);
}
