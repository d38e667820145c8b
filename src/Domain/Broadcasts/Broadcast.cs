using Events.Domain.Kernel;

namespace Events.Domain.Broadcasts;

public abstract record BroadcastCommand(CameraId CameraId);

public sealed record StartBroadcast(CameraId CameraId) : BroadcastCommand(CameraId);

public sealed record StopBroadcast(CameraId CameraId, BroadcastEnd Reason) : BroadcastCommand(CameraId);

/// <summary>Why a broadcast came to its end.</summary>
// Zero is left out so that a forgotten value is never taken for a real one.
public enum BroadcastEnd
{
    Requested = 1,

    /// <summary>Nobody watched for so long that it closed by itself.</summary>
    Unwatched = 2,
    CameraRetired = 3,
}

public abstract record BroadcastEvent(CameraId CameraId, DateTimeOffset At);

public sealed record BroadcastStarted(CameraId CameraId, DateTimeOffset At) : BroadcastEvent(CameraId, At);

public sealed record BroadcastStopped(CameraId CameraId, BroadcastEnd Reason, DateTimeOffset At) : BroadcastEvent(CameraId, At);

/// <summary>
/// Whether somebody has asked for a camera's live pictures. One at a time per camera, however many watch: a second wish joins
/// the first. It keeps no picture back from anyone; it says that there is an audience, since when, and how that ended.
/// </summary>
public abstract record Broadcast
{
    public static readonly Decider<Broadcast, BroadcastCommand, BroadcastEvent> Decider =
        new("broadcast", new Off(), Decide, Evolve);

    private Broadcast()
    {
    }

    public static Decision<BroadcastEvent> Decide(Broadcast broadcast, BroadcastCommand command, DateTimeOffset now) =>
        (broadcast, command) switch
        {
            (Off, StartBroadcast c) => new BroadcastStarted(c.CameraId, now),
            (On, StartBroadcast) => Decision<BroadcastEvent>.Nothing,

            (On, StopBroadcast c) => new BroadcastStopped(c.CameraId, c.Reason, now),
            (Off, StopBroadcast) => Decision<BroadcastEvent>.Nothing,

            _ => throw new ArgumentOutOfRangeException(nameof(command), command, "No rule for this command."),
        };

    public static Broadcast Evolve(Broadcast broadcast, BroadcastEvent fact) =>
        fact switch
        {
            BroadcastStarted => new On(),
            BroadcastStopped => new Off(),
            _ => broadcast,
        };

    public sealed record Off : Broadcast;

    public sealed record On : Broadcast;
}

public static class BroadcastRefusals
{
    public static readonly Refusal NotRunning = new("broadcast.not_running", "This camera is not being broadcast.");

    public static readonly Refusal CameraNotActive =
        new("broadcast.camera_not_active", "Only a registered camera that is not retired can be broadcast.");

    public static readonly Refusal CameraNotConnected =
        new("broadcast.camera_not_connected", "The camera sends no pictures now. Try again when it is connected.");
}
