using Events.EventStore;
using Events.GraphQL;
using Events.Host.GraphQL;

namespace Events.Host.Projections;

/// <summary>How one view, which is computed from the log, is.</summary>
/// <param name="Version">Of its shape.</param>
/// <param name="State">What it is doing.</param>
/// <param name="Position">Up to which it is folded.</param>
/// <param name="Lag">Positions between it and the newest fact.</param>
/// <param name="Fault">At which fact it stands still, and why; null when it does not.</param>
/// <param name="Parked">Positions of facts that it passes over.</param>
[GraphQLName("Projection")]
internal sealed record ProjectionNode(
    string Name,
    int Version,
    ProjectionState State,
    string Position,
    long Lag,
    string? Fault,
    IReadOnlyList<string> Parked)
{
    public static ProjectionNode Of(ProjectionStatus status) =>
        new(
            status.Name,
            status.Version,
            status.State,
            Moments.Write(status.Position),
            status.Lag,
            status.Fault,
            [.. status.Parked.Select(Moments.Write)]);
}

[QueryType]
[Authorize(Policy = nameof(Right.ReadStatus))]
internal static class ProjectionQueries
{
    /// <summary>All views. There are about a dozen.</summary>
    public static async Task<IReadOnlyList<ProjectionNode>> GetProjectionsAsync(
        IProjections projections, CancellationToken cancellationToken) =>
        [.. (await projections.ListAsync(cancellationToken)).Select(ProjectionNode.Of)];
}
