using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Events.Tests.Integration.Faults;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Audit;

/// <summary>Heads shown outside, and what happens when the log is behind them.</summary>
public sealed class A_log_that_was_set_back
{
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(40);

    [Fact]
    public async Task takes_no_fact_until_somebody_says_why_and_stays_provable()
    {
        string anchors = Directory.CreateTempSubdirectory("anchors").FullName;
        await using RunningHost host = await RunningHost.StartAsync(
            new Dictionary<string, string> { ["EVENTS__Anchors__Folder"] = anchors, ["EVENTS__Anchors__IntervalS"] = "1" });
        await AddAsync(host, "One");
        await SealedAsync(host);
        string size = await host.SqlAsync("select max(size) from events_own.audit_head");
        await AddAsync(host, "Two");
        await SealedAsync(host);
        await AnchoredAsync(host);
        Assert.True((await VerifyAsync(host, 0)).GetProperty("anchors").GetInt64() >= 1);

        await host.SqlAsync(
            $"""
            alter table events.mt_events disable trigger all; alter table events_own.audit_head disable trigger all;
            delete from events.mt_events where seq_id > (select last_seq from events_own.audit_head where size = {size});
            delete from events_own.audit_head where size > {size};
            alter table events.mt_events enable trigger all; alter table events_own.audit_head enable trigger all;
            alter table events.mt_events enable always trigger events_append_only;
            alter table events_own.audit_head enable always trigger audit_append_only;
            update events.mt_streams s set version = (select max(version) from events.mt_events e where e.stream_id = s.id)
            """);
        string left = await host.SqlAsync("select count(*) from events.mt_events");
        await host.KillAsync();
        await host.StartAgainAsync();

        // At once, and whatever the host itself may want to note at its start.
        CliResult early = await host.CliAsync("camera", "add", "--name", "Early", "--source", "rtsp://127.0.0.1:9/none");
        Assert.Contains("dependency.seals", early.Errors, StringComparison.Ordinal);
        Assert.Equal(left, await host.SqlAsync("select count(*) from events.mt_events"));
        await Until.TrueAsync(
            async () => (await StatusAsync(host)).TryGetProperty("trouble", out JsonElement why)
                && why.GetString()!.Contains("set back", StringComparison.Ordinal),
            _limit,
            "the sealer to refuse");
        CliResult refused = await host.CliAsync("camera", "add", "--name", "Three", "--source", "rtsp://127.0.0.1:9/none");
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("dependency.seals", refused.Errors, StringComparison.Ordinal);
        JsonElement back = await VerifyAsync(host, 1);
        Assert.All(back.GetProperty("findings").EnumerateArray(), one => Assert.Equal("truncated", one.Text("what")));

        Assert.Equal(1, (await host.CliAsync("audit", "fork", "--reason", "two\nlines")).ExitCode);
        (await host.CliAsync("audit", "fork", "--reason", "Restored after a disk failure")).Ok();
        await AddAsync(host, "Four");
        await SealedAsync(host);
        Assert.Equal("Restored after a disk failure", await host.SqlAsync("select data->>'reason' from events.mt_events where type = 'log_forked'"));
        JsonElement proven = await VerifyAsync(host, 0);
        Assert.Contains(proven.GetProperty("notices").EnumerateArray(), one => one.GetString()!.Contains("Restored after", StringComparison.Ordinal));
        Assert.Contains(proven.GetProperty("notices").EnumerateArray(), one => one.GetString()!.Contains("what was lost", StringComparison.Ordinal));

        await host.KillAsync();
        await host.StartAgainAsync();
        await AddAsync(host, "Five");
        await SealedAsync(host);
        await VerifyAsync(host, 0);
        Assert.Equal(1, (await host.CliAsync("audit", "fork", "--reason", "Once more")).ExitCode);

        // A head of another name without a fact that says why is a forgery.
        await host.SqlAsync(
            "alter table events.mt_events disable trigger all; update events.mt_events set type = 'log_exported' where type = 'log_forked'; "
            + "alter table events.mt_events enable trigger all; alter table events.mt_events enable always trigger events_append_only");
        Assert.Contains((await VerifyAsync(host, 1)).GetProperty("findings").EnumerateArray(), one => one.Text("what") == "forked");
        Directory.Delete(anchors, recursive: true);
    }

