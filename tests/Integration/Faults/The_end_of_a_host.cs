using System.Diagnostics;
using System.Text.Json;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Faults;

/// <summary>
/// One host with two cameras, which is ended in many ways and started again after each: that start is the next test's. It leads a
/// group of processes of its own, as at a terminal.
/// </summary>
public sealed class EndedHost : IAsyncLifetime
{
    private static readonly string[] InAGroupOfItsOwn = ["setsid", .. RunningHost.BuiltProgram];

    private int _printed;
    private int _recovered;

    internal RunningHost Host { get; private set; } = null!;

    /// <summary>What it printed since the last recordings began.</summary>
    internal string Output => Host.Output[_printed..];

    public async ValueTask InitializeAsync()
    {
        Host = await RunningHost.StartAsync(starter: InAGroupOfItsOwn);
        await Scene.AddAsync(Host, Scene.Pattern);
        await Scene.AddAsync(Host, Scene.Pattern, "Yard");
    }

    public ValueTask DisposeAsync() => Host?.DisposeAsync() ?? default;

    /// <returns>The name of the first camera's recording.</returns>
    internal async Task<string> RecordTwoAsync()
    {
        if (Host.Process.HasExited)
        {
            await Host.StartAgainAsync();
        }

        await using RpcClient client = await Host.ConnectAsync();
        await Scene.ConnectedAsync(client);
        await Scene.ConnectedAsync(client, "camera1");
        _printed = Host.Output.Length;
        _recovered = (await Host.FactsAsync("recording")).Count(fact => fact == "recording_recovered");
        string filename = (await client.CallAsync("start_recording", new { device = "camera0" })).Text("filename");
        await client.CallAsync("start_recording", new { device = "camera1" });
        await Until.RecordedAsync(3);
        return filename;
    }

    /// <summary>As <see cref="Ending.GoesOnAsync"/>, and nothing is recorded any more.</summary>
    internal async Task GoesOnAsync(string filename)
    {
        await Host.StartAgainAsync();
        await using RpcClient client = await Host.ConnectAsync();
        await Scene.FactAsync(Host, "recording", "recording_recovered", _recovered + 2);
        await Until.RecordedAsync(1);
        JsonElement stopped = await client.CallAsync("stop_recording", new { device = "camera0" });
        Assert.Equal(filename, stopped.Text("filename"));
        await client.CallAsync("stop_recording", new { device = "camera1" });
        Assert.True(
            await Tool.FramesAsync(await Scene.SaveAsync(Host, client, filename)) >= 3 * Scene.FramesPerSecond,
            "Footage from before the end is missing.");
        await Scene.ViewsEqualTheLogAsync(Host);
    }
}

/// <summary>However a host ends, none of its children outlives it, nothing that was recorded is lost, and the next start works.</summary>
public sealed class The_end_of_a_host(EndedHost house) : IClassFixture<EndedHost>
{
    [Theory]
    [InlineData("-INT", true)]
    [InlineData("-TERM", true)]
    [InlineData("-HUP", true)]
    [InlineData("-KILL", false)]
    public async Task leaves_no_child_and_the_next_start_goes_on(string signal, bool isOrderly)
    {
        RunningHost host = house.Host;
        string filename = await house.RecordTwoAsync();
        IReadOnlyList<int> children = await Scene.DescendantsAsync(host.ProcessId);
        Assert.True(children.Count >= 4, "Two cameras and PostgreSQL have processes of their own.");

        await Scene.SignalAsync(signal, [host.ProcessId]);
        await Ending.EndedAsync(host, 40);
        await Ending.GoneAsync(host, children);

        if (isOrderly)
        {
            Assert.Equal(0, host.Process.ExitCode);
            Assert.Contains("Stopped.", house.Output, StringComparison.Ordinal);
            Assert.False(File.Exists(Path.Combine(host.Data, "run", "host.json")), "The command line must see that nobody is there.");
        }

        Assert.DoesNotContain("Unhandled", house.Output, StringComparison.Ordinal);
        await house.GoesOnAsync(filename);
    }

    /// <summary>A terminal sends Ctrl-C to everybody in the foreground: PostgreSQL must not end before the last fact is written.</summary>
    [Trait("pace", "slow")]
    [Fact]
    public async Task at_a_terminal_is_not_its_childrens()
    {
        RunningHost host = house.Host;
        string filename = await house.RecordTwoAsync();
        string head = await host.SqlAsync("select max(seq_id) from events.mt_events");
        IReadOnlyList<int> children = await Scene.DescendantsAsync(host.ProcessId);

        await Tool.RunAsync("kill", ["-INT", "--", $"-{host.ProcessId}"]);
        await Ending.EndedAsync(host, 40);
        await Ending.GoneAsync(host, children);

        Assert.Equal(0, host.Process.ExitCode);
        Assert.DoesNotContain("PostgreSQL ended", house.Output, StringComparison.Ordinal);
        await house.GoesOnAsync(filename);

        // The first two behind the head are of this end; no camera was lost before it.
        Assert.Equal("host_stopped", await host.SqlAsync(
            $"""
            select distinct why from (
                select data->>'why' as why from events.mt_events
                where type = 'recording_interrupted' and seq_id > {head} order by seq_id limit 2) as ends
            """));
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
}
