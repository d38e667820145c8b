using Events.Domain.Kernel;

namespace Events.Domain.Cameras;

// What may be asked of a camera, and what its source reports.
public abstract record CameraCommand(CameraId CameraId);

/// <param name="External">Null for a camera that an administrator registered.</param>
public sealed record RegisterCamera(
    CameraId CameraId, CameraNumber Number, string Name, SourceUrl Source, ExternalStreamKind? External = null)
    : CameraCommand(CameraId);

public sealed record RenameCamera(CameraId CameraId, string Name) : CameraCommand(CameraId);

public sealed record ChangeCameraSource(CameraId CameraId, SourceUrl Source) : CameraCommand(CameraId);

public sealed record ReportCameraConnected(CameraId CameraId) : CameraCommand(CameraId);

public sealed record ReportCameraDisconnected(CameraId CameraId, string Why) : CameraCommand(CameraId);

public sealed record ReportCameraCapabilities(CameraId CameraId, CameraCapabilities Capabilities) : CameraCommand(CameraId);

public sealed record ReportCameraModes(CameraId CameraId, CameraModes Modes) : CameraCommand(CameraId);

public sealed record RetireCamera(CameraId CameraId, string Reason) : CameraCommand(CameraId);

// What can have happened to a camera. These shapes are stored for ever: add fields, never change or remove one.
public abstract record CameraEvent(CameraId CameraId, DateTimeOffset At);

/// <param name="External">What kind of external stream it is; null for a camera that an administrator registered.</param>
public sealed record CameraRegistered(
    CameraId CameraId,
    CameraNumber Number,
    string Name,
    SourceUrl Source,
    DateTimeOffset At,
    ExternalStreamKind? External = null)
    : CameraEvent(CameraId, At);

public sealed record CameraRenamed(CameraId CameraId, string Name, DateTimeOffset At) : CameraEvent(CameraId, At);

public sealed record CameraSourceChanged(CameraId CameraId, SourceUrl Source, DateTimeOffset At)
    : CameraEvent(CameraId, At);

public sealed record CameraConnected(CameraId CameraId, DateTimeOffset At) : CameraEvent(CameraId, At);

/// <param name="Why">For people; carries no credentials.</param>
public sealed record CameraDisconnected(CameraId CameraId, string Why, DateTimeOffset At) : CameraEvent(CameraId, At);

public sealed record CameraCapabilitiesProbed(
    CameraId CameraId, string Codec, int Width, int Height, double FramesPerSecond, DateTimeOffset At)
    : CameraEvent(CameraId, At);

/// <summary>What the source could send, as its driver says.</summary>
public sealed record CameraModesProbed(CameraId CameraId, CameraModes Modes, DateTimeOffset At) : CameraEvent(CameraId, At);

public sealed record CameraRetired(CameraId CameraId, string Reason, DateTimeOffset At) : CameraEvent(CameraId, At);

/// <summary>What a camera sends.</summary>
/// <param name="Codec"><c>h264</c> or <c>h265</c>.</param>
/// <param name="FramesPerSecond">0 when unknown.</param>
public sealed record CameraCapabilities(string Codec, int Width, int Height, double FramesPerSecond);

/// <summary>
/// A camera as its rules see it: unregistered, then active (its pictures coming or not), then retired for good.
/// It holds only what a decision needs; what people look at is <c>CameraView</c>.
/// </summary>
public abstract record Camera
{
    /// <summary>In characters. Fits one line of the camera list at its narrowest.</summary>
    public const int NameLengthMax = 80;

    public static readonly Decider<Camera, CameraCommand, CameraEvent> Decider =
        new("camera", new Unregistered(), Decide, Evolve);

    private Camera()
    {
    }

