using System.Diagnostics;
using System.Globalization;
using System.Net.WebSockets;
using System.Text.Json;

namespace Events.Benchmarks;

/// <summary>
/// The real host with its own PostgreSQL and one camera, as a client sees it: latencies of what users do, and what memory the
/// .NET process holds at rest, with a thousand sockets and after heavy load.
/// </summary>
internal static class HostBench
{
    private const string Camera = "camera0";
    private const int Pings = 5_000;
    private const int Pairs = 100;
    private const int Snapshots = 30;
    private const int IdleSockets = 1_000;
    private const int PingSockets = 32;
    private const int ListSockets = 8;
    private const int Subscribers = 100;
    private const int CallsPerSecond = 1_000;
    private const int Notifications = 50;
    private const double IdleMbMax = 80;
    private const double SocketsMbMax = 100;
    private const double LoadedMbMax = 120;
    private const double PingMsMax = 5;
    private const double StartMsMax = 100;
    private const double SnapshotMsMax = 500;
    private const double CallMsMax = 50;
    private const double PingAmongCallsMsMax = 20;
    private const double NotificationMsMax = 20;

    private static readonly string[] _topics = ["recording.started"];
    private static readonly TimeSpan CameraTimeMax = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan IdleQuiet = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan SocketsQuiet = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan PingRun = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LoadRun = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan PacedRun = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan RecordEvery = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan MeasureEvery = TimeSpan.FromMilliseconds(500);

    /// <summary>Longer than the camera's group of pictures, so that no snapshot comes from the one before.</summary>
    private static readonly TimeSpan SnapshotPause = TimeSpan.FromSeconds(1.05);

    /// <param name="args">
    /// <c>--host PROGRAM</c>: another build than the one beside this program, e.g. a published one. <c>--memory</c>: memory alone.
    /// <c>--busy</c>: a busy day alone. <c>--pings</c>: pings of many sockets alone.
    /// </param>
    public static async Task RunAsync(BenchContext context, string[] args)
    {
        string program = HostUnderTest.ProgramOf(args);
        await using HostUnderTest host = await HostUnderTest.StartAsync(program);
        string token = await AddCameraAsync(host);
        context.PostgresVersion = (await host.SqlAsync("show server_version"))[0];
        context.Say(
            $"A host {HostUnderTest.BuildOf(program)}, with its own "
            + "PostgreSQL and one camera of 1280x720 at 25 pictures per second that it takes in all the time. Memory is that of "
            + "the .NET process alone, in MB of 10^6 bytes: resident, and in the note what no file stands behind. All figures "
            + "are of one process, in the order of the rows.");
        if (args.Contains("--busy"))
        {
            await PacedLoadAsync(context, host, token);
            return;
        }

        if (args.Contains("--pings"))
        {
            await PingLoadAsync(context, host, token, 1);
            await PingLoadAsync(context, host, token, PingSockets);
            return;
        }

        await AddMemoryAsync(context, host, "at rest, one camera", IdleQuiet, IdleMbMax);
        if (!args.Contains("--memory"))
        {
            await LatenciesAsync(context, host, token);
        }

        await IdleSocketsAsync(context, host, token);
        await HeavyLoadAsync(context, host, token);
        await PacedLoadAsync(context, host, token);
        if (!args.Contains("--memory"))
        {
            await NotificationsAsync(context, host, token);
        }
    }

