using System.Globalization;
using System.Text.Json;
using Events.Tests.Integration.Faults;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Retention;

/// <summary>A small disk of its own that fills up: each step is a fact, and the policy makes room before starts are refused.</summary>
[Trait("pace", "slow")]
public sealed class A_full_disk
{
    private const long MiB = 1024 * 1024;
    private const long DiskBytes = 400 * MiB;
    private const long SeededBytes = 20 * MiB;

    [Fact]
    public async Task warns_then_refuses_and_loses_its_oldest_footage_when_the_policy_lets_it()
    {
        string disk = Directory.CreateTempSubdirectory("events-disk-").FullName;
        string size = string.Create(CultureInfo.InvariantCulture, $"size={DiskBytes},mode=755");
        bool isMounted = Environment.UserName == "root"
            && (await Tool.RunAsync("mount", ["-t", "tmpfs", "-o", size, "tmpfs", disk])).ExitCode == 0;
        Assert.SkipUnless(isMounted, "Mounting a small disk needs root.");
        try
        {
            await FillAsync(disk);
        }
        finally
        {
            await Tool.RunAsync("umount", [disk]);
            Directory.Delete(disk);
        }
    }

    private static async Task FillAsync(string disk)
    {
        await using RunningHost host = await RunningHost.StartAsync(
            new()
            {
                ["EVENTS__Storage__WarnPercent"] = "70",
                ["EVENTS__Storage__BlockPercent"] = "85",
                ["EVENTS__Storage__MeasurePauseS"] = "1",
            },
            data: Path.Combine(disk, "data"));
        await using RpcClient client = await Kept.BeginAsync(host);
        string fresh = await Kept.RecordAsync(client);
        await Kept.SeedAsync(host, fresh, "camera0_2020-01-01_00-00-00", 2020, SeededBytes);
        await Kept.SeedAsync(host, fresh, "camera0_2021-01-01_00-00-00", 2021, SeededBytes);
        Assert.False(await IsLowAsync(client));

        await UseAsync(disk, 75);
        await LevelAsync(host, "Low");
        Assert.True(await IsLowAsync(client));
        await Kept.RecordAsync(client);

        await UseAsync(disk, 90);
        await LevelAsync(host, "Critical");
        RpcException refused = await Scene.RefusedAsync(client, "start_recording", new { device = "camera0" });
        Assert.Equal((-32020, "storage_critical"), (refused.Code, refused.Data.Text("reason")));
        Assert.Empty(await Kept.DeletionsAsync(host));

        await UseAsync(disk, 71);
        await LevelAsync(host, "Low", 2);
        await Kept.SetAsync(client, "age", days: 36_500);
        await LevelAsync(host, "Normal");
        Assert.Equal(["free_space by system"], await Kept.DeletionsAsync(host));
        Assert.DoesNotContain("camera0_2020-01-01_00-00-00", await Kept.NamesAsync(client));
        Assert.Contains("camera0_2021-01-01_00-00-00", await Kept.NamesAsync(client));
        Assert.False(await IsLowAsync(client));
        await Kept.RecordAsync(client);

        // Far beyond what the footage could give back: it is not sacrificed in vain.
        await UseAsync(disk, 97);
        await LevelAsync(host, "Critical", 2);
        await client.CallAsync("cleanup_old_files");
        Assert.Single(await Kept.DeletionsAsync(host));
        JsonElement shown = JsonSerializer.Deserialize<JsonElement>((await host.CliAsync("retention", "show", "--format", "json")).Ok());
        Assert.Equal("Critical", shown.Text("storage"));
        Assert.Equal("", await Kept.DisagreementsAsync(host));
    }

    private static async Task<bool> IsLowAsync(RpcClient client) =>
        (await client.CallAsync("get_storage_info")).GetProperty("low_space_warning").GetBoolean();

    private static Task LevelAsync(RunningHost host, string level, int times = 1) =>
        Until.TrueAsync(
            async () => await host.SqlAsync(
                $"select count(*) from events.mt_events where type = 'storage_level_changed' and data->>'level' = '{level}'")
                == $"{times}",
            TimeSpan.FromSeconds(20),
            () => $"the level {level} for the {times}. time; the host printed:\n{host.Output}");

    /// <summary>Makes the ballast as large as it takes.</summary>
    private static async Task UseAsync(string disk, int percent)
    {
        await using FileStream ballast = new(Path.Combine(disk, "ballast"), FileMode.OpenOrCreate);
        var drive = new DriveInfo(disk);
        long change = (DiskBytes * percent / 100) - (drive.TotalSize - drive.AvailableFreeSpace);
        if (change < 0)
        {
            ballast.SetLength(ballast.Length + change);
            return;
        }

        ballast.Seek(0, SeekOrigin.End);
        byte[] block = new byte[MiB];
        for (long left = change; left > 0; left -= block.Length)
        {
            await ballast.WriteAsync(block.AsMemory(0, (int)Math.Min(left, block.Length)));
        }
    }
}
