using System.Text.Json.Nodes;
using Events.Application;
using Events.Application.Contracts;
using Events.Application.Recordings;
using Events.Application.Snapshots;
using Events.Application.Users;
using Events.Domain.Access;
using Events.Domain.ApiKeys;
using Events.Domain.Broadcasts;
using Events.Domain.Cameras;
using Events.Domain.Kernel;
using Events.Domain.Recordings;
using Events.Domain.Snapshots;
using Events.Domain.Users;
using Events.Host.Security;

namespace Events.Host.Facts;

/// <summary>Which facts somebody may read, and how much of each.</summary>
internal sealed class FactScopes(IReadModels views, UserRing users)
{
    public FactScope Of(AccessIdentity access) =>
        new(views, users, access.May(Right.ReadAudit), access.Cameras);
}

/// <param name="readsAudit">Whether facts about access and administration are shown, and who caused any fact.</param>
/// <param name="cameras">Only facts about these; null for all.</param>
internal sealed class FactScope(IReadModels views, UserRing users, bool readsAudit, CameraList? cameras)
{
    private static readonly Type[] _auditUnions =
        [typeof(ApiKeyEvent), typeof(UserEvent), typeof(SessionEvent), typeof(AccessEvent)];

    private static readonly string[] _openTypes =
        [.. EventTypes.Catalogue.Types.Where(type => !IsAudit(type.FactType)).Select(type => type.Alias)];

    /// <param name="types">Stored names; null for all.</param>
    public IReadOnlyList<string>? TypesAmong(IReadOnlyList<string>? types) =>
        readsAudit ? types
        : types is null ? _openTypes
        : [.. types.Intersect(_openTypes, StringComparer.Ordinal)];

    /// <returns>Null for a fact that is not shown.</returns>
    public async ValueTask<FactNode?> ShowAsync(StoredFact stored, CancellationToken cancellationToken)
    {
        // What a newer program wrote may be anything.
        bool isOpen = stored.Fact is not null && !IsAudit(stored.Fact.GetType());
        return (isOpen || readsAudit)
            && (cameras is null
                || (await CameraOfAsync(stored.Fact, cancellationToken) is { } camera && cameras.Contains(camera)))
                ? FactNode.Of(Named(stored), readsAudit)
                : null;
    }

    /// <summary>Users are shown by their names, as long as those can be read.</summary>
    private StoredFact Named(StoredFact stored)
    {
        if (stored.Fact is AccessEvent { Who: var who } && users.NameOf(who) is { } name)
        {
            JsonObject data = JsonNode.Parse(stored.Data!)!.AsObject();
            data["who"] = name;
            stored = stored with { Data = data.ToJsonString() };
        }

        return stored.UserName is { } account && users.NameOf(account) is { } user ? stored with { UserName = user } : stored;
    }

    private static bool IsAudit(Type type) => _auditUnions.Any(union => union.IsAssignableFrom(type));

    /// <returns>Null for a fact that is about no camera.</returns>
    private async ValueTask<CameraId?> CameraOfAsync(object? fact, CancellationToken cancellationToken) =>
        fact switch
        {
            CameraEvent e => e.CameraId,
            CameraNumberAssigned e => e.CameraId,
            BroadcastEvent e => e.CameraId,
            RecorderEvent e => e.CameraId,
            RecordingEvent e => (await views.FindAsync(
                RecordingViewProjection.View, e.RecordingId.ToString(), cancellationToken))?.CameraId,
            SnapshotEvent e => (await views.FindAsync(
                SnapshotViewProjection.View, e.SnapshotId.ToString(), cancellationToken))?.CameraId,
            _ => null,
        };
}
