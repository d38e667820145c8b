using System.Diagnostics;
using System.Text.Json;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Faults;

/// <summary>However a host ends, none of its children outlives it, nothing that was recorded is lost, and the next start works.</summary>
public sealed class The_end_of_a_host
{
    /// <summary>Children of a killed postmaster need up to two seconds to see it.</summary>
    private static readonly TimeSpan OrphanTimeMax = TimeSpan.FromSeconds(15);

    private static readonly string[] InAGroupOfItsOwn = ["setsid", .. RunningHost.BuiltProgram];

    [Theory]
    [InlineData("-INT", true)]
    [InlineData("-TERM", true)]
    [InlineData("-HUP", true)]
    [InlineData("-KILL", false)]
    public async Task leaves_no_child_and_the_next_start_goes_on(string signal, bool isOrderly)
    {
        await using RunningHost host = await RunningHost.StartAsync();
        string filename = await RecordTwoAsync(host);
        IReadOnlyList<int> children = await Scene.DescendantsAsync(host.ProcessId);
        Assert.True(children.Count >= 4, "Two cameras and PostgreSQL have processes of their own.");

        await Scene.SignalAsync(signal, [host.ProcessId]);
        await EndedAsync(host, 40);
        await GoneAsync(host, children);

        if (isOrderly)
        {
            Assert.Equal(0, host.Process.ExitCode);
            Assert.Contains("Stopped.", host.Output, StringComparison.Ordinal);
            Assert.False(File.Exists(Path.Combine(host.Data, "run", "host.json")), "The command line must see that nobody is there.");
        }

        Assert.DoesNotContain("Unhandled", host.Output, StringComparison.Ordinal);
        await GoesOnAsync(host, filename);
    }

    /// <summary>A terminal sends Ctrl-C to everybody in the foreground: PostgreSQL must not end before the last fact is written.</summary>
    [Fact]
    public async Task at_a_terminal_is_not_its_childrens()
    {
        await using RunningHost host = await RunningHost.StartAsync(starter: InAGroupOfItsOwn);
        string filename = await RecordTwoAsync(host);
        IReadOnlyList<int> children = await Scene.DescendantsAsync(host.ProcessId);

        await Tool.RunAsync("kill", ["-INT", "--", $"-{host.ProcessId}"]);
        await EndedAsync(host, 40);
        await GoneAsync(host, children);

        Assert.Equal(0, host.Process.ExitCode);
        Assert.DoesNotContain("PostgreSQL ended", host.Output, StringComparison.Ordinal);
        await host.StartAgainAsync();
        Assert.Equal("host_stopped", await host.SqlAsync(
            "select distinct data->>'why' from events.mt_events where type = 'recording_interrupted'"));
        await host.StopAsync();
        await GoesOnAsync(host, filename);
    }

    [Fact]
    public async Task with_a_hanging_PostgreSQL_comes_in_time()
    {
        await using RunningHost host = await RunningHost.StartAsync();
        string filename = await RecordTwoAsync(host);
        IReadOnlyList<int> children = await Scene.DescendantsAsync(host.ProcessId);
        int postmaster = Scene.PostmasterOf(host);
        await Scene.SignalAsync("-STOP", [postmaster, .. await Scene.ChildrenAsync(postmaster)]);

        await Scene.SignalAsync("-TERM", [host.ProcessId]);
        await EndedAsync(host, 85);
        await GoneAsync(host, children);

        Assert.Equal(0, host.Process.ExitCode);
        Assert.Contains("the next start finishes it", host.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Unhandled", host.Output, StringComparison.Ordinal);
        await GoesOnAsync(host, filename);
    }

    [Fact]
    public async Task asked_for_twice_comes_at_once()
    {
        await using RunningHost host = await RunningHost.StartAsync();
        string filename = await RecordTwoAsync(host);
        IReadOnlyList<int> children = await Scene.DescendantsAsync(host.ProcessId);
        int postmaster = Scene.PostmasterOf(host);
        int[] frozen = [postmaster, .. await Scene.ChildrenAsync(postmaster)];
        await Scene.SignalAsync("-STOP", frozen);
        await Scene.SignalAsync("-INT", [host.ProcessId]);
        await Until.TrueAsync(
            () => Task.FromResult(host.Output.Contains("Stopping", StringComparison.Ordinal)), TimeSpan.FromSeconds(10), "the host to stop");
        long start = Stopwatch.GetTimestamp();

        await Scene.SignalAsync("-INT", [host.ProcessId]);
        await EndedAsync(host, 10);
        Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(8));
        await Scene.SignalAsync("-CONT", frozen);
        await GoneAsync(host, children);
        await GoesOnAsync(host, filename);
    }

