using Microsoft.Extensions.Logging;

namespace Events.Media.Devices;

/// <summary>
/// Sees video devices of this machine come and go, by the kernel's own notices (inotify(7), which the framework's watcher is
/// made of): nothing is polled. Where that cannot be had, cameras are found again by the pauses between attempts alone.
/// </summary>
internal sealed partial class DeviceWatch : IDisposable
{
    private readonly FileSystemWatcher? _watcher;
    private readonly ILogger _logger;

    /// <param name="folder">Where device files are: <c>/dev</c>.</param>
    /// <param name="changed">Called for each notice; whoever is called looks himself what is there now.</param>
    public DeviceWatch(string folder, Action changed, ILogger logger)
    {
        _logger = logger;
        try
        {
            _watcher = new FileSystemWatcher(folder, "video*")
            {
                // A new device is often made for root alone and opened to others a moment later.
                NotifyFilter = NotifyFilters.FileName | NotifyFilters.Attributes,
            };
            _watcher.Created += (_, _) => changed();
            _watcher.Deleted += (_, _) => changed();
            _watcher.Renamed += (_, _) => changed();
            _watcher.Changed += (_, _) => changed();
            _watcher.Error += (_, e) =>
            {
                LogMissed(e.GetException());
                changed();
            };
            _watcher.EnableRaisingEvents = true;
        }
        catch (Exception e) when (e is IOException or ArgumentException or UnauthorizedAccessException)
        {
            LogNotWatched(folder, e);
        }
    }

    public void Dispose() => _watcher?.Dispose();

    [LoggerMessage(EventId = 5541, Level = LogLevel.Warning,
        Message = "{Folder} cannot be watched: a camera that is plugged in is found at the next attempt only")]
    private partial void LogNotWatched(string folder, Exception exception);

    [LoggerMessage(EventId = 5542, Level = LogLevel.Warning, Message = "Notices of devices were missed; all are looked at")]
    private partial void LogMissed(Exception exception);
}
