using System.Diagnostics;
using System.Text.Json;
using Events.Application.Contracts;
using Events.EventStore;
using Events.EventStore.Appending;
using Npgsql;

namespace Events.Benchmarks;

/// <summary>
/// A camera-like view from 200,000 facts (2,000 streams of 100), built anew; beside it what reading alone takes.
/// </summary>
internal static class RebuildBench
{
    private const int StreamCount = 2_000;
    private const int FactsPerStream = 100;
    private const int Total = StreamCount * FactsPerStream;
    private const int Rounds = 5;

    public static async Task RunAsync(BenchContext context)
    {
        await using EventStoreBed bed = await EventStoreBed.StartAsync(context, EventStoreBed.View);
        await WriteAsync(bed);
        string size = (string)(await bed.ScalarAsync(
            """
            select format('%s facts, bodies of %s bytes on average', count(*), round(avg(octet_length(data::text))))
            from events.mt_events
            """))!;
        string plan = (string)(await bed.ScalarAsync("select current_setting('max_parallel_workers_per_gather')"))!;
        context.Say($"{size}; the server may use {plan} parallel workers for its scan.");
        for (int round = 1; round <= Rounds; round++)
        {
            context.Add(await MeasureAsync(bed, $"sequential scan on the server alone, round {round}", ServerScanAsync));
            context.Add(await MeasureAsync(bed, $"read and parse alone, round {round}", ReadAsync));
            context.Add(await MeasureAsync(
                bed,
                $"rebuild, round {round}",
                b => b.Get<IRebuilds>().RebuildAsync(EventStoreBed.View, CancellationToken.None)));
        }

        // The last version shows that the end was reached; the count of drops that no fact on the way was left out.
        long whole = (long)(await bed.ScalarAsync(
            $"""
            select count(*) from views.{EventStoreBed.View.Table}
            where (row->>'version')::int = {FactsPerStream} and (row->>'drops')::int = {FactsPerStream / 4}
            """))!;
        if (whole != StreamCount)
        {
            throw new InvalidOperationException($"The view has {whole} rows with every fact in them, instead of {StreamCount}.");
        }
    }

    /// <summary>Round after round over all streams, as cameras would: a page of the log concerns many rows.</summary>
    private static async Task WriteAsync(EventStoreBed bed)
    {
        const int PerAppend = 10;
        Guid[] keys = [.. Enumerable.Range(0, StreamCount).Select(_ => Guid.CreateVersion7())];
        for (int from = 0; from < FactsPerStream; from += PerAppend)
        {
            int first = from;
            AppendOutcome[] outcomes = await Task.WhenAll(keys.Select(key => bed.Lane.AppendAsync(
                bed.Pending(
                    key,
                    ExpectedVersion.Exactly(first),
                    [.. Enumerable.Range(first, PerAppend).Select(n => EventStoreBed.Fact(key, n))]),
                CancellationToken.None)));
            long last = outcomes.Max(outcome => outcome.Position);
            await bed.Get<IReadModels>().WaitForAsync(last, TimeSpan.FromMinutes(1), CancellationToken.None);
        }

        await bed.ScalarAsync("vacuum analyze events.mt_events");
    }

    private static async Task<BenchLine> MeasureAsync(EventStoreBed bed, string what, Func<EventStoreBed, Task> work)
    {
        CpuMeter cpu = await bed.MeterAsync();
        long start = Stopwatch.GetTimestamp();
        await work(bed);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        string load = (await File.ReadAllTextAsync("/proc/loadavg")).Split(' ')[0];
        return new BenchLine(
            what, Total / seconds, null, null, cpu.ClientMicroseconds / Total, cpu.ServerSince / Total, $"load {load}");
    }

    private static Task ServerScanAsync(EventStoreBed bed) =>
        bed.ScalarAsync("select count(data::text) from (select data from events.mt_events order by seq_id) e");

    private static async Task ReadAsync(EventStoreBed bed)
    {
        await using NpgsqlConnection connection = new(bed.ConnectionString);
        await connection.OpenAsync();
        await using NpgsqlCommand command = new(
            "select seq_id, version, type, data from events.mt_events order by seq_id", connection);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();
        Application.EventCatalogue catalogue = bed.Get<Application.EventCatalogue>();
        int count = 0;
        while (await reader.ReadAsync())
        {
            byte[] data = reader.GetFieldValue<byte[]>(3);
            count += JsonSerializer.Deserialize(data, catalogue.Find(reader.GetString(2))!.Json) is null ? 0 : 1;
        }

        if (count != Total)
        {
            throw new InvalidOperationException($"Read {count} facts instead of {Total}.");
        }
    }
}
