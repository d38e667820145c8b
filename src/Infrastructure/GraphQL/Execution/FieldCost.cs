using Events.GraphQL.Types;

namespace Events.GraphQL.Execution;

/// <summary>
/// What a field costs: its weight for each value that it could give. A list counts as long as its slicing arguments say. Hung
/// onto a field with <see cref="GraphAnnotated.Set{T}"/>; a field without one has <see cref="Of"/>.
/// </summary>
internal sealed record FieldCost
{
    private static readonly string[] UsualSlicingArguments = ["first", "last", "limit"];
    private static readonly FieldCost Leaf = new() { Weight = 0 };
    private static readonly FieldCost Composite = new() { SlicingArguments = UsualSlicingArguments };

    /// <summary>Of one value. Objects usually have 1, what can be read off an object has 0.</summary>
    internal double Weight { get; init; } = 1;

    /// <summary>Arguments that say how many items are wanted; the largest that is given counts.</summary>
    internal IReadOnlyList<string> SlicingArguments { get; init; } = [];

    /// <summary>Items when no slicing argument says it; null: <see cref="ExecutorOptions.ListSizeAssumed"/>.</summary>
    internal int? AssumedSize { get; init; }

    /// <summary>
    /// Fields one level below that are as long as this one's slicing arguments say, e.g. <c>edges</c> and <c>nodes</c> of a
    /// connection. Empty: this field is the list.
    /// </summary>
    internal IReadOnlyList<string> SizedFields { get; init; } = [];

    internal static FieldCost Of(GraphField field) =>
        field.Get<FieldCost>() ?? (field.Type.Named.IsComposite ? Composite : Leaf);
}
