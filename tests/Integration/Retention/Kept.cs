using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Events.Tests.Integration.Faults;
using Events.Tests.Integration.Kit;

namespace Events.Tests.Integration.Retention;

/// <summary>Steps that these tests share.</summary>
internal static class Kept
{
    private const double BytesPerGigabyte = 1L << 30;

    /// <summary>A camera, its client, and nothing recorded yet.</summary>
    public static async Task<RpcClient> BeginAsync(RunningHost host)
    {
        await Scene.AddAsync(host, Scene.Pattern);
        RpcClient client = await host.ConnectAsync();
        await Scene.ConnectedAsync(client);
        return client;
    }

    /// <returns>The recording's name.</returns>
    public static async Task<string> RecordAsync(RpcClient client)
    {
        string name = (await client.CallAsync("start_recording", new { device = "camera0" })).Text("filename");
        await Until.RecordedAsync(1);
        await client.CallAsync("stop_recording", new { device = "camera0" });
        return name;
    }

    public static Task<JsonElement> SetAsync(RpcClient client, string type, int? days = null, double? bytes = null) =>
        client.CallAsync("set_retention_policy", new Dictionary<string, object>(Limits(days, bytes))
        {
            ["policy_type"] = type,
            ["enabled"] = true,
        });

    /// <summary>Names of the recordings, or of the snapshots, the newest first.</summary>
    public static async Task<IReadOnlyList<string>> NamesAsync(RpcClient client, string method = "list_recordings") =>
        [
            .. (await client.CallAsync(method)).GetProperty("files").EnumerateArray().Select(file => file.Text("filename")),
        ];

    public static Task OnlyAsync(RunningHost host, RpcClient client, params string[] names) =>
        Until.TrueAsync(
            async () => (await NamesAsync(client)).SequenceEqual(names),
            TimeSpan.FromSeconds(30),
            () => $"only [{string.Join(", ", names)}] to be left; the host printed:\n{host.Output}");

    public static string FolderOf(RunningHost host, string name) => Path.Combine(host.Data, "recordings", name);

    public static async Task<HttpStatusCode> StatusAsync(RunningHost host, string path, string? token = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        using HttpResponseMessage response = await host.Http.SendAsync(request);
        return response.StatusCode;
    }

    /// <summary>
    /// A recording of another year, as facts and as a file: the log and the folder as an older installation has them. Made from
    /// one that was really recorded.
    /// </summary>
    public static async Task SeedAsync(RunningHost host, string from, string name, int year, long bytes)
    {
        string id = Guid.CreateVersion7().ToString("d");
        string old = await host.SqlAsync($"select key from views.recording_view_v3 where name = '{from}'");
        await host.SqlAsync(
            $"""
            begin;
            insert into events.mt_streams (id, type, version, timestamp, created)
            select 'recording-{id}', type, version, timestamp, created from events.mt_streams where id = 'recording-{old}';
            insert into events.mt_events
                (seq_id, id, stream_id, version, data, type, timestamp, mt_dotnet_type, correlation_id, headers, user_name)
            select nextval('events.mt_events_sequence'), gen_random_uuid(), 'recording-{id}', version,
                case type when 'recording_segment_committed' then jsonb_set(then_data, '[sizeBytes]', '{bytes}') else then_data end,
                type, timestamp, mt_dotnet_type, correlation_id, headers, user_name
            from (
                select *, replace(replace(regexp_replace(data::text, '20[0-9][0-9]-([0-9]+-[0-9]+T)', '{year}-\1', 'g'),
                    '{old}', '{id}'), '{from}', '{name}')::jsonb as then_data
                from events.mt_events where stream_id = 'recording-{old}') as past
            order by version;
            commit;
            """.Replace("[sizeBytes]", "{sizeBytes}", StringComparison.Ordinal));
        string folder = FolderOf(host, name);
        Directory.CreateDirectory(folder);
        await File.WriteAllBytesAsync(Path.Combine(folder, "000001.mp4"), new byte[bytes]);
        await Until.TrueAsync(
            async () => await host.SqlAsync($"select count(*) from views.footage_view_v1 where key = '{id}' and is_deletable") == "1",
            TimeSpan.FromSeconds(20),
            "the views to have the older recording");
    }

    /// <summary>Every deletion's reason, oldest first, with who was behind it.</summary>
    public static async Task<IReadOnlyList<string>> DeletionsAsync(RunningHost host) =>
        (await host.SqlAsync(
            """
            select (data->>'reason') || ' by ' || user_name from events.mt_events
            where type in ('recording_deleted', 'snapshot_deleted') order by seq_id
            """)).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>File and fact agree: every folder is of a recording that is not deleted, and the other way round.</summary>
    public static async Task<string> DisagreementsAsync(RunningHost host)
    {
        string[] known = (await host.SqlAsync(
            """
            select distinct e.data->>'name' from events.mt_events e where e.type = 'recording_requested'
            and not exists (select 1 from events.mt_events d where d.stream_id = e.stream_id and d.type = 'recording_deleted')
            and exists (select 1 from events.mt_events s where s.stream_id = e.stream_id and s.type = 'recording_segment_committed')
            """)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string[] found = [.. Directory.GetDirectories(Path.Combine(host.Data, "recordings")).Select(path => Path.GetFileName(path))];
        return string.Join(
            "; ", known.Except(found).Select(name => $"{name} has no file").Concat(found.Except(known).Select(name => $"{name} has no fact")));
    }

    public static double Gigabytes(double bytes) => bytes / BytesPerGigabyte;

    private static Dictionary<string, object> Limits(int? days, double? bytes)
    {
        Dictionary<string, object> limits = [];
        if (days is { } d)
        {
            limits["max_age_days"] = d;
        }

        if (bytes is { } b)
        {
            limits["max_size_gb"] = Gigabytes(b);
        }

        return limits;
    }
}
