using System.Text.Json;
using System.Text.Json.Nodes;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Operations;

/// <summary>
/// The library whose storage format this is opens the log of a host, and writes into it beside that host. 9.29 is the one whose
/// format was noted; 9.58 adds columns to two tables, and a host has to go on with them.
/// </summary>
public sealed class Marten_itself
{
    private const int Writers = 4;
    private const int RenamesEach = 20;

    private static readonly TimeSpan _buildTimeMax = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData("9.29.0")]
    [InlineData("9.58.0")]
    public async Task reads_every_fact_and_writes_beside_a_host(string version)
    {
        DirectoryInfo built = Directory.CreateTempSubdirectory("marten");
        string program = await BuildAsync(version, built.FullName);
        await using RunningHost host = await RunningHost.StartAsync(flags: []);
        string camera = await LiveAsync(host);
        string connection = $"Host={await host.SqlAsync("show unix_socket_directories")};Username=events;Database=events";
        async Task<string[]> Marten(params string[] words) =>
            [.. (await Tool.RunAsync("dotnet", [program, connection, .. words])).Ok().Split('\n').Where(line => line is ['{' or '-' or 'a', ..])];

        string[] plan = await Marten("plan");
        Assert.All(plan[..^1], change => Assert.Matches(@"^alter table events\.mt_\w+ add column \w+ ", change));
        Assert.Equal(version == "9.58.0", plan.Length > 1);
        Assert.Contains("events.mt_events events.mt_events_sequence events.mt_high_water_skips", plan[^1], StringComparison.Ordinal);
        await CompareAsync(host, await Marten("read"));

        Task<string[]> appending = Marten("append", camera, $"{Writers}", $"{RenamesEach}");
        int added = 0;
        for (; !appending.IsCompleted || added == 0; added++)
        {
            (await host.CliAsync("users", "add", "--name", $"beside{added}", "--role", "viewer")).Ok();
        }

        await appending;
        const int Renames = Writers * RenamesEach;
        Assert.Equal($"{Renames}", await host.SqlAsync("select count(*) from events.mt_events where headers->>'by' = 'marten'"));
        await SeesAllAsync(host, camera);
        string[] folded = await Marten("project");
        string own = Assert.Single(folded, line => line.Contains(camera, StringComparison.Ordinal));
        Assert.Contains($"\"Renamed\":{Renames}", own, StringComparison.Ordinal);

        await host.StopAsync();
        await host.StartAgainAsync();
        await LiveAsync(host);
        await SeesAllAsync(host, camera);
        await CompareAsync(host, await Marten("read"));
        built.Delete(recursive: true);
    }

    /// <summary>Outside the solution, since a registry may lack it.</summary>
    private static async Task<string> BuildAsync(string version, string folder)
    {
        CliResult result = await Tool.RunAsync(
            "dotnet",
            [
                "build", Path.Combine(Repository.Root, "tests", "tools", "MartenReader"), "-c", "Release", "-v", "quiet",
                "--artifacts-path", folder, "-nodeReuse:false", $"-p:MartenVersion={version}", $"-p:EventsFolder={AppContext.BaseDirectory}",
            ],
            _buildTimeMax);
        Assert.SkipWhen(
            result.ExitCode != 0 && new[] { "NU1101", "NU1102", "NU1301" }.Any(result.Output.Contains),
            $"No package registry that is set up here has Marten {version} with all it needs.");
        result.Ok();
        return Path.Combine(folder, "bin", "MartenReader", "release", "Events.MartenReader.dll");
    }

    /// <summary>Facts of many kinds: a camera that is recorded and photographed, a user, a key, a refusal, a policy.</summary>
    /// <returns>The camera's stream.</returns>
    private static async Task<string> LiveAsync(RunningHost host)
    {
        await using RpcClient client = await host.ConnectAsync();
        await Until.TrueAsync(
            async () => (await client.CallAsync("get_camera_list")).ToString().Contains("\"CONNECTED\"", StringComparison.Ordinal), _limit,
            "the camera's pictures");
        await client.CallAsync("take_snapshot", new { device = "camera0" });
        await client.CallAsync("start_recording", new { device = "camera0" });
        await client.CallAsync("stop_recording", new { device = "camera0" });
        string name = $"ada-{Guid.NewGuid():n}"[..12];
        (await host.CliAsync("users", "add", "--name", name, "--role", "operator")).Ok();
        (await host.CliAsync("users", "disable", "--name", name, "--reason", "Left")).Ok();
        (await host.CliAsync("keys", "issue", "--name", name, "--role", "viewer")).Ok();
        (await host.CliAsync("retention", "set", "--type", "age", "--max-age-days", "30")).Ok();
        return await host.SqlAsync("select stream_id from events.mt_events where type = 'camera_registered' order by seq_id limit 1");
    }

    /// <summary>What Marten read is what the table holds, value by value.</summary>
    private static async Task CompareAsync(RunningHost host, string[] read)
    {
        string[] last = read[^1..];
        long position = JsonNode.Parse(last[0])!["seq_id"]!.GetValue<long>();
        string[] stored = (await host.SqlAsync(
            $"""
            select jsonb_build_object('seq_id', seq_id, 'id', id, 'stream_id', stream_id, 'version', version, 'data', data, 'type', type,
              'micros', (extract(epoch from timestamp) * 1000000)::bigint, 'correlation_id', correlation_id, 'causation_id', causation_id,
              'headers', headers, 'user_name', user_name, 'fact', substring(mt_dotnet_type from '([^.]+),'))
            from events.mt_events where seq_id <= {position} order by seq_id
            """)).Split('\n');
        Assert.Equal(stored.Length, read.Length);
        foreach ((string ours, string theirs) in stored.Zip(read))
        {
            Assert.True(JsonNode.DeepEquals(JsonNode.Parse(ours), JsonNode.Parse(theirs)), $"{ours}\n{theirs}");
        }
    }

    /// <summary>Views that follow and views that are made anew agree, and the log is proven, Marten's facts included.</summary>
    private static async Task SeesAllAsync(RunningHost host, string camera)
    {
        string name = await host.SqlAsync(
            $"select data->>'name' from events.mt_events where stream_id = '{camera}' and data ? 'name' order by seq_id desc limit 1");
        await Until.TrueAsync(
            async () => JsonElement.Parse((await host.CliAsync("camera", "list", "--format", "json")).Ok()).ToString().Contains(
                $"\"{name}\"", StringComparison.Ordinal),
            _limit,
            $"the camera to be called {name}");
        (await host.CliAsync("projections", "verify")).Ok();
        await Until.TrueAsync(
            async () => (await host.CliAsync("audit", "verify")).ExitCode == 0, _limit, "the log to be proven");
        Assert.Equal(
            "t",
            await host.SqlAsync($"select count(*) = max(version) from events.mt_events where stream_id = '{camera}'"));
    }
}
