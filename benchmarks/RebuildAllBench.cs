using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Events.Application;
using Events.Domain.Broadcasts;
using Events.Domain.Cameras;
using Events.Domain.Kernel;
using Events.Domain.Recordings;
using Events.Domain.Snapshots;
using Npgsql;
using NpgsqlTypes;

namespace Events.Benchmarks;

/// <summary>
/// The real host with its own PostgreSQL and a log of 1,000,000 facts: all views that catch up with it, each view built anew, and
/// all of them at once while commands go on. Beside it a sequential scan of the table, which is the limit.
/// </summary>
internal static class RebuildAllBench
{
    private const int Total = 1_000_000;
    private const int CameraCount = 400;
    private const int FactsPerCamera = 1_250;
    private const int RecordingCount = 2_500;
    private const int SegmentsPerRecording = 116;
    private const int SnapshotCount = 100_000;
    private const int BroadcastFacts =
        Total - (CameraCount * FactsPerCamera) - (RecordingCount * (SegmentsPerRecording + 4)) - SnapshotCount;

    /// <summary>Of cameras that never were here: far from the numbers that the host gives.</summary>
    private const int FirstNumber = 10_000;

    private const int Rounds = 3;

    private const double CameraViewPerSecondMin = 100_000;
    private const double CatchUpPerSecondMin = 50_000;

    /// <summary>Resident, of the .NET process, in MB of 10^6 bytes.</summary>
    private const double ResidentMbMax = 300;

    private static readonly TimeSpan WaitMax = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan CommandEvery = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan CommandsBefore = TimeSpan.FromSeconds(15);
    private static readonly DateTimeOffset At = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    /// <param name="args"><c>--beside</c>: what commands notice alone, in one round, with results of its own.</param>
    public static async Task RunAsync(BenchContext context, string[] args)
    {
        await using HostUnderTest host = await HostUnderTest.StartAsync(
            Path.Combine(AppContext.BaseDirectory, "Events.Host.dll"));
        context.PostgresVersion = (await host.SqlAsync("show server_version"))[0];
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(await ConnectionAsync(host));
        context.Say(
            $"A host as built, its own PostgreSQL, {ApplicationModule.Views.Count} views. A log of {Total:N0} facts: "
            + $"{CameraCount * FactsPerCamera:N0} of {CameraCount} cameras, {RecordingCount * (SegmentsPerRecording + 4):N0} of "
            + $"{RecordingCount:N0} recordings, {SnapshotCount:N0} snapshots, the rest broadcasts. \"per s\" counts the facts that "
            + "the view folds; what it passes over is in the note.");
        long folded = ApplicationModule.Views.Sum(view => HandledBy(view.Handles));
        await CatchUpAsync(context, host, source, folded);
        if (args.Contains("--beside"))
        {
            await BesideCommandsAsync(context, host, source, folded, rounds: 1);
            return;
        }

        await ScanAsync(context, source);
        foreach (string view in new[] { "CameraView", "RecordingView", "SegmentView", "SnapshotView", "FootageView" })
        {
            long handled = HandledBy(ApplicationModule.Views.Single(one => one.Name == view).Handles);
            await RebuildAsync(context, host, source, view, handled, view == "CameraView" ? CameraViewPerSecondMin : null);
        }

        await BesideCommandsAsync(context, host, source, folded, Rounds);
    }

    /// <summary>Views that stood still while the log grew: all at once, as after a start with a new version of each.</summary>
    private static async Task CatchUpAsync(BenchContext context, HostUnderTest host, NpgsqlDataSource source, long folded)
    {
        foreach (var view in ApplicationModule.Views)
        {
            await host.ControlAsync($"projections/{view.Name}/pause");
        }

        await WriteAsync(source);
        await UntilAsync(source, "select (select max(last_seq) from events_own.audit_head) = (select max(seq_id) from events.mt_events)");
        await using NpgsqlCommand vacuum = source.CreateCommand("vacuum analyze events.mt_events");
        vacuum.CommandTimeout = 300;
        await vacuum.ExecuteNonQueryAsync();
        host.ForgetPeak();
        long start = Stopwatch.GetTimestamp();
        foreach (var view in ApplicationModule.Views)
        {
            await host.ControlAsync($"projections/{view.Name}/resumption");
        }

        await UntilAsync(source, $"select not exists (select from events.mt_event_progression where {Behind})");
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        Line(context, "all views catch up", Total / seconds, seconds, $"{folded / seconds:N0} folds/s, {Need(Total / seconds, CatchUpPerSecondMin)}");
        Memory(context, host, "catching up");
    }

