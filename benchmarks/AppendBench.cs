using System.Diagnostics;
using System.Globalization;
using Events.Application.Contracts;
using Events.Domain.Kernel;
using Events.EventStore.Appending;
using Npgsql;
using NpgsqlTypes;

namespace Events.Benchmarks;

/// <summary>
/// One fact per append with an expected version, by 1, 8 and 64 callers; every fiftieth append is wrong on purpose and must
/// fail alone. Beside it, in the same minutes, the floor: one bare INSERT per transaction on as many connections.
/// </summary>
internal static class AppendBench
{
    private static readonly TimeSpan Span = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(2);

    public static async Task RunAsync(BenchContext context)
    {
        await using EventStoreBed bed = await EventStoreBed.StartAsync(context);
        await bed.ScalarAsync("create table bare (id bigserial primary key, stream text, data jsonb)");
        await AppendAsync(bed, 8, WarmUp);
        for (int round = 1; round <= 3; round++)
        {
            foreach (int connections in (int[])[1, 8])
            {
                context.Add(await MeasureAsync(
                    bed, $"bare INSERT, {connections} connections, round {round}", () => BareAsync(bed, connections, Span)));
            }

            foreach (int callers in (int[])[1, 8, 64])
            {
                context.Add(await MeasureAsync(
                    bed, $"append, {callers} callers, round {round}", () => AppendAsync(bed, callers, Span)));
            }
        }
    }

    /// <summary>
    /// Load a stream of 50 facts, decide, append one, and wait until the view has it: what a command's caller waits for.
    /// </summary>
    public static async Task RunCommandsAsync(BenchContext context)
    {
        await using EventStoreBed bed = await EventStoreBed.StartAsync(context, EventStoreBed.View);
        context.Say("Rates and CPU include the 50 facts that are written in one append before every ten commands; p50 and p95 do not.");
        await CommandsAsync(bed, WarmUp, isWaiting: true);
        for (int round = 1; round <= 3; round++)
        {
            context.Add(await MeasureAsync(
                bed, $"load 50 + append 1, round {round}", () => CommandsAsync(bed, Span, isWaiting: false)));
            context.Add(await MeasureAsync(
                bed, $"the same, until the view has it, round {round}", () => CommandsAsync(bed, Span, isWaiting: true)));
        }
    }

    private static async Task<Measured> CommandsAsync(EventStoreBed bed, TimeSpan span, bool isWaiting)
    {
        Decider<int, Guid, GateEvent> count =
            new("gate", 0, (state, key, _) => EventStoreBed.Fact(key, state), (state, _) => state + 1);
        IStreams streams = bed.Get<IEventStore>().For(new Origin("bench", "bench", null, new Dictionary<string, string>()));
        IReadModels views = bed.Get<IReadModels>();
        List<double> took = [];
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < span)
        {
            Guid key = Guid.CreateVersion7();
            GateEvent[] before = [.. Enumerable.Range(0, 50).Select(n => EventStoreBed.Fact(key, n))];
            await bed.Lane.AppendAsync(bed.Pending(key, ExpectedVersion.NewStream, before), CancellationToken.None);
            for (int n = 0; n < 10; n++)
            {
                long from = Stopwatch.GetTimestamp();
                var done = await streams.TransactAsync(count, key.ToString(), key, CancellationToken.None);
                if (isWaiting && !await views.WaitForAsync(done.Position, TimeSpan.FromSeconds(2), CancellationToken.None))
                {
                    throw new InvalidOperationException("The view was late.");
                }

                took.Add(Stopwatch.GetElapsedTime(from).TotalMilliseconds);
            }
        }

        return new Measured(took.Count, 0, took);
    }

    private static async Task<BenchLine> MeasureAsync(EventStoreBed bed, string what, Func<Task<Measured>> work)
    {
        CpuMeter cpu = await bed.MeterAsync();
        long start = Stopwatch.GetTimestamp();
        Measured measured = await work();
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        double[] sorted = [.. measured.Milliseconds.Order()];
        string load = (await File.ReadAllTextAsync("/proc/loadavg")).Split(' ')[0];
        return new BenchLine(
            what,
            measured.Written / seconds,
            sorted[sorted.Length / 2],
            sorted[sorted.Length * 95 / 100],
            cpu.ClientMicroseconds / measured.Written,
            cpu.ServerSince / measured.Written,
            string.Create(CultureInfo.InvariantCulture, $"{measured.Conflicts} conflicts; load {load}"));
    }

    private static async Task<Measured> AppendAsync(EventStoreBed bed, int callers, TimeSpan span)
    {
        Measured[] all = await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(() => OneCallerAsync(bed, span))));
        return Measured.Sum(all);
    }

    private static async Task<Measured> OneCallerAsync(EventStoreBed bed, TimeSpan span)
    {
        const int StreamLength = 100;
        List<double> took = [];
        int written = 0;
        int conflicts = 0;
        Guid key = Guid.CreateVersion7();
        int version = 0;
        long start = Stopwatch.GetTimestamp();
        for (int n = 1; Stopwatch.GetElapsedTime(start) < span; n++)
        {
            bool isWrong = n % 50 == 0;
            long from = Stopwatch.GetTimestamp();
            ExpectedVersion expected = ExpectedVersion.Exactly(isWrong ? version + 7 : version);
            AppendOutcome outcome = await bed.Lane.AppendAsync(
                bed.Pending(key, expected, EventStoreBed.Fact(key, version)), CancellationToken.None);
            took.Add(Stopwatch.GetElapsedTime(from).TotalMilliseconds);
            if (outcome.IsConflict != isWrong)
            {
                throw new InvalidOperationException("A conflict did not fail its own caller alone.");
            }

            (written, conflicts) = isWrong ? (written, conflicts + 1) : (written + 1, conflicts);
            (key, version) = outcome.Version == StreamLength ? (Guid.CreateVersion7(), 0) : (key, (int)outcome.Version);
        }

        return new Measured(written, conflicts, took);
    }

    private static async Task<Measured> BareAsync(EventStoreBed bed, int connections, TimeSpan span)
    {
        string body = System.Text.Json.JsonSerializer.Serialize(
            (GateConnected)EventStoreBed.Fact(Guid.CreateVersion7(), 1), GateJson.Default.GateConnected);
        Measured[] all = await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => Task.Run(async () =>
        {
            await using NpgsqlConnection connection = new(bed.ConnectionString);
            await connection.OpenAsync();
            await using NpgsqlCommand insert = new("insert into bare (stream, data) values ($1, $2)", connection)
            {
                Parameters =
                {
                    new NpgsqlParameter<string> { TypedValue = "gate-0199a0de-0000-7000-8000-000000000001" },
                    new NpgsqlParameter<string> { TypedValue = body, NpgsqlDbType = NpgsqlDbType.Jsonb },
                },
            };
            await insert.PrepareAsync();
            List<double> took = [];
            long start = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(start) < span)
            {
                long from = Stopwatch.GetTimestamp();
                await insert.ExecuteNonQueryAsync();
                took.Add(Stopwatch.GetElapsedTime(from).TotalMilliseconds);
            }

            return new Measured(took.Count, 0, took);
        })));
        return Measured.Sum(all);
    }

    private sealed record Measured(int Written, int Conflicts, IReadOnlyList<double> Milliseconds)
    {
        public static Measured Sum(IEnumerable<Measured> all)
        {
            Measured[] parts = [.. all];
            return new Measured(
                parts.Sum(part => part.Written),
                parts.Sum(part => part.Conflicts),
                [.. parts.SelectMany(part => part.Milliseconds)]);
        }
    }
}