    [Fact]
    public async Task may_come_while_it_starts()
    {
        string data = Directory.CreateTempSubdirectory("events-it-").FullName;
        string nowhere = $"Host=127.0.0.1;Port={RunningHost.FreePort()};Username=ada;Password=x;Database=events";
        string[] words =
        [
            .. RunningHost.BuiltProgram[1..], "up", "--no-demo", "--data", data, "--port", $"{RunningHost.FreePort()}", "--health-port",
            $"{RunningHost.FreePort()}",
        ];
        using Process starting = Process.Start(new ProcessStartInfo("dotnet", words)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["EVENTS__PostgreSql__ConnectionString"] = nowhere },
        })!;
        Assert.Contains("Waiting", await starting.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);

        await Scene.SignalAsync("-INT", [starting.Id]);
        CliResult ended = await Tool.WaitAsync(starting);

        Assert.Equal(0, ended.ExitCode);
        Assert.Equal("", ended.Errors);
        Assert.Equal("", await Scene.LeftBehindAsync(data));
        Directory.Delete(data, recursive: true);
    }

    /// <summary>The script that people start: it builds once, then becomes the host.</summary>
    [Theory]
    [InlineData("-INT")]
    [InlineData("-KILL")]
    public async Task that_the_script_has_started_is_the_same(string signal)
    {
        await using RunningHost host = await RunningHost.StartAsync(
            starter: ["setsid", Path.Combine(Repository.Root, "events")], startTimeMax: TimeSpan.FromMinutes(6));
        string filename = await RecordTwoAsync(host);
        IReadOnlyList<int> children = await Scene.DescendantsAsync(host.ProcessId);

        await Tool.RunAsync("kill", [signal, "--", $"-{host.ProcessId}"]);
        await EndedAsync(host, 40);
        await GoneAsync(host, children);
        Assert.True(signal != "-INT" || host.Process.ExitCode == 0, host.Output);
        await GoesOnAsync(host, filename);
    }

    /// <returns>The name of the first camera's recording.</returns>
    private static async Task<string> RecordTwoAsync(RunningHost host)
    {
        await Scene.AddAsync(host, Scene.Pattern);
        await Scene.AddAsync(host, Scene.Pattern, "Yard");
        await using RpcClient client = await host.ConnectAsync();
        await Scene.ConnectedAsync(client);
        await Scene.ConnectedAsync(client, "camera1");
        string filename = (await client.CallAsync("start_recording", new { device = "camera0" })).Text("filename");
        await client.CallAsync("start_recording", new { device = "camera1" });
        await Until.RecordedAsync(3);
        return filename;
    }

    private static Task EndedAsync(RunningHost host, int secondsMax)
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        return host.Process.WaitForExitAsync(cancellation).WaitAsync(TimeSpan.FromSeconds(secondsMax), cancellation);
    }

    private static async Task GoneAsync(RunningHost host, IReadOnlyList<int> children)
    {
        await Until.TrueAsync(
            () => Task.FromResult(children.All(id => !Directory.Exists($"/proc/{id}"))),
            OrphanTimeMax,
            () => $"every child to be gone: {string.Join(' ', children.Where(id => Directory.Exists($"/proc/{id}")))}");
        Assert.Equal("", await Scene.LeftBehindAsync(host.Data));
    }

    private static async Task GoesOnAsync(RunningHost host, string filename)
    {
        await host.StartAgainAsync();
        await using RpcClient client = await host.ConnectAsync();
        await Scene.FactAsync(host, "recording", "recording_recovered", count: 2);
        await Until.RecordedAsync(1);
        JsonElement stopped = await client.CallAsync("stop_recording", new { device = "camera0" });
        Assert.Equal(filename, stopped.Text("filename"));
        Assert.True(
            await Tool.FramesAsync(await Scene.SaveAsync(host, client, filename)) >= 3 * Scene.FramesPerSecond,
            "Footage from before the end is missing.");
        await Scene.ViewsEqualTheLogAsync(host);
    }
}