    private const string Behind =
        "name like '%:All' and name !~ 'Rebuild' and last_seq_id < (select max(seq_id) - 1000 from events.mt_events)";

    private static async Task ScanAsync(BenchContext context, NpgsqlDataSource source)
    {
        for (int round = 1; round <= Rounds; round++)
        {
            await using NpgsqlCommand scan = source.CreateCommand(
                "select count(data::text) from (select data from events.mt_events order by seq_id) e");
            scan.CommandTimeout = 300;
            long start = Stopwatch.GetTimestamp();
            await scan.ExecuteScalarAsync();
            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            Line(context, $"sequential scan on the server alone, round {round}", Total / seconds, seconds, "all facts");
        }
    }

    private static async Task RebuildAsync(
        BenchContext context, HostUnderTest host, NpgsqlDataSource source, string view, long handled, double? need)
    {
        for (int round = 1; round <= Rounds; round++)
        {
            double seconds = await RebuiltAsync(host, source, [view]);
            string note = $"passes {Total / seconds:N0} positions/s" + (need is { } least ? ", " + Need(handled / seconds, least) : "");
            Line(context, $"{view} built anew, round {round}", handled / seconds, seconds, note);
        }
    }

    /// <summary>A client renames a camera twenty times a second, before and meanwhile.</summary>
    private static async Task BesideCommandsAsync(
        BenchContext context, HostUnderTest host, NpgsqlDataSource source, long folded, int rounds)
    {
        await host.CliAsync("camera", "add", "--name", "Bench", "--source", "rtsp://127.0.0.1:9/none");
        string id = (await host.SqlAsync("select row->>'id' from views.camera_view_v1 where name = 'Bench'"))[0];
        string token = await host.CliAsync("token", "--role", "admin");
        using HttpClient http = new() { BaseAddress = new Uri($"http://127.0.0.1:{host.Port}/graphql") };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        await CommandsAsync(http, id, TimeSpan.FromSeconds(5), CancellationToken.None);
        List<double> before = await CommandsAsync(http, id, CommandsBefore, CancellationToken.None);
        List<double> during = [];
        List<double> took = [];
        host.ForgetPeak();
        for (int round = 1; round <= rounds; round++)
        {
            using CancellationTokenSource end = new();
            Task<List<double>> commands = CommandsAsync(http, id, WaitMax, end.Token);
            took.Add(await RebuiltAsync(host, source, [.. ApplicationModule.Views.Select(view => view.Name)]));
            await end.CancelAsync();
            during.AddRange(await commands);
            Line(
                context,
                $"all views built anew beside commands, round {round}",
                Total / took[^1],
                took[^1],
                $"{folded / took[^1]:N0} folds/s");
        }

        before.Sort();
        during.Sort();
        double p95 = before[before.Count * 95 / 100];
        context.Add(new BenchFigure(
            "renameCamera before",
            "ms",
            before[before.Count / 2],
            p95,
            before[before.Count * 99 / 100],
            null,
            $"{before.Count} over GraphQL, 20 a second"));
        context.Add(new BenchFigure(
            "renameCamera meanwhile",
            "ms",
            during[during.Count / 2],
            during[during.Count * 95 / 100],
            during[during.Count * 99 / 100],
            null,
            $"{during.Count}, {(during[during.Count * 95 / 100] < 2 * p95 ? "p95 is not doubled" : "p95 IS DOUBLED")}"));
        Memory(context, host, "building all views anew");
    }

    private static async Task<List<double>> CommandsAsync(HttpClient http, string id, TimeSpan span, CancellationToken end)
    {
        List<double> took = [];
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < span && !end.IsCancellationRequested)
        {
            long from = Stopwatch.GetTimestamp();
            string body = JsonSerializer.Serialize(new
            {
                query = "mutation($i: RenameCameraInput!) { renameCamera(input: $i) { position errors { __typename } } }",
                variables = new { i = new { id, name = $"Bench {took.Count}" } },
            });
            using StringContent content = new(body, Encoding.UTF8, "application/json");
            using HttpResponseMessage answer = await http.PostAsync((Uri?)null, content, CancellationToken.None);
            string text = await answer.Content.ReadAsStringAsync(CancellationToken.None);
            if (!text.Contains("\"position\":\"", StringComparison.Ordinal))
            {
                throw new InvalidOperationException(text);
            }

            TimeSpan one = Stopwatch.GetElapsedTime(from);
            took.Add(one.TotalMilliseconds);
            await Task.Delay(one < CommandEvery ? CommandEvery - one : TimeSpan.Zero, CancellationToken.None);
        }

