using System.Diagnostics;
using System.Text.Json;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Faults;

/// <summary>Cameras that are not there, and sources that are none.</summary>
[Trait("pace", "slow")]
public sealed class Sources_to_nowhere(OneHost house) : IClassFixture<OneHost>
{
    [Fact]
    public async Task are_registered_and_a_recording_of_them_fails_in_time_and_frees_the_recorder()
    {
        RunningHost host = house.Host;
        string device = await AddAsync(host, "rtsp://127.0.0.1:1/x");
        await using RpcClient client = await host.ConnectAsync();
        Assert.Equal(
            "DISCONNECTED", (await client.CallAsync("get_camera_status", new { device })).Text("status"));

        int before = await CountAsync(host, "recording", "recording_failed");
        int pictures = (await host.FactsAsync("snapshot")).Count;
        for (int failures = 1; failures <= 2; failures++)
        {
            long start = Stopwatch.GetTimestamp();
            RpcException failed = await Scene.RefusedAsync(client, "start_recording", new { device });
            Assert.Equal(-32050, failed.Code);
            Assert.Equal("camera", failed.Data.Text("dependency"));
            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(28));
            Assert.Equal(before + failures, await CountAsync(host, "recording", "recording_failed"));
        }

        Assert.Equal(-32050, (await Scene.RefusedAsync(client, "take_snapshot", new { device })).Code);
        Assert.Equal(-32020, (await Scene.RefusedAsync(client, "stop_recording", new { device })).Code);
        Assert.Equal("snapshot_failed", Assert.Single((await host.FactsAsync("snapshot")).Skip(pictures)));

        (await host.CliAsync("camera", "move", device, "--source", Scene.Pattern)).Ok();
        await Scene.ConnectedAsync(client, device);
        await client.CallAsync("start_recording", new { device });
        await client.CallAsync("stop_recording", new { device });
        await Scene.ViewsEqualTheLogAsync(host);

        (await host.CliAsync("camera", "retire", device)).Ok();
        await FfmpegsEndAsync(host);
    }

    [Fact]
    public async Task and_bad_names_are_refused_in_words_on_the_command_line()
    {
        RunningHost host = house.Host;
        IReadOnlyList<string> before = await CommandedAsync(host);
        string[] sources =
        [
            "", " ", "nonsense", "ftp://127.0.0.1/x", "rtsp://", "rtsp:///x", "file://relative.mp4", "v4l2:video0", "-i /etc/passwd",
            "rtsp://127.0.0.1/a b", "rtsp://127.0.0.1/x\n-y", "concat:/etc/passwd|/etc/group", "rtsp://ada:pw@", "test:",
        ];
        foreach (string source in sources)
        {
            CliResult refused = await host.CliAsync("camera", "add", "--name", "Gate", "--source", source);
            Assert.True(refused.ExitCode == 1, $"{source}: {refused}");
            InWords(refused);
        }

        foreach (string name in new[] { "", " ", new string('x', 300), "bell\a", "two\nlines" })
        {
            CliResult refused = await host.CliAsync("camera", "add", "--name", name, "--source", Scene.Pattern);
            Assert.True(refused.ExitCode == 1, $"{name}: {refused}");
            InWords(refused);
        }

        foreach (string verb in new[] { "rename", "retire" })
        {
            string[] words = verb == "rename" ? ["--name", "Yard"] : [];
            CliResult unknown = await host.CliAsync(["camera", verb, "camera7", .. words]);
            Assert.Equal(1, unknown.ExitCode);
            Assert.Contains("camera7", unknown.Errors, StringComparison.Ordinal);
        }

        Assert.Equal(before, await CommandedAsync(host));
    }

    [Fact]
    public async Task are_what_a_retired_camera_has_and_its_recording_and_its_ffmpeg_end()
    {
        RunningHost host = house.Host;
        string device = await AddAsync(host, Scene.Pattern);
        int before = await CountAsync(host, "recording", "recording_stopped");
        await using RpcClient client = await host.ConnectAsync();
        await Scene.ConnectedAsync(client, device);
        string filename = (await client.CallAsync("start_recording", new { device })).Text("filename");
        await Until.RecordedAsync(2);
        Assert.NotEmpty(await FfmpegsAsync(host));

        (await host.CliAsync("camera", "retire", device, "--reason", "sold")).Ok();

        await Scene.FactAsync(host, "recording", "recording_stopped", before + 1);
        Assert.Equal("CameraRetired", await host.SqlAsync(
            "select data->>'reason' from events.mt_events where type = 'recording_stopped' order by seq_id desc limit 1"));
        await FfmpegsEndAsync(host);
        Assert.True(await Tool.FramesAsync(await Scene.SaveAsync(host, client, filename)) >= Scene.FramesPerSecond);
        Assert.Equal(-32010, (await Scene.RefusedAsync(client, "start_recording", new { device })).Code);
        await Scene.ViewsEqualTheLogAsync(host);
    }

    /// <returns>What the camera is called.</returns>
    private static async Task<string> AddAsync(RunningHost host, string source) =>
        JsonElement.Parse((await host.CliAsync("camera", "add", "--name", "Gate", "--source", source, "--format", "json")).Ok()).Text("camera");

    private static async Task<int> CountAsync(RunningHost host, string stream, string fact) =>
        (await host.FactsAsync(stream)).Count(one => one == fact);

    /// <summary>What somebody did to cameras, and not what they do themselves.</summary>
    private static async Task<IReadOnlyList<string>> CommandedAsync(RunningHost host) =>
        [
            .. (await host.FactsAsync("camera"))
                .Where(fact => fact is not ("camera_connected" or "camera_disconnected" or "camera_capabilities_probed")),
        ];

    private static Task FfmpegsEndAsync(RunningHost host) => Until.TrueAsync(
        async () => (await FfmpegsAsync(host)).Length == 0, TimeSpan.FromSeconds(15), "the camera's ffmpeg to end");

    private static void InWords(CliResult refused)
    {
        Assert.False(string.IsNullOrWhiteSpace(refused.Errors), "No word was said.");
        Assert.DoesNotContain("Exception", refused.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", refused.Errors, StringComparison.Ordinal);
    }

    private static async Task<string[]> FfmpegsAsync(RunningHost host) =>
        [
            .. (await Tool.RunAsync("ps", ["-o", "pid=,args=", "--ppid", $"{host.ProcessId}"])).Output
                .Split('\n')
                .Where(line => line.Contains("ffmpeg", StringComparison.Ordinal)),
        ];
}
