using System.Runtime.CompilerServices;
using System.Security.Claims;
using System.Text.Json;
using Events.Application.Contracts;
using Events.GraphQL;
using Events.Host.GraphQL;

namespace Events.Host.Facts;

/// <summary>Something that happened. Appended once to the log, never changed or removed.</summary>
/// <param name="Position">Its place in the whole log, as text: it may pass what JSON's numbers hold. Rises strictly.</param>
/// <param name="Id">The fact's own.</param>
/// <param name="Stream">Category, hyphen, key: camera-0199...</param>
/// <param name="Version">Its place in its stream, from 1, without gaps.</param>
/// <param name="Type">The stored name, e.g. camera_registered.</param>
/// <param name="Time">When it was appended.</param>
/// <param name="User">
/// Who caused it: a user's name, or the id of the account where no name can be read (any more), or system. Null for who may not
/// read the audit.
/// </param>
/// <param name="Correlation">The same for everything that one request led to.</param>
/// <param name="Causation">The command or fact that led here; null when a person did.</param>
/// <param name="Body">As text. It is parsed for whoever asks for it.</param>
[GraphQLName("Fact")]
internal sealed record FactNode(
    string Position,
    Guid Id,
    string Stream,
    long Version,
    string Type,
    DateTimeOffset Time,
    string? User,
    string? Correlation,
    string? Causation,
    [property: GraphQLIgnore] string? Body)
    : IGraphQLEvent
{
    /// <summary>Its body.</summary>
    public JsonElement GetData() => JsonElement.Parse(Body ?? "null");

    /// <param name="showsUser">Whether the reader may know who caused it.</param>
    public static FactNode Of(StoredFact stored, bool showsUser) =>
        new(
            Moments.Write(stored.Position),
            stored.Id,
            stored.StreamId,
            stored.Version,
            stored.Type,
            stored.RecordedAt,
            showsUser ? stored.UserName : null,
            stored.CorrelationId,
            stored.CausationId,
            stored.Data);
}

[QueryType]
[Authorize(Policy = nameof(Right.ReadFacts))]
internal static class FactQueries
{
    /// <summary>Types in one question; there are about thirty.</summary>
    internal const int TypesMax = 100;

    /// <summary>
    /// Facts of the log, oldest first. A cursor is a position, so after takes both. Facts about access and administration are
    /// for auditors and admins alone; who may know of some cameras is told of those, and a page that has fewer than asked for
    /// says whether to go on.
    /// </summary>
    /// <param name="stream">Of one stream, e.g. a camera's; null for all.</param>
    /// <param name="types">Stored names, e.g. recording_started; null for all.</param>
    /// <param name="from">Recorded then or later.</param>
    /// <param name="to">Recorded before then.</param>
    [UsePaging(DefaultPageSize = 50, MaxPageSize = 500)]
    public static async Task<Connection<FactNode>> GetEventsAsync(
        PagingArguments paging, IFacts facts, FactScopes scopes, ClaimsPrincipal user, CancellationToken cancellationToken,
        string? stream = null, IReadOnlyList<string>? types = null, DateTimeOffset? from = null, DateTimeOffset? to = null)
    {
        CheckTypes(types);
        FactScope scope = scopes.Of(GraphQLCallers.AccessOf(user));
        var query = new FactQuery(
            stream,
            scope.TypesAmong(types),
            from,
            to,
            paging.After is { } after ? Moments.Read(after) : 0,
            paging.Before is { } before ? Moments.Read(before) : long.MaxValue,
            paging.Count,
            paging.IsBackward);
        FactPage page = await FactPage.ReadAsync(facts, scope, query, cancellationToken);
        string? stoppedAt = page.StoppedAt is { } position ? Moments.Write(position) : null;
        return new Connection<FactNode>(
            [.. page.Shown.Select(fact => new Edge<FactNode>(fact, fact.Position))],
            paging.IsBackward ? paging.Before is not null : page.HasMore,
            paging.IsBackward ? page.HasMore : query.After > 0,
            startCursor: paging.IsBackward ? stoppedAt : null,
            endCursor: paging.IsBackward ? null : stoppedAt);
    }

    internal static void CheckTypes(IReadOnlyList<string>? types)
    {
        if (types?.Count > TypesMax)
        {
            throw new GraphQLException(GraphQLDoor.Coded($"At most {TypesMax} types can be asked for.", "BAD_ARGUMENTS"));
        }
    }
}

[SubscriptionType]
[Authorize(Policy = nameof(Right.ReadFacts))]
internal static class FactSubscriptions
{
    /// <summary>Every fact as it comes. None is left out; a reader that is far too slow is ended and can resume.</summary>
    [Subscribe(With = nameof(FollowEventsAsync))]
    public static FactNode Events([EventMessage] FactNode fact) => fact;

    /// <param name="stream">Of one stream, e.g. a camera's; null for all.</param>
    /// <param name="types">Stored names, e.g. recording_started; null for all.</param>
    /// <param name="after">A position: what happened since comes first. Null: from now on.</param>
    public static async Task<IAsyncEnumerable<FactNode>> FollowEventsAsync(
        LogFollower follower, FactScopes scopes, ClaimsPrincipal user, CancellationToken cancellationToken,
        string? stream = null, IReadOnlyList<string>? types = null, string? after = null)
    {
        FactQueries.CheckTypes(types);
        HashSet<string>? wanted = types?.ToHashSet(StringComparer.Ordinal);
        FactScope scope = scopes.Of(GraphQLCallers.AccessOf(user));
        long start = await follower.StartAsync(after, cancellationToken);
        return ShowAsync(
            follower.EachAsync(
                start,
                stored => (stream is null || stored.StreamId == stream) && wanted?.Contains(stored.Type) != false,
                cancellationToken),
            scope,
            cancellationToken);
    }

    private static async IAsyncEnumerable<FactNode> ShowAsync(
        IAsyncEnumerable<StoredFact> facts, FactScope scope, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (StoredFact stored in facts.WithCancellation(cancellationToken))
        {
            if (await scope.ShowAsync(stored, cancellationToken) is { } shown)
            {
                yield return shown;
            }
        }
    }
}
