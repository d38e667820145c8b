using System.Collections;
using System.Reflection;

namespace Events.GraphQL.Binding;

/// <summary>A C# type as the binding sees it: tasks taken off, lists and nullability known at each level.</summary>
/// <param name="Type">Without <see cref="Nullable{T}"/>; of a list the list's type.</param>
/// <param name="Item">Of a list; null for all else.</param>
internal sealed record TypeShape(Type Type, bool IsNullable, TypeShape? Item)
{
    private static readonly NullabilityInfoContext Nullability = new();

    /// <summary>The type inside all lists.</summary>
    internal Type Named => Item?.Named ?? Type;

    internal static TypeShape OfResult(MethodInfo method) => Of(Locked(() => Nullability.Create(method.ReturnParameter)), false);

    internal static TypeShape OfProperty(PropertyInfo property, bool isInput) =>
        Of(Locked(() => Nullability.Create(property)), isInput);

    internal static TypeShape OfParameter(ParameterInfo parameter) => Of(Locked(() => Nullability.Create(parameter)), true);

    /// <summary>The context is not safe for threads.</summary>
    private static NullabilityInfo Locked(Func<NullabilityInfo> create)
    {
        lock (Nullability)
        {
            return create();
        }
    }

    private static TypeShape Of(NullabilityInfo info, bool isInput)
    {
        if (IsTask(info.Type))
        {
            return Of(info.GenericTypeArguments[0], isInput);
        }

        // A property that is read may be null; one that is written may take null.
        bool isNullable = (isInput ? info.WriteState : info.ReadState) == NullabilityState.Nullable
            || info.ReadState == NullabilityState.Nullable;
        Type type = Nullable.GetUnderlyingType(info.Type) ?? info.Type;
        NullabilityInfo? item = info.ElementType ?? (IsSequence(type) ? ItemOf(info) : null);
        return new TypeShape(type, isNullable, item is null ? null : Of(item, isInput));
    }

    private static bool IsTask(Type type) =>
        type.IsGenericType
        && (type.GetGenericTypeDefinition() == typeof(Task<>) || type.GetGenericTypeDefinition() == typeof(ValueTask<>));

    private static bool IsSequence(Type type) =>
        type != typeof(string)
        && type.IsGenericType
        && type.GetGenericArguments().Length == 1
        && (typeof(IEnumerable).IsAssignableFrom(type) || type.GetGenericTypeDefinition() == typeof(IAsyncEnumerable<>));

    private static NullabilityInfo? ItemOf(NullabilityInfo info) =>
        info.GenericTypeArguments.Length == 1 ? info.GenericTypeArguments[0] : null;
}
