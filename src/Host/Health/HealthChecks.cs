using System.Collections.Concurrent;
using System.Globalization;
using Events.Application.Cameras;
using Events.Application.Contracts;
using Events.Application.Recordings;
using Events.Domain.Retention;
using Events.EventStore.Seals;
using Events.Host.Cameras;

namespace Events.Host.Health;

internal enum HealthLevel
{
    Healthy = 1,
    Degraded = 2,
    Unhealthy = 3,
}

/// <param name="ChangedAt">When the level last became what it is, UTC.</param>
internal sealed record ComponentHealth(
    string Name, HealthLevel Level, string Message, DateTimeOffset CheckedAt, DateTimeOffset ChangedAt);

/// <summary>How far a start has come.</summary>
internal interface IReadiness
{
    /// <summary>Whether cameras may be spoken of: the views caught up with the log, and every camera is taken in.</summary>
    bool AreCamerasReady { get; }

    /// <summary>Whether everything may be asked for: the footage was also held against the log.</summary>
    bool IsReady { get; }

    /// <summary>In words, why the log takes no facts, which a start may wait for; null when it does.</summary>
    string? AppendsRefused { get; }
}

/// <summary>
/// Looks at what the host needs, once a second and in the background, so that whoever asks is answered at once, also while
/// something outside keeps us waiting, and however many ask.
/// </summary>
internal sealed partial class HealthChecks(
    ILog log,
    IReadModels views,
    IFootage footage,
    IMediaControl media,
    FootageCheck footageCheck,
    CameraKeeper keeper,
    LegacyCameras cameras,
    StorageRule storage,
    ISeals seals,
    TimeProvider time,
    ILogger<HealthChecks> logger)
    : BackgroundService, IReadiness
{
    private static readonly TimeSpan LookPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LookTimeout = TimeSpan.FromSeconds(2);

    public const string SetBack =
        "The log was set back and takes no facts until somebody says why; events audit status says what is known.";

    /// <summary>In facts. What a view may be behind before people should know.</summary>
    private const long LagDegraded = 10_000;

    private readonly ConcurrentDictionary<string, ComponentHealth> _last = [];
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long _startedAt = time.GetTimestamp();
    private IReadOnlyList<ComponentHealth> _look = [];

    public TimeSpan Uptime => time.GetElapsedTime(_startedAt);

    public bool AreCamerasReady => keeper.Ready.IsCompletedSuccessfully;

    public bool IsReady => AreCamerasReady && footageCheck.Findings is not null;

    public string? AppendsRefused => seals.AppendsRefused;

    /// <summary>The newest look; empty before the first.</summary>
    public IReadOnlyList<ComponentHealth> Latest => Volatile.Read(ref _look);

    public static HealthLevel Worst(IEnumerable<ComponentHealth> components) =>
        components.Select(component => component.Level).DefaultIfEmpty(HealthLevel.Healthy).Max();

    /// <summary>The newest look; waits only for the very first, which takes no longer than its time limit.</summary>
    public async Task<IReadOnlyList<ComponentHealth>> LookAsync(CancellationToken cancellationToken)
    {
        await _first.Task.WaitAsync(cancellationToken);
        return Latest;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            Task<ComponentHealth>[] checks =
            [
                CheckAsync("postgresql", DatabaseAsync, stoppingToken),
                CheckAsync("seals", SealsAsync, stoppingToken),
                CheckAsync("projections", ProjectionsAsync, stoppingToken),
                CheckAsync("storage", StorageAsync, stoppingToken),
                CheckAsync("media", MediaAsync, stoppingToken),
                CheckAsync("cameras", CamerasAsync, stoppingToken),
            ];
            Volatile.Write(ref _look, await Task.WhenAll(checks));
            _first.TrySetResult();
            await Task.Delay(LookPause, time, stoppingToken);
        }
    }

    private async Task<ComponentHealth> CheckAsync(
        string name, Func<CancellationToken, Task<(HealthLevel Level, string Message)>> look, CancellationToken cancellationToken)
    {
        (HealthLevel Level, string Message) found;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(LookTimeout);
        try
        {
            // Also when what is asked does not honour the token.
            found = await look(limit.Token).WaitAsync(limit.Token);
        }
        catch (DependencyUnavailableException e)
        {
            found = (HealthLevel.Unhealthy, e.Message);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            found = (HealthLevel.Unhealthy, $"No answer within {LookTimeout.TotalSeconds} s.");
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogFailed(name, e);
            found = (HealthLevel.Unhealthy, $"The check failed ({e.GetType().Name}); the host's log says more.");
        }

        DateTimeOffset now = time.GetUtcNow();
        DateTimeOffset since = _last.TryGetValue(name, out ComponentHealth? before) && before.Level == found.Level
            ? before.ChangedAt
            : now;
        return _last[name] = new ComponentHealth(name, found.Level, found.Message, now, since);
    }

    private async Task<(HealthLevel Level, string Message)> DatabaseAsync(CancellationToken cancellationToken)
    {
        long head = await log.HeadAsync(cancellationToken);
        return (HealthLevel.Healthy, string.Create(CultureInfo.InvariantCulture, $"The log ends at position {head}."));
    }

    /// <summary>Why is for those who log in: it names places outside, and files.</summary>
    private Task<(HealthLevel Level, string Message)> SealsAsync(CancellationToken cancellationToken)
    {
        SealStatus status = seals.Status;
        return Task.FromResult(
            seals.AppendsRefused is not null ? (HealthLevel.Unhealthy, SetBack)
            : status.IsRefused ? (HealthLevel.Unhealthy, "The log is no longer sealed; events audit status says why.")
            : (
                HealthLevel.Healthy,
                string.Create(CultureInfo.InvariantCulture, $"The log is proved up to position {status.Position}.")));
    }

    private async Task<(HealthLevel Level, string Message)> ProjectionsAsync(CancellationToken cancellationToken)
    {
        var status = await views.StatusAsync(cancellationToken);
        ViewStatus? faulty = status.FirstOrDefault(view => view is { Fault: not null, IsPaused: false });
        ViewStatus? paused = status.FirstOrDefault(view => view.IsPaused);
        long lag = status.Select(view => view.Lag).DefaultIfEmpty(0).Max();
        return faulty is not null ? (HealthLevel.Unhealthy, $"{faulty.Name} stands still: {faulty.Fault}")
            : paused is not null ? (HealthLevel.Degraded, $"{paused.Name} stands still: {paused.Fault}")
            : lag > LagDegraded ? (HealthLevel.Degraded, $"The slowest view is {lag} facts behind.")
            : (HealthLevel.Healthy, $"The slowest view is {lag} facts behind.");
    }

    private Task<(HealthLevel Level, string Message)> StorageAsync(CancellationToken cancellationToken)
    {
        double used = footage.Usage().UsedPercent;
        string message = string.Create(CultureInfo.InvariantCulture, $"The disk is {used:0.0} % full.");
        return Task.FromResult((
            used >= storage.BlockPercent ? HealthLevel.Unhealthy
                : used >= storage.WarnPercent ? HealthLevel.Degraded
                : HealthLevel.Healthy,
            message));
    }

    /// <summary>The embedded engine is in this process; what can be missing is the program that takes cameras in.</summary>
    private static Task<(HealthLevel Level, string Message)> MediaAsync(CancellationToken cancellationToken)
    {
        string[] folders = (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(Path.PathSeparator);
        return Task.FromResult(folders.Any(folder => File.Exists(Path.Combine(folder, "ffmpeg")))
            ? (HealthLevel.Healthy, "The embedded engine runs.")
            : (HealthLevel.Unhealthy, "ffmpeg is not in PATH: no camera can be taken in. Install it."));
    }

    private async Task<(HealthLevel Level, string Message)> CamerasAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<CameraView> all = await cameras.ListAsync(null, cancellationToken);
        int connected = all.Count(camera => media.SignalOf(camera.Id) is { IsConnected: true });
        return (
            connected == all.Count ? HealthLevel.Healthy : HealthLevel.Degraded,
            $"{connected} of {all.Count} cameras are connected.");
    }

    [LoggerMessage(EventId = 4201, Level = LogLevel.Error, Message = "The health check of {Component} failed")]
    private partial void LogFailed(string component, Exception exception);
}
