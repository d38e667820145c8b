using System.Text.Json;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Audit;

/// <summary>Files of recordings and snapshots against their facts, with a host and after its end.</summary>
public sealed class Verifying_files
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task finds_a_file_that_was_changed_or_is_missing_also_when_no_host_runs()
    {
        await using RunningHost host = await RunningHost.StartAsync();
        (await host.CliAsync("camera", "add", "--name", "Gate", "--source", "test:pattern?size=320x180&fps=10")).Ok();
        await using (RpcClient client = await host.ConnectAsync())
        {
            await Until.TrueAsync(
                async () => (await host.FactsAsync("camera")).Contains("camera_connected"), TimeSpan.FromSeconds(30), "the camera");
            await client.CallAsync("start_recording", new { device = "camera0" });
            await Until.RecordedAsync(2);
            await client.CallAsync("stop_recording", new { device = "camera0" });
            await client.CallAsync("take_snapshot", new { device = "camera0", filename = "gate.jpg" });
        }

        await Until.TrueAsync(
            async () => (await VerifyAsync(host)).Report.GetProperty("factsSince").GetInt64() == 0, TimeSpan.FromSeconds(30), "the seals");
        (int code, JsonElement good) = await VerifyAsync(host, "--files");
        Assert.Equal((0, 2L), (code, good.GetProperty("files").GetInt64()));
        await ExportsAsync(host, 0, []);
        string segment = Directory.GetFiles(Path.Combine(host.Data, "recordings"), "*.mp4", SearchOption.AllDirectories).Single();
        byte[] bytes = await File.ReadAllBytesAsync(segment, Token);
        bytes[bytes.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(segment, bytes, Token);
        File.Delete(Path.Combine(host.Data, "snapshots", "gate.jpg"));
        await ExportsAsync(host, 2, ["changed", "missing"]);
        Assert.Equal(0, await host.StopAsync());

        // They are looked at also where the seals have no verdict.
        string key = JsonElement.Parse((await host.CliAsync("audit", "status", "--format", "json")).Ok()).GetProperty("keys")[0].GetString()!;
        foreach (string[] more in new string[][] { [], ["--stolen-key", key] })
        {
            (int found, JsonElement bad) = await VerifyAsync(host, ["--files", .. more]);
            Assert.Equal((1, more.Length > 0), (found, bad.TryGetProperty("undecided", out _)));
            Assert.Equal(
                ["files changed", "files missing"],
                bad.GetProperty("findings").EnumerateArray().Select(one => $"{one.Text("level")} {one.Text("what")}").Order());
        }

        Assert.Equal(0, (await VerifyAsync(host)).Code);
        Assert.False(Directory.EnumerateFiles(Path.Combine(host.Data, "postgres"), "postmaster.pid").Any());
        CliResult status = await host.CliAsync("audit", "status");
        Assert.Contains("no host runs", status.Ok(), StringComparison.Ordinal);
        Assert.Contains("its PostgreSQL is started for this", status.Errors, StringComparison.Ordinal);
    }

    /// <summary>With the files: what is wrong with them is said at once, and the bundle is there all the same.</summary>
    private static async Task ExportsAsync(RunningHost host, int code, string[] gaps)
    {
        string bundle = Path.Combine(host.Data, $"bundle-{code}.zip");
        CliResult export = await host.CliAsync("audit", "export", "--camera", "camera0", "--files", "--out", bundle, "--format", "json");
        Assert.Equal(code, export.ExitCode);
        JsonElement[] told = JsonElement.Parse(export.Output).TryGetProperty("gaps", out JsonElement all) ? [.. all.EnumerateArray()] : [];
        Assert.Equal(gaps, told.Select(one => one.Text("what")).Order());
        Assert.Equal(code != 0, export.Errors.Contains("snapshots/gate.jpg is missing.", StringComparison.Ordinal));
        Assert.Equal(code != 0, export.Errors.Contains("The bundle is written all the same: 2 of the files", StringComparison.Ordinal));
        CliResult verified = await RunningHost.RunAsync(["audit", "verify-bundle", bundle], []);
        Assert.Equal(
            code != 0, verified.Output.Contains(".mp4 is not the file that its fact describes", StringComparison.Ordinal));
    }

    private static async Task<(int Code, JsonElement Report)> VerifyAsync(RunningHost host, params string[] more)
    {
        CliResult result = await host.CliAsync(["audit", "verify", "--format", "json", .. more]);
        return (result.ExitCode, JsonElement.Parse(result.Output));
    }
}
