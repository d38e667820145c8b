using System.Diagnostics;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Faults;

/// <summary>A PostgreSQL that does not answer keeps no host from ending.</summary>
[Trait("pace", "slow")]
public sealed class The_end_of_a_host_whose_PostgreSQL_hangs(EndedHost house) : IClassFixture<EndedHost>
{
    [Fact]
    public async Task comes_in_time()
    {
        RunningHost host = house.Host;
        string filename = await house.RecordTwoAsync();
        IReadOnlyList<int> children = await Scene.DescendantsAsync(host.ProcessId);
        int postmaster = Scene.PostmasterOf(host);
        await Scene.SignalAsync("-STOP", [postmaster, .. await Scene.ChildrenAsync(postmaster)]);

        await Scene.SignalAsync("-TERM", [host.ProcessId]);
        await Ending.EndedAsync(host, 85);
        await Ending.GoneAsync(host, children);

        Assert.Equal(0, host.Process.ExitCode);
        Assert.Contains("the next start finishes it", house.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Unhandled", house.Output, StringComparison.Ordinal);
        await house.GoesOnAsync(filename);
    }

    [Fact]
    public async Task asked_for_twice_comes_at_once()
    {
        RunningHost host = house.Host;
        string filename = await house.RecordTwoAsync();
        IReadOnlyList<int> children = await Scene.DescendantsAsync(host.ProcessId);
        int postmaster = Scene.PostmasterOf(host);
        int[] frozen = [postmaster, .. await Scene.ChildrenAsync(postmaster)];
        await Scene.SignalAsync("-STOP", frozen);
        await Scene.SignalAsync("-INT", [host.ProcessId]);
        await Until.TrueAsync(
            () => Task.FromResult(house.Output.Contains("Stopping", StringComparison.Ordinal)), TimeSpan.FromSeconds(10), "the host to stop");
        long start = Stopwatch.GetTimestamp();

        await Scene.SignalAsync("-INT", [host.ProcessId]);
        await Ending.EndedAsync(host, 10);
        Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(8));
        await Scene.SignalAsync("-CONT", frozen);
        await Ending.GoneAsync(host, children);
        await house.GoesOnAsync(filename);
    }
}
