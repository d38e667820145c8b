using Events.Application.Contracts;
using Events.Application.Retention;
using Events.Domain.Retention;
using Events.GraphQL;
using Events.Host.GraphQL;

namespace Events.Host.Retention;

/// <summary>How long footage is kept. Until a policy is set, everything is kept.</summary>
/// <param name="Type">Null until a policy was set.</param>
/// <param name="IsEnabled">While it is not, nothing is deleted but what a person deletes.</param>
/// <param name="MaxAgeDays">Of a file since its last picture; null for no limit.</param>
/// <param name="MaxSizeBytes">Of all files that are not under legal hold; null for no limit.</param>
/// <param name="SetAt">Null until a policy was set.</param>
/// <param name="Stream">The name of its stream in the log.</param>
[GraphQLName("RetentionPolicy")]
internal sealed record RetentionPolicyNode(
    RetentionType? Type, bool IsEnabled, int? MaxAgeDays, long? MaxSizeBytes, DateTimeOffset? SetAt, string Stream)
{
    public static async Task<RetentionPolicyNode> FindAsync(IReadModels views, CancellationToken cancellationToken) =>
        Of(await views.FindAsync(StorageViewProjection.View, StorageView.Key, cancellationToken));

    /// <param name="row">Null before any fact.</param>
    public static RetentionPolicyNode Of(StorageView? row)
    {
        row ??= StorageView.Initial;
        return new RetentionPolicyNode(
            row.PolicyType,
            row.IsPolicyEnabled,
            row.MaxAgeDays,
            row.MaxSizeBytes,
            row.PolicySetAt,
            $"{RetentionPolicy.Decider.Category}-{RetentionPolicy.Key}");
    }
}

/// <summary>One run that deleted what was due, or that a person asked for.</summary>
/// <param name="Id">Of the cleanup in the whole schema.</param>
/// <param name="BytesFreed">Of the files that were removed.</param>
/// <param name="IsComplete">False when it left off before everything due was gone. Clean up again then.</param>
/// <param name="Stream">The name of its stream in the log.</param>
[GraphQLName("Cleanup")]
internal sealed record CleanupNode(
    [property: ID] Guid Id,
    CleanupTrigger Trigger,
    int RecordingsDeleted,
    int SnapshotsDeleted,
    long BytesFreed,
    bool IsComplete,
    DateTimeOffset At,
    string Stream)
{
    public static Lookup<CleanupNode> ById(Guid id) => Lookups.Of(CleanupViewProjection.View, id, Of);

    public static CleanupNode Of(CleanupView view) =>
        new(
            view.Id.Value,
            view.Trigger,
            view.RecordingsDeleted,
            view.SnapshotsDeleted,
            view.BytesFreed,
            view.IsComplete,
            view.At,
            $"{Cleanup.Decider.Category}-{view.Id}");
}

/// <summary>What cleanups can be filtered and sorted by.</summary>
[GraphQLName("Cleanup")]
internal sealed record CleanupColumns(DateTimeOffset At);

[QueryType]
[Authorize(Policy = nameof(Right.ReadStatus))]
internal static class RetentionQueries
{
    /// <summary>How long footage is kept.</summary>
    /// <param name="asOf">The policy as it was then; null for now.</param>
    public static async Task<RetentionPolicyNode> GetRetentionPolicyAsync(
        IReadModels views, ViewLists lists, CancellationToken cancellationToken,
        AsOf? asOf = null) =>
        RetentionPolicyNode.Of(await lists.FindAsync(
            StorageViewProjection.View, RetentionPolicy.Decider.Category, StorageView.Key, asOf, views, cancellationToken));

    /// <summary>Cleanups, the newest first unless another order is asked for.</summary>
    /// <param name="asOf">The list as it was then; null for now.</param>
    [UsePaging(IncludeTotalCount = true, DefaultPageSize = 50, MaxPageSize = 100)]
    [UseFiltering(Type = typeof(CleanupColumns))]
    [UseSorting(Type = typeof(CleanupColumns))]
    public static Task<Connection<CleanupNode>> GetCleanupsAsync(
        PagingArguments paging, Filter? where, SortOrder order, ViewLists lists, CancellationToken cancellationToken,
        AsOf? asOf = null) =>
        lists.ListAsync(
            CleanupViewProjection.View,
            new ListCall(paging, where, order, asOf),
            new RowOrder("at", true),
            null,
            CleanupNode.Of,
            cancellationToken);
}

[ExtendObjectType<CleanupNode>]
internal static class CleanupFields
{
    [NodeResolver]
    [Authorize(Policy = nameof(Right.ReadStatus))]
    public static Task<CleanupNode?> FindAsync([ID] Guid id, IReadModels views, CancellationToken cancellationToken) =>
        CleanupNode.ById(id)(views, cancellationToken);
}
