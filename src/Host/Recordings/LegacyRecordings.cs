using Events.Application.Contracts;
using Events.Application.Recordings;
using Events.Domain.Kernel;
using Events.Host.Files;
using Events.Host.JsonRpc;
using Events.Host.Security;

namespace Events.Host.Recordings;

internal sealed record LegacyRecordingStarted(string Device, string Filename, string Status, string StartTime, string Format);

internal sealed record LegacyRecordingStopped(
    string Device,
    string Filename,
    string Status,
    string StartTime,
    string EndTime,
    long Duration,
    long FileSize,
    string Format);

internal sealed record LegacyFile(string Filename, long FileSize, string ModifiedTime, string DownloadUrl);

internal sealed record LegacyFileList(IReadOnlyList<LegacyFile> Files, long Total, int Limit, int Offset);

/// <param name="Duration">In seconds; null, and left out, for a snapshot.</param>
internal sealed record LegacyFileInfo(
    string Filename, long FileSize, long? Duration, string CreatedTime, string DownloadUrl);

internal sealed record LegacyDeletion(string Filename, bool Deleted, string Message);

/// <summary>Recordings as the legacy contract shows them: one file each, named without an extension.</summary>
internal sealed class LegacyRecordings(IReadModels views, FileLinks links)
{
    /// <returns>Null when the camera is not being recorded.</returns>
    public async Task<RecordingView?> FindOpenAsync(string cameraId, CancellationToken cancellationToken)
    {
        var open = await views.ListAsync(
            RecordingViewProjection.View,
            new ViewQuery(
                [
                    new ViewFilter("is_open", ViewOperator.Equal, true),
                    new ViewFilter("camera_id", ViewOperator.Equal, cameraId),
                ],
                Limit: 1),
            cancellationToken);
        return open.Rows.Count == 0 ? null : open.Rows[0];
    }

    /// <param name="filename">With or without one of the extensions.</param>
    /// <returns>Null when there is no such file, or it was deleted.</returns>
    public async Task<RecordingView?> FindAsync(string filename, CancellationToken cancellationToken) =>
        await FindEverAsync(filename, cancellationToken) is { Status: not RecordingStatus.Deleted } recording ? recording : null;

    /// <param name="filename">With or without one of the extensions.</param>
    /// <returns>Also one that was deleted; null when there never was one.</returns>
    public async Task<RecordingView?> FindEverAsync(string filename, CancellationToken cancellationToken)
    {
        string name = FileNames.WithoutExtension(filename);
        var found = await views.ListAsync(
            RecordingViewProjection.View, ViewQuery.Where("name", name) with { Limit = 1 }, cancellationToken);
        return found.Rows is [var recording] ? recording : null;
    }

    /// <summary>Newest first.</summary>
    /// <param name="among">Only of these cameras; null for all.</param>
    public Task<Page<RecordingView>> ListAsync(
        int limit, int offset, CameraList? among, CancellationToken cancellationToken) =>
        views.ListAsync(
            RecordingViewProjection.View,
            new ViewQuery(
                [new ViewFilter("has_footage", ViewOperator.Equal, true), .. CameraFilters.Of(among)],
                OrderBy: "requested_at",
                IsDescending: true,
                limit,
                offset),
            cancellationToken);

    public LegacyFile ShowFile(RecordingView recording, LinkOwner owner) =>
        new(
            recording.Name,
            recording.FileBytes,
            LegacyText.Instant(recording.EndedAt ?? recording.StartedAt ?? recording.RequestedAt),
            links.ForRecording(recording.Name, recording.Format, owner));

    public LegacyFileInfo ShowInfo(RecordingView recording, LinkOwner owner) =>
        new(
            recording.Name,
            recording.FileBytes,
            SecondsOf(recording),
            LegacyText.Instant(recording.StartedAt ?? recording.RequestedAt),
            links.ForRecording(recording.Name, recording.Format, owner));

    public static LegacyRecordingStarted ShowStart(RecordingView recording) =>
        new(
            recording.CameraNumber.ToString(),
            recording.Name,
            "RECORDING",
            LegacyText.Instant(recording.StartedAt ?? recording.RequestedAt),
            FileNames.WordOf(recording.Format));

    public static LegacyRecordingStopped ShowStop(RecordingView recording) =>
        new(
            recording.CameraNumber.ToString(),
            recording.Name,
            "STOPPED",
            LegacyText.Instant(recording.StartedAt ?? recording.RequestedAt),
            LegacyText.Instant(recording.EndedAt ?? recording.RequestedAt),
            SecondsOf(recording),
            recording.FileBytes,
            FileNames.WordOf(recording.Format));

    private static long SecondsOf(RecordingView recording) =>
        LegacyText.Seconds(TimeSpan.FromMilliseconds(recording.FootageMs));
}
