using Events.Host.Health;
using Events.Host.JsonRpc;
using Events.Host.Status;

namespace Events.Host.Notifications;

/// <summary>A <see cref="LegacySystem"/> with a time, in the dotted dialect.</summary>
internal sealed record SystemTopic(
    string Status, double Uptime, string Version, LegacyComponents Components, string Timestamp);

/// <summary>
/// Tells how the system is: when that changes, now and then while it does not, and to each new subscriber at once; also that it
/// is ready after a start, and that it is about to stop.
/// </summary>
internal sealed class SystemAnnouncer(
    LegacyStatus status, HealthChecks health, Notices notices, TimeProvider time)
    : BackgroundService, IHostedLifecycleService
{
    private static readonly TimeSpan LookPause = TimeSpan.FromSeconds(1);

    /// <summary>A client that shows an uptime or a lamp wants to see that somebody is still there.</summary>
    private static readonly TimeSpan RepeatPause = TimeSpan.FromSeconds(30);

    private LegacySystem? _told;
    private long _toldAt;
    private bool _isStartTold;

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Comes before the sockets are closed, since this service is registered after them.</summary>
    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        LegacySystem now = status.System;
        Tell(
            now with { Components = now.Components with { WebsocketServer = "STOPPING" } },
            ["system.health", "system.shutdown"]);
        return Task.CompletedTask;
    }

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            Look();
            await Task.Delay(LookPause, time, stoppingToken);
        }
    }

    private void Look()
    {
        LegacySystem now = status.System;
        if (!_isStartTold && health.IsReady)
        {
            _isStartTold = true;
            Send("system.startup", now, null);
        }

        bool isChange = _told is null || _told.Status != now.Status || _told.Components != now.Components;
        if (isChange || time.GetElapsedTime(_toldAt) >= RepeatPause)
        {
            Tell(now, ["system.health"]);
        }
        else
        {
            // A new subscriber must not wait for the next change.
            notices.Send(
                Notices.HealthMethod, null, null, time.GetUtcNow(), _ => now, LegacyJson.Default.LegacySystem, session =>
                session.Subscriptions.IsNew(Notices.HealthMethod));
            Send("system.health", now, session => session.Subscriptions.IsNew("system.health"));
        }
    }

    private void Tell(LegacySystem now, string[] topics)
    {
        (_told, _toldAt) = (now, time.GetTimestamp());
        notices.Send(
            Notices.HealthMethod, null, null, time.GetUtcNow(), _ => now, LegacyJson.Default.LegacySystem, session =>
            IsToldWithAll(session, Notices.HealthMethod));
        foreach (string topic in topics)
        {
            Send(topic, now, session => IsToldWithAll(session, topic));
        }
    }

    private static bool IsToldWithAll(ClientSession session, string topic)
    {
        session.Subscriptions.IsNew(topic);
        return true;
    }

    private void Send(string topic, LegacySystem now, Func<ClientSession, bool>? among)
    {
        DateTimeOffset at = time.GetUtcNow();
        var told = new SystemTopic(now.Status, now.Uptime, now.Version, now.Components, LegacyText.Instant(at));
        notices.Send(topic, null, null, at, _ => told, LegacyJson.Default.SystemTopic, among);
    }
}
