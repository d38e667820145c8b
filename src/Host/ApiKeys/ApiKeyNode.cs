using Events.Application.ApiKeys;
using Events.GraphQL;

namespace Events.Host.ApiKeys;

/// <summary>A secret with which a program comes in. The secret itself is shown once, when it is made.</summary>
/// <param name="Id">Of the key in the whole schema; no secret.</param>
/// <param name="Cameras">Ids of those that it may know of; null for all.</param>
/// <param name="Addresses">Addresses and networks it may be used from; null for any.</param>
/// <param name="ExpiresAt">Null for never.</param>
/// <param name="CallsPerSecond">Calls and requests over all it has open, on each host; null for what every account may.</param>
/// <param name="Scopes">Rights of the role that it has; null for all.</param>
/// <param name="OldSecretUntil">How long the secret before the last rotation is good; null when there was none.</param>
/// <param name="Reason">Why it was suspended or revoked; null otherwise.</param>
/// <param name="UseCount">Logins and requests, as far as they were reported.</param>
/// <param name="LastUsedAt">As far as it was reported; null before the first time.</param>
/// <param name="Version">Facts of this key so far. Commands take it as expectedVersion.</param>
/// <param name="Stream">The name of its stream in the log.</param>
[GraphQLName("ApiKey")]
internal sealed record ApiKeyNode(
    [property: ID] Guid Id,
    string Name,
    Role Role,
    ApiKeyStatus Status,
    [property: ID] IReadOnlyList<Guid>? Cameras,
    IReadOnlyList<string>? Addresses,
    DateTimeOffset IssuedAt,
    DateTimeOffset? ExpiresAt,
    int? CallsPerSecond,
    IReadOnlyList<Right>? Scopes,
    DateTimeOffset? OldSecretUntil,
    string? Reason,
    long UseCount,
    DateTimeOffset? LastUsedAt,
    long Version,
    string Stream)
{
    /// <param name="now">Time runs out before the log says so.</param>
    public static ApiKeyNode Of(ApiKeyView view, DateTimeOffset now) =>
        new(
            view.Id.Value,
            view.Name,
            view.Role,
            view.StatusAt(now),
            view.Cameras?.All.Select(id => id.Value).ToList(),
            view.Addresses?.Split(' '),
            view.IssuedAt,
            view.ExpiresAt,
            view.CallsPerSecondMax,
            view.Scopes?.All,
            view.OldUntil,
            view.EndedFor,
            view.UseCount,
            view.LastUsedAt,
            view.Version,
            $"api_key-{view.Id}");
}

/// <summary>What keys can be filtered and sorted by. Status is the log's; an expired key may still be active there.</summary>
[GraphQLName("ApiKey")]
internal sealed record ApiKeyColumns(string Name, Role Role, ApiKeyStatus Status, DateTimeOffset IssuedAt);
