using System.Diagnostics;
using System.Text.Json;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Faults;

/// <summary>One host with two cameras, whose database comes back by itself after each test.</summary>
public sealed class ForsakenHost : IAsyncLifetime
{
    internal RunningHost Host { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Host = await RunningHost.StartAsync();
        await Scene.AddAsync(Host, Scene.Pattern);
        await Scene.AddAsync(Host, Scene.Pattern, "Yard");
    }

    public ValueTask DisposeAsync() => Host?.DisposeAsync() ?? default;
}

/// <summary>The database dies or hangs while the host is used: calls say so in time, and footage does not care.</summary>
public sealed class Postgres_that_goes_away(ForsakenHost house) : IClassFixture<ForsakenHost>
{
    private const int DependencyFailed = -32050;
    private const int InvalidState = -32020;

    private static readonly TimeSpan AnswerTimeMax = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task by_being_killed_costs_no_frame_and_comes_back_by_itself()
    {
        RunningHost host = house.Host;
        int printed = host.Output.Length;
        await RecordThroughAsync(host, async postmaster =>
        {
            await Scene.SignalAsync("-KILL", [postmaster]);
            await Until.TrueAsync(
                () => Task.FromResult(host.Output[printed..].Contains("PostgreSQL is there again", StringComparison.Ordinal)),
                TimeSpan.FromSeconds(60),
                () => $"PostgreSQL to be there again: {host.Output}");
        });
    }

    [Fact]
    public async Task by_hanging_costs_no_frame_and_comes_back_by_itself()
    {
        RunningHost host = house.Host;
        await RecordThroughAsync(host, async postmaster =>
        {
            int[] all = [postmaster, .. await Scene.ChildrenAsync(postmaster)];
            await Scene.SignalAsync("-STOP", all);
            try
            {
                await Until.RecordedAsync(12);
            }
            finally
            {
                await Scene.SignalAsync("-CONT", all);
            }
        });
    }

    private static async Task RecordThroughAsync(RunningHost host, Func<int, Task> faultAsync)
    {
        await using RpcClient client = await host.ConnectAsync();
        await Scene.ConnectedAsync(client);
        await Scene.ConnectedAsync(client, "camera1");
        string filename = (await client.CallAsync("start_recording", new { device = "camera0" })).Text("filename");
        long start = Stopwatch.GetTimestamp();
        await Until.RecordedAsync(2);

        using var enough = new CancellationTokenSource();
        Tally[] tallies = [new(), new(), new()];
        Task[] callers =
        [
            CallAsync(host, tallies[0], enough.Token, ("get_camera_list", new { })),
            CallAsync(host, tallies[1], enough.Token, ("take_snapshot", new { device = "camera1" })),
            CallAsync(
                host,
                tallies[2],
                enough.Token,
                ("start_recording", new { device = "camera1" }),
                ("stop_recording", new { device = "camera1" })),
        ];
        await faultAsync(Scene.PostmasterOf(host));
        await ListsAgainAsync(client);
        int[] before = [.. tallies.Select(tally => tally.Answered)];
        await Until.TrueAsync(
            () => Task.FromResult(
                callers.Any(caller => caller.IsCompleted) || tallies.Zip(before).All(pair => pair.First.Answered > pair.Second)),
            TimeSpan.FromSeconds(60),
            () => $"each caller to succeed again: {string.Join(", ", tallies.Select(tally => $"{tally}"))}; {host.Output}");
        await Until.RecordedAsync(2);
        await enough.CancelAsync();
        await Task.WhenAll(callers);
        Assert.All(tallies, tally => Assert.True(tally.Longest < AnswerTimeMax, $"A call took {tally.Longest}."));
        Assert.Contains(tallies, tally => tally.Failed > 0);

        JsonElement stopped = await client.CallAsync("stop_recording", new { device = "camera0" });
        double recordedSeconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        string file = await Scene.SaveAsync(host, client, filename);
        Assert.InRange(
            await Tool.FramesAsync(file),
            (recordedSeconds - 2) * Scene.FramesPerSecond,
            (recordedSeconds + 2) * Scene.FramesPerSecond);
        Assert.True(await Scene.LongestGapAsync(file) < 2.5 / Scene.FramesPerSecond, "There is a hole in the footage.");
        Assert.Equal("STOPPED", stopped.Text("status"));
        await SettledAsync(host, client);
    }

