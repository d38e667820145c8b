using System.Net;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Events.Tests.Integration.Faults;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Security;

/// <summary>People who sign in, by real sockets, until they are out.</summary>
public sealed class Users(House house) : IClassFixture<House>
{
    private const string Password = "a long walk in rain";

    private RunningHost Host => house.Host;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task come_in_with_a_short_token_that_every_way_takes()
    {
        await AddAsync("ada", "operator");
        JsonElement signed = await SignInAsync("ada", Password);
        string token = signed.Text("accessToken");
        Assert.Equal(("operator", 900), (signed.Text("role"), (int)signed.Number("expiresIn")));
        Assert.Equal(HttpStatusCode.OK, await house.GetAsync("/live/camera0.jpg", ("Authorization", $"Bearer {token}")));
        Assert.Equal(200, await house.DescribeAsync("camera0", token));
        await using RpcClient rpc = await house.RpcAsync(token);
        Assert.Equal(2, (await rpc.CallAsync("get_camera_list")).Number("total"));
        var graph = new GraphQLClient(Host, token);
        await using GraphQLSocket socket = await graph.OpenAsync();
        Assert.Equal("connection_ack", await socket.GreetedAsync());

        (await Host.CliAsync("users", "disable", "--name", "ada", "--reason", "Has left")).Ok();
        Task closed = ClosedAsync(socket);
        await closed.WaitAsync(TimeSpan.FromSeconds(1), Cancel);
        Assert.Equal(-32001, (await Scene.RefusedAsync(rpc, "get_camera_list")).Code);
        Assert.Equal(HttpStatusCode.Unauthorized, await house.GetAsync("/live/camera0.jpg", ("Authorization", $"Bearer {token}")));
        Assert.Equal(HttpStatusCode.Unauthorized, (await PostAsync("sign-in", new { user = "ada", password = Password })).StatusCode);
        JsonElement list = JsonElement.Parse((await Host.CliAsync("users", "list", "--format", "json")).Ok());
        Assert.Equal("disabled", list.EnumerateArray().Single(user => user.Text("name") == "ada").Text("status"));
    }