        return took;
    }

    /// <returns>Seconds from the wish to the moment when the last one is swapped in.</returns>
    private static async Task<double> RebuiltAsync(HostUnderTest host, NpgsqlDataSource source, string[] views)
    {
        long start = Stopwatch.GetTimestamp();
        foreach (string view in views)
        {
            await host.ControlAsync($"projections/{view}/rebuild");
        }

        string places = string.Join(",", views.Select(view => $"'{view}:%'"));
        await UntilAsync(
            source,
            $"select count(*) = {views.Length} from events_own.view_control where checkpoint like any (array[{places}]) "
            + "and rebuild_stamp is null");
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;

        // The host crosses it off its own list a moment later.
        await Task.Delay(TimeSpan.FromMilliseconds(200));
        return seconds;
    }

    private static async Task UntilAsync(NpgsqlDataSource source, string question)
    {
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < WaitMax)
        {
            await using NpgsqlCommand command = source.CreateCommand(question);
            if (await command.ExecuteScalarAsync() is true)
            {
                return;
            }

            await Task.Delay(LookEvery);
        }

        throw new TimeoutException(question);
    }

    private static async Task<string> ConnectionAsync(HostUnderTest host)
    {
        // The host is a folder, which no URI has behind its user.
        Uri url = new((await host.CliAsync("db", "url")).Replace("@/", "@local/", StringComparison.Ordinal));
        Dictionary<string, string> parts = url.Query.TrimStart('?').Split('&').Select(part => part.Split('=', 2))
            .ToDictionary(part => part[0], part => Uri.UnescapeDataString(part[1]));
        return new NpgsqlConnectionStringBuilder
        {
            Host = parts["host"],
            Port = int.Parse(parts["port"], CultureInfo.InvariantCulture),
            Username = url.UserInfo,
            Database = url.AbsolutePath.Trim('/'),
        }.ConnectionString;
    }

    /// <summary>
    /// As another program would write them: one aggregate after the other, each at its end, so that no keeper takes one up.
    /// </summary>
    private static async Task WriteAsync(NpgsqlDataSource source)
    {
        List<(string Id, string Category, List<object> Facts)> all = [.. Cameras(), .. Recordings(), .. Snapshots(), .. Broadcasts()];
        int count = all.Sum(stream => stream.Facts.Count);
        if (count != Total)
        {
            throw new InvalidOperationException($"{count} facts instead of {Total}.");
        }

        await using NpgsqlConnection connection = await source.OpenConnectionAsync();
        long first;
        await using (NpgsqlCommand take = new(
            $"select setval('events.mt_events_sequence', nextval('events.mt_events_sequence') + {Total}) - {Total}", connection))
        {
            first = (long)(await take.ExecuteScalarAsync())!;
        }

        await using (NpgsqlBinaryImporter streams = await connection.BeginBinaryImportAsync(
            "copy events.mt_streams (id, type, version) from stdin (format binary)"))
        {
            foreach ((string id, string category, List<object> facts) in all)
            {
                await streams.StartRowAsync();
                await streams.WriteAsync(id, NpgsqlDbType.Varchar);
                await streams.WriteAsync(category, NpgsqlDbType.Varchar);
                await streams.WriteAsync((long)facts.Count, NpgsqlDbType.Bigint);
            }

            await streams.CompleteAsync();
        }

        await using NpgsqlBinaryImporter rows = await connection.BeginBinaryImportAsync(
            "copy events.mt_events (seq_id, id, stream_id, version, data, type, mt_dotnet_type, headers, user_name) "
            + "from stdin (format binary)");
        foreach ((string id, _, List<object> facts) in all)
        {
            for (int i = 0; i < facts.Count; i++)
            {
                EventType type = EventTypes.Catalogue.Of(facts[i]);
                await rows.StartRowAsync();
                await rows.WriteAsync(first++, NpgsqlDbType.Bigint);
                await rows.WriteAsync(Guid.CreateVersion7(), NpgsqlDbType.Uuid);
                await rows.WriteAsync(id, NpgsqlDbType.Varchar);
                await rows.WriteAsync(i + 1L, NpgsqlDbType.Bigint);
                await rows.WriteAsync(JsonSerializer.Serialize(facts[i], type.Json), NpgsqlDbType.Jsonb);
                await rows.WriteAsync(type.Alias, NpgsqlDbType.Varchar);
                await rows.WriteAsync(type.DotNetType, NpgsqlDbType.Varchar);
                await rows.WriteAsync("{\"via\": \"bench\"}", NpgsqlDbType.Jsonb);
                await rows.WriteAsync("bench", NpgsqlDbType.Varchar);
            }
        }

        await rows.CompleteAsync();
    }

    private static IEnumerable<(string Id, string Category, List<object> Facts)> Cameras()
    {
        SourceUrl source = SourceUrl.TryParse("rtsp://10.20.30.40:554/streams/main")!;
        for (int n = 0; n < CameraCount; n++)
        {
            CameraId id = CameraId.New();
            List<object> facts = [new CameraRegistered(id, new CameraNumber(FirstNumber + n), $"Gate {n}, left lane", source, At)];
            while (facts.Count < FactsPerCamera - 1)
            {
                DateTimeOffset at = At.AddSeconds(facts.Count);
                facts.Add((facts.Count % 4) switch
                {
                    0 => new CameraRenamed(id, $"Gate {n}, lane {facts.Count}", at),
                    1 => new CameraConnected(id, at),
                    2 => new CameraCapabilitiesProbed(id, "h264", 1920, 1080, 29.97, at),
                    _ => new CameraDisconnected(id, "No answer in 5 s, after a frame", at),
                });
            }

            facts.Add(new CameraRetired(id, "Replaced by another model", At.AddDays(1)));
            yield return ($"camera-{id}", "camera", facts);
        }
    }

    private static IEnumerable<(string Id, string Category, List<object> Facts)> Recordings()
    {
        string sha256 = new('a', 64);
        CameraId camera = CameraId.New();
        for (int n = 0; n < RecordingCount; n++)
        {
            RecordingId id = RecordingId.New();
            List<object> facts =
            [
                new RecordingRequested(id, camera, new CameraNumber(FirstNumber), $"gate_{n:d6}", null, At),
                new RecordingStarted(id, At, At),
            ];
            for (int segment = 1; segment <= SegmentsPerRecording; segment++)
            {
                DateTimeOffset at = At.AddMinutes(segment);
                facts.Add(new RecordingSegmentCommitted(id, segment, 1_048_576, 1_200, sha256, at, 60_000, 1_500, at));
            }

            facts.Add(new RecordingStopped(id, StopReason.Requested, At.AddHours(2), At.AddHours(2)));
            facts.Add(new RecordingDeleted(id, "age", At.AddDays(2)));
            yield return ($"recording-{id}", "recording", facts);
        }
    }

    private static IEnumerable<(string Id, string Category, List<object> Facts)> Snapshots()
    {
        string sha256 = new('b', 64);
        CameraId camera = CameraId.New();
        for (int n = 0; n < SnapshotCount; n++)
        {
            SnapshotId id = SnapshotId.New();
            yield return (
                $"snapshot-{id}",
                "snapshot",
                [new SnapshotTaken(id, camera, new CameraNumber(FirstNumber), $"gate_{n:d6}.jpg", 204_800, sha256, 1920, 1080, At, At)]);
        }
    }

    private static IEnumerable<(string Id, string Category, List<object> Facts)> Broadcasts()
    {
        const int PerStream = 1_000;
        for (int left = BroadcastFacts; left > 0; left -= PerStream)
        {
            CameraId id = CameraId.New();
            yield return (
                $"broadcast-{id}",
                "broadcast",
                [
                    .. Enumerable.Range(0, PerStream).Select(n => n % 2 == 0
                        ? (object)new BroadcastStarted(id, At.AddMinutes(n))
                        : new BroadcastStopped(id, BroadcastEnd.Requested, At.AddMinutes(n))),
                ]);
        }
    }

    private static long HandledBy(Func<Type, bool> handles) =>
        Cameras().Concat(Recordings()).Concat(Broadcasts()).SelectMany(stream => stream.Facts).Count(fact => handles(fact.GetType()))
        + (handles(typeof(SnapshotTaken)) ? SnapshotCount : 0);

    private static void Line(BenchContext context, string what, double perSecond, double seconds, string note) =>
        context.Add(new BenchLine(
            what,
            perSecond,
            null,
            null,
            null,
            null,
            string.Create(CultureInfo.InvariantCulture, $"{seconds:0.00} s; {note}; load {File.ReadAllText("/proc/loadavg").Split(' ')[0]}")));

    private static void Memory(BenchContext context, HostUnderTest host, string what) => context.Add(new BenchFigure(
        $"most memory of the host while {what}", "MB", host.PeakMb(), null, null, ResidentMbMax, "resident, of the .NET process"));

    private static string Need(double reached, double least) =>
        string.Create(CultureInfo.InvariantCulture, $"target {least:N0}: {(reached >= least ? "met" : "MISSED")}");
}
