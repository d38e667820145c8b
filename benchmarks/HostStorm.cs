using System.Diagnostics;
using System.Globalization;

namespace Events.Benchmarks;

/// <summary>
/// 500 logged-in, subscribed sockets are reset in one moment, while 1,000 others call as on a busy day. What these see before
/// and behind that moment is compared; all sockets are open from the start, so that the moment is the only difference.
/// </summary>
internal static class HostStorm
{
    private const int Steady = 1_000;
    private const int Doomed = 500;

    /// <summary>How much a p95 may grow and still be called unchanged: two halves of a quiet run differ by as much.</summary>
    private const double GrowthMax = 1.25;

    private static readonly string[] _topics = ["recording.started"];
    private static readonly TimeSpan CallEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Half = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(1);

    /// <param name="args">As <see cref="HostUnderTest.ProgramOf"/> takes them.</param>
    public static async Task RunAsync(BenchContext context, string[] args)
    {
        string program = HostUnderTest.ProgramOf(args);
        await using HostUnderTest host = await HostUnderTest.StartAsync(program);
        string token = await HostBench.AddCameraAsync(host);
        context.PostgresVersion = (await host.SqlAsync("show server_version"))[0];
        context.Say(
            $"A host {HostUnderTest.BuildOf(program)}, with its own PostgreSQL and one camera of 1280x720 that it takes in all the "
            + "time. 1,000 logged-in, subscribed sockets call once a second, lists and pings in turn; 500 more are open and silent. In "
            + "one moment those are reset.");
        List<HostSocket> steady = [];
        List<HostSocket> doomed = [];
        try
        {
            await ConnectAsync(steady, Steady, host, token, canReset: false);
            await ConnectAsync(doomed, Doomed, host, token, canReset: true);
            int open = host.OpenFiles();
            long began = Stopwatch.GetTimestamp();
            using var stop = new CancellationTokenSource(Settle + Half + Half);
            Task<List<Call>> calling = CallAllAsync(steady, began, stop.Token);
            await Task.Delay(Settle + Half);
            TimeSpan storm = Stopwatch.GetElapsedTime(began);
            doomed.ForEach(socket => socket.Reset());
            TimeSpan resets = Stopwatch.GetElapsedTime(began) - storm;
            List<Call> calls = await calling;

            Call[] before = [.. calls.Where(call => call.At >= Settle && call.At < storm)];
            Call[] behind = [.. calls.Where(call => call.At >= storm)];
            Add(context, "a call in the 20 s before the storm", before, "1,000 sockets call once a second, 500 more are open");
            Add(context, "a call in the 20 s from the storm on", behind, string.Create(
                CultureInfo.InvariantCulture, $"500 sockets were reset within {resets.TotalMilliseconds:0} ms, without a close frame"));
            Add(context, "a call in the 1 s from the storm on", [.. behind.Where(call => call.At < storm + Moment)], "of these");
            context.Add(new BenchFigure(
                "p95 from the storm on, against before", "times", P95(behind) / P95(before), null, null, GrowthMax,
                "under 1.25 counts as unchanged"));
            context.Add(new BenchFigure(
                "errors of the others", "calls", calls.Count(call => call.IsError), null, null, 1,
                $"of {calls.Count} calls, the whole run"));
            context.Add(new BenchFigure(
                "files that the host still holds of the 500", "files", Math.Max(0, host.OpenFiles() - (open - Doomed)), null, null,
                Doomed / 10, "20 s behind the storm, beside those that come and go"));
        }
        finally
        {
            steady.ForEach(client => client.Dispose());
            doomed.ForEach(client => client.Dispose());
        }
    }

    private static async Task ConnectAsync(List<HostSocket> sockets, int count, HostUnderTest host, string token, bool canReset)
    {
        for (int i = 0; i < count; i++)
        {
            HostSocket socket = await HostSocket.ConnectAsync(host.Port, token, canReset);
            sockets.Add(socket);
            await socket.CallAsync("subscribe_events", new { topics = _topics });
        }
    }

    private static async Task<List<Call>> CallAllAsync(List<HostSocket> clients, long began, CancellationToken stop) =>
        [.. (await Task.WhenAll(clients.Select((client, i) => CallAsync(client, i, began, stop)))).SelectMany(calls => calls)];

    /// <summary>One call a second, at a moment of its own.</summary>
    private static async Task<List<Call>> CallAsync(HostSocket client, int number, long began, CancellationToken stop)
    {
        List<Call> calls = [];
        try
        {
            await Task.Delay(CallEvery * number / Steady, stop);
            using var timer = new PeriodicTimer(CallEvery);
            do
            {
                TimeSpan at = Stopwatch.GetElapsedTime(began);
                bool isError = await IsErrorAsync(client, number + calls.Count);
                calls.Add(new Call(at, (Stopwatch.GetElapsedTime(began) - at).TotalMilliseconds, isError));
            }
            while (await timer.WaitForNextTickAsync(stop));
        }
        catch (OperationCanceledException)
        {
            // The time is over.
        }

        return calls;
    }

    private static async Task<bool> IsErrorAsync(HostSocket client, int turn)
    {
        try
        {
            await client.CallAsync(
                (turn % 3) switch { 0 => "get_camera_list", 1 => "list_recordings", _ => "ping" }, new { });
            return false;
        }
        catch (Exception e) when (e is InvalidOperationException or TimeoutException or System.Net.WebSockets.WebSocketException)
        {
            return true;
        }
    }

    private static void Add(BenchContext context, string what, Call[] calls, string note)
    {
        double[] took = [.. calls.Select(call => call.TookMs).Order()];
        context.Add(new BenchFigure(
            what, "ms", took[took.Length / 2], P95(calls), took[(int)(took.Length * 0.99)], null, $"{note}; {took.Length} calls"));
    }

    private static double P95(Call[] calls)
    {
        double[] took = [.. calls.Select(call => call.TookMs).Order()];
        return took[(int)(took.Length * 0.95)];
    }

    /// <param name="At">When it was sent, since the start.</param>
    private readonly record struct Call(TimeSpan At, double TookMs, bool IsError);
}
