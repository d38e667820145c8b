using Events.Application.Contracts;
using Microsoft.Extensions.Logging;

namespace Events.Application.Retention;

/// <summary>
/// Removes the files of what the log says is deleted. What the disk refuses is remembered and tried again by the keeper; a
/// start tries it, too, since it finds the file beside its deletion.
/// </summary>
public sealed partial class FootageRemoval(IFootage footage, ILogger<FootageRemoval> logger)
{
    /// <summary>Files remembered. More than any disk refuses in one life; the rest is found at the next start.</summary>
    private const int LeftCountMax = 10_000;

    private readonly Lock _gate = new();
    private readonly HashSet<(bool IsRecording, string Name)> _left = [];

    /// <returns>Null when it is gone, safely.</returns>
    public Task<OutsideFailure?> RemoveRecordingAsync(string name) => RemoveAsync(true, name);

    /// <returns>Null when it is gone, safely.</returns>
    public Task<OutsideFailure?> RemoveSnapshotAsync(string fileName) => RemoveAsync(false, fileName);

    /// <summary>Tries again what the disk refused, until it refuses one more.</summary>
    /// <returns>Whether nothing is left.</returns>
    public async Task<bool> FinishAsync(CancellationToken cancellationToken)
    {
        (bool IsRecording, string Name)[] left;
        lock (_gate)
        {
            left = [.. _left];
        }

        foreach ((bool isRecording, string name) in left)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (await RemoveAsync(isRecording, name) is not null)
            {
                return false;
            }

            LogGoneLater(name);
        }

        return true;
    }

    private async Task<OutsideFailure?> RemoveAsync(bool isRecording, string name)
    {
        try
        {
            // The deletion is a fact already: nobody's leaving may stop this.
            await (isRecording
                ? footage.DeleteRecordingAsync(name, CancellationToken.None)
                : footage.DeleteSnapshotAsync(name, CancellationToken.None));
            lock (_gate)
            {
                _left.Remove((isRecording, name));
            }

            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogRefused(name, e);
            lock (_gate)
            {
                if (_left.Count < LeftCountMax)
                {
                    _left.Add((isRecording, name));
                }
            }

            return new OutsideFailure(
                "storage", $"{name} is deleted, but the disk does not let its file go. It is tried again.");
        }
    }

    [LoggerMessage(EventId = 2401, Level = LogLevel.Error, Message = "{Name} is deleted, but the disk does not let its file go")]
    private partial void LogRefused(string name, Exception exception);

    [LoggerMessage(EventId = 2402, Level = LogLevel.Information, Message = "The file of {Name}, deleted before, is gone now")]
    private partial void LogGoneLater(string name);
}
