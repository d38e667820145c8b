using System.Diagnostics;

namespace Events.Host.Operations;

/// <summary>
/// Gives memory back to the machine when the host has become quiet: after its start, and after work for which it grew. The
/// collector and the C library keep what a burst needed, in case another one comes; at rest the host needs far less. While it
/// works and holds much, pages of the program that ran once are given back, and now and then what nobody needs is collected.
/// </summary>
internal sealed partial class QuietMemory(TimeProvider time, ILogger<QuietMemory> logger) : BackgroundService
{
    /// <summary>Of one core. A camera that is taken in costs about 0.02; a client that works takes more than this.</summary>
    private const double QuietCpuShareMax = 0.2;

    /// <summary>Less is not worth a collection of everything, which stops all threads for some 10 ms.</summary>
    private const long GrowthBytesMin = 2_000_000;

    /// <summary>Times after work that need no growth: right after a start what comes back is not yet what is needed.</summary>
    private const int SettlingCount = 3;

    /// <summary>
    /// How often it is looked at whether there is work. Pages come back by some 20 MB a second while code runs for the first
    /// time.
    /// </summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(0.25);

    /// <summary>A host that had next to nothing to do for so many looks in a row is quiet.</summary>
    private const int QuietLooks = 8;

    /// <summary>
    /// After the first <see cref="SettlingCount"/> times, while cameras connect and buffers fill, it doubles from one time to the
    /// next, so that a host at rest is left alone; work begins it anew.
    /// </summary>
    private static readonly TimeSpan PauseMin = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan PauseMax = TimeSpan.FromMinutes(10);

    /// <summary>
    /// What little a host at rest does, now this and now that, brings code back that is not needed again for long. Counted from
    /// what there was right after pages were given back; some 3.5 MB are in use all the time.
    /// </summary>
    private const long AtRestBytesMin = 6_000_000;

    private static readonly TimeSpan AtRestPause = TimeSpan.FromSeconds(1);

    /// <summary>A host that works is left alone below this.</summary>
    private const long BusyBytesMin = 100_000_000;

    /// <summary>Libraries that were loaded since are known after a full look, which takes some 10 ms.</summary>
    private static readonly TimeSpan FullLookPause = TimeSpan.FromSeconds(20);

    /// <summary>When little came of it: what is mapped is what runs.</summary>
    private static readonly TimeSpan BusyPause = TimeSpan.FromSeconds(0.5);

    /// <summary>Still more than this after that, and what nobody needs is collected, too.</summary>
    private const long CollectBytesMin = 105_000_000;

    /// <summary>
    /// Between two such collections, each of which stops all threads for some 10 ms. It doubles until the work is over.
    /// </summary>
    private static readonly TimeSpan CollectPauseMin = TimeSpan.FromSeconds(5);

    private readonly ProgramPages _pages = new();
    private long _lastReleased;
    private ResidentMemory _released;
    private long _lastLooked;
    private TimeSpan _busyPause;
    private long _lastCollected;
    private TimeSpan _collectPause;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        long last = time.GetTimestamp();
        long? settled = 0;
        TimeSpan pause = TimeSpan.Zero;
        int count = 0;
        using var timer = new PeriodicTimer(LookEvery, time);
        while (true)
        {
            bool isQuiet = await IsQuietAsync(timer, stoppingToken);
            ResidentMemory held = ResidentMemory.Now();

            // What the host needs at rest comes back within one look.
            settled ??= held.PrivateBytes;
            if (!isQuiet)
            {
                pause = pause < PauseMin ? pause : PauseMin;
                count = 0;
            }
            else if (time.GetElapsedTime(last) >= pause
                && (count < SettlingCount || held.PrivateBytes - settled >= GrowthBytesMin))
            {
                GiveBack();
                NoteReleased(held);
                last = _lastReleased;
                settled = null;
                pause = ++count < SettlingCount ? PauseMin : pause < PauseMax / 2 ? pause * 2 : PauseMax;
            }
        }
    }

    private void ReleaseAtRest(ResidentMemory held)
    {
        if (held.SharedBytes - _released.SharedBytes >= AtRestBytesMin && time.GetElapsedTime(_lastReleased) >= AtRestPause)
        {
            _pages.ReleaseAgain();
            NoteReleased(held);
        }
    }

    private void ReleaseWhileBusy(ResidentMemory held)
    {
        if (held.Bytes < BusyBytesMin || time.GetElapsedTime(_lastReleased) < _busyPause)
        {
            return;
        }

        if (time.GetElapsedTime(_lastLooked) >= FullLookPause)
        {
            _pages.Release();
            _lastLooked = time.GetTimestamp();
        }
        else
        {
            _pages.ReleaseAgain();
        }

        if (ResidentMemory.Now().Bytes >= CollectBytesMin && time.GetElapsedTime(_lastCollected) >= _collectPause)
        {
            Collect();
            _pages.ReleaseAgain();
            _lastCollected = time.GetTimestamp();
            _collectPause = _collectPause == TimeSpan.Zero ? CollectPauseMin
                : _collectPause < PauseMax / 2 ? _collectPause * 2 : PauseMax;
        }

        NoteReleased(held);
        _busyPause = held.Bytes - _released.Bytes >= GrowthBytesMin ? TimeSpan.Zero : BusyPause;
    }

    private void NoteReleased(ResidentMemory before)
    {
        _released = ResidentMemory.Now();
        _lastReleased = time.GetTimestamp();
        LogReleased(before.Bytes / 1_000_000, _released.Bytes / 1_000_000);
    }

    private void GiveBack()
    {
        _collectPause = TimeSpan.Zero;
        Collect();
        _pages.Release();
    }

    private static void Collect()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        NativeMemory.TrimHeaps();
    }

    private async Task<bool> IsQuietAsync(PeriodicTimer timer, CancellationToken cancellationToken)
    {
        TimeSpan before = Environment.CpuUsage.TotalTime;
        long began = Stopwatch.GetTimestamp();
        for (int i = 0; i < QuietLooks; i++)
        {
            (TimeSpan usedBefore, long lookedAt) = (Environment.CpuUsage.TotalTime, Stopwatch.GetTimestamp());
            await timer.WaitForNextTickAsync(cancellationToken);
            if (IsMuch(usedBefore, lookedAt))
            {
                ReleaseWhileBusy(ResidentMemory.Now());
            }
            else
            {
                ReleaseAtRest(ResidentMemory.Now());
            }
        }

        return !IsMuch(before, began);
    }

    private static bool IsMuch(TimeSpan usedBefore, long since) =>
        (Environment.CpuUsage.TotalTime - usedBefore) / Stopwatch.GetElapsedTime(since) >= QuietCpuShareMax;

    [LoggerMessage(2912, LogLevel.Debug, "Pages of the program were given back, {BeforeMb} MB before, {AfterMb} MB now")]
    private partial void LogReleased(long beforeMb, long afterMb);
}
