using Events.GraphQL.Language;

namespace Events.GraphQL.Validation.Rules;

/// <summary>Two fields that cannot be merged, with the fields below them that are why.</summary>
/// <param name="Left">The one field, and those in it.</param>
/// <param name="Right">The other, and those in it.</param>
internal sealed record FieldConflict(
    string ResponseName, string Reason, IReadOnlyList<FieldNode> Left, IReadOnlyList<FieldNode> Right)
{
    /// <summary>One conflict of two fields whose subfields are in conflict.</summary>
    internal static FieldConflict Around(
        string responseName, FieldNode left, FieldNode right, IReadOnlyList<FieldConflict> below) =>
        new(
            responseName,
            string.Join(" and ", below.Select(one => $"subfields \"{one.ResponseName}\" conflict because {one.Reason}")),
            [left, .. below.SelectMany(one => one.Left)],
            [right, .. below.SelectMany(one => one.Right)]);
}
