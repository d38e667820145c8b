using System.Globalization;
using System.Text.Json;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.GraphQL;

/// <summary>
/// A client of the real host that subscribes and then takes nothing off the wire, while much happens. It is told where it was, or
/// gets the newest; nothing is left out in silence.
/// </summary>
public sealed class A_slow_subscriber(OneHost house) : IClassFixture<OneHost>
{
    /// <summary>Facts that happen meanwhile; with the weight below, several times what kernels and queues hold.</summary>
    private const int FactCount = 3_000;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task of_facts_is_ended_with_its_last_position_and_misses_nothing_behind_it()
    {
        RunningHost host = house.Host;
        var admin = new GraphQLClient(host, await host.TokenAsync("admin"));
        string head = await host.SqlAsync("select coalesce(max(seq_id), 0) from events.mt_events");
        string id = await AddCameraAsync(admin);
        await using GraphQLSocket socket = await admin.OpenAsync();
        Assert.Equal("connection_ack", await socket.GreetedAsync());
        string query = $"subscription($after: String) {{ events(after: $after) {{ position {Heavy("data")} }} }}";
        int ended = await EndedAsync(host);
        socket.Pause();
        await socket.SubscribeAsync(query, new { after = head });
        await HappenAsync(host, id);
        await Until.TrueAsync(
            async () => await EndedAsync(host) == ended + 1,
            Limit,
            "the subscriber to be found too slow");
        socket.GoOn();

        (List<long> got, string? last) = await ReadAsync(socket, "events", long.MaxValue);
        Assert.InRange(got.Count, 1, FactCount - 1);
        Assert.Equal(got[^1].ToString(CultureInfo.InvariantCulture), last);

        // The socket lives on, and so does another client.
        await AddCameraAsync(admin);
        long[] log = await PositionsAsync(host, head);
        await socket.SubscribeAsync(query, new { after = last });
        (List<long> rest, string? none) = await ReadAsync(socket, "events", log[^1]);
        Assert.Null(none);
        Assert.Equal(log, got.Concat(rest));
    }

    [Fact]
    public async Task of_a_status_is_told_of_the_newest_and_not_of_all_before_it()
    {
        RunningHost host = house.Host;
        var admin = new GraphQLClient(host, await host.TokenAsync("admin"));
        string head = await host.SqlAsync("select coalesce(max(seq_id), 0) from events.mt_events");
        string id = await AddCameraAsync(admin);
        await using GraphQLSocket socket = await admin.OpenAsync();
        Assert.Equal("connection_ack", await socket.GreetedAsync());
        string query = $"subscription($after: String) {{ cameraChanged(after: $after) {{ position camera {{ name {Heavy("source")} }} }} }}";
        socket.Pause();
        await socket.SubscribeAsync(query, new { after = head });
        await HappenAsync(host, id);
        long newest = long.Parse(
            await host.SqlAsync("select max(seq_id) from events.mt_events where type = 'camera_renamed'"), CultureInfo.InvariantCulture);
        await Until.TrueAsync(
            async () => (await admin.AskAsync("{ projections { name lag } }")).GetProperty("projections").EnumerateArray()
                .All(view => view.GetProperty("lag").GetInt64() == 0),
            Limit,
            "the views to have all of it");
        socket.GoOn();

        List<long> got = [];
        string? after = head;
        while (after is not null)
        {
            // On a busy machine the pause may have been so long that this one is ended, too; then it says so.
            (List<long> some, after) = await ReadAsync(socket, "cameraChanged", newest);
            got.AddRange(some);
            if (after is not null)
            {
                await socket.SubscribeAsync(query, new { after });
            }
        }

        Assert.Equal(got.Order().Distinct(), got);
        Assert.Equal(newest, got[^1]);
        Assert.InRange(got.Count, 1, FactCount / 2);
    }

    /// <returns>How many subscribers were found too slow so far.</returns>
    private static async Task<int> EndedAsync(RunningHost host)
    {
        const string name = "\nevents_graphql_slow_consumers_total ";
        string metrics = (await RawHttp.AskAsync(host.HealthPort, "GET", "/metrics")).Text;
        return int.Parse(metrics.Split(name)[1].Split('\n')[0], CultureInfo.InvariantCulture);
    }

    /// <returns>Positions up to a certain one, and where to resume; null when it was not ended.</returns>
    private static async Task<(List<long> Positions, string? Resume)> ReadAsync(GraphQLSocket socket, string field, long until)
    {
        List<long> positions = [];
        while (positions.Count == 0 || positions[^1] < until)
        {
            JsonElement message = await socket.NextAsync();
            if (message.Text("type") != "next")
            {
                Assert.Equal("error", message.Text("type"));
                JsonElement extensions = message.GetProperty("payload")[0].GetProperty("extensions");
                Assert.Equal("SLOW_CONSUMER", extensions.Text("code"));
                return (positions, extensions.Text("lastPosition"));
            }

            JsonElement item = message.GetProperty("payload").GetProperty("data").GetProperty(field);
            positions.Add(long.Parse(item.Text("position"), CultureInfo.InvariantCulture));
        }

        return (positions, null);
    }

    private static async Task<string> AddCameraAsync(GraphQLClient client) =>
        (await client.AskAsync(
            "mutation { addCamera(input: { name: \"Gate\", source: \"rtsp://127.0.0.1:9/x\" }) { camera { stream } } }"))
        .GetProperty("addCamera").GetProperty("camera").Text("stream");

    /// <summary>One field many times: items of some 10 KB, as a client with a large selection has them.</summary>
    private static string Heavy(string field) => string.Join(' ', Enumerable.Range(0, 100).Select(i => $"a{i}: {field}"));

    /// <summary>A camera is renamed, again and again: as facts, which is how other nodes' commands come to this one.</summary>
    private static Task<string> HappenAsync(RunningHost host, string stream) => host.SqlAsync(
        $$"""
        insert into events.mt_events (seq_id, id, stream_id, version, data, type, timestamp)
        select nextval('events.mt_events_sequence'), gen_random_uuid(), stream_id, version + n,
            jsonb_build_object('cameraId', data->>'cameraId', 'name', 'Gate ' || n, 'at', now()), 'camera_renamed', now()
        from events.mt_events, generate_series(1, {{FactCount}}) n
        where stream_id = '{{stream}}' and type = 'camera_registered' order by n;
        update events.mt_streams set version = {{FactCount + 1}} where id = '{{stream}}'
        """);

    private static async Task<long[]> PositionsAsync(RunningHost host, string after) =>
    [
        .. (await host.SqlAsync($"select seq_id from events.mt_events where seq_id > {after} order by seq_id")).Split('\n')
            .Select(line => long.Parse(line, CultureInfo.InvariantCulture)),
    ];
}
