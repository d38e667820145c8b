using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Events.Host.JsonRpc;
using Events.JsonRpc;

namespace Events.Host.Notifications;

/// <param name="ToEverybody">
/// Whether a socket that has subscribed to nothing is told what is named like a method, as the oldest servers did.
/// </param>
internal sealed record NoticeRule(bool ToEverybody);

/// <summary>Sends news to the sockets that want them. It never waits: a reader that does not keep up is closed.</summary>
internal sealed class Notices(ClientSessions sessions, NoticeRule rule, TimeProvider time)
{
    public const string CameraMethod = "camera_status_update";
    public const string RecordingMethod = "recording_status_update";
    public const string HealthMethod = "system_health_update";

    public bool HasSockets => sessions.Count > 0;

    /// <summary>Encodes once for all sockets that call us by the same host, and only when one wants it.</summary>
    /// <param name="device">Null for news of the whole system.</param>
    /// <param name="valueFor">The value, given what the client calls us by.</param>
    /// <param name="among">Only these sockets; null for all.</param>
    public void Send<T>(
        string topic,
        string? device,
        DateTimeOffset at,
        Func<string?, T> valueFor,
        JsonTypeInfo<T> json,
        Func<ClientSession, bool>? among = null)
    {
        Dictionary<string, JsonRpcNotification> encoded = [];
        foreach (ClientSession session in sessions.All)
        {
            if (among?.Invoke(session) == false || !Wants(session, topic, device, at)
                || session.Identity is not { } identity || identity.ExpiresAt <= time.GetUtcNow())
            {
                continue;
            }

            string host = session.Connection.Host ?? string.Empty;
            if (!encoded.TryGetValue(host, out JsonRpcNotification? notification))
            {
                byte[] text = JsonSerializer.SerializeToUtf8Bytes(valueFor(host), json);
                encoded[host] = notification = JsonRpcNotification.Encode(topic, text);
            }

            session.Connection.TryNotify(notification);
        }
    }

    private bool Wants(ClientSession session, string topic, string? device, DateTimeOffset at) =>
        session.Subscriptions.Wants(topic, device, at)
        || (rule.ToEverybody
            && session.Subscriptions.Topics.Count == 0
            && topic is CameraMethod or RecordingMethod or HealthMethod);
}
