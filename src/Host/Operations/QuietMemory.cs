using System.Diagnostics;

namespace Events.Host.Operations;

/// <summary>
/// Gives memory back to the machine when the host has become quiet: after its start, and after work for which it grew. The
/// collector and the C library keep what a burst needed, in case another one comes; at rest the host needs far less.
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

    private readonly ProgramPages _pages = new();

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

    [LoggerMessage(2901, LogLevel.Debug, "Quiet: memory was given back, {BeforeMb} MB before, {AfterMb} MB now")]
    private partial void LogGivenBack(long beforeMb, long afterMb);
}
