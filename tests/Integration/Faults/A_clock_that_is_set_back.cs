using System.Globalization;
using System.Text.Json;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Faults;

/// <summary>The wall clock of the host and of all its children, an hour back in the middle of their work.</summary>
[Trait("pace", "slow")]
public sealed class A_clock_that_is_set_back
{
    private const int Seconds = 6;

    [Fact]
    public async Task moves_nothing_that_runs_and_leaves_the_log_in_order()
    {
        ForgetTheDead();
        string clock = Path.GetTempFileName();
        await SetAsync(clock, "+0");
        await using RunningHost host = await RunningHost.StartAsync(new()
        {
            ["LD_PRELOAD"] = "libfaketime.so.1",
            ["LD_LIBRARY_PATH"] = FakeTimeFolder(),
            ["FAKETIME_TIMESTAMP_FILE"] = clock,
            ["FAKETIME_CACHE_DURATION"] = "1",
            ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1",

            // Its mend for an older C library lets each wait with a time limit return at once under this one: three threads spin.
            ["FAKETIME_FORCE_MONOTONIC_FIX"] = "0",
        });
        await Scene.AddAsync(host, Scene.Pattern);
        await using RpcClient client = await host.ConnectAsync();
        await Scene.ConnectedAsync(client);
        await client.CallAsync("subscribe_events", new { topics = new[] { "recording_status_update" } });
        DateTimeOffset before = DateTimeOffset.Parse(await host.SqlAsync("select now()"), CultureInfo.InvariantCulture);
        string filename = (await client.CallAsync("start_recording", new { device = "camera0", duration = Seconds })).Text("filename");
        await Until.RecordedAsync(Seconds / 2);

        await SetAsync(clock, "-3600");

        await client.ToldAsync("recording_status_update", update => update.Text("status") == "STOPPED");
        DateTimeOffset after = DateTimeOffset.Parse(await host.SqlAsync("select now()"), CultureInfo.InvariantCulture);
        Assert.InRange((after - before).TotalMinutes, -61, -58);
        JsonElement info = await client.CallAsync("get_recording_info", new { filename });
        Assert.InRange(info.Number("duration"), Seconds - 1, Seconds + 1);
        Assert.InRange(
            await Tool.FramesAsync(await Scene.SaveAsync(host, client, filename)),
            (Seconds - 1) * Scene.FramesPerSecond, (Seconds + 1) * Scene.FramesPerSecond);

        // A second one, which begins an hour before the first.
        string next = (await client.CallAsync("start_recording", new { device = "camera0" })).Text("filename");
        Assert.NotEqual(filename, next);
        Assert.Equal("SUCCESS", (await client.CallAsync("take_snapshot", new { device = "camera0" })).Text("status"));
        await client.CallAsync("stop_recording", new { device = "camera0" });
        Assert.Equal("CONNECTED", (await client.CallAsync("get_camera_status", new { device = "camera0" })).Text("status"));
        Assert.Equal("0", await host.SqlAsync(
            "select count(*) from (select timestamp < lag(timestamp) over (order by seq_id) as falls from events.mt_events) f where falls"));
        Assert.DoesNotContain("camera_disconnected", await host.FactsAsync("camera"));
        await Scene.ViewsEqualTheLogAsync(host);

        Assert.Equal(0, await host.StopAsync());
        await host.StartAgainAsync();
        await using RpcClient later = await host.ConnectAsync();
        await Scene.ConnectedAsync(later);
        string third = (await later.CallAsync("start_recording", new { device = "camera0", duration = 1 })).Text("filename");
        await Scene.FactAsync(host, "recording", "recording_stopped", 3);
        JsonElement list = await later.CallAsync("list_recordings");
        Assert.Equal(
            new[] { filename, next, third }.Order(),
            list.GetProperty("files").EnumerateArray().Select(file => file.Text("filename")).Order());
        await Scene.ViewsEqualTheLogAsync(host);
        Assert.Equal(0, await host.StopAsync());
        ForgetTheDead();
    }

    /// <summary>
    /// The library keeps shared memory by process number, and what a killed process left would be in the way of another user's
    /// process that gets the same number.
    /// </summary>
    private static void ForgetTheDead()
    {
        foreach (string file in Directory.EnumerateFiles("/dev/shm", "*faketime_*"))
        {
            try
            {
                if (!Directory.Exists($"/proc/{file.Split('_')[^1]}"))
                {
                    File.Delete(file);
                }
            }
            catch (UnauthorizedAccessException)
            {
                // Somebody else's, and then PostgreSQL does not run as another user here.
            }
        }
    }

    /// <summary>In one step: a reader must not find half of it.</summary>
    private static async Task SetAsync(string clock, string offset)
    {
        await File.WriteAllTextAsync(clock + ".new", offset);
        File.Move(clock + ".new", clock, overwrite: true);
    }

    /// <summary>Where Debian puts the library that stands between programs and the clock.</summary>
    private static string FakeTimeFolder() =>
        Directory.EnumerateDirectories("/usr/lib", "*-linux-gnu").Select(folder => Path.Combine(folder, "faketime")).First(Directory.Exists);
}
