using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Events.Tests.Integration.Faults;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Security;

/// <summary>Who came in, who did not, who looked at what and who changed what: facts, for those who may read them.</summary>
public sealed class The_audit(House house) : IClassFixture<House>
{
    private RunningHost Host => house.Host;

    [Fact]
    public async Task tells_of_every_way_in_good_and_bad()
    {
        (string secret, string id) = await house.KeyAsync("--role", "viewer");
        string bad = secret[..^1] + (secret[^1] == 'A' ? 'B' : 'A');
        await using RpcClient rpc = await house.RpcAsync(secret);
        await Scene.RefusedAsync(rpc, "get_status");
        await Scene.RefusedAsync(rpc, "authenticate", new { auth_token = bad });
        var graph = new GraphQLClient(Host, secret);
        await graph.CodeAsync("mutation { retireCamera(input: { id: \"0199a000-0000-7000-8000-0000000000ff\" }) { position } }");
        await new GraphQLClient(Host, bad).AnswerAsync("{ cameras { totalCount } }");
        await house.GetWithAsync(secret, $"/files/snapshots/{house.Snapshots[0]}");
        await house.GetWithAsync(bad, $"/files/snapshots/{house.Snapshots[0]}");
        await house.GetWithAsync(secret, "/live/camera1.jpg");
        await house.GetWithAsync(bad, "/live/camera1.jpg");
        await house.DescribeAsync("camera0", secret);
        await house.DescribeAsync("camera0", bad);
        await Host.Http.PostAsJsonAsync(
            new Uri("/auth/sign-in", UriKind.Relative), new { user = "nobody", password = bad }, TestContext.Current.CancellationToken);
        string token = (await Host.CliAsync("token", "--role", "operator", "--user", "desk 9")).Ok().Trim();

        string who = $"key-{id}";
        string[] expected =
        [
            $"access_granted {who} json-rpc 127.0.0.1 ", $"access_refused {who} json-rpc 127.0.0.1 ReadStatus",
            "access_refused  json-rpc 127.0.0.1 bad_credentials", $"access_granted {who} graphql 127.0.0.1 ",
            $"access_refused {who} graphql 127.0.0.1 Administer", "access_refused  graphql 127.0.0.1 bad_credentials",
            $"access_granted {who} files 127.0.0.1 ", $"pictures_seen {who} files 127.0.0.1 {house.Snapshots[0]}",
            "access_refused  files 127.0.0.1 bad_credentials", $"pictures_seen {who} live 127.0.0.1 camera1",
            "access_refused  live 127.0.0.1 bad_credentials", $"pictures_seen {who} rtsp 127.0.0.1 camera0",
            "access_refused  rtsp 127.0.0.1 bad_credentials", "access_refused  sign-in 127.0.0.1 bad_credentials",
            "access_granted desk 9 cli token operator 127.0.0.1 ",
        ];
        string[] told = [];
        await Until.TrueAsync(
            async () => !expected.Except(told = await ToldAsync()).Any(),
            TimeSpan.FromSeconds(20),
            () => $"facts of every access; missing: {string.Join("; ", expected.Except(told))}; told: {string.Join("; ", told)}");
        string log = await Host.SqlAsync("select string_agg(data::text, ' ') from events.mt_events") + Host.Output;
        Assert.DoesNotContain(secret, log, StringComparison.Ordinal);
        Assert.DoesNotContain(bad, log, StringComparison.Ordinal);
        Assert.DoesNotContain(token, log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task tells_who_named_a_camera_of_others_by_every_way_in()
    {
        (string secret, string id) = await house.KeyAsync("--role", "operator", "--camera", "camera0");
        (string none, string noneId) = await house.KeyAsync("--role", "operator", "--camera", "camera0");
        foreach ((string key, string device, string camera, string file) in new[]
        {
            (none, "camera999", "0199a000-0000-7000-8000-0000000000ff", "none.jpg"),
            (secret, "camera1", house.Cameras[1], house.Snapshots[1]),
        })
        {
            Assert.Equal(HttpStatusCode.NotFound, await house.GetWithAsync(key, $"/files/snapshots/{file}"));
            Assert.Equal(HttpStatusCode.NotFound, await house.GetWithAsync(key, $"/live/{device}.jpg"));
            Assert.Equal(404, await house.DescribeAsync(device, key));
            await using RpcClient rpc = await house.RpcAsync(key);
            Assert.Equal(-32010, (await Scene.RefusedAsync(rpc, "get_camera_status", new { device })).Code);
            var graph = new GraphQLClient(Host, key);
            foreach (string query in new[]
            {
                "query($id: ID!) { camera(id: $id) { id } }",
                "query($id: ID!) { timeline(cameraId: $id, from: \"2020-01-01T00:00:00Z\", to: \"2020-01-02T00:00:00Z\") { gaps { why } } }",
                "mutation($id: ID!) { startRecording(input: { cameraId: $id }) { errors { __typename } } }",
            })
            {
                await graph.AskAsync(query, new { id = camera });
            }
        }

        string[] expected = ["files 1", "graphql 3", "json-rpc 1", "live 1", "rtsp 1"];
        string told = "";
        await Until.TrueAsync(
            async () => string.Join(", ", expected) == (told = await OthersAsync(id)),
            TimeSpan.FromSeconds(20),
            () => $"a fact of each; told: {told}");
        Assert.Empty(await OthersAsync(noneId));
    }

    [Fact]
    public async Task tells_whose_sign_in_failed_and_why_and_nothing_of_a_name_that_is_nobodys()
    {
        const string Password = "a long walk in rain";
        (await Host.CliReadingAsync(Password + "\n", "users", "add", "--name", "vic", "--role", "viewer", "--password-stdin")).Ok();
        string given = (await Host.CliAsync("users", "add", "--name", "wil", "--role", "viewer")).Ok().Trim();
        Assert.Equal("Forbidden", await SignInAsync("wil", given));
        foreach (string name in new[] { "vic", "a typed password" })
        {
            string[] answers = [.. await Task.WhenAll([SignInAsync(name, "wrong"), SignInAsync(name, "wrong")])];
            Assert.Equal(["Unauthorized", "Unauthorized"], answers);
            Assert.Equal("Unauthorized", await SignInAsync(name, "wrong"));
            Assert.Equal("Unauthorized", await SignInAsync(name, "wrong"));
            Assert.Equal("TooManyRequests", await SignInAsync(name, "wrong"));
            Assert.Equal("TooManyRequests", await SignInAsync(name, Password));
        }

        await house.GetAsync("/control/status", ("Authorization", "Bearer wrong"));
        string[] expected =
        [
            "access_refused wil sign-in 127.0.0.1 password_must_change", "access_refused vic sign-in 127.0.0.1 bad_credentials",
            "access_refused vic sign-in 127.0.0.1 locked", "access_refused  sign-in 127.0.0.1 bad_credentials",
            "access_refused  sign-in 127.0.0.1 locked", "access_refused  cli 127.0.0.1 bad_credentials",
        ];
        string[] told = [];
        await Until.TrueAsync(
            async () => !expected.Except(told = await ToldAsync()).Any(),
            TimeSpan.FromSeconds(20),
            () => $"facts of every refusal; missing: {string.Join("; ", expected.Except(told))}; told: {string.Join("; ", told)}");
        Assert.DoesNotContain(
            "typed password", await Host.SqlAsync("select string_agg(data::text, ' ') from events.mt_events"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task names_who_asked_for_a_link_whoever_follows_it()
    {
        const string Who = "desk 7 & ada@example.org";
        DateTimeOffset end = DateTimeOffset.UtcNow.AddSeconds(20);
        string token = (await Host.CliAsync("token", "--role", "viewer", "--user", Who, "--ttl", "20s")).Ok().Trim();
        await using RpcClient rpc = await house.RpcAsync(token);
        string rtsp = (await rpc.CallAsync("get_stream_url", new { device = "camera1" })).Text("stream_url");
        JsonElement links = await new GraphQLClient(Host, token).AskAsync(
            "{ camera(number: 1) { streams { jpeg } } snapshots { nodes { fileName downloadUrl } } }");
        string jpeg = links.GetProperty("camera").GetProperty("streams").Text("jpeg");
        string file = links.GetProperty("snapshots").GetProperty("nodes").EnumerateArray()
            .Single(node => node.Text("fileName") == house.Snapshots[1]).Text("downloadUrl");
        string other = (await new GraphQLClient(Host, await Host.TokenAsync("viewer")).AskAsync("{ camera(number: 1) { streams { jpeg } } }"))
            .GetProperty("camera").GetProperty("streams").Text("jpeg");
        foreach (string link in new[] { jpeg, file })
        {
            Assert.Equal(HttpStatusCode.OK, await house.GetAsync(link));
            foreach (string changed in new[] { OwnerIn(other), "user=local", "user=", OwnerIn(link)[..^1] })
            {
                Assert.Equal(HttpStatusCode.Unauthorized, await house.GetAsync(link.Replace(OwnerIn(link), changed, StringComparison.Ordinal)));
            }

            // One second is what the token's own end is rounded to.
            long until = long.Parse(Regex.Match(link, @"exp=(\d+)").Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture);
            Assert.InRange(DateTimeOffset.FromUnixTimeSeconds(until), end.AddSeconds(-1), end.AddSeconds(10));
        }

        Assert.Equal(200, await house.DescribeAsync(new Uri(rtsp).PathAndQuery[1..], "no token"));
        string[] expected =
        [
            $"pictures_seen {Who} live 127.0.0.1 camera1", $"pictures_seen {Who} files 127.0.0.1 {house.Snapshots[1]}",
            $"pictures_seen {Who} rtsp 127.0.0.1 camera1",
        ];
        string[] told = [];
        await Until.TrueAsync(
            async () => !expected.Except(told = await ToldAsync()).Any(),
            TimeSpan.FromSeconds(20),
            () => $"facts of every look; missing: {string.Join("; ", expected.Except(told))}; told: {string.Join("; ", told)}");
        Assert.DoesNotContain(told, one => one.StartsWith("pictures_seen link ", StringComparison.Ordinal));
        foreach (string link in new[] { jpeg, file })
        {
            await Until.TrueAsync(
                async () => await house.GetAsync(link) == HttpStatusCode.Unauthorized, TimeSpan.FromSeconds(40), "the link to end with its token");
        }

        static string OwnerIn(string link) => Regex.Match(link, @"user=[\w-]+").Value;
    }

    [Fact]
    public async Task says_from_where_a_command_came()
    {
        (string secret, string id) = await house.KeyAsync("--role", "admin");
        await new GraphQLClient(Host, secret).AskAsync(
            "mutation($id: ID!) { renameCamera(input: { id: $id, name: \"Seen from afar\" }) { position } }", new { id = house.Cameras[0] });
        Assert.Equal(
            $"key-{id}|graphql|sealed:1:month-{DateTime.UtcNow:yyyy-MM}",
            await Host.SqlAsync(
                "select user_name, headers->>'way', substring(headers->>'from' from '^sealed:1:[^:]+') from events.mt_events "
                + "where type = 'camera_renamed' "
                + "order by seq_id desc limit 1"));
    }

    [Fact]
    public async Task is_not_flooded_by_a_flood()
    {
        await using RpcClient rpc = await RpcClient.ConnectAsync(new Uri($"ws://127.0.0.1:{Host.Port}/ws"));
        long before = await CountAsync();
        for (int i = 0; i < 500; i++)
        {
            await Scene.RefusedAsync(rpc, "authenticate", new { auth_token = $"csk_{i}" });
        }

        await Until.TrueAsync(
            async () => long.Parse(
                await Host.SqlAsync(
                    "select coalesce(sum((data->>'count')::bigint), 0) from events.mt_events where type = 'access_refused' "
                    + "and data->>'way' = 'json-rpc' and data->>'why' = 'bad_credentials'"),
                System.Globalization.CultureInfo.InvariantCulture) >= 500,
            TimeSpan.FromSeconds(20),
            "all refusals to be counted");
        Assert.InRange(await CountAsync() - before, 1, 40);
    }

    /// <returns>By way in, how often this key named a camera of others.</returns>
    private Task<string> OthersAsync(string keyId) => Host.SqlAsync(
        "select coalesce(string_agg(way || ' ' || count, ', ' order by way), '') from (select data->>'way' as way, "
        + "sum((data->>'count')::bigint) as count from events.mt_events where type = 'access_refused' "
        + $"and data->>'why' = 'other_camera' and data->>'who' = 'key-{keyId}' group by 1) as told");

    private async Task<string> SignInAsync(string user, string password)
    {
        using HttpResponseMessage answer = await Host.Http.PostAsJsonAsync(
            new Uri("/auth/sign-in", UriKind.Relative), new { user, password }, TestContext.Current.CancellationToken);
        return answer.StatusCode.ToString();
    }

    private async Task<long> CountAsync() => long.Parse(
        await Host.SqlAsync("select count(*) from events.mt_events where type = 'access_refused'"),
        System.Globalization.CultureInfo.InvariantCulture);

    private async Task<string[]> ToldAsync()
    {
        JsonElement facts = await new GraphQLClient(Host, await Host.TokenAsync("auditor")).AskAsync(
            "{ events(first: 500, types: [\"access_granted\", \"access_refused\", \"pictures_seen\"]) { nodes { type data } } }");
        return
        [
            .. facts.GetProperty("events").GetProperty("nodes").EnumerateArray().Select(node =>
            {
                JsonElement data = node.GetProperty("data");
                string word = data.TryGetProperty("why", out JsonElement why) ? why.GetString()!
                    : data.TryGetProperty("what", out JsonElement what) ? what.GetString()!
                    : string.Empty;
                return $"{node.Text("type")} {data.Text("who")} {data.Text("way")} {data.Text("from")} {word}";
            }),
        ];
    }
}
