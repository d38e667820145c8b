using System.Diagnostics;
using System.Globalization;
using Events.EventStore.Appending;
using Events.EventStore.Seals;

namespace Events.Benchmarks;

/// <summary>
/// What sealing takes from appending: 64 callers, one fact an append, on a log that nobody seals and on one that is sealed from
/// behind meanwhile, in turn, so that both meet the same machine. What is measured begins when the sealer has begun to follow,
/// and CPU is shared out over the facts that were sealed within it, not over those that were appended.
/// </summary>
internal static class SealingBench
{
    private const int Callers = 64;
    private const int StreamLength = 100;
    private const int Rounds = 3;

    /// <summary>Facts a second of all callers together, where the machine has time left.</summary>
    private const int Pace = 8_000;

    /// <summary>In percent of the facts a second.</summary>
    private const double SlowerPercentMax = 3;

    /// <summary>Cores that sealing may take when 27,000 facts come a second.</summary>
    private const double CoresMax = 0.7;

    private const double FactsPerSecond = 27_000;
    private const double BehindSecondsMax = 10;

    private static readonly TimeSpan LeadIn = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);
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
                $"{Callers} callers append for {(LeadIn + Window).TotalSeconds:0} s a round, in turn on two logs of their own cluster; the "
                + $"last {Window.TotalSeconds:0} s count. Behind: how old the oldest fact is that no head covers, looked at twice a second.");
            Round first = await RoundAsync(context, withSeals, "sealed meanwhile, a new log", isSealed: true, pace: null);
            List<Round> without = [];
            List<Round> with = [];
            for (int round = 1; round <= Rounds; round++)
            {
                without.Add(await RoundAsync(context, plain, $"not sealed, round {round}", isSealed: false, pace: null));
                with.Add(await RoundAsync(context, withSeals, $"sealed meanwhile, round {round}", isSealed: true, pace: null));
            }

            Round slowly = await RoundAsync(context, plain, $"not sealed, {Pace:N0} facts/s offered", isSealed: false, Pace);
            Round slowlySealed = await RoundAsync(context, withSeals, $"sealed meanwhile, {Pace:N0} facts/s offered", isSealed: true, Pace);
            double us = Median(without.Select(one => one.Cpu / one.Appended));
            double sealing = Median(with.Select(one => (one.Cpu - (us * one.Appended)) / one.Sealed));
            double slower = Percent(Median(with.Select(one => one.Rate)), Median(without.Select(one => one.Rate)));
            context.Add(new BenchFigure(
                "appends are slower by", "%", slower, null, null, SlowerPercentMax, "medians of the rounds; both cores are busy"));
            context.Add(new BenchFigure(
                $"the same, {Pace:N0} facts/s offered", "%", Percent(slowlySealed.Rate, slowly.Rate), null, null, SlowerPercentMax,
                $"p95 of an append {slowlySealed.P95Ms:0.0} ms, without sealing {slowly.P95Ms:0.0}"));
            context.Add(new BenchFigure(
                $"sealing {FactsPerSecond:N0} facts/s", "cores", sealing * FactsPerSecond / 1e6, null, null, CoresMax,
                $"{sealing:0.0} us of CPU a sealed fact, client and server"));
            double behind = with.Append(slowlySealed).Append(first).Max(one => one.BehindSeconds);
            context.Add(new BenchFigure("behind, at most", "s", behind, null, null, BehindSecondsMax, "of all rounds"));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<Round> RoundAsync(BenchContext context, EventStoreBed bed, string what, bool isSealed, int? pace)
    {
        using var end = new CancellationTokenSource();
        var done = new Done();
        Task appending = AppendAsync(bed, done, pace, end.Token);
        await Task.Delay(LeadIn);
        (long appended, long covered) = (done.Count, isSealed ? await CoveredAsync(bed) : 0);
        done.Begin();
        CpuMeter cpu = await bed.MeterAsync();
        long start = Stopwatch.GetTimestamp();
        double behind = 0;
        while (Stopwatch.GetElapsedTime(start) < Window)
        {
            await Task.Delay(Look);
            behind = isSealed ? Math.Max(behind, await BehindAsync(bed)) : 0;
        }

        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        (double client, double server) = (cpu.ClientMicroseconds, cpu.ServerSince);
        appended = done.Count - appended;
        covered = isSealed ? await CoveredAsync(bed) - covered : 0;
        await end.CancelAsync();
        await appending;
        if (isSealed)
        {
            await UntilSealedAsync(bed);
        }

        string load = (await File.ReadAllTextAsync("/proc/loadavg")).Split(' ')[0];
        string note = isSealed
            ? string.Create(CultureInfo.InvariantCulture, $"{covered / seconds:N0} sealed/s, {behind:0.0} s behind at most; load {load}")
            : $"load {load}";
        double p95 = done.P95Ms();
        context.Add(new BenchLine(what, appended / seconds, null, p95, client / appended, server / appended, note));
        return new Round(appended / seconds, appended, covered, client + server, behind, p95);
    }

    private static Task AppendAsync(EventStoreBed bed, Done done, int? pace, CancellationToken end) =>
        Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(
            async () =>
            {
                Guid key = Guid.CreateVersion7();
                long began = Stopwatch.GetTimestamp();
                for (int count = 0; !end.IsCancellationRequested; count++)
                {
                    if (pace is { } all)
                    {
                        TimeSpan due = TimeSpan.FromSeconds((count + ((double)caller / Callers)) * Callers / all);
                        TimeSpan early = due - Stopwatch.GetElapsedTime(began);
                        await Task.Delay(early > TimeSpan.Zero ? early : TimeSpan.Zero, CancellationToken.None);
                    }

                    int version = count % StreamLength;
                    key = version == 0 ? Guid.CreateVersion7() : key;
                    long asked = Stopwatch.GetTimestamp();
                    AppendOutcome outcome = await bed.Lane.AppendAsync(
                        bed.Pending(key, ExpectedVersion.Exactly(version), EventStoreBed.Fact(key, version)), CancellationToken.None);
                    done.Add(Stopwatch.GetElapsedTime(asked));
                    if (outcome.IsConflict)
                    {
                        throw new InvalidOperationException("A lone writer met a conflict.");
                    }
                }
            },
            CancellationToken.None)));

    private static async Task<long> CoveredAsync(EventStoreBed bed) =>
        (long)(await bed.ScalarAsync("select coalesce(max(size), 0) from events_own.audit_head"))!;

    private static async Task<double> BehindAsync(EventStoreBed bed) =>
        (double)(await bed.ScalarAsync(
            """
            select coalesce(extract(epoch from clock_timestamp() - timestamp), 0)::float8 from events.mt_events
            where seq_id > coalesce((select last_seq from events_own.audit_head order by size desc limit 1), 0) order by seq_id limit 1
            """) ?? 0.0);

    private static async Task UntilSealedAsync(EventStoreBed bed)
    {
        for (long start = Stopwatch.GetTimestamp(); await BehindAsync(bed) > 0;)
        {
            if (Stopwatch.GetElapsedTime(start) > SealedTimeMax)
            {
                throw new TimeoutException("The log was not sealed.");
            }

            await Task.Delay(Look);
        }
    }

    private static double Percent(double with, double without) => 100 * (1 - (with / without));

    private static double Median(IEnumerable<double> all)
    {
        double[] sorted = [.. all.Order()];
        return sorted[sorted.Length / 2];
    }

    /// <param name="Cpu">Microseconds, client and server.</param>
    private sealed record Round(double Rate, long Appended, long Sealed, double Cpu, double BehindSeconds, double P95Ms);

    /// <summary>What all callers have done so far.</summary>
    private sealed class Done
    {
        private const int HalfMilliseconds = 4_000;
        private readonly long[] _times = new long[HalfMilliseconds];
        private long _count;

        public long Count => Volatile.Read(ref _count);

        public void Add(TimeSpan took)
        {
            Interlocked.Increment(ref _count);
            Interlocked.Increment(ref _times[Math.Min((int)(took.TotalMilliseconds * 2), HalfMilliseconds - 1)]);
        }

        /// <summary>Forgets the times of before.</summary>
        public void Begin() => Array.Clear(_times);

        public double P95Ms()
        {
            long left = (long)(_times.Sum() * 0.95);
            int at = 0;
            for (; at < HalfMilliseconds - 1 && left > _times[at]; at++)
            {
                left -= _times[at];
            }

            return (at + 1) / 2.0;
        }
    }
}
