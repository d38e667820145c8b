using Events.GraphQL.Language;

namespace Events.GraphQL.Types;

/// <summary>A directive that documents or schemas may apply (specification, section 3.13).</summary>
internal sealed class GraphDirective(string name) : IGraphMember
{
    public string Name => name;

    public string? Description { get; set; }

    internal GraphMembers<GraphInputValue> Arguments { get; } = new($"@{name}");

    internal IReadOnlyList<DirectiveLocation> Locations { get; init; } = [];

    internal bool IsRepeatable { get; init; }
}
