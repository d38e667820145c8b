using System.Globalization;
using Events.Domain.Kernel;

namespace Events.Domain.Recordings;

// A camera has one recorder, and a recorder writes one recording at a time.
public abstract record RecorderCommand(CameraId CameraId, RecordingId RecordingId);

public sealed record ClaimRecorder(CameraId CameraId, RecordingId RecordingId, CameraNumber Number)
    : RecorderCommand(CameraId, RecordingId);

public sealed record ReleaseRecorder(CameraId CameraId, RecordingId RecordingId) : RecorderCommand(CameraId, RecordingId);

public abstract record RecorderEvent(CameraId CameraId, RecordingId RecordingId, DateTimeOffset At);

/// <param name="Name">The recording's file name without extension: <c>camera0_2026-03-01_12-00-00</c>.</param>
public sealed record RecorderClaimed(CameraId CameraId, RecordingId RecordingId, string Name, DateTimeOffset At)
    : RecorderEvent(CameraId, RecordingId, At);

public sealed record RecorderReleased(CameraId CameraId, RecordingId RecordingId, DateTimeOffset At)
    : RecorderEvent(CameraId, RecordingId, At);

/// <summary>
/// Keeps two callers from recording one camera at the same moment, and two recordings from having one name. Names rise: when
/// the clock was set back or two starts fall into one second, the newest stamp is kept and a count is put behind it.
/// </summary>
public abstract record Recorder
{
    public static readonly Decider<Recorder, RecorderCommand, RecorderEvent> Decider =
        new("recorder", new Idle(string.Empty), Decide, Evolve);

    private Recorder(string lastName) => LastName = lastName;

    /// <summary>Of the newest recording; empty before the first.</summary>
    public string LastName { get; }

    public static Decision<RecorderEvent> Decide(Recorder recorder, RecorderCommand command, DateTimeOffset now) =>
        (recorder, command) switch
        {
            (Idle, ClaimRecorder c) =>
                new RecorderClaimed(c.CameraId, c.RecordingId, NameAfter(recorder.LastName, c.Number, now), now),
            (Busy b, ClaimRecorder c) when b.RecordingId == c.RecordingId => Decision<RecorderEvent>.Nothing,
            (Busy, ClaimRecorder) => RecordingRefusals.AlreadyRunning,

            (Busy b, ReleaseRecorder c) when b.RecordingId == c.RecordingId =>
                new RecorderReleased(c.CameraId, c.RecordingId, now),
            (_, ReleaseRecorder) => Decision<RecorderEvent>.Nothing,

            _ => throw new ArgumentOutOfRangeException(nameof(command), command, "No rule for this command."),
        };

    public static Recorder Evolve(Recorder recorder, RecorderEvent fact) =>
        fact switch
        {
            RecorderClaimed e => new Busy(e.RecordingId, e.Name),
            RecorderReleased => new Idle(recorder.LastName),
            _ => recorder,
        };

    private static string NameAfter(string last, CameraNumber number, DateTimeOffset now)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"{number}_{now.UtcDateTime:yyyy-MM-dd_HH-mm-ss}");
        if (last.Length < name.Length || string.CompareOrdinal(name, last[..name.Length]) > 0)
        {
            return name;
        }

        string stamp = last[..name.Length];
        int count = last.Length == stamp.Length ? 1 : int.Parse(last.AsSpan(stamp.Length + 1), CultureInfo.InvariantCulture);
        return string.Create(CultureInfo.InvariantCulture, $"{stamp}_{count + 1}");
    }

    public sealed record Idle(string Last) : Recorder(Last);

    public sealed record Busy(RecordingId RecordingId, string Name) : Recorder(Name);
}
