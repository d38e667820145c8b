using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Events.Tests.Integration.Faults;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Security;

/// <summary>Two hosts on one PostgreSQL and one folder of keys, as the runbook says, for all tests here.</summary>
public sealed class TwoHouses : IAsyncLifetime
{
    private GivenPostgres? _postgres;

    internal RunningHost First { get; private set; } = null!;

    internal RunningHost Second { get; private set; } = null!;

    internal Dictionary<string, string> OnOneDatabase => new()
    {
        ["EVENTS__PostgreSql__ConnectionString"] = _postgres!.ConnectionString(),
        ["EVENTS__Security__JwtSecretKey"] = RunningHost.Secret,
    };

    public async ValueTask InitializeAsync()
    {
        _postgres = await GivenPostgres.StartAsync();
        First = await RunningHost.StartAsync(OnOneDatabase);
        string data = Directory.CreateTempSubdirectory("events-it-").FullName;
        Directory.CreateSymbolicLink(Path.Combine(data, "keys"), Path.Combine(First.Data, "keys"));
        Second = await RunningHost.StartAsync(OnOneDatabase, data: data);
    }

    public async ValueTask DisposeAsync()
    {
        await (Second?.DisposeAsync() ?? default);
        await (First?.DisposeAsync() ?? default);
        await (_postgres?.DisposeAsync() ?? default);
    }
}

/// <summary>Two hosts over one log: what one of them is told, the other keeps to.</summary>
public sealed class Two_nodes(TwoHouses houses) : IClassFixture<TwoHouses>
{
    /// <summary>What the product promises for every node.</summary>
    private static readonly TimeSpan HeardWithin = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task refuse_a_key_within_a_second_of_its_end_on_the_other()
    {
        (RunningHost first, RunningHost second) = (houses.First, houses.Second);
        await TakeTokensOfEachOtherAsync(first, second);
        string secret = (await first.CliAsync("keys", "issue", "--role", "viewer", "--name", "Wall")).Ok().Trim();
        string id = JsonElement.Parse((await second.CliAsync("keys", "list", "--format", "json")).Ok())
            .EnumerateArray().Single(key => key.Text("name") == "Wall").Text("id");
        await using RpcClient rpc = await RpcClient.ConnectAsync(new Uri($"ws://127.0.0.1:{second.Port}/ws"));
        Assert.Equal("viewer", (await rpc.CallAsync("authenticate", new { auth_token = secret })).Text("role"));
        var graph = new GraphQLClient(second, secret);
        await using GraphQLSocket socket = await graph.OpenAsync();
        Assert.Equal("connection_ack", await socket.GreetedAsync());
        await socket.SubscribeAsync("subscription { cameraChanged { position } }");

        (await first.CliAsync("keys", "revoke", "--key-id", id, "--reason", "Lost")).Ok();

        Assert.InRange(await House.TimeOfAsync(EndAsync(socket)), TimeSpan.Zero, HeardWithin);
        Assert.Equal(-32001, (await Scene.RefusedAsync(rpc, "get_camera_list")).Code);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/live/camera0.jpg");
        request.Headers.Add("X-API-Key", secret);
        using HttpResponseMessage answer = await second.Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    [Fact]
    public async Task show_the_same_cameras_under_the_same_numbers_and_follow_each_others_facts()
    {
        (RunningHost first, RunningHost second) = (houses.First, houses.Second);
        var one = new GraphQLClient(first, await first.TokenAsync("admin"));
        var other = new GraphQLClient(second, await second.TokenAsync("admin"));
        await using GraphQLSocket socket = await other.OpenAsync();
        Assert.Equal("connection_ack", await socket.GreetedAsync());
        await socket.SubscribeAsync("subscription { events(types: [\"camera_registered\"]) { position stream } }");

        JsonElement[] added = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => AddAsync(i % 2 == 0 ? one : other, $"Gate {i}")));
        List<string> told = [];
        while (told.Count < added.Length)
        {
            JsonElement message = await socket.NextAsync();
            told.Add(message.GetProperty("payload").GetProperty("data").GetProperty("events").Text("stream"));
        }

        Assert.Equal(added.Select(camera => camera.Text("stream")).Order(), told.Order());
        const string Query = "{ cameras(order: [{ number: ASC }]) { nodes { number stream } } }";
        string[] lists = await Task.WhenAll(new[] { one, other }.Select(async node => (await node.AskAsync(Query)).GetRawText()));
        Assert.Equal(lists[0], lists[1]);
        Assert.Equal(
            Enumerable.Range(0, 10).Select(n => (double)n),
            JsonElement.Parse(lists[0]).GetProperty("cameras").GetProperty("nodes").EnumerateArray().Select(camera => camera.Number("number")));

