using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Events.Tests.Integration.Faults;
using Events.Tests.Integration.Kit;
using Events.Tests.Integration.Operations;
using Xunit;

namespace Events.Tests.Integration.Security;

/// <summary>Keys of programs, by every way in, until they are good no longer.</summary>
public sealed class Keys(House house) : IClassFixture<House>
{
    /// <summary>What the product promises for every node.</summary>
    private static readonly TimeSpan HeardWithin = TimeSpan.FromSeconds(1);

    private RunningHost Host => house.Host;

    [Fact]
    public async Task are_made_and_found_as_the_older_key_tool_did()
    {
        string secret = (await Host.CliAsync(
            "keys", "generate", "--role", "viewer", "--description", "Old script", "--expiry", "90d")).Ok();
        Assert.StartsWith("csk_", secret, StringComparison.Ordinal);
        string[][] lists =
        [
            ["keys", "list", "--role", "viewer", "--status", "active", "--format", "json"],
            ["keys", "list", "--role", "auditor", "--format", "json"],
            ["keys", "list", "--status", "revoked", "--format", "json"],
        ];
        bool[] found = await Task.WhenAll(lists.Select(async words =>
            JsonElement.Parse((await Host.CliAsync(words)).Ok()).EnumerateArray().Any(key => key.Text("name") == "Old script")));
        Assert.Equal([true, false, false], found);

        // As with the older tool, unless somebody says otherwise.
        (await Host.CliAsync("keys", "generate", "--role", "viewer", "--description", "For a season")).Ok();
        JsonElement season = (await RowsAsync(Host, ["list"])).Single(key => key.Text("name") == "For a season");
        Assert.InRange(
            season.GetProperty("expiresAt").GetDateTimeOffset(), DateTimeOffset.UtcNow.AddDays(89), DateTimeOffset.UtcNow.AddDays(91));
    }

