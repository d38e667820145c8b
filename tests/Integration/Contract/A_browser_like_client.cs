using Events.Tests.Integration.Faults;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Contract;

/// <summary>The npm package <c>ws</c> under Node, which no library of ours stands behind.</summary>
public sealed class A_browser_like_client
{
    private const int Seconds = 4;

    [Fact]
    public async Task records_is_told_downloads_and_deletes()
    {
        string folder = Path.Combine(Repository.Root, "tests", "tools", "json-rpc-client");
        Assert.True(
            Directory.Exists(Path.Combine(folder, "node_modules", "ws")),
            $"Its packages are not installed. ./events test does that; by hand: npm ci in {folder}");
        await using RunningHost host = await RunningHost.StartAsync();
        await using (RpcClient client = await host.ConnectAsync())
        {
            await Scene.AddAsync(host, Scene.Pattern);
            await Scene.ConnectedAsync(client);
        }

        string saved = Path.Combine(host.Data, "saved.mp4");
        CliResult result = await Tool.RunAsync(
            "node",
            [
                Path.Combine(folder, "client.mjs"), $"ws://127.0.0.1:{host.Port}/ws", await host.TokenAsync("admin"), $"{Seconds}", saved,
            ]);

        Assert.True(result.ExitCode == 0, $"{result.Output}\n{result.Errors}");
        Assert.EndsWith("done\n", result.Output, StringComparison.Ordinal);
        Assert.InRange(
            await Tool.FramesAsync(saved), (Seconds - 1) * Scene.FramesPerSecond, (Seconds + 1) * Scene.FramesPerSecond);
    }
}