    /// <returns>A token that may do everything.</returns>
    public static async Task<string> AddCameraAsync(HostUnderTest host)
    {
        await host.CliAsync("camera", "add", "--name", "Bench", "--source", "test:pattern?size=1280x720&fps=25");
        string token = await host.CliAsync("token", "--role", "admin");
        using HostSocket client = await HostSocket.ConnectAsync(host.Port, token);
        for (long began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began) < CameraTimeMax;)
        {
            JsonElement status = await client.CallAsync("get_camera_status", new { device = Camera });
            if (status.GetProperty("status").GetString() == "CONNECTED")
            {
                return token;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100));
        }

        throw new TimeoutException("The camera did not connect.");
    }

    private static async Task LatenciesAsync(BenchContext context, HostUnderTest host, string token)
    {
        using HostSocket client = await HostSocket.ConnectAsync(host.Port, token);
        List<double> pings = [];
        for (int i = 0; i < Pings; i++)
        {
            pings.Add(await TimeAsync(() => client.PingAsync().AsTask()));
        }

        AddMs(context, "ping", pings, PingMsMax, $"{Pings} in a row on one logged-in socket, from the first one on");
        List<double> starts = [];
        List<double> stops = [];
        for (int i = 0; i < Pairs; i++)
        {
            starts.Add(await TimeAsync(() => client.CallAsync("start_recording", new { device = Camera })));
            stops.Add(await TimeAsync(() => client.CallAsync("stop_recording", new { device = Camera })));
        }

        AddMs(context, "start_recording", starts, StartMsMax, $"{Pairs} pairs of start and stop");
        AddMs(context, "stop_recording", stops, null, "the footage is closed and synced when it answers");
        List<double> snapshots = [];
        for (int i = 0; i < Snapshots; i++)
        {
            await Task.Delay(SnapshotPause);
            snapshots.Add(await TimeAsync(() => client.CallAsync("take_snapshot", new { device = Camera })));
        }

        AddMs(context, "take_snapshot", snapshots, SnapshotMsMax, $"{Snapshots}, each of a new group of pictures");
    }

    private static async Task IdleSocketsAsync(BenchContext context, HostUnderTest host, string token)
    {
        List<HostSocket> clients = [];
        try
        {
            for (int i = 0; i < IdleSockets; i++)
            {
                clients.Add(await HostSocket.ConnectAsync(host.Port, token));
            }

            await AddMemoryAsync(context, host, "1,000 idle logged-in sockets", SocketsQuiet, SocketsMbMax);
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }
    }

    /// <summary>What a ping costs the host once it is warm: its camera, which it takes in meanwhile, included.</summary>
    private static async Task PingLoadAsync(BenchContext context, HostUnderTest host, string token, int sockets)
    {
        await LoadAsync(host, token, sockets, PingRun, (client, _) => client.PingAsync().AsTask());
        (double user, double system) = host.CpuParts();
        int count = await LoadAsync(host, token, sockets, PingRun, (client, _) => client.PingAsync().AsTask());
        (double userAfter, double systemAfter) = host.CpuParts();
        (user, system) = ((userAfter - user) / count, (systemAfter - system) / count);
        context.Add(new BenchFigure(
            $"pings, sockets: {sockets}", "1/s", count / PingRun.TotalSeconds, null, null, null,
            string.Create(
                CultureInfo.InvariantCulture,
                $"{1e6 / (user + system):0} per second of the host's CPU, its camera included: {user:0.0} us of its own and "
                + $"{system:0.0} us of the kernel's")));
    }

    private static async Task HeavyLoadAsync(BenchContext context, HostUnderTest host, string token)
    {
        await PingLoadAsync(context, host, token, 1);
        await PingLoadAsync(context, host, token, PingSockets);
        Task<int> lists = LoadAsync(host, token, ListSockets, LoadRun, (client, i) =>
            i % 2 == 0
                ? client.CallAsync("get_camera_list", new { })
                : client.CallAsync("list_recordings", new { limit = 100, offset = 0 }));
        int mixed = await LoadAsync(host, token, PingSockets, LoadRun, (client, _) => client.PingAsync().AsTask());
        double listed = await lists / LoadRun.TotalSeconds;
        context.Add(new BenchFigure(
            $"the same beside {ListSockets} sockets that list", "1/s", mixed / LoadRun.TotalSeconds, null, null, null,
            string.Create(CultureInfo.InvariantCulture, $"and {listed:0} lists/s: cameras and recordings in turn")));
        ProcessMemory busy = host.Memory();
        await AddMemoryAsync(
            context, host, "after this load", IdleQuiet, LoadedMbMax, Mb($"; {busy.ResidentMb:0.0} at its end"));
    }

    /// <returns>How many calls were answered.</returns>
    private static async Task<int> LoadAsync(
        HostUnderTest host, string token, int sockets, TimeSpan run, Func<HostSocket, int, Task> call)
    {
        int[] counts = await Task.WhenAll(Enumerable.Range(0, sockets).Select(_ => Task.Run(async () =>
        {
            using HostSocket client = await HostSocket.ConnectAsync(host.Port, token);
            int count = 0;
            for (long began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began) < run; count++)
            {
                await call(client, count);
            }

            return count;
        })));
        return counts.Sum();
    }

    /// <summary>A busy day: every socket subscribed, all of them calling in turn, and a recording now and then.</summary>
    private static async Task PacedLoadAsync(BenchContext context, HostUnderTest host, string token)
    {
        List<HostSocket> clients = [];
        try
        {
            for (int i = 0; i < IdleSockets; i++)
            {
                clients.Add(await HostSocket.ConnectAsync(host.Port, token));
                await clients[i].CallAsync("subscribe_events", new { topics = _topics });
            }

            using var stop = new CancellationTokenSource(PacedRun);
            Task<ProcessMemory> highest = HighestAsync(host, stop.Token);
            Task recorder = RecordAsync(host, token, stop.Token);
            Day[] days = await Task.WhenAll(clients.Select((client, i) => CallAsync(client, i, stop.Token)));
            await recorder;
            List<double> pings = [.. days.SelectMany(day => day.Pings)];
            List<double> calls = [.. days.SelectMany(day => day.Calls)];
            string rate = Mb($"{(pings.Count + calls.Count) / PacedRun.TotalSeconds:0} calls/s were answered, pings included");
            AddMs(context, "a call of these that is no ping", calls, CallMsMax, rate);
            AddMs(context, "a ping of these", pings, PingAmongCallsMsMax, "every fourth call");
            context.Add(new BenchFigure(
                "errors of these", "calls", days.Sum(day => day.Errors), null, null, 1,
                days.Select(day => day.FirstError).FirstOrDefault(error => error is not null) ?? "none"));
            context.Add(new BenchFigure(
                "memory while 1,000 subscribed sockets call", "MB", (await highest).ResidentMb, null, null, LoadedMbMax,
                Mb($"{(await highest).PrivateMb:0.0} private; the highest in {PacedRun.TotalSeconds:0} s of {CallsPerSecond} calls/s, ")
                + $"while a recording begins or ends every {RecordEvery.TotalSeconds:0} s"));
            await AddMemoryAsync(context, host, "after that, sockets open", SocketsQuiet, LoadedMbMax);
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }
    }

    /// <summary>What one socket met: how long its calls took that were answered, in ms, and how many were not.</summary>
    private sealed class Day
    {
        public List<double> Pings { get; } = [];

        public List<double> Calls { get; } = [];

        public int Errors { get; private set; }

        public string? FirstError { get; private set; }

        public void Fail(Exception why)
        {
            Errors++;
            FirstError ??= why.Message.ReplaceLineEndings(" ").Replace('|', '/');
        }
    }

    /// <summary>One call a second, at a moment of its own.</summary>
    private static async Task<Day> CallAsync(HostSocket client, int number, CancellationToken stop)
    {
        var day = new Day();
        TimeSpan every = TimeSpan.FromSeconds((double)IdleSockets / CallsPerSecond);
        try
        {
            await Task.Delay(every * number / IdleSockets, stop);
            using var timer = new PeriodicTimer(every);
            int turn = number;
            do
            {
                int kind = turn++ % 4;
                try
                {
                    double took = await TimeAsync(() => kind switch
                    {
                        0 => client.CallAsync("get_camera_list", new { }),
                        1 => client.CallAsync("get_camera_status", new { device = Camera }),
                        2 => client.CallAsync("list_recordings", new { limit = 20, offset = 0 }),
                        _ => client.CallAsync("ping", new { }),
                    });
                    (kind == 3 ? day.Pings : day.Calls).Add(took);
                }
                catch (Exception e) when (e is InvalidOperationException or TimeoutException or WebSocketException)
                {
                    day.Fail(e);
                }
            }
            while (await timer.WaitForNextTickAsync(stop));
        }
        catch (OperationCanceledException)
        {
            // The time is over.
        }

        return day;
    }

    private static async Task RecordAsync(HostUnderTest host, string token, CancellationToken stop)
    {
        using HostSocket client = await HostSocket.ConnectAsync(host.Port, token);
        using var timer = new PeriodicTimer(RecordEvery);
        try
        {
            for (bool runs = false; ; runs = !runs)
            {
                await timer.WaitForNextTickAsync(stop);
                await client.CallAsync(runs ? "stop_recording" : "start_recording", new { device = Camera });
            }
        }
        catch (OperationCanceledException)
        {
            // The time is over.
        }
    }

    private static async Task<ProcessMemory> HighestAsync(HostUnderTest host, CancellationToken stop)
    {
        ProcessMemory highest = default;
        while (!stop.IsCancellationRequested)
        {
            ProcessMemory now = host.Memory();
            highest = now.ResidentMb > highest.ResidentMb ? now : highest;
            await Task.Delay(MeasureEvery, CancellationToken.None);
        }

        return highest;
    }

    private static async Task NotificationsAsync(BenchContext context, HostUnderTest host, string token)
    {
        List<HostSocket> subscribers = [];
        try
        {
            for (int i = 0; i < Subscribers; i++)
            {
                HostSocket subscriber = await HostSocket.ConnectAsync(host.Port, token);
                subscribers.Add(subscriber);
                await subscriber.CallAsync("subscribe_events", new { topics = _topics });
            }

            using HostSocket caller = await HostSocket.ConnectAsync(host.Port, token);
            List<DateTimeOffset[]> received = [];
            for (int i = 0; i < Notifications; i++)
            {
                Task<DateTimeOffset[]> all = Task.WhenAll(subscribers.Select(ReceivedAtAsync));
                await caller.CallAsync("start_recording", new { device = Camera });
                received.Add(await all.WaitAsync(CameraTimeMax));
                await caller.CallAsync("stop_recording", new { device = Camera });
            }

            string[] rows = await host.SqlAsync(
                "select extract(epoch from timestamp) from events.mt_events where type = 'recording_started' "
                + $"order by seq_id desc limit {Notifications}");
            double[] facts = [.. rows.Select(row => double.Parse(row, CultureInfo.InvariantCulture) * 1000).Reverse()];
            AddMs(
                context,
                "notification",
                [.. received.SelectMany((times, i) => times.Select(time => MillisecondsOf(time) - facts[i]))],
                NotificationMsMax,
                $"{Notifications} facts to {Subscribers} sockets each, from mt_events.timestamp (the host's clock before the "
                + "commit) to receipt");
        }
        finally
        {
            subscribers.ForEach(subscriber => subscriber.Dispose());
        }
    }

    private static double MillisecondsOf(DateTimeOffset at) => (at - DateTimeOffset.UnixEpoch).TotalMilliseconds;

    private static async Task<DateTimeOffset> ReceivedAtAsync(HostSocket subscriber)
    {
        await subscriber.ReceiveAsync();
        return TimeProvider.System.GetUtcNow();
    }

    private static async Task AddMemoryAsync(
        BenchContext context, HostUnderTest host, string what, TimeSpan quiet, double mbMax, string note = "")
    {
        await Task.Delay(quiet);
        ProcessMemory memory = host.Memory();
        context.Add(new BenchFigure(
            $"memory {what}", "MB", memory.ResidentMb, null, null, mbMax,
            Mb($"{memory.PrivateMb:0.0} private, {quiet.TotalSeconds:0} s quiet before") + note));
    }

    private static void AddMs(BenchContext context, string what, List<double> took, double? msMax, string note)
    {
        took.Sort();
        context.Add(new BenchFigure(what, "ms", At(0.5), At(0.95), At(0.99), msMax, note));

        double At(double part) => took[(int)(took.Count * part)];
    }

    private static async Task<double> TimeAsync(Func<Task> act)
    {
        long began = Stopwatch.GetTimestamp();
        await act();
        return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
    }

    private static string Mb(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
