using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Events.Host.JsonRpc;
using Events.JsonRpc;

namespace Events.Host.Notifications;

/// <param name="Filters">As given; null, and left out, when none were.</param>
internal sealed record Subscribed(bool IsSubscribed, IReadOnlyList<string> Topics, JsonElement? Filters)
{
    [System.Text.Json.Serialization.JsonPropertyName("subscribed")]
    public bool IsSubscribed { get; init; } = IsSubscribed;
}

internal sealed record Unsubscribed(bool IsUnsubscribed, IReadOnlyList<string> Topics)
{
    [System.Text.Json.Serialization.JsonPropertyName("unsubscribed")]
    public bool IsUnsubscribed { get; init; } = IsUnsubscribed;
}

internal sealed record SubscriptionStats(
    SubscriptionTotals GlobalStats, IReadOnlyList<string> ClientTopics, string ClientId);

internal sealed record SubscriptionTotals(
    int TotalSubscriptions, int ActiveClients, IReadOnlyDictionary<string, int> TopicCounts);

/// <summary>
/// <c>subscribe_events</c>, <c>unsubscribe_events</c> and <c>get_subscription_stats</c>. Any well-formed topic
/// may be asked for; one that never comes costs nothing.
/// </summary>
internal sealed partial class SubscriptionJsonRpc(ClientSessions sessions) : IJsonRpcMethods
{
    private const string TopicsHint =
        "An array of 1 to 100 topics like camera.connected or recording_status_update: lower case, at most 64 characters.";

    public IEnumerable<JsonRpcMethod> Methods =>
    [
        new(
            "subscribe_events",
            call => ValueTask.FromResult(Subscribe(call)),
            new MethodRule(Right.SeePictures, NeedsCameras: false)),
        new(
            "unsubscribe_events",
            call => ValueTask.FromResult(Unsubscribe(call)),
            new MethodRule(Right.SeePictures, NeedsCameras: false)),
        new(
            "get_subscription_stats",
            call => ValueTask.FromResult(Stats(call)),
            new MethodRule(Right.SeePictures, NeedsCameras: false)),
    ];

    private JsonRpcAnswer Subscribe(JsonRpcCall call)
    {
        var given = new CallParams(call.Params);
        IReadOnlyList<string>? topics = given.OptionalTexts("topics", Subscriptions.CountMax, Topic().IsMatch, TopicsHint);
        if (topics is not { Count: > 0 })
        {
            given.Refuse("topics", "required", TopicsHint);
        }

        JsonElement? filters = given.OptionalObject("filters");
        SubscriptionFilter filter = filters is { } some ? FilterOf(some, given) : SubscriptionFilter.None;
        if (given.Error is { } error)
        {
            return error;
        }

        return sessions.Of(call.Connection).Subscriptions.TryAdd(topics!, filter)
            ? JsonRpcAnswer.Result(new Subscribed(true, topics!, WithoutNulls(filters)), LegacyJson.Default.Subscribed)
            : JsonRpcError.InvalidParams("topics", "count", "One socket holds at most 100 subscriptions.");
    }

    private JsonRpcAnswer Unsubscribe(JsonRpcCall call)
    {
        var given = new CallParams(call.Params);
        IReadOnlyList<string>? topics = given.OptionalTexts("topics", Subscriptions.CountMax, Topic().IsMatch, TopicsHint);
        return given.Error is { } error
            ? error
            : JsonRpcAnswer.Result(
                new Unsubscribed(true, sessions.Of(call.Connection).Subscriptions.Remove(topics)),
                LegacyJson.Default.Unsubscribed);
    }

    /// <summary>A client counts as active while it has asked for anything.</summary>
    private JsonRpcAnswer Stats(JsonRpcCall call)
    {
        IReadOnlyCollection<string>[] each = [.. sessions.All.Select(session => session.Subscriptions.Topics)];
        var counts = each.SelectMany(topics => topics).CountBy(topic => topic).ToDictionary(StringComparer.Ordinal);
        return JsonRpcAnswer.Result(
            new SubscriptionStats(
                new SubscriptionTotals(counts.Values.Sum(), each.Count(topics => topics.Count > 0), counts),
                [.. sessions.Of(call.Connection).Subscriptions.Topics],
                call.Connection.Id),
            LegacyJson.Default.SubscriptionStats);
    }

    /// <summary>A null asks for nothing, and no answer of the contract has one.</summary>
    private static JsonElement? WithoutNulls(JsonElement? filters)
    {
        if (filters?.EnumerateObject().Any(one => one.Value.ValueKind == JsonValueKind.Null) != true)
        {
            return filters?.Clone();
        }

        var kept = new JsonObject();
        foreach (JsonProperty one in filters.Value.EnumerateObject().Where(one => one.Value.ValueKind != JsonValueKind.Null))
        {
            kept[one.Name] = JsonNode.Parse(one.Value.GetRawText());
        }

        return JsonElement.Parse(kept.ToJsonString());
    }

    private static SubscriptionFilter FilterOf(JsonElement filters, CallParams given)
    {
        var inner = new CallParams(filters);
        var filter = new SubscriptionFilter(
            inner.OptionalText("device"),
            inner.OptionalText("topic"),
            InstantOf(inner, "timestamp_after"),
            InstantOf(inner, "timestamp_before"));
        if (inner.Error is not null)
        {
            given.Refuse("filters", "object", "device and topic are texts; timestamp_after and timestamp_before are RFC 3339.");
        }

        return filter;
    }

    private static DateTimeOffset? InstantOf(CallParams given, string name)
    {
        if (given.OptionalText(name) is not { } text)
        {
            return null;
        }

        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset at))
        {
            return at;
        }

        given.Refuse(name, "date-time", "An instant by RFC 3339.");
        return null;
    }

    [GeneratedRegex(@"^[a-z][a-z0-9_.]{0,63}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Topic();
}
