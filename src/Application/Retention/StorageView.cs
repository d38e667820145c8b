using Events.Application.Contracts;
using Events.Domain.Retention;

namespace Events.Application.Retention;

/// <summary>One row for the installation: how full its disk is, and how long footage is kept.</summary>
/// <param name="LevelSince">UTC; null while the level has never been another than normal.</param>
/// <param name="PolicyType">Null until a policy was set.</param>
/// <param name="MaxAgeDays">Null for no limit.</param>
/// <param name="MaxSizeBytes">Null for no limit.</param>
/// <param name="PolicySetAt">UTC; null until a policy was set.</param>
/// <param name="Position">
/// Of the newest fact in it: its facts are of several streams, whose versions say nothing together.
/// </param>
public sealed record StorageView(
    StorageLevel Level,
    DateTimeOffset? LevelSince,
    RetentionType? PolicyType,
    bool IsPolicyEnabled,
    int? MaxAgeDays,
    long? MaxSizeBytes,
    DateTimeOffset? PolicySetAt,
    long Position)
{
    /// <summary>The one row's key.</summary>
    public const string Key = "all";

    /// <summary>Before any fact.</summary>
    public static StorageView Initial { get; } = new(StorageLevel.Normal, null, null, false, null, null, null, 0);
}

/// <summary>Keeps <see cref="StorageView"/>.</summary>
public static class StorageViewProjection
{
    public static View<StorageView> View { get; } = new(
        "StorageView",
        1,
        StoredJson.Default.StorageView,
        [new("level", ViewColumnType.Text, IsIndexed: false, row => row.Level.ToString())],
        new ViewFold<StorageView, RetentionEvent>(_ => StorageView.Key, Project));

    public static StorageView? Project(StorageView? row, Recorded<RetentionEvent> recorded) =>
        (row ?? StorageView.Initial, recorded.Fact) switch
        {
            ({ Position: var seen }, _) when recorded.Position <= seen => row,
            (var r, StorageLevelChanged e) => r with { Level = e.Level, LevelSince = e.At, Position = recorded.Position },
            (var r, RetentionPolicySet e) => r with
            {
                PolicyType = e.Type,
                IsPolicyEnabled = e.IsEnabled,
                MaxAgeDays = e.MaxAgeDays,
                MaxSizeBytes = e.MaxSizeBytes,
                PolicySetAt = e.At,
                Position = recorded.Position,
            },
            _ => row,
        };
}
