using System.Globalization;
using System.Text.RegularExpressions;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Operations;

/// <summary>The page that a Prometheus reads.</summary>
public sealed partial class Metrics
{
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(40);

    [Fact]
    public async Task tell_how_far_views_and_seals_are_behind_the_log()
    {
        await using RunningHost host = await RunningHost.StartAsync();
        (await host.CliAsync("camera", "add", "--name", "Gate", "--source", "rtsp://127.0.0.1:9/none")).Ok();
        await Until.TrueAsync(async () => (await ReadAsync(host))["events_seals_lag"] == 0, _limit, "the seals");
        Dictionary<string, double> page = await ReadAsync(host);
        Assert.Equal(1, page["events_log_up"]);
        Assert.Equal(
            double.Parse(await host.SqlAsync("select max(seq_id) from events.mt_events"), CultureInfo.InvariantCulture),
            page["events_log_position"]);
        Assert.Equal(page["events_log_position"], page["events_projection_position{view=\"CameraView\"}"]);
        Assert.Equal(0, page["events_projection_lag{view=\"CameraView\"}"]);
        Assert.Equal(0, page["events_projection_stopped{view=\"CameraView\"}"]);
        Assert.True(page["events_append_group_size_count"] >= 1);
        Assert.True(page["events_seals_facts"] >= 3);
        Assert.Equal(0, page["events_graphql_sockets"]);
        Assert.Equal(0, page["events_jsonrpc_sockets"]);

        (await host.CliAsync("projections", "pause", "CameraView")).Ok();
        await host.SqlAsync(
            """
            insert into events.mt_streams (id, version) values ('note-1', 5);
            insert into events.mt_events (seq_id, id, stream_id, version, data, type, timestamp)
            select nextval('events.mt_events_sequence'), gen_random_uuid(), 'note-1', n, '{}', 'note_written', now()
            from generate_series(1, 5) n
            """);
        await Until.TrueAsync(
            async () => await ReadAsync(host) is var now
                && now["events_projection_lag{view=\"CameraView\"}"] >= 5
                && now["events_projection_paused{view=\"CameraView\"}"] == 1
                && now["events_projection_lag{view=\"RecordingView\"}"] == 0,
            _limit,
            "the lag of the paused view");
    }

    /// <returns>Each sample by its name with its labels; every line of the page is one, or a comment.</returns>
    private static async Task<Dictionary<string, double>> ReadAsync(RunningHost host)
    {
        using HttpClient http = new();
        using HttpResponseMessage answer = await http.GetAsync(
            new Uri($"http://127.0.0.1:{host.HealthPort}/metrics"), TestContext.Current.CancellationToken);
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", answer.Content.Headers.ContentType!.ToString());
        string text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        string[] lines = text.Split('\n')[..^1];
        Assert.All(lines, line => Assert.Matches(Line(), line));
        return lines.Where(line => line[0] != '#').Select(line => line.Split(' '))
            .ToDictionary(parts => parts[0], parts => double.Parse(parts[1], CultureInfo.InvariantCulture));
    }

    [GeneratedRegex(@"^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{(view|anchor)=""\w+""\})? -?[0-9.E+-]+)$")]
    private static partial Regex Line();
}
