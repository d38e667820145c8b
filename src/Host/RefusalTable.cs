using Events.Application;
using Events.Domain.Cameras;
using Events.Domain.Kernel;
using Events.Domain.Recordings;
using Events.Domain.Snapshots;

namespace Events.Host;

/// <summary>What kind of "no" a refusal is. Each way in has one form of answer for each.</summary>
internal enum RefusalFamily
{
    NotFound,
    InvalidInput,
    WrongState,
    Conflict,
    Denied,
}

/// <param name="Subject">What was not found, or which input is wrong; empty for the other families.</param>
internal sealed record RefusalRow(Refusal Refusal, RefusalFamily Family, string Subject);

/// <summary>The one table of refusals, for every way in. Codes are stable; clients match on them.</summary>
internal static class RefusalTable
{
    private static readonly Dictionary<string, RefusalRow> _rows = new RefusalRow[]
    {
        new(CameraRefusals.NotRegistered, RefusalFamily.NotFound, "camera"),
        new(CameraRefusals.Retired, RefusalFamily.NotFound, "camera"),
        new(CameraRefusals.AlreadyRegistered, RefusalFamily.WrongState, string.Empty),
        new(CameraRefusals.BadName, RefusalFamily.InvalidInput, "name"),
        new(CameraRefusals.BadSource, RefusalFamily.InvalidInput, "source"),
        new(CameraNumbers.NoneLeft, RefusalFamily.WrongState, string.Empty),
        new(RecordingRefusals.NotFound, RefusalFamily.NotFound, "recording"),
        new(RecordingRefusals.CameraNotActive, RefusalFamily.NotFound, "camera"),
        new(RecordingRefusals.AlreadyRunning, RefusalFamily.WrongState, string.Empty),
        new(RecordingRefusals.NotRunning, RefusalFamily.WrongState, string.Empty),
        new(RecordingRefusals.StillRunning, RefusalFamily.WrongState, string.Empty),
        new(RecordingRefusals.BadDuration, RefusalFamily.InvalidInput, "duration"),
        new(RecordingRefusals.StorageCritical, RefusalFamily.WrongState, string.Empty),
        new(SnapshotRefusals.NotFound, RefusalFamily.NotFound, "snapshot"),
        new(SnapshotRefusals.BadFileName, RefusalFamily.InvalidInput, "fileName"),
        new(SnapshotRefusals.CameraNotActive, RefusalFamily.NotFound, "camera"),
        new(CommandBus.TooMuchTraffic, RefusalFamily.Conflict, string.Empty),
        new(CommandBus.VersionChanged, RefusalFamily.Conflict, string.Empty),
        new(CommandBus.NotAllowed, RefusalFamily.Denied, string.Empty),
    }.ToDictionary(row => row.Refusal.Code);

    public static IReadOnlyCollection<RefusalRow> Rows => _rows.Values;

    /// <returns>A refusal that is not in the table counts as a matter of state; a test keeps the table whole.</returns>
    public static RefusalRow Of(Refusal refusal) =>
        _rows.GetValueOrDefault(refusal.Code) ?? new RefusalRow(refusal, RefusalFamily.WrongState, string.Empty);
}
