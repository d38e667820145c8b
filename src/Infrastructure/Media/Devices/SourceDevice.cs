using Events.Domain.Kernel;

namespace Events.Media.Devices;

/// <summary>
/// The device of this machine that a source names, if any: whether it is plugged in, and when that may have changed.
/// </summary>
internal sealed class SourceDevice
{
    private const string Devices = "/dev/";

    private readonly string? _path;
    private TaskCompletionSource _changed = NewSignal();

    /// <param name="folder">Where device files are: <c>/dev</c>.</param>
    public SourceDevice(SourceUrl source, string folder) =>
        _path = IsDevice(source) ? Path.Combine(folder, source.Uri.AbsolutePath[Devices.Length..]) : null;

    /// <summary>Never true for a source that is no device.</summary>
    public bool IsUnplugged => _path is not null && !File.Exists(_path);

    /// <summary>Completes at the next notice of any device; there may be more notices than changes.</summary>
    public Task Changed => Volatile.Read(ref _changed).Task;

    public static bool IsDevice(SourceUrl source) => source.Scheme == "v4l2";

    public void Notice() => Interlocked.Exchange(ref _changed, NewSignal()).TrySetResult();

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
