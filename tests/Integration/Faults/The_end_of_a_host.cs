using System.Diagnostics;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Faults;

/// <summary>However a host ends, none of its children outlives it, nothing that was recorded is lost, and the next start works.</summary>
public sealed class The_end_of_a_host
{
    private static readonly string[] InAGroupOfItsOwn = ["setsid", .. RunningHost.BuiltProgram];

    [Theory]
    [InlineData("-INT", true)]
    [InlineData("-TERM", true)]
    [InlineData("-HUP", true)]
    [InlineData("-KILL", false)]
    public async Task leaves_no_child_and_the_next_start_goes_on(string signal, bool isOrderly)
    {
        await using RunningHost host = await RunningHost.StartAsync();
        string filename = await Ending.RecordTwoAsync(host);
        IReadOnlyList<int> children = await Scene.DescendantsAsync(host.ProcessId);
        Assert.True(children.Count >= 4, "Two cameras and PostgreSQL have processes of their own.");

        await Scene.SignalAsync(signal, [host.ProcessId]);
        await Ending.EndedAsync(host, 40);
        await Ending.GoneAsync(host, children);

        if (isOrderly)
        {
            Assert.Equal(0, host.Process.ExitCode);
            Assert.Contains("Stopped.", host.Output, StringComparison.Ordinal);
            Assert.False(File.Exists(Path.Combine(host.Data, "run", "host.json")), "The command line must see that nobody is there.");
        }

        Assert.DoesNotContain("Unhandled", host.Output, StringComparison.Ordinal);
        await Ending.GoesOnAsync(host, filename);
    }

    /// <summary>A terminal sends Ctrl-C to everybody in the foreground: PostgreSQL must not end before the last fact is written.</summary>
    [Trait("pace", "slow")]
    [Fact]
    public async Task at_a_terminal_is_not_its_childrens()
    {
        await using RunningHost host = await RunningHost.StartAsync(starter: InAGroupOfItsOwn);
        string filename = await Ending.RecordTwoAsync(host);
        IReadOnlyList<int> children = await Scene.DescendantsAsync(host.ProcessId);

        await Tool.RunAsync("kill", ["-INT", "--", $"-{host.ProcessId}"]);
        await Ending.EndedAsync(host, 40);
        await Ending.GoneAsync(host, children);

        Assert.Equal(0, host.Process.ExitCode);
        Assert.DoesNotContain("PostgreSQL ended", host.Output, StringComparison.Ordinal);
        await host.StartAgainAsync();
        Assert.Equal("host_stopped", await host.SqlAsync(
            "select distinct data->>'why' from events.mt_events where type = 'recording_interrupted'"));
        await host.StopAsync();
        await Ending.GoesOnAsync(host, filename);
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
