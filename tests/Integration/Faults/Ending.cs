using System.Text.Json;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Faults;

/// <summary>What is done before a host ends and looked at when it has.</summary>
internal static class Ending
{
    /// <summary>Children of a killed postmaster need up to two seconds to see it.</summary>
    private static readonly TimeSpan OrphanTimeMax = TimeSpan.FromSeconds(15);

    /// <returns>The name of the first camera's recording.</returns>
    public static async Task<string> RecordTwoAsync(RunningHost host)
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

    public static Task EndedAsync(RunningHost host, int secondsMax)
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        return host.Process.WaitForExitAsync(cancellation).WaitAsync(TimeSpan.FromSeconds(secondsMax), cancellation);
    }

    public static async Task GoneAsync(RunningHost host, IReadOnlyList<int> children)
    {
        await Until.TrueAsync(
            () => Task.FromResult(children.All(id => !Directory.Exists($"/proc/{id}"))),
            OrphanTimeMax,
            () => $"every child to be gone: {string.Join(' ', children.Where(id => Directory.Exists($"/proc/{id}")))}");
        Assert.Equal("", await Scene.LeftBehindAsync(host.Data));
    }

    public static async Task GoesOnAsync(RunningHost host, string filename)
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