    /// <summary>Nothing is half done: what was asked for has an end, and the recorders are free.</summary>
    private static async Task SettledAsync(RunningHost host, RpcClient client)
    {
        await Until.TrueAsync(
            async () => await host.SqlAsync(
                "select count(*) from views.recording_view_v3 where row->>'status' = 'Requested'") == "0",
            TimeSpan.FromSeconds(40),
            "no recording to be merely requested");
        try
        {
            await client.CallAsync("stop_recording", new { device = "camera1" });
        }
        catch (RpcException e) when (e.Code == InvalidState)
        {
            // The last round ended with a stop.
        }

        Assert.Equal("", await host.SqlAsync(
            """
            select stream_id from events.mt_events where stream_id like 'recording-%' group by stream_id
            having not bool_or(type in ('recording_stopped', 'recording_failed'))
            """));
        Assert.Equal("0", await host.SqlAsync(
            "select count(*) from events.mt_events where type = 'recording_interrupted' and data->>'why' = 'camera_lost'"));
        await Scene.ViewsEqualTheLogAsync(host);
        await client.CallAsync("start_recording", new { device = "camera1" });
        await client.CallAsync("stop_recording", new { device = "camera1" });
        JsonElement files = (await client.CallAsync("list_recordings")).GetProperty("files");
        foreach (JsonElement file in files.EnumerateArray().Where(file => file.Number("file_size") > 0).Take(5))
        {
            Assert.True(await Tool.FramesAsync(await Scene.SaveAsync(host, client, file.Text("filename"))) > 0);
        }
    }

    private static Task ListsAgainAsync(RpcClient client) =>
        Until.TrueAsync(
            async () =>
            {
                try
                {
                    await client.CallAsync("get_camera_list");
                    return true;
                }
                catch (RpcException e) when (e.Code == DependencyFailed)
                {
                    return false;
                }
            },
            TimeSpan.FromSeconds(60),
            "calls to succeed again");

    /// <summary>One client after another call, until it is enough. Anything but success or a named dependency is thrown.</summary>
    private static async Task CallAsync(
        RunningHost host, Tally tally, CancellationToken enough, params (string Method, object Parameters)[] calls)
    {
        await using RpcClient client = await host.ConnectAsync();
        for (int i = 0; !enough.IsCancellationRequested; i++)
        {
            (string method, object parameters) = calls[i % calls.Length];
            long start = Stopwatch.GetTimestamp();
            try
            {
                await client.CallAsync(method, parameters);
                tally.Answered++;
            }
            catch (RpcException e) when (e.Code == DependencyFailed)
            {
                Assert.Contains(e.Data.Text("dependency"), new[] { "postgresql", "projections" });
                tally.Failed++;
            }
            catch (RpcException e) when (e.Code == InvalidState && calls.Length > 1)
            {
                // The call before this one failed, or did more than it could say.
            }

            TimeSpan took = Stopwatch.GetElapsedTime(start);
            tally.Longest = took > tally.Longest ? took : tally.Longest;
            await Task.Delay(TimeSpan.FromMilliseconds(100), CancellationToken.None);
        }
    }

    /// <summary>Of one client. It writes, and whoever waits reads.</summary>
    private sealed class Tally
    {
        public volatile int Answered;
        public volatile int Failed;

        public TimeSpan Longest { get; set; }

        public override string ToString() => $"{Answered} answered, {Failed} failed, the longest call took {Longest}";
    }
}