    [Fact]
    public async Task hold_tokens_that_the_published_keys_check()
    {
        await AddAsync("bea", "viewer");
        string token = (await SignInAsync("bea", Password)).Text("accessToken");
        JsonElement keys = JsonElement.Parse(await Host.Http.GetStringAsync("/.well-known/jwks.json", Cancel)).GetProperty("keys");
        string[] parts = token.Split('.');
        JsonElement head = Decode(parts[0]);
        Assert.Equal(("ES256", "at+jwt"), (head.Text("alg"), head.Text("typ")));
        JsonElement key = keys.EnumerateArray().Single(one => one.Text("kid") == head.Text("kid"));
        Assert.False(key.TryGetProperty("d", out _));
        using ECDsa ecdsa = ECDsa.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            Q = new ECPoint { X = Bytes(key.Text("x")), Y = Bytes(key.Text("y")) },
        });
        Assert.True(ecdsa.VerifyData(Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), Bytes(parts[2]), HashAlgorithmName.SHA256));
        JsonElement body = Decode(parts[1]);
        Assert.Equal(900, body.Number("exp") - body.Number("iat"));

        // The public key as an HMAC key, no algorithm at all, another's signature, another installation, another audience.
        string publicKey = Convert.ToBase64String(ecdsa.ExportSubjectPublicKeyInfo());
        using ECDsa other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        string claims = Encoding.UTF8.GetString(Bytes(parts[1]));
        byte[] ByOther(byte[] text) => other.SignData(text, HashAlgorithmName.SHA256);
        string[] forged =
        [
            Sign("{\"alg\":\"HS256\",\"typ\":\"at+jwt\"}", claims, text => HMACSHA256.HashData(Encoding.ASCII.GetBytes(publicKey), text)),
            Sign("{\"alg\":\"none\"}", claims, _ => []),
            $"{Text("{\"alg\":\"none\",\"typ\":\"at+jwt\"}")}.{parts[1]}.",
            Sign($"{{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"{head.Text("kid")}\"}}", claims, ByOther),
            Sign("{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"../../etc/passwd\"}", claims, ByOther),
            $"{parts[0]}.{Text(claims.Replace("viewer", "admin", StringComparison.Ordinal))}.{parts[2]}",
            $"{parts[0]}.{parts[1]}.{(parts[2][0] == 'A' ? 'B' : 'A')}{parts[2][1..]}",
            $"{parts[0]}.{parts[1]}",
        ];
        foreach (string bad in forged)
        {
            Assert.Equal(HttpStatusCode.Unauthorized, await house.GetAsync("/live/camera0.jpg", ("Authorization", $"Bearer {bad}")));
        }
    }

    [Fact]
    public async Task stay_in_by_tokens_that_are_good_once()
    {
        await AddAsync("cleo", "viewer");
        JsonElement first = await SignInAsync("cleo", Password);
        string madeUp = $"{first.Text("refreshToken").Split('.')[0]}.x";
        Assert.Equal(HttpStatusCode.Unauthorized, (await PostAsync("refresh", new { refreshToken = madeUp })).StatusCode);
        JsonElement second = await AnswerAsync(await PostAsync("refresh", new { refreshToken = first.Text("refreshToken") }));
        string access = second.Text("accessToken");
        Assert.Equal(HttpStatusCode.OK, await house.GetAsync("/live/camera0.jpg", ("Authorization", $"Bearer {access}")));

        Assert.Equal(
            HttpStatusCode.Unauthorized, (await PostAsync("refresh", new { refreshToken = first.Text("refreshToken") })).StatusCode);
        Assert.Equal(
            HttpStatusCode.Unauthorized, (await PostAsync("refresh", new { refreshToken = second.Text("refreshToken") })).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, await house.GetAsync("/live/camera0.jpg", ("Authorization", $"Bearer {access}")));

        JsonElement again = await SignInAsync("cleo", Password);
        Assert.Equal(
            HttpStatusCode.NoContent, (await PostAsync("sign-out", new { refreshToken = again.Text("refreshToken") })).StatusCode);
        Assert.Equal(
            HttpStatusCode.Unauthorized,
            await house.GetAsync("/live/camera0.jpg", ("Authorization", $"Bearer {again.Text("accessToken")}")));
    }

    [Fact]
    public async Task hold_links_that_end_with_their_session()
    {
        await AddAsync("eve", "viewer");
        JsonElement signed = await SignInAsync("eve", Password);
        string token = signed.Text("accessToken");
        await using RpcClient rpc = await house.RpcAsync(token);
        string download = (await rpc.CallAsync("get_recording_info", new { filename = house.Recordings[0] })).Text("download_url");
        string hls = (await new GraphQLClient(Host, token).AskAsync("{ camera(number: 0) { streams { hls } } }"))
            .GetProperty("camera").GetProperty("streams").Text("hls");
        string session = Decode(token.Split('.')[1]).Text("sid");
        string mark = $"&session={session}";
        foreach (string link in new[] { download, hls })
        {
            Assert.Contains(mark, link, StringComparison.Ordinal);
            Assert.Equal(HttpStatusCode.OK, await house.GetAsync(link));
            foreach (string other in new[] { "", $"&session={Guid.NewGuid()}", $"&key={session}", $"{mark}&key={session}", "&session=", mark + mark })
            {
                Assert.Equal(HttpStatusCode.Unauthorized, await house.GetAsync(link.Replace(mark, other, StringComparison.Ordinal)));
            }
        }

        using var live = new ClientWebSocket();
        await live.ConnectAsync(new Uri($"ws://127.0.0.1:{Host.Port}/live/camera0{new Uri(hls).Query}"), Cancel);
        Task closed = House.ClosedAsync(live);
        await PostAsync("sign-out", new { refreshToken = signed.Text("refreshToken") });
        Assert.InRange(await House.TimeOfAsync(closed), TimeSpan.Zero, TimeSpan.FromSeconds(1));
        Assert.Equal(HttpStatusCode.Unauthorized, await house.GetAsync(download));
        Assert.Equal(HttpStatusCode.Unauthorized, await house.GetAsync(hls));
        await Until.TrueAsync(
            async () => await Host.SqlAsync(
                "select string_agg(distinct data->>'way', ' ' order by data->>'way') from events.mt_events "
                + $"where type = 'pictures_seen' and data->>'who' = '{Decode(token.Split('.')[1]).Text("sub")}'") == "files live",
            TimeSpan.FromSeconds(15),
            "the log to say who looked");
    }

    [Fact]
    public async Task begin_with_one_admin_who_changes_the_password_first()
    {
        string line = Host.Output.Split('\n').Single(one => one.Contains("Admin user", StringComparison.Ordinal));
        string given = line.Split("password ")[1].Trim();
        using HttpResponseMessage refused = await PostAsync("sign-in", new { user = "admin", password = given });
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.Contains("auth.password_must_change", await refused.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        using HttpResponseMessage weak = await PostAsync("password", new { user = "admin", password = given, newPassword = "password1234" });
        Assert.Equal(HttpStatusCode.BadRequest, weak.StatusCode);
        JsonElement done = await AnswerAsync(
            await PostAsync("password", new { user = "admin", password = given, newPassword = Password }));
        Assert.Equal("admin", done.Text("role"));
        Assert.Equal("admin", (await SignInAsync("admin", Password)).Text("user"));
    }

    [Fact]
    public async Task get_passwords_that_are_printed_as_json_where_that_is_asked_for()
    {
        foreach (string[] words in new[] { new[] { "users", "add", "--role", "viewer" }, ["users", "password"] })
        {
            JsonElement made = JsonElement.Parse((await Host.CliAsync([.. words, "--name", "gus", "--format", "json"])).Ok());
            JsonElement user = made.GetProperty("user");
            Assert.Equal(("gus", true), (user.Text("name"), user.GetProperty("mustChangePassword").GetBoolean()));
            using HttpResponseMessage right = await PostAsync("sign-in", new { user = "gus", password = made.Text("password") });
            Assert.Equal(HttpStatusCode.Forbidden, right.StatusCode);
        }

        // One that was typed is not printed.
        string[] given = ["users", "password", "--name", "gus", "--password-stdin", "--format", "json"];
        Assert.Equal("gus", JsonElement.Parse((await Host.CliReadingAsync(Password + "\n", given)).Ok()).Text("name"));
    }

    [Fact]
    public async Task wait_after_wrong_passwords_and_leave_no_password_behind()
    {
        await AddAsync("dora", "viewer");
        for (int i = 0; i < 4; i++)
        {
            Assert.Equal(HttpStatusCode.Unauthorized, (await PostAsync("sign-in", new { user = "dora", password = "wrong" })).StatusCode);
        }

        using HttpResponseMessage locked = await PostAsync("sign-in", new { user = "dora", password = "wrong" });
        Assert.Equal(HttpStatusCode.TooManyRequests, locked.StatusCode);
        Assert.InRange(locked.Headers.RetryAfter!.Delta!.Value, TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(30));
        Assert.Equal(HttpStatusCode.TooManyRequests, (await PostAsync("sign-in", new { user = "dora", password = Password })).StatusCode);
        (await Host.CliAsync("users", "unlock", "--name", "dora")).Ok();
        await SignInAsync("dora", Password);

        string log = await Host.SqlAsync("select string_agg(data::text, ' ') from events.mt_events") + Host.Output;
        Assert.DoesNotContain(Password, log, StringComparison.Ordinal);
        Assert.DoesNotContain("pbkdf2", log, StringComparison.Ordinal);
        Assert.DoesNotContain("ert_", log, StringComparison.Ordinal);
        Assert.Equal(
            "0",
            await Host.SqlAsync("select count(*) from events_own.protected_value where position('pbkdf2' in encode(value, 'escape')) > 0"));
        using var form = new StringContent("{\"user\":\"dora\",\"password\":\"x\"}", Encoding.UTF8, "text/plain");
        Assert.Equal(
            HttpStatusCode.BadRequest,
            (await Host.Http.PostAsync(new Uri("/auth/sign-in", UriKind.Relative), form, Cancel)).StatusCode);
    }

    private async Task AddAsync(string name, string role) =>
        (await Host.CliReadingAsync(Password + "\n", "users", "add", "--name", name, "--role", role, "--password-stdin")).Ok();

    private async Task<JsonElement> SignInAsync(string user, string password) =>
        await AnswerAsync(await PostAsync("sign-in", new { user, password }));

    private Task<HttpResponseMessage> PostAsync(string what, object body) =>
        Host.Http.PostAsJsonAsync(new Uri($"/auth/{what}", UriKind.Relative), body, Cancel);

    private static async Task<JsonElement> AnswerAsync(HttpResponseMessage response)
    {
        string text = await response.Content.ReadAsStringAsync(Cancel);
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonElement.Parse(text);
    }

    private static async Task ClosedAsync(GraphQLSocket socket) =>
        await Assert.ThrowsAsync<System.Threading.Channels.ChannelClosedException>(socket.NextAsync);

    private static string Sign(string head, string claims, Func<byte[], byte[]> sign)
    {
        string text = $"{Text(head)}.{Text(claims)}";
        return $"{text}.{System.Buffers.Text.Base64Url.EncodeToString(sign(Encoding.ASCII.GetBytes(text)))}";
    }

    private static string Text(string json) => System.Buffers.Text.Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));

    private static byte[] Bytes(string text) => System.Buffers.Text.Base64Url.DecodeFromChars(text);

    private static JsonElement Decode(string part) => JsonElement.Parse(Bytes(part));
}