    /// <summary>As after a restore with keys of before: a camera was connected, and a start has facts to write.</summary>
    [Trait("pace", "slow")]
    [Fact]
    public async Task by_its_keys_alone_says_what_its_start_waits_for_and_goes_on_after_the_fork()
    {
        await using RunningHost host = await RunningHost.StartAsync();
        await SealedAsync(host);
        string state = Path.Combine(host.Data, "keys", "seal-state.json");
        byte[] before = await File.ReadAllBytesAsync(state, TestContext.Current.CancellationToken);
        await Scene.AddAsync(host, Scene.Pattern);
        await using (RpcClient client = await host.ConnectAsync())
        {
            await Scene.ConnectedAsync(client);
        }

        await SealedAsync(host);
        await host.KillAsync();
        await File.WriteAllBytesAsync(state, before, TestContext.Current.CancellationToken);

        Task starting = host.StartAgainAsync();
        await Until.TrueAsync(
            async () => (await HealthOfAsync(host, "/health/ready"))?.Text("message").Contains("set back", StringComparison.Ordinal) == true,
            _limit,
            "the start to say what it waits for");
        await Until.TrueAsync(
            async () => (await HealthOfAsync(host, "/health/detailed"))!.Value.GetProperty("components").EnumerateArray()
                .Any(one => one.Text("name") == "seals" && one.Text("status") == "unhealthy"),
            _limit,
            "the health of the seals");
        Assert.Contains("audit fork", (await StatusAsync(host)).Text("trouble"), StringComparison.Ordinal);
        await using (RpcClient client = await host.ConnectAsync())
        {
            Assert.Equal("seals", (await Scene.RefusedAsync(client, "get_camera_list")).Data.Text("dependency"));
        }

        Assert.False(starting.IsCompleted);
        (await host.CliAsync("audit", "fork", "--reason", "Restored with keys of the night")).Ok();
        await starting;
        Assert.Contains("Cameras: trying again in a second. The newest tree head", host.Output, StringComparison.Ordinal);
        await SealedAsync(host);
        JsonElement proven = await VerifyAsync(host, 0);
        Assert.Contains(
            proven.GetProperty("notices").EnumerateArray(), one => one.GetString()!.Contains("keys of the night", StringComparison.Ordinal));
        Assert.DoesNotContain(
            proven.GetProperty("notices").EnumerateArray(), one => one.GetString()!.Contains("what was lost", StringComparison.Ordinal));
    }

    /// <returns>Null while nobody listens.</returns>
    private static async Task<JsonElement?> HealthOfAsync(RunningHost host, string path)
    {
        try
        {
            using HttpResponseMessage answer = await host.Http.GetAsync(
                new Uri($"http://127.0.0.1:{host.HealthPort}{path}"), TestContext.Current.CancellationToken);
            return JsonElement.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    [Trait("pace", "slow")]
    [Fact]
    public async Task shows_its_heads_to_a_webhook_that_may_be_away()
    {
        const string Secret = "a-secret-of-the-test-with-32-bytes-or-more";
        int port = RunningHost.FreePort();
        await using RunningHost host = await RunningHost.StartAsync(new Dictionary<string, string>
        {
            ["EVENTS__Anchors__Webhook"] = $"http://127.0.0.1:{port}/heads",
            ["EVENTS__Anchors__WebhookSecret"] = Secret,
            ["EVENTS__Anchors__IntervalS"] = "1",
        });
        await AddAsync(host, "One");
        await Until.TrueAsync(
            async () => (await StatusAsync(host)).GetProperty("anchors").EnumerateArray().Any(
                one => one.Text("state") == "failed" && one.Text("trouble").Length > 0),
            _limit,
            "a failure");
        using var listener = new HttpListener();
        listener.Prefixes.Add($"http://127.0.0.1:{port}/");
        listener.Start();
        HttpListenerContext context = await listener.GetContextAsync().WaitAsync(_limit, TestContext.Current.CancellationToken);
        using var body = new MemoryStream();
        await context.Request.InputStream.CopyToAsync(body, TestContext.Current.CancellationToken);
        string note = Encoding.UTF8.GetString(body.ToArray());
        Assert.Equal(
            "sha256=" + Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), body.ToArray())),
            context.Request.Headers["X-Events-Signature"]);
        Assert.Equal(string.Join(':', note.Split('\n')[..2]), context.Request.Headers["Idempotency-Key"]);
        context.Response.Close();
        await Until.TrueAsync(
            async () => await host.SqlAsync("select count(*) from events_own.audit_anchor where state = 'done'") != "0",
            _limit,
            "the head to be taken");
        Assert.DoesNotContain(Secret, host.Output, StringComparison.Ordinal);
    }

    private static async Task AddAsync(RunningHost host, string name) =>
        (await host.CliAsync("camera", "add", "--name", name, "--source", "rtsp://127.0.0.1:9/none")).Ok();

    private static async Task<JsonElement> StatusAsync(RunningHost host) =>
        JsonElement.Parse((await host.CliAsync("audit", "status", "--format", "json")).Ok());

    private static Task SealedAsync(RunningHost host) => Until.TrueAsync(
        async () => (await StatusAsync(host)).GetProperty("factsSince").GetInt64() == 0, _limit, "all facts to be sealed");

    private static Task AnchoredAsync(RunningHost host) => Until.TrueAsync(
        async () => await StatusAsync(host) is var status
            && status.GetProperty("anchors").EnumerateArray().Any(
                one => one.GetProperty("size").GetInt64() == status.GetProperty("provedFacts").GetInt64()),
        _limit,
        "the newest head to be shown outside");

    private static async Task<JsonElement> VerifyAsync(RunningHost host, int code)
    {
        CliResult result = await host.CliAsync("audit", "verify", "--format", "json");
        Assert.True(result.ExitCode == code, $"{result.Output}{result.Errors}");
        return JsonElement.Parse(result.Output);
    }
}
