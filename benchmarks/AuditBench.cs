using System.Diagnostics;
using Events.EventStore.Seals;
using Events.EventStore.Seals.Sealing;
using Npgsql;

namespace Events.Benchmarks;

/// <summary>
/// A log of 1,000,000 facts with bodies like a segment's: what sealing costs, and how long an audit of all of it takes. Beside it
/// what reading the table alone takes, which is the limit.
/// </summary>
internal static class AuditBench
{
    private const int Total = 1_000_000;
    private const int Rounds = 3;

    /// <summary>In seconds: what users were promised for a million facts on two cores.</summary>
    private const double SecondsMax = 12;

    public static async Task RunAsync(BenchContext context)
    {
        await using EventStoreBed bed = await EventStoreBed.StartAsync(context);
        await WriteAsync(bed);
        context.Say((string)(await bed.ScalarAsync(
            "select format('%s facts, bodies of %s bytes on average', count(*), round(avg(octet_length(data::text)))) "
            + "from events.mt_events"))!);
        DirectoryInfo folder = Directory.CreateTempSubdirectory("audit-bench");
        try
        {
            context.Add(await MeasureAsync(bed, "sealing, each fact read twice", () => SealAsync(bed, folder.FullName)));
            for (int round = 1; round <= Rounds; round++)
            {
                context.Add(await MeasureAsync(bed, $"binary COPY of the table alone, round {round}", () => CopyAsync(bed)));
                long start = Stopwatch.GetTimestamp();
                context.Add(await MeasureAsync(bed, $"audit of heads, tiles and events, round {round}", () => AuditAsync(bed, folder.FullName)));
                context.Add(new BenchFigure(
                    $"audit of {Total} facts, round {round}",
                    "s",
                    Stopwatch.GetElapsedTime(start).TotalSeconds,
                    null,
                    null,
                    SecondsMax,
                    $"load {(await File.ReadAllTextAsync("/proc/loadavg")).Split(' ')[0]}"));
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task WriteAsync(EventStoreBed bed)
    {
        await bed.ScalarAsync(
            $$"""
            insert into events.mt_streams (id, version) select 'gate-' || n, 0 from generate_series(0, 1999) n;
            insert into events.mt_events
              (seq_id, id, stream_id, version, data, type, timestamp, mt_dotnet_type, correlation_id, headers, user_name)
            select nextval('events.mt_events_sequence'), gen_random_uuid(), 'gate-' || n % 2000, 1 + n / 2000,
                   jsonb_build_object(
                     'recordingId', gen_random_uuid(), 'number', n, 'sizeBytes', 1048576 + n, 'headerBytes', 1200,
                     'sha256', encode(sha256(n::text::bytea), 'hex'), 'startedAt', '2026-09-23T10:11:12.123456+00:00',
                     'durationMs', 60000, 'frameCount', 1500, 'at', '2026-09-23T10:12:12.123456+00:00'),
                   'recording_segment_committed', now(), 'Events.Domain.Recordings.RecordingSegmentCommitted, Events.Domain',
                   '0199a6f2-7d53-7b7e-9e1c-0123456789ab', '{"way": "media"}', 'system'
            from generate_series(0, {{Total}} - 1) n;
            """);
        await bed.ScalarAsync("vacuum analyze events.mt_events");
    }

    private static async Task SealAsync(EventStoreBed bed, string folder)
    {
        NpgsqlConnection connection = new(bed.ConnectionString);
        await connection.OpenAsync();
        await using SealingRun run = (await SealingRun.OpenAsync(
            connection, new KeyFolder(folder), "bench.example", TimeProvider.System, CancellationToken.None))!;
        while (await run.SealAsync(CancellationToken.None))
        {
        }
    }

    private static async Task CopyAsync(EventStoreBed bed)
    {
        await using NpgsqlConnection connection = new(bed.ConnectionString);
        await connection.OpenAsync();
        long count = 0;
        await new StoredRows().ReadAsync(
            connection, 0, long.MaxValue, int.MaxValue, (in Events.EventStore.Seals.Canonical.LeafRow _) => count++, CancellationToken.None);
        if (count != Total)
        {
            throw new InvalidOperationException($"Read {count} facts instead of {Total}.");
        }
    }

    private static async Task AuditAsync(EventStoreBed bed, string folder)
    {
        AuditReport report = await LogAudit.RunAsync(
            bed.ConnectionString,
            new AuditQuestion(AuditLevels.Heads | AuditLevels.Tiles | AuditLevels.Events, [], folder),
            _ => { },
            CancellationToken.None);
        if (report.Facts != Total || report.Findings.Count > 0 || report.Undecided is not null)
        {
            throw new InvalidOperationException($"The audit read {report.Facts} facts: {report.Undecided} {string.Join(' ', report.Findings)}");
        }
    }

    private static async Task<BenchLine> MeasureAsync(EventStoreBed bed, string what, Func<Task> work)
    {
        CpuMeter cpu = await bed.MeterAsync();
        long start = Stopwatch.GetTimestamp();
        await work();
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        string load = (await File.ReadAllTextAsync("/proc/loadavg")).Split(' ')[0];
        return new BenchLine(
            what, Total / seconds, null, null, cpu.ClientMicroseconds / Total, cpu.ServerSince / Total, $"{seconds:0.0} s, load {load}");
    }
}
