namespace Events.Host.JsonRpc;

/// <summary>Conditions on what one subscription delivers; all must hold. Null means any.</summary>
internal sealed record SubscriptionFilter(
    string? Device, string? Topic, DateTimeOffset? After, DateTimeOffset? Before)
{
    public static readonly SubscriptionFilter None = new(null, null, null, null);

    public bool Lets(string topic, string? device, DateTimeOffset at) =>
        (Device is null || Device == device)
        && (Topic is null || Topic == topic)
        && (After is null || at > After)
        && (Before is null || at < Before);
}

/// <summary>
/// What one socket has asked for, by topic. A second subscription adds; the same topic again replaces its filter.
/// </summary>
internal sealed class Subscriptions
{
    /// <summary>Per socket. There are about thirty topics; more is a mistake or an attack.</summary>
    public const int CountMax = 100;

    private readonly Lock _gate = new();
    private readonly HashSet<string> _new = new(StringComparer.Ordinal);
    private Dictionary<string, SubscriptionFilter> _byTopic = [];

    public IReadOnlyCollection<string> Topics => _byTopic.Keys;

    /// <returns>False, and nothing changed, when there would be more than <see cref="CountMax"/>.</returns>
    public bool TryAdd(IEnumerable<string> topics, SubscriptionFilter filter)
    {
        lock (_gate)
        {
            var next = new Dictionary<string, SubscriptionFilter>(_byTopic, StringComparer.Ordinal);
            foreach (string topic in topics)
            {
                next[topic] = filter;
            }

            if (next.Count > CountMax)
            {
                return false;
            }

            _byTopic = next;
            _new.UnionWith(topics);
            return true;
        }
    }

    /// <param name="topics">Null for all.</param>
    /// <returns>Those that were there.</returns>
    public IReadOnlyList<string> Remove(IReadOnlyCollection<string>? topics)
    {
        lock (_gate)
        {
            string[] gone = [.. _byTopic.Keys.Where(topic => topics is null || topics.Contains(topic))];
            _byTopic = _byTopic.Where(entry => !gone.Contains(entry.Key)).ToDictionary(StringComparer.Ordinal);
            // What nobody waits for any more is not kept: a client that asks and goes on and on must not fill the memory.
            _new.ExceptWith(gone);
            return gone;
        }
    }

    /// <summary>Whether the topic was asked for since this was last called for it.</summary>
    public bool IsNew(string topic)
    {
        lock (_gate)
        {
            return _new.Count > 0 && _new.Remove(topic);
        }
    }

    public bool Wants(string topic, string? device, DateTimeOffset at) =>
        _byTopic.TryGetValue(topic, out SubscriptionFilter? filter) && filter.Lets(topic, device, at);
}
