using System.Diagnostics;
using System.Globalization;
using Events.EventStore.Appending;
using Events.EventStore.Seals;

namespace Events.Benchmarks;

/// <summary>
/// What sealing takes from appending: 64 callers, one fact an append, on a log that nobody seals and on one that is sealed from
/// behind meanwhile, in turn, so that both meet the same machine.
/// </summary>
internal static class SealingBench
{
    private const int Callers = 64;
    private const int StreamLength = 100;
    private const int Rounds = 5;

    /// <summary>In percent of the facts a second.</summary>
    private const double SlowerPercentMax = 3;

    /// <summary>Cores that sealing may take when 27,000 facts come a second.</summary>
    private const double CoresMax = 0.7;

    private const double FactsPerSecond = 27_000;

    private static readonly TimeSpan Run = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan SealedTimeMax = TimeSpan.FromMinutes(2);

    public static async Task RunAsync(BenchContext context)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("sealing-bench");
        try
        {
            await using EventStoreBed plain = await EventStoreBed.StartAsync(context);
            await using EventStoreBed withSeals = await EventStoreBed.StartSealingAsync(
                context, new SealOptions(Path.Combine(folder.FullName, "keys"), "bench.example"));
            context.Say(
                $"{Callers} callers for {Run.TotalSeconds:0} s a round, in turn on two logs of their own cluster. What is left to seal at "
                + "the end of a round is sealed before the next one, and its CPU counts as sealing's.");
            await AppendAsync(plain);
            await AppendAsync(withSeals);
            List<(double Rate, double CpuUs)> without = [];
            List<(double Rate, double CpuUs)> with = [];
            for (int round = 1; round <= Rounds; round++)
            {
                without.Add(await RoundAsync(context, plain, $"not sealed, round {round}", isSealed: false));
                with.Add(await RoundAsync(context, withSeals, $"sealed meanwhile, round {round}", isSealed: true));
            }

            double slower = 100 * (1 - (Median(with.Select(one => one.Rate)) / Median(without.Select(one => one.Rate))));
            double us = Median(with.Select(one => one.CpuUs)) - Median(without.Select(one => one.CpuUs));
            context.Add(new BenchFigure("appends are slower by", "%", slower, null, null, SlowerPercentMax, "medians of the rounds"));
            context.Add(new BenchFigure(
                $"sealing {FactsPerSecond:N0} facts/s",
                "cores",
                us * FactsPerSecond / 1e6,
                null,
                null,
                CoresMax,
                $"{us:0.0} us of CPU a fact, client and server"));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<(double Rate, double CpuUs)> RoundAsync(BenchContext context, EventStoreBed bed, string what, bool isSealed)
    {
        CpuMeter cpu = await bed.MeterAsync();
        long start = Stopwatch.GetTimestamp();
        int count = await AppendAsync(bed);
        double rate = count / Stopwatch.GetElapsedTime(start).TotalSeconds;
        long behind = isSealed ? await BehindAsync(bed) : 0;
        if (isSealed)
        {
            await UntilSealedAsync(bed);
        }

        double client = cpu.ClientMicroseconds / count;
        double server = cpu.ServerSince / count;
        string load = (await File.ReadAllTextAsync("/proc/loadavg")).Split(' ')[0];
        string note = isSealed ? string.Create(CultureInfo.InvariantCulture, $"{behind:N0} facts behind at the end; load {load}") : $"load {load}";
        context.Add(new BenchLine(what, rate, null, null, client, server, note));
        return (rate, client + server);
    }

    private static async Task<int> AppendAsync(EventStoreBed bed)
    {
        int[] counts = await Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => Task.Run(async () =>
        {
            Guid key = Guid.CreateVersion7();
            int count = 0;
            for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < Run; count++)
            {
                if (count % StreamLength == 0)
                {
                    key = Guid.CreateVersion7();
                }

                int version = count % StreamLength;
                AppendOutcome outcome = await bed.Lane.AppendAsync(
                    bed.Pending(key, ExpectedVersion.Exactly(version), EventStoreBed.Fact(key, version)), CancellationToken.None);
                if (outcome.IsConflict)
                {
                    throw new InvalidOperationException("A lone writer met a conflict.");
                }
            }

            return count;
        })));
        return counts.Sum();
    }

    private static async Task<long> BehindAsync(EventStoreBed bed) =>
        (long)(await bed.ScalarAsync(
            "select (select count(*) from events.mt_events) - coalesce((select max(size) from events_own.audit_head), 0)"))!;

    private static async Task UntilSealedAsync(EventStoreBed bed)
    {
        for (long start = Stopwatch.GetTimestamp(); await BehindAsync(bed) > 0;)
        {
            if (Stopwatch.GetElapsedTime(start) > SealedTimeMax)
            {
                throw new TimeoutException("The log was not sealed.");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(500));
        }
    }

    private static double Median(IEnumerable<double> all)
    {
        double[] sorted = [.. all.Order()];
        return sorted[sorted.Length / 2];
    }
}
