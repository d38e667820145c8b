using System.Globalization;
using System.Text.Json;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Faults;

/// <summary>Steps that most of these tests begin or end with.</summary>
internal static class Scene
{
    /// <summary>Small, so that the machine's time goes into the fault and not into pictures.</summary>
    public const string Pattern = "test:pattern?size=320x180&fps=10";

    public const int FramesPerSecond = 10;

    public static async Task<string> AddAsync(RunningHost host, string source, string name = "Gate") =>
        JsonSerializer.Deserialize<JsonElement>(
            (await host.CliAsync("camera", "add", "--name", name, "--source", source, "--format", "json")).Ok()).Text("id");

    public static Task ConnectedAsync(RpcClient client, string device = "camera0") =>
        Until.TrueAsync(
            async () => (await client.CallAsync("get_camera_status", new { device })).Text("status") == "CONNECTED",
            TimeSpan.FromSeconds(30),
            $"{device} to be connected");

    public static async Task<RpcException> RefusedAsync(RpcClient client, string method, object? parameters = null) =>
        await Assert.ThrowsAsync<RpcException>(() => client.CallAsync(method, parameters));

    public static Task FactAsync(RunningHost host, string stream, string fact, int count = 1) =>
        Until.TrueAsync(
            async () => (await host.FactsAsync(stream)).Count(one => one == fact) >= count,
            TimeSpan.FromSeconds(40),
            () => $"{count} times {fact}; the host printed:\n{host.Output}");

    public static async Task<string> SaveAsync(RunningHost host, RpcClient client, string filename)
    {
        string url = (await client.CallAsync("get_recording_info", new { filename })).Text("download_url");
        string path = Path.Combine(host.Data, Guid.NewGuid().ToString("n") + ".mp4");
        await File.WriteAllBytesAsync(path, await host.DownloadAsync(url));
        return path;
    }

    /// <summary>The longest pause between two pictures, in seconds.</summary>
    public static async Task<double> LongestGapAsync(string path)
    {
        double[] times =
        [
            .. (await Tool.ProbeAsync(path, "packet=pts_time"))
                .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => double.Parse(line.TrimEnd(','), CultureInfo.InvariantCulture))
                .Order(),
        ];
        return times.Zip(times.Skip(1), (one, next) => next - one).Max();
    }

    public static async Task SignalAsync(string name, IEnumerable<int> processes) =>
        await Tool.RunAsync("kill", [name, .. processes.Select(id => $"{id}")]);

    public static async Task<IReadOnlyList<int>> ChildrenAsync(int process) =>
        [
            .. (await Tool.RunAsync("pgrep", ["-P", $"{process}"])).Output
                .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => int.Parse(line, CultureInfo.InvariantCulture)),
        ];

    public static async Task<IReadOnlyList<int>> DescendantsAsync(int process)
    {
        List<int> found = [.. await ChildrenAsync(process)];
        for (int i = 0; i < found.Count; i++)
        {
            found.AddRange(await ChildrenAsync(found[i]));
        }

        return found;
    }

    public static int PostmasterOf(RunningHost host) =>
        int.Parse(
            File.ReadLines(Path.Combine(host.Data, "postgres", "postmaster.pid")).First(), CultureInfo.InvariantCulture);

    /// <summary>Processes that name the data folder in their command line.</summary>
    public static async Task<string> LeftBehindAsync(string data) => (await Tool.RunAsync("pgrep", ["-fa", data])).Output;

    /// <summary>Every recording's row holds what its facts say.</summary>
    public static async Task ViewsEqualTheLogAsync(RunningHost host)
    {
        await Until.TrueAsync(
            async () => await host.SqlAsync("select count(*) from events.mt_event_progression p "
                + "where last_seq_id < (select max(seq_id) from events.mt_events)") == "0",
            TimeSpan.FromSeconds(20),
            "the views to reach the head of the log");
        Assert.Equal("", await host.SqlAsync(
            """
            with said as (
                select data->>'recordingId' as key,
                    count(*) filter (where type = 'recording_segment_committed') as segments,
                    coalesce(sum((data->>'frameCount')::bigint)
                        filter (where type = 'recording_segment_committed'), 0) as frames,
                    bool_or(type in ('recording_stopped', 'recording_failed')) as ended,
                    max(version) as version
                from events.mt_events where stream_id like 'recording-%' group by 1)
            select said.*, v.row from said full join views.recording_view_v3 v on v.key = said.key
            where v.key is null or said.key is null
                or (v.row->>'segmentCount')::bigint <> segments or (v.row->>'frameCount')::bigint <> frames
                or v.is_open = ended or (v.row->>'version')::bigint <> said.version
            """));
    }
}