    public static Decision<CameraEvent> Decide(Camera camera, CameraCommand command, DateTimeOffset now) =>
        (camera, command) switch
        {
            (_, RegisterCamera { Name: var name }) when !IsName(name) => CameraRefusals.BadName,
            (_, RenameCamera { Name: var name }) when !IsName(name) => CameraRefusals.BadName,

            (Unregistered, RegisterCamera c) =>
                new CameraRegistered(c.CameraId, c.Number, c.Name, c.Source, now, c.External),
            (Unregistered, _) => CameraRefusals.NotRegistered,

            (Active a, RegisterCamera c) when a.Name == c.Name && a.Source == c.Source && a.External == c.External =>
                Decision<CameraEvent>.Nothing,
            (Active, RegisterCamera) => CameraRefusals.AlreadyRegistered,

            (Active a, RenameCamera c) when a.Name == c.Name => Decision<CameraEvent>.Nothing,
            (Active, RenameCamera c) => new CameraRenamed(c.CameraId, c.Name, now),

            (Active a, ChangeCameraSource c) when a.Source == c.Source => Decision<CameraEvent>.Nothing,
            (Active, ChangeCameraSource c) => new CameraSourceChanged(c.CameraId, c.Source, now),

            (Active { IsConnected: true }, ReportCameraConnected) => Decision<CameraEvent>.Nothing,
            (Active, ReportCameraConnected c) => new CameraConnected(c.CameraId, now),
            (Active { IsConnected: true }, ReportCameraDisconnected c) => new CameraDisconnected(c.CameraId, c.Why, now),
            (Active, ReportCameraDisconnected) => Decision<CameraEvent>.Nothing,

            (Active a, ReportCameraCapabilities c) when a.Capabilities == c.Capabilities => Decision<CameraEvent>.Nothing,
            (Active, ReportCameraCapabilities { Capabilities: var p } c) =>
                new CameraCapabilitiesProbed(c.CameraId, p.Codec, p.Width, p.Height, p.FramesPerSecond, now),

            (Active a, ReportCameraModes c) when a.Modes == c.Modes => Decision<CameraEvent>.Nothing,
            (Active, ReportCameraModes c) => new CameraModesProbed(c.CameraId, c.Modes, now),

            (Active, RetireCamera c) => new CameraRetired(c.CameraId, c.Reason, now),

            // Late news from a source that is no longer ours changes nothing.
            (Retired, RetireCamera or ReportCameraConnected or ReportCameraDisconnected) => Decision<CameraEvent>.Nothing,
            (Retired, ReportCameraCapabilities or ReportCameraModes) => Decision<CameraEvent>.Nothing,
            (Retired, _) => CameraRefusals.Retired,

            _ => throw new ArgumentOutOfRangeException(nameof(command), command, "No rule for this command."),
        };

    public static Camera Evolve(Camera camera, CameraEvent fact) =>
        (camera, fact) switch
        {
            (_, CameraRegistered e) => new Active(e.Number, e.Name, e.Source, IsConnected: false, null, null, e.External),
            (Active a, CameraRenamed e) => a with { Name = e.Name },
            (Active a, CameraSourceChanged e) => a with { Source = e.Source, Modes = null },
            (Active a, CameraConnected) => a with { IsConnected = true },
            (Active a, CameraDisconnected) => a with { IsConnected = false },
            (Active a, CameraCapabilitiesProbed e) =>
                a with { Capabilities = new CameraCapabilities(e.Codec, e.Width, e.Height, e.FramesPerSecond) },
            (Active a, CameraModesProbed e) => a with { Modes = e.Modes },
            (_, CameraRetired) => new Retired(),
            _ => camera,
        };

    private static bool IsName(string name) => OneLine.Is(name, NameLengthMax);

    public sealed record Unregistered : Camera;

    /// <param name="Capabilities">Null before the first picture.</param>
    /// <param name="Modes">Null while no driver has told them.</param>
    /// <param name="External">Null for a camera that an administrator registered.</param>
    public sealed record Active(
        CameraNumber Number,
        string Name,
        SourceUrl Source,
        bool IsConnected,
        CameraCapabilities? Capabilities,
        CameraModes? Modes,
        ExternalStreamKind? External)
        : Camera;

    public sealed record Retired : Camera;
}

public static class CameraRefusals
{
    public static readonly Refusal NotRegistered = new("camera.not_registered", "There is no such camera.");

    public static readonly Refusal AlreadyRegistered =
        new("camera.already_registered", "A camera with this id is already registered, with another name or source.");

    public static readonly Refusal Retired = new("camera.retired", "This camera was retired. Register a new one.");

    public static readonly Refusal BadName = new(
        "camera.bad_name",
        $"A name has 1 to {Camera.NameLengthMax} characters, no space at either end and no control characters.");

    public static readonly Refusal SourceNotAllowed = new(
        "camera.source_not_allowed", "Pictures are not fetched from there: the address is not one for cameras.");

    public static readonly Refusal BadSource = new(
        "camera.bad_source",
        "A source is an address like rtsp://host/path, http://host/path, v4l2:/dev/video0, file:///clips/gate.mp4 or "
        + $"test:pattern?size=1280x720&fps=30, of at most {SourceUrl.LengthMax} characters. "
        + "In a user name or password, write @ / ? # : as %40 %2F %3F %23 %3A. What is shown as *** must be written out.");
}
