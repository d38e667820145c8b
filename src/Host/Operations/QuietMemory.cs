using System.Diagnostics;

namespace Events.Host.Operations;

/// <summary>
/// Gives memory back to the machine when the host has become quiet: after its start, and after work for which it grew. The
/// collector and the C library keep what a burst needed, in case another one comes; at rest the host needs far less. While it
/// works, only pages of the program that ran once are given back.
/// </summary>
internal sealed partial class QuietMemory(TimeProvider time, ILogger<QuietMemory> logger) : BackgroundService
{
    /// <summary>Of one core. A camera that is taken in costs about 0.02; a client that works takes more than this.</summary>
    private const double QuietCpuShareMax = 0.2;

    /// <summary>Less is not worth a collection of everything, which stops all threads for some 10 ms.</summary>
    private const long GrowthBytesMin = 2_000_000;

    /// <summary>Times after work that need no growth: right after a start what comes back is not yet what is needed.</summary>
    private const int SettlingCount = 3;

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(2);

    /// <summary>
    /// After the first <see cref="SettlingCount"/> times, while cameras connect and buffers fill, it doubles from one time to the
    /// next, so that a host at rest is left alone; work begins it anew.
    /// </summary>
    private static readonly TimeSpan PauseMin = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan PauseMax = TimeSpan.FromMinutes(10);

    /// <summary>A host that works is left alone below this.</summary>
    private const long BusyBytesMin = 100_000_000;

    /// <summary>Grown back to nearly what it was, what is mapped is what runs: the next time is twice as far.</summary>
    private const long BusyGainBytesMin = 5_000_000;

    private readonly ProgramPages _pages = new();
    private long _lastReleased;
    private long _residentBefore = long.MaxValue;
    private TimeSpan _busyPause;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        long last = time.GetTimestamp();
        long? settled = 0;
        TimeSpan pause = TimeSpan.Zero;
        int count = 0;
        using var timer = new PeriodicTimer(LookEvery, time);
        while (true)
        {
            bool isQuiet = await IsQuietUntilNextAsync(timer, stoppingToken);
            long resident = Environment.WorkingSet;

            // What the host needs at rest comes back within one look.
            settled ??= resident;
            if (!isQuiet)
            {
                pause = pause < PauseMin ? pause : PauseMin;
                count = 0;
                ReleaseWhileBusy(resident);
            }
            else if (time.GetElapsedTime(last) >= pause && (count < SettlingCount || resident - settled >= GrowthBytesMin))
            {
                GiveBack();
                LogGivenBack(resident / 1_000_000, Environment.WorkingSet / 1_000_000);
                last = time.GetTimestamp();
                settled = null;
                pause = ++count < SettlingCount ? PauseMin : pause < PauseMax / 2 ? pause * 2 : PauseMax;
            }
        }
    }

    private void ReleaseWhileBusy(long resident)
    {
        if (resident < BusyBytesMin || time.GetElapsedTime(_lastReleased) < _busyPause)
        {
            return;
        }

        bool wasWorthIt = resident <= _residentBefore - BusyGainBytesMin;
        _busyPause = wasWorthIt ? PauseMin : _busyPause < PauseMax / 2 ? _busyPause * 2 : PauseMax;
        _pages.Release();
        _lastReleased = time.GetTimestamp();
        _residentBefore = resident;
        LogReleased(resident / 1_000_000, Environment.WorkingSet / 1_000_000);
    }

    private void GiveBack()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        NativeMemory.TrimHeaps();
        _pages.Release();
    }

    private static async Task<bool> IsQuietUntilNextAsync(PeriodicTimer timer, CancellationToken cancellationToken)
    {
        TimeSpan before = Environment.CpuUsage.TotalTime;
        long began = Stopwatch.GetTimestamp();
        await timer.WaitForNextTickAsync(cancellationToken);
        return (Environment.CpuUsage.TotalTime - before) / Stopwatch.GetElapsedTime(began) < QuietCpuShareMax;
    }

    [LoggerMessage(2912, LogLevel.Debug, "Busy: pages of the program were given back, {BeforeMb} MB before, {AfterMb} MB now")]
    private partial void LogReleased(long beforeMb, long afterMb);

    [LoggerMessage(2911, LogLevel.Debug, "Quiet: memory was given back, {BeforeMb} MB before, {AfterMb} MB now")]
    private partial void LogGivenBack(long beforeMb, long afterMb);
}