        // Both would ask for their pictures for as long as they run.
        foreach (JsonElement camera in added)
        {
            await one.AskAsync("mutation($id: ID!) { retireCamera(input: { id: $id }) { position } }", new { id = camera.Text("id") });
        }
    }

    /// <summary>What the other wrote would be under a key that is gone.</summary>
    [Fact]
    public async Task refuse_another_key_for_secrets_while_both_run()
    {
        (RunningHost first, RunningHost second) = (houses.First, houses.Second);
        CliResult refused = await first.CliAsync("secrets", "rotate-key", "--reason", "Yearly");
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("Another host serves this database", refused.Errors, StringComparison.Ordinal);
        Assert.Equal("0", await first.SqlAsync("select count(*) from events.mt_events where type = 'secrets_rotation_requested'"));
        Assert.False(File.Exists(Path.Combine(first.Data, "keys", "sources.next.key")));

        await second.StopAsync();
        try
        {
            await StrangersWriteNothingOverAsync(first);
            await Until.TrueAsync(
                async () => (await first.CliAsync("secrets", "rotate-key", "--reason", "Yearly")).ExitCode == 0,
                TimeSpan.FromSeconds(20),
                "the other to be gone for PostgreSQL, too");
        }
        finally
        {
            // It takes the other key from the folder that both have.
            await second.StartAgainAsync();
        }
    }

    /// <summary>A host with keys of its own serves what is not sealed, says what is closed to it, and leaves it to the others.</summary>
    private async Task StrangersWriteNothingOverAsync(RunningHost first)
    {
        const string row = "select md5(value::text) from events_own.protected_value where name = 'personal/names'";
        string before = await first.SqlAsync(row);
        Assert.NotEmpty(before);
        await using (RunningHost host = await RunningHost.StartAsync(houses.OnOneDatabase))
        {
            Assert.Contains("Copy the folder keys", host.Output, StringComparison.Ordinal);
            await using RpcClient client = await host.ConnectAsync();
            await client.CallAsync("get_camera_list");
        }

        string stranger = Directory.CreateTempSubdirectory("events-it-").FullName;
        CliResult insisted = await RefusedAsync(stranger, "--secrets-lost");
        Assert.Equal(2, insisted.ExitCode);
        Assert.Contains("Another host serves this database", insisted.Errors, StringComparison.Ordinal);
        Assert.Equal(before, await first.SqlAsync(row));
        Directory.Delete(stranger, recursive: true);
    }

    private Task<CliResult> RefusedAsync(string data, params string[] more) =>
        RunningHost.RunAsync(
            [
                "up", "--no-demo", "--data", data, "--port", $"{RunningHost.FreePort()}", "--health-port", $"{RunningHost.FreePort()}",
                "--rtsp-port", $"{RunningHost.FreePort()}", .. more,
            ],
            houses.OnOneDatabase);

    /// <summary>No other test signs anybody in, so that neither had a reason yet to look what the other one signs with.</summary>
    private static async Task TakeTokensOfEachOtherAsync(RunningHost first, RunningHost second)
    {
        const string Password = "a long walk in rain";
        string[] add = ["users", "add", "--name", "ada", "--role", "viewer", "--password-stdin"];
        (await first.CliReadingAsync(Password + "\n", add)).Ok();
        foreach ((RunningHost signing, RunningHost checking) in new[] { (first, second), (second, first) })
        {
            using HttpResponseMessage signed = await signing.Http.PostAsJsonAsync(
                "/auth/sign-in", new { user = "ada", password = Password }, TestContext.Current.CancellationToken);
            string answer = await signed.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            Assert.True(signed.IsSuccessStatusCode, answer);
            string token = JsonElement.Parse(answer).Text("accessToken");
            await Until.TrueAsync(
                async () => await StatusAsync(checking, token) != HttpStatusCode.Unauthorized,
                TimeSpan.FromSeconds(20),
                "the session to be known there");
        }
    }

    private static async Task<HttpStatusCode> StatusAsync(RunningHost host, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/live/camera0.jpg");
        request.Headers.Add("Authorization", $"Bearer {token}");
        using HttpResponseMessage answer = await host.Http.SendAsync(request, TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }

    private static async Task<JsonElement> AddAsync(GraphQLClient client, string name) =>
        (await client.AskAsync(
            "mutation($name: String!) { addCamera(input: { name: $name, source: \"rtsp://127.0.0.1:9/x\" }) { camera { id stream } } }",
            new { name }))
        .GetProperty("addCamera").GetProperty("camera");

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
}
