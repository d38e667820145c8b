using System.Diagnostics;
using System.Text.Json;
using Events.Tests.Integration.Faults;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.MainJob;

/// <summary>
/// A camera of the kernel's driver <c>vivid</c>, which looks to programs as one on USB does: <c>./events test vivid</c> boots a
/// kernel with it. Being unbound from its driver is what pulling the plug does.
/// </summary>
public sealed class A_camera_on_this_machine
{
    private const string Driver = "/sys/bus/platform/drivers/vivid";
    private const string Device = "vivid.0";

    /// <summary>In an emulated machine everything takes long.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    [Fact(Explicit = true)]
    [Trait("needs", "vivid")]
    public async Task is_asked_what_it_can_recorded_unplugged_and_plugged_in_again()
    {
        await using RunningHost host = await RunningHost.StartAsync(startTimeMax: Patience);
        await using RpcClient client = await host.ConnectAsync();
        await client.CallAsync("subscribe_events", new { topics = new[] { "camera_status_update", "recording_status_update" } });
        await Scene.AddAsync(host, "v4l2:/dev/video0");
        await UntilAsync(client, "get_camera_status", "status", "CONNECTED");

        JsonElement capabilities = await UntilAsync(client, "get_camera_capabilities", "validation_status", "CONFIRMED");
        Say($"capabilities by ioctl: {capabilities.GetRawText()}");
        Assert.Contains(capabilities.GetProperty("formats").EnumerateArray(), format => format.GetString() == "YUYV");
        Assert.True(capabilities.GetProperty("resolutions").GetArrayLength() > 1);

        string filename = (await client.CallAsync("start_recording", new { device = "camera0" })).Text("filename");
        await Until.RecordedAsync(15);
        long pulled = Stopwatch.GetTimestamp();
        await File.WriteAllTextAsync($"{Driver}/unbind", Device, TestContext.Current.CancellationToken);
        await client.ToldAsync("camera_status_update", camera => camera.Text("status") == "DISCONNECTED");
        Say($"unplugged: told after {Stopwatch.GetElapsedTime(pulled).TotalMilliseconds:0} ms");
        await Scene.FactAsync(host, "recording", "recording_interrupted");
        Assert.False(File.Exists("/dev/video0"));

        // A socket of its own: the first one was told of a connection before.
        await using RpcClient second = await host.ConnectAsync();
        await second.CallAsync("subscribe_events", new { topics = new[] { "camera_status_update" } });
        long plugged = Stopwatch.GetTimestamp();
        await File.WriteAllTextAsync($"{Driver}/bind", Device, TestContext.Current.CancellationToken);
        await second.ToldAsync("camera_status_update", camera => camera.Text("status") == "CONNECTED", Patience);
        Say($"plugged in again: connected after {Stopwatch.GetElapsedTime(plugged).TotalMilliseconds:0} ms");
        await Scene.FactAsync(host, "recording", "recording_recovered");
        await Until.RecordedAsync(15);
        JsonElement stopped = await client.CallAsync("stop_recording", new { device = "camera0" });

        int frames = await Tool.FramesAsync(await Scene.SaveAsync(host, client, filename));
        Say($"recorded {stopped.Number("duration")} s, {frames} frames, {stopped.Number("file_size")} bytes");
        Assert.True(frames > 10, $"{frames} frames");
        Say($"facts of the camera: {string.Join(", ", await host.FactsAsync("camera"))}");
        Say($"facts of the recording: {string.Join(", ", await host.FactsAsync("recording"))}");
        await Scene.ViewsEqualTheLogAsync(host);
    }

    /// <summary>Clients of the older contract know cameras by their numbers alone, also when the device is none.</summary>
    [Fact]
    public async Task tells_nobody_where_its_device_lies()
    {
        const string device = "/dev/video63";
        Assert.SkipUnless(Environment.IsPrivilegedProcess && !File.Exists(device), "Only root makes a file among the devices.");
        await File.WriteAllTextAsync(device, "none", TestContext.Current.CancellationToken);
        try
        {
            await using RunningHost host = await RunningHost.StartAsync();
            await using RpcClient client = await host.ConnectAsync();
            await Scene.AddAsync(host, $"v4l2:{device}");
            RpcException refused = await Scene.RefusedAsync(client, "start_recording", new { device = "camera0" });
            Assert.Equal(-32050, refused.Code);
            Assert.DoesNotContain("/dev/", refused.Data.GetRawText(), StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(device);
        }
    }

    private static void Say(string text) => TestContext.Current.TestOutputHelper!.WriteLine(text);

    private static async Task<JsonElement> UntilAsync(RpcClient client, string method, string property, string value)
    {
        JsonElement answer = default;
        await Until.TrueAsync(
            async () => (answer = await client.CallAsync(method, new { device = "camera0" })).Text(property) == value,
            Patience,
            () => $"{value}; it is {answer}");
        return answer;
    }
}
