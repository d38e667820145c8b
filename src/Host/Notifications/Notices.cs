using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Events.Domain.Kernel;
using Events.Host.JsonRpc;
using Events.Host.Security;
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

    /// <summary>Encodes once for all sockets for which links are the same, and only when one wants it.</summary>
    /// <param name="camera">Whose name is <paramref name="device"/>; both null for news of the whole system.</param>
    /// <param name="valueFor">The value, given for whom links in it are made.</param>
    /// <param name="among">Only these sockets; null for all.</param>
    public void Send<T>(
        string topic,
        string? device,
        CameraId? camera,
        DateTimeOffset at,
        Func<LinkOwner, T> valueFor,
        JsonTypeInfo<T> json,
        Func<ClientSession, bool>? among = null)
    {
        Dictionary<LinkOwner, JsonRpcNotification> encoded = [];
        foreach (ClientSession session in sessions.All)
        {
            if (among?.Invoke(session) == false || !Wants(session, topic, device, at)
                || session.Identity is not { } identity || !identity.IsGood(time.GetUtcNow())
                || !identity.May(Right.SeePictures) || (camera is { } id && !identity.MaySee(id)))
            {
                continue;
            }

            LinkOwner owner = session.LinkOwner;
            if (!encoded.TryGetValue(owner, out JsonRpcNotification? notification))
            {
                byte[] text = JsonSerializer.SerializeToUtf8Bytes(valueFor(owner), json);
                encoded[owner] = notification = JsonRpcNotification.Encode(topic, text);
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