    [Fact]
    public async Task are_printed_once_alone_and_listed_without_their_secret()
    {
        CliResult issued = await Host.CliAsync(
            "keys", "issue", "--role", "operator", "--name", "Wall", "--camera", "camera0", "--camera", "Yard", "--address", "127.0.0.0/8",
            "--expires", "30d");
        Assert.Matches(@"^csk_[A-Za-z0-9_-]{43}\n$", issued.Ok());

        string list = (await Host.CliAsync("keys", "list", "--format", "json")).Ok();
        JsonElement key = JsonElement.Parse(list).EnumerateArray().Single(one => one.Text("name") == "Wall");
        Assert.Equal(("operator", "active"), (key.Text("role"), key.Text("status")));
        Assert.Equal(["camera0", "camera1"], key.GetProperty("cameras").EnumerateArray().Select(one => one.GetString()).Order());
        Assert.Equal("127.0.0.0/8", key.GetProperty("addresses")[0].GetString());
        Assert.InRange(key.GetProperty("expiresAt").GetDateTimeOffset(), DateTimeOffset.UtcNow.AddDays(29), DateTimeOffset.UtcNow.AddDays(31));
        string all = list + (await Host.CliAsync("keys", "list")).Ok() + Host.Output
            + await Host.SqlAsync("select string_agg(data::text, ' ') from events.mt_events");
        Assert.DoesNotContain(issued.Output.Trim(), all, StringComparison.Ordinal);
        Assert.DoesNotContain("secretHash", list, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task are_exported_as_the_older_key_file_has_them_and_without_a_secret()
    {
        (string secret, string id) = await house.KeyAsync("--role", "operator", "--expires", "30d");
        using var folder = new TemporaryFolder();
        string file = folder.PathOf("key.json");
        string printed = (await Host.CliAsync("keys", "export", "--key-id", id)).Ok();
        (await Host.CliAsync("keys", "export", "--key-id", id, "--output", file)).Ok();
        string written = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        foreach (string text in new[] { printed, written })
        {
            JsonElement record = JsonElement.Parse(text).GetProperty("keys").GetProperty(id);
            Assert.Equal((id, "operator", "active"), (record.Text("id"), record.Text("role"), record.Text("status")));
            Assert.Equal(0, record.GetProperty("usage_count").GetInt64());
            Assert.EndsWith("Z", record.Text("created_at"), StringComparison.Ordinal);
            DateTimeOffset end = record.GetProperty("expires_at").GetDateTimeOffset();
            Assert.InRange(end, DateTimeOffset.UtcNow.AddDays(29), DateTimeOffset.UtcNow.AddDays(31));
            Assert.NotEmpty(record.Text("description"));
            Assert.False(record.TryGetProperty("last_used", out _));
            Assert.DoesNotContain(secret[4..], text, StringComparison.Ordinal);
            Assert.DoesNotContain("hash", text, StringComparison.OrdinalIgnoreCase);
        }

        CliResult again = await Host.CliAsync("keys", "export", "--key-id", id, "--output", file);
        Assert.Equal((1, true), (again.ExitCode, again.Errors.Contains("is there already", StringComparison.Ordinal)));
        Assert.Equal(written, await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
        CliResult none = await Host.CliAsync("keys", "export", "--key-id", Guid.NewGuid().ToString());
        Assert.Equal((1, true), (none.ExitCode, none.Errors.Contains("There is no key", StringComparison.Ordinal)));
    }

    /// <summary>The keeper looks for keys whose time ran out only each hour here, so that the verb is the one that finds them.</summary>
    [Fact]
    public async Task are_cleaned_up_when_their_time_is_over_and_counted()
    {
        await using RunningHost host = await RunningHost.StartAsync(new() { ["EVENTS__Security__UseReportPause"] = "1h" });
        async Task IssueAsync(params string[] more) =>
            (await host.CliAsync(["keys", "issue", "--role", "viewer", "--name", $"Wall{string.Concat(more)}", .. more])).Ok();
        await IssueAsync("--expires", "30d");
        await IssueAsync();
        Assert.Contains("nothing to clean up", (await host.CliAsync("keys", "cleanup")).Ok(), StringComparison.Ordinal);
        await IssueAsync("--expires", "2s");
        Task<JsonElement[]> ListAsync(params string[] words) => RowsAsync(host, words);

        await Until.TrueAsync(
            async () => (await ListAsync("list", "--status", "expired")).Length == 1, TimeSpan.FromSeconds(20), "a key's time to be over");
        Assert.Equal("Wall--expires2s", Assert.Single(await ListAsync("cleanup", "--dry-run")).Text("name"));
        Assert.DoesNotContain("api_key_expired", await host.FactsAsync("api_key"));
        Assert.Equal("Wall--expires2s", Assert.Single(await ListAsync("cleanup")).Text("name"));
        Assert.Single(await host.FactsAsync("api_key"), "api_key_expired");
        Assert.Empty(await ListAsync("cleanup"));
        Assert.Equal(3, (await ListAsync("list")).Length);

        JsonElement stats = JsonElement.Parse((await host.CliAsync("keys", "stats", "--format", "json")).Ok());
        Assert.Equal(3, stats.GetProperty("total").GetInt32());
        Assert.Equal(
            (2, 1, 0),
            (stats.GetProperty("byStatus").GetProperty("active").GetInt32(), stats.GetProperty("byStatus").GetProperty("expired").GetInt32(),
                stats.GetProperty("byRole").GetProperty("admin").GetInt32()));
        Assert.Contains("for viewer", (await host.CliAsync("keys", "stats")).Ok(), StringComparison.Ordinal);
    }

    /// <summary>Auditors' keys, which no other test of this host has.</summary>
    [Fact]
    public async Task of_a_role_are_rotated_together_when_somebody_says_so()
    {
        string[] old =
        [
            (await Host.CliAsync("keys", "generate", "--role", "auditor", "--description", "One", "--force")).Ok().Trim(),
            (await Host.CliAsync("keys", "issue", "--role", "auditor", "--name", "Two")).Ok().Trim(),
        ];
        string other = (await Host.CliAsync("keys", "issue", "--role", "operator", "--name", "Three")).Ok().Trim();
        CliResult asked = await Host.CliAsync("keys", "rotate", "--role", "auditor");
        Assert.Equal((1, true), (asked.ExitCode, asked.Errors.Contains("--force", StringComparison.Ordinal)));
        Assert.Equal(1, (await Host.CliAsync("keys", "rotate")).ExitCode);

        string[] lines = (await Host.CliAsync("keys", "rotate", "--role", "auditor", "--force", "--overlap", "0s")).Ok()
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, lines.Length);
        Assert.All(lines, line => Assert.Matches(@"^[0-9a-f-]{36} csk_[A-Za-z0-9_-]{43}$", line));
        foreach (string secret in old)
        {
            Assert.Equal("UNAUTHENTICATED", await new GraphQLClient(Host, secret).CodeAsync("{ __typename }"));
        }

        foreach (string secret in lines.Select(line => line.Split(' ')[1]).Append(other))
        {
            Assert.Equal("Query", (await new GraphQLClient(Host, secret).AskAsync("{ __typename }")).Text("__typename"));
        }
    }

    private static async Task<JsonElement[]> RowsAsync(RunningHost host, string[] words) =>
        [.. JsonElement.Parse((await host.CliAsync(["keys", .. words, "--format", "json"])).Ok()).EnumerateArray()];

    /// <summary>A program that may start and stop recordings, and neither see what is recorded nor which there are.</summary>
    [Fact]
    public async Task do_no_more_than_their_scopes_say()
    {
        (string secret, string id) = await house.KeyAsync("--role", "operator", "--scope", "control", "--scope", "read_catalogue");
        await using RpcClient rpc = await RpcClient.ConnectAsync(new Uri($"ws://127.0.0.1:{Host.Port}/ws"));
        JsonElement login = await rpc.CallAsync("authenticate", new { auth_token = secret });
        Assert.Equal(["view", "control"], login.GetProperty("permissions").EnumerateArray().Select(one => one.GetString()));
        JsonElement me = await rpc.CallAsync("who_am_i");
        Assert.Equal(["read_catalogue", "control"], me.GetProperty("scopes").EnumerateArray().Select(one => one.GetString()));
        RpcException refused = await Scene.RefusedAsync(rpc, "get_stream_url", new { device = "camera0" });
        Assert.Equal((-32002, "see_pictures"), (refused.Code, refused.Data.Text("required_scope")));
        refused = await Scene.RefusedAsync(rpc, "get_status");
        Assert.Equal(("admin", false), (refused.Data.Text("required_role"), refused.Data.TryGetProperty("required_scope", out _)));
        JsonElement found = await new GraphQLClient(Host, secret).AskAsync("{ me { scopes role } cameras { totalCount } }");
        Assert.Equal("[\"READ_CATALOGUE\",\"CONTROL\"]", found.GetProperty("me").GetProperty("scopes").GetRawText());

        CliResult wider = await Host.CliAsync("keys", "narrow", "--key-id", id, "--scope", "see_pictures");
        Assert.Contains("only be made to do less", wider.Errors, StringComparison.Ordinal);
        wider = await Host.CliAsync("keys", "narrow", "--key-id", id, "--scope", "administer");
        Assert.Contains("rights that the role has", wider.Errors, StringComparison.Ordinal);
        CliResult unknown = await Host.CliAsync("keys", "issue", "--role", "viewer", "--name", "x", "--scope", "all");
        Assert.Contains("see_pictures", unknown.Errors, StringComparison.Ordinal);
        (await Host.CliAsync("keys", "narrow", "--key-id", id, "--scope", "read_catalogue")).Ok();
        JsonElement row = (await RowsAsync(Host, ["list"])).Single(key => key.Text("id") == id);
        Assert.Equal("read_catalogue", row.GetProperty("scopes")[0].GetString());

        // What was open for more has ended.
        Assert.Equal(-32001, (await Scene.RefusedAsync(rpc, "get_camera_list")).Code);
        await using RpcClient again = await RpcClient.ConnectAsync(new Uri($"ws://127.0.0.1:{Host.Port}/ws"));
        await again.CallAsync("authenticate", new { auth_token = secret });
        Assert.Equal("control", (await Scene.RefusedAsync(again, "start_recording", new { device = "camera0" })).Data.Text("required_scope"));
    }

    /// <summary>Who may let others in could let himself in for everything, so a scope of that would be none.</summary>
    [Fact]
    public async Task have_no_scope_of_letting_others_in()
    {
        var admin = new GraphQLClient(Host, await Host.TokenAsync("admin"));
        JsonElement answer = await admin.AskAsync(
            "mutation { issueApiKey(input: { name: \"x\", role: ADMIN, scopes: [MANAGE_ACCESS] }) "
            + "{ secret errors { ... on InvalidInputError { code field } } } }");
        JsonElement error = answer.GetProperty("issueApiKey").GetProperty("errors")[0];
        Assert.Equal(("api_key.bad_scopes", "scopes"), (error.Text("code"), error.Text("field")));
        (string secret, _) = await house.KeyAsync("--role", "admin", "--scope", "administer");
        await using RpcClient rpc = await house.RpcAsync(secret);
        RpcException refused = await Scene.RefusedAsync(rpc, "issue_api_key", new { name = "x", role = "admin" });
        Assert.Equal((-32002, "manage_access"), (refused.Code, refused.Data.Text("required_scope")));
    }

    [Fact]
    public async Task call_as_often_as_they_may_and_no_oftener()
    {
        (string slow, string id) = await house.KeyAsync("--role", "viewer", "--calls-per-second", "5");
        (string quick, _) = await house.KeyAsync("--role", "viewer");
        foreach ((string secret, bool isLimited) in new[] { (slow, true), (quick, false) })
        {
            await using RpcClient rpc = await RpcClient.ConnectAsync(new Uri($"ws://127.0.0.1:{Host.Port}/ws"));
            await rpc.CallAsync("authenticate", new { auth_token = secret });
            List<int> refused = [];
            for (int i = 0; i < 40; i++)
            {
                try
                {
                    await rpc.CallAsync("get_camera_list");
                }
                catch (RpcException limited)
                {
                    refused.Add(limited.Code);
                }
            }

            Assert.Equal(isLimited, refused.Count > 0);
            Assert.All(refused, code => Assert.Equal(-32040, code));
            Assert.InRange(refused.Count, 0, 36);
            HttpStatusCode[] answers = await Task.WhenAll(
                Enumerable.Range(0, 30).Select(_ => house.GetAsync("/hls/camera0.m3u8", ("X-API-Key", secret))));
            Assert.Equal(isLimited, answers.Contains(HttpStatusCode.TooManyRequests));

            await using GraphQLSocket socket = await new GraphQLClient(Host, secret).OpenAsync();
            await socket.GreetedAsync();
            List<JsonElement> ends = [];
            for (int i = 0; i < 40; i++)
            {
                await socket.SubscribeAsync("{ __typename }");
                ends.Add(await socket.NextAsync());
                _ = ends[^1].Text("type") == "next" ? await socket.NextAsync() : default;
            }

            JsonElement[] errors = [.. ends.Where(end => end.Text("type") == "error").Select(end => end.GetProperty("payload")[0])];
            Assert.Equal(isLimited, errors.Length > 0);
            Assert.All(errors, error => Assert.Equal("RATE_LIMITED", error.GetProperty("extensions").Text("code")));
            Assert.All(errors, error => Assert.InRange(error.GetProperty("extensions").Number("retryAfterMs"), 1, 200));
        }

        CliResult wider = await Host.CliAsync("keys", "narrow", "--key-id", id, "--calls-per-second", "6");
        Assert.Contains("only be made to do less", wider.Errors, StringComparison.Ordinal);
        (await Host.CliAsync("keys", "narrow", "--key-id", id, "--calls-per-second", "1")).Ok();
        Assert.Equal(1, (await RowsAsync(Host, ["list"])).Single(key => key.Text("id") == id).Number("callsPerSecond"));
    }

    /// <summary>Whoever has a link calls for the key that it was made for.</summary>
    [Fact]
    public async Task download_by_link_as_often_as_they_may_and_no_oftener()
    {
        foreach (bool isLimited in new[] { true, false })
        {
            (string secret, _) = await house.KeyAsync(["--role", "viewer", .. isLimited ? ["--calls-per-second", "5"] : Array.Empty<string>()]);
            await using RpcClient rpc = await house.RpcAsync(secret);
            string link = (await rpc.CallAsync("get_snapshot_info", new { filename = house.Snapshots[0] })).Text("download_url");
            HttpStatusCode[] answers = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => house.GetAsync(link)));
            Assert.Contains(HttpStatusCode.OK, answers);
            Assert.Equal(isLimited, answers.Contains(HttpStatusCode.TooManyRequests));
        }
    }

