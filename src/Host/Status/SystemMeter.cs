using System.Globalization;
using Events.Application.Contracts;

namespace Events.Host.Status;

/// <param name="CpuPercent">Of all cores, over the last few seconds.</param>
/// <param name="MemoryPercent">Of the machine's memory: what is not available to programs.</param>
/// <param name="DiskPercent">Of the file system that holds the storage folder.</param>
internal sealed record SystemLoad(double CpuPercent, double MemoryPercent, double DiskPercent);

/// <summary>How much of the machine is in use, as the kernel tells in <c>/proc</c> (proc(5)).</summary>
internal sealed class SystemMeter(IFootage footage, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(5);

    private (long Busy, long All) _cpuBefore = ReadCpu();
    private double _cpuPercent;

    public SystemLoad Read() =>
        new(Volatile.Read(ref _cpuPercent), MemoryPercentIn(File.ReadLines("/proc/meminfo")), footage.Usage().UsedPercent);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(Period, time, stoppingToken);
            (long Busy, long All) now = ReadCpu();
            long all = now.All - _cpuBefore.All;
            Volatile.Write(ref _cpuPercent, all <= 0 ? 0 : Percent(now.Busy - _cpuBefore.Busy, all));
            _cpuBefore = now;
        }
    }

    internal static double MemoryPercentIn(IEnumerable<string> lines)
    {
        long total = 0;
        long available = 0;
        foreach (string line in lines)
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length >= 2 && long.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out long kilobytes))
            {
                total = words[0] == "MemTotal:" ? kilobytes : total;
                available = words[0] == "MemAvailable:" ? kilobytes : available;
            }
        }

        return total == 0 ? 0 : Percent(total - available, total);
    }

    /// <summary>The first line: user, nice, system, idle, I/O wait and more, in ticks since the machine's start.</summary>
    internal static (long Busy, long All) CpuIn(string line)
    {
        long[] ticks =
        [
            .. line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1)
                .Select(word => long.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out long count) ? count : 0),
        ];
        long all = ticks.Take(8).Sum();
        long idle = ticks.Length > 4 ? ticks[3] + ticks[4] : 0;
        return (all - idle, all);
    }

    private static (long Busy, long All) ReadCpu() => CpuIn(File.ReadLines("/proc/stat").First());

    private static double Percent(long part, long whole) => Math.Round(Math.Clamp(100.0 * part / whole, 0, 100), 1);
}
