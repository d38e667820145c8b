using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Faults;

/// <summary>The script that people start ends as the host does that it becomes.</summary>
public sealed class The_end_of_the_script
{
    [Theory]
    [InlineData("-INT")]
    [InlineData("-KILL")]
    public async Task leaves_no_child_and_the_next_start_goes_on(string signal)
    {
        await using RunningHost host = await RunningHost.StartAsync(
            starter: ["setsid", Path.Combine(Repository.Root, "events")], startTimeMax: TimeSpan.FromMinutes(6));
        string filename = await Ending.RecordTwoAsync(host);
        IReadOnlyList<int> children = await Scene.DescendantsAsync(host.ProcessId);

        await Tool.RunAsync("kill", [signal, "--", $"-{host.ProcessId}"]);
        await Ending.EndedAsync(host, 40);
        await Ending.GoneAsync(host, children);
        Assert.True(signal != "-INT" || host.Process.ExitCode == 0, host.Output);
        await Ending.GoesOnAsync(host, filename);
    }
}