    [Fact]
    public async Task open_every_way_in()
    {
        (string secret, string id) = await house.KeyAsync("--role", "viewer");
        string[] paths =
        [
            $"/files/recordings/{house.Recordings[0]}.fmp4", $"/files/snapshots/{house.Snapshots[0]}", "/live/camera0.jpg",
            "/hls/camera0.m3u8",
        ];
        foreach (string path in paths)
        {
            Assert.Equal(HttpStatusCode.OK, await house.GetAsync(path, ("X-API-Key", secret)));
            Assert.Equal(HttpStatusCode.OK, await house.GetAsync(path, ("Authorization", $"Bearer {secret}")));
            Assert.Equal(HttpStatusCode.Unauthorized, await house.GetAsync(path, ("X-API-Key", secret[..^1] + "x")));
            Assert.Equal(HttpStatusCode.Unauthorized, await house.GetAsync(path));
        }

        await using RpcClient rpc = await RpcClient.ConnectAsync(new Uri($"ws://127.0.0.1:{Host.Port}/ws"));
        JsonElement login = await rpc.CallAsync("authenticate", new { auth_token = secret });
        Assert.Equal("viewer", login.Text("role"));
        Assert.Equal(2, (await rpc.CallAsync("get_camera_list")).Number("total"));
        var graph = new GraphQLClient(Host, secret);
        Assert.Equal(2, (await graph.AskAsync("{ cameras { totalCount } }")).GetProperty("cameras").Number("totalCount"));
        await using GraphQLSocket socket = await graph.OpenAsync();
        Assert.Equal("connection_ack", await socket.GreetedAsync());
        await using GraphQLSocket byName = await GraphQLSocket.OpenAsync(Host.Port, new { apiKey = secret });
        Assert.Equal("connection_ack", await byName.GreetedAsync());
        Assert.Equal(200, await house.DescribeAsync("camera0", secret));
        Assert.Equal(401, await house.DescribeAsync("camera0", "csk_x"));
        using ClientWebSocket live = await house.WatchAsync("camera0", secret);
        Assert.Equal(WebSocketState.Open, live.State);

        await Until.TrueAsync(
            async () => await house.HasFactAsync($"api_key-{id}", "api_key_used"), TimeSpan.FromSeconds(15), "a report of its use");
        Assert.DoesNotContain(secret, Host.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("revoke")]
    [InlineData("suspend")]
    public async Task end_what_is_open_on_their_behalf(string verb)
    {
        (string secret, string id) = await house.KeyAsync("--role", "viewer");
        await using RpcClient rpc = await house.RpcAsync(secret);
        var graph = new GraphQLClient(Host, secret);
        await using GraphQLSocket socket = await graph.OpenAsync();
        await socket.GreetedAsync();
        await socket.SubscribeAsync("subscription { cameraChanged { position } }");
        using ClientWebSocket live = await house.WatchAsync("camera0", secret);
        using HttpResponseMessage events = await StreamAsync(secret);
        using var rtsp = new TcpClient();
        Stream pictures = await PlayAsync(rtsp, secret);
        string signed = (await graph.AskAsync("{ camera(number: 0) { streams { hls } } }")).GetProperty("camera").GetProperty("streams").Text("hls");
        string download = (await rpc.CallAsync("get_recording_info", new { filename = house.Recordings[0] })).Text("download_url");
        Assert.Equal(HttpStatusCode.OK, await house.GetAsync(signed));
        Assert.Equal(HttpStatusCode.OK, await house.GetAsync(download));
        Assert.Equal(
            HttpStatusCode.Unauthorized, await house.GetAsync(download.Replace($"key={id}", $"key={Guid.NewGuid():d}", StringComparison.Ordinal)));

        Task[] ends = [House.ClosedAsync(live), EndAsync(socket), EndAsync(events), EndAsync(pictures)];
        (await Host.CliAsync("keys", verb, "--key-id", id)).Ok();
        Assert.InRange(await House.TimeOfAsync(Task.WhenAll(ends)), TimeSpan.Zero, HeardWithin);
        Assert.Equal((WebSocketCloseStatus)4403, socket.CloseStatus);
        Assert.Equal(-32001, (await Scene.RefusedAsync(rpc, "get_camera_list")).Code);
        Assert.Equal(HttpStatusCode.Unauthorized, await house.GetWithAsync(secret, "/live/camera0.jpg"));
        Assert.Equal(HttpStatusCode.Unauthorized, await house.GetAsync(signed));
        Assert.Equal(HttpStatusCode.Unauthorized, await house.GetAsync(download));
        Assert.Equal(401, await house.DescribeAsync("camera0", secret));
        if (verb == "suspend")
        {
            (await Host.CliAsync("keys", "resume", "--key-id", id)).Ok();
            Assert.Equal(HttpStatusCode.OK, await house.GetWithAsync(secret, "/live/camera0.jpg"));
            Assert.Equal(HttpStatusCode.OK, await house.GetAsync(signed));
        }
    }

    [Fact]
    public async Task have_two_secrets_while_they_are_changed()
    {
        (string old, string id) = await house.KeyAsync("--role", "viewer");
        string next = (await Host.CliAsync("keys", "rotate", "--key-id", id, "--overlap", "2s")).Ok().Trim();
        Assert.Equal(HttpStatusCode.OK, await house.GetWithAsync(next, "/live/camera0.jpg"));
        Assert.Equal(HttpStatusCode.OK, await house.GetWithAsync(old, "/live/camera0.jpg"));
        await Until.TrueAsync(
            async () => await house.GetWithAsync(old, "/live/camera0.jpg") == HttpStatusCode.Unauthorized, TimeSpan.FromSeconds(5),
            "the old secret to be over");
        Assert.Equal(HttpStatusCode.OK, await house.GetWithAsync(next, "/live/camera0.jpg"));
    }

    [Fact]
    public async Task are_good_from_their_place_and_until_their_time()
    {
        (string brief, string id) = await house.KeyAsync("--role", "viewer", "--expires", "2s");
        (string elsewhere, _) = await house.KeyAsync("--role", "viewer", "--address", "10.0.0.0/8");
        (string here, _) = await house.KeyAsync("--role", "viewer", "--address", "127.0.0.1");
        Assert.Equal(HttpStatusCode.Unauthorized, await house.GetWithAsync(elsewhere, "/live/camera0.jpg"));
        Assert.Equal(HttpStatusCode.OK, await house.GetWithAsync(here, "/live/camera0.jpg"));
        await using RpcClient rpc = await RpcClient.ConnectAsync(new Uri($"ws://127.0.0.1:{Host.Port}/ws"));
        Assert.Equal(-32001, (await Scene.RefusedAsync(rpc, "authenticate", new { auth_token = elsewhere })).Code);
        await Until.TrueAsync(
            async () => await house.GetWithAsync(brief, "/live/camera0.jpg") == HttpStatusCode.Unauthorized, TimeSpan.FromSeconds(6),
            "the key to be over");
        await Until.TrueAsync(
            async () => await house.HasFactAsync($"api_key-{id}", "api_key_expired"), TimeSpan.FromSeconds(15), "the log to say so");
        CliResult none = await Host.CliAsync("keys", "revoke", "--key-id", Guid.NewGuid().ToString());
        Assert.Contains("api_key.not_found", none.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task are_managed_over_graphql_too()
    {
        var admin = new GraphQLClient(Host, await Host.TokenAsync("admin"));
        JsonElement made = (await admin.AskAsync(
            "mutation($c: [ID!]) { issueApiKey(input: { name: \"Graph\", role: OPERATOR, cameras: $c }) "
            + "{ secret position apiKey { id status cameras useCount } errors { __typename } } }",
            new { c = new[] { house.Cameras[0] } })).GetProperty("issueApiKey");
        string secret = made.Text("secret");
        string id = made.GetProperty("apiKey").Text("id");
        Assert.Equal(HttpStatusCode.OK, await house.GetWithAsync(secret, "/live/camera0.jpg"));
        Assert.Equal(HttpStatusCode.NotFound, await house.GetWithAsync(secret, "/live/camera1.jpg"));

        JsonElement rotated = (await admin.AskAsync(
            "mutation($id: ID!) { rotateApiKey(input: { id: $id, overlap: \"PT0S\" }) { secret } }", new { id })).GetProperty("rotateApiKey");
        Assert.Equal(HttpStatusCode.Unauthorized, await house.GetWithAsync(secret, "/live/camera0.jpg"));
        Assert.Equal(HttpStatusCode.OK, await house.GetWithAsync(rotated.Text("secret"), "/live/camera0.jpg"));
        JsonElement wider = (await admin.AskAsync(
            "mutation($id: ID!) { narrowApiKey(input: { id: $id, role: ADMIN }) { errors { ... on WrongStateError { code } } } }",
            new { id })).GetProperty("narrowApiKey");
        Assert.Equal("api_key.wider", wider.GetProperty("errors")[0].Text("code"));
        await admin.AskAsync("mutation($id: ID!) { revokeApiKey(input: { id: $id, reason: \"Lost\" }) { position } }", new { id });
        Assert.Equal(HttpStatusCode.Unauthorized, await house.GetWithAsync(rotated.Text("secret"), "/live/camera0.jpg"));
        JsonElement seen = await admin.AskAsync(
            "query($id: ID!) { node(id: $id) { ... on ApiKey { status reason stream } } apiKeys(where: { name: { eq: \"Graph\" } }) { totalCount } }",
            new { id });
        Assert.Equal(("REVOKED", "Lost"), (seen.GetProperty("node").Text("status"), seen.GetProperty("node").Text("reason")));
        Assert.Equal(1, seen.GetProperty("apiKeys").Number("totalCount"));
    }

    private async Task<HttpResponseMessage> StreamAsync(string secret)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/graphql")
        {
            Content = new StringContent("{\"query\":\"subscription { cameraChanged { position } }\"}", Encoding.UTF8, "application/json"),
        };
        request.Headers.Accept.ParseAdd("text/event-stream");
        request.Headers.Add("X-API-Key", secret);
        return await Host.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    /// <summary>Plays over one connection until somebody ends it.</summary>
    private async Task<Stream> PlayAsync(TcpClient client, string secret)
    {
        await client.ConnectAsync(IPAddress.Loopback, Host.RtspPort);
        NetworkStream stream = client.GetStream();
        string url = $"rtsp://127.0.0.1:{Host.RtspPort}/camera0";
        string login = Convert.ToBase64String(Encoding.ASCII.GetBytes($"token:{secret}"));
        string setup = await AskAsync(stream, $"SETUP {url}/video RTSP/1.0\r\nCSeq: 1\r\nAuthorization: Basic {login}\r\n"
            + "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n");
        string session = setup.Split("Session: ")[1].Split([';', '\r'])[0];
        string play = await AskAsync(stream, $"PLAY {url} RTSP/1.0\r\nCSeq: 2\r\nSession: {session}\r\n\r\n");
        Assert.StartsWith("RTSP/1.0 200", play, StringComparison.Ordinal);
        return stream;
    }

    private static async Task<string> AskAsync(NetworkStream stream, string request)
    {
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request));
        byte[] buffer = new byte[4096];
        return Encoding.ASCII.GetString(buffer, 0, await stream.ReadAsync(buffer));
    }

    private static async Task EndAsync(GraphQLSocket socket)
    {
        try
        {
            while (true)
            {
                await socket.NextAsync();
            }
        }
        catch (System.Threading.Channels.ChannelClosedException)
        {
            // That is what is waited for.
        }
    }

    private static async Task EndAsync(HttpResponseMessage events) => await events.Content.ReadAsStringAsync();

    private static async Task EndAsync(Stream pictures)
    {
        byte[] buffer = new byte[64 * 1024];
        try
        {
            while (await pictures.ReadAsync(buffer) > 0)
            {
                // Pictures.
            }
        }
        catch (IOException)
        {
            // Cut off.
        }
    }
}
