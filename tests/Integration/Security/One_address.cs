using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Events.Tests.Integration.Faults;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Security;

/// <summary>
/// A host that lets an address, and an account, have little of everything but requests in a second. Tests share it since each
/// comes to one of these limits alone: one floods, from an address of its own, and the others have accounts of their own.
/// </summary>
public sealed class StrictHost : IAsyncLifetime
{
    internal const int ConnectionsMax = 20;

    /// <summary>Somebody else's address, so that this machine's have limits, too.</summary>
    internal const string Unlimited = "192.0.2.1";

    internal RunningHost Host { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Host = await RunningHost.StartAsync(new()
    {
        ["EVENTS__Security__UnlimitedAddresses"] = Unlimited,
        ["EVENTS__Security__MaxConnectionsPerAddress"] = $"{ConnectionsMax}",
        ["EVENTS__Security__RateLimitWindow"] = "60s",
        ["EVENTS__Security__RateLimitAccountRequests"] = "10",
        ["EVENTS__Security__MaxSocketsPerAccount"] = "3",
    });

    public ValueTask DisposeAsync() => Host?.DisposeAsync() ?? default;
}

/// <summary>
/// One address, or one account, cannot have all places and all of the host's time. The one that floods is 127.0.0.3, which the
/// host takes for another machine than 127.0.0.1 here.
/// </summary>
public sealed class One_address(StrictHost strict) : IClassFixture<StrictHost>
{
    private static readonly IPAddress _flood = IPAddress.Parse("127.0.0.3");
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task has_so_many_connections_and_no_more_while_others_are_served()
    {
        RunningHost host = strict.Host;
        List<Socket> held = [];
        try
        {
            await HoldAsync(host, held, StrictHost.ConnectionsMax);
            const string Upgrade =
                "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
            await Until.TrueAsync(
                async () => (await AnswerAsync(host, "/ws", Upgrade)).StartsWith("HTTP/1.1 429", StringComparison.Ordinal),
                Limit,
                "a socket too many");
            string told = await AnswerAsync(host, "/graphql/schema.graphql");
            Assert.StartsWith("HTTP/1.1 429", told, StringComparison.Ordinal);
            Assert.Contains("Retry-After: 1", told, StringComparison.Ordinal);
            Assert.Contains("Connection: close", told, StringComparison.Ordinal);
            Assert.Contains("MaxConnectionsPerAddress", told, StringComparison.Ordinal);

            // Twice as many: they get no answer, and hold nothing. Those above may not have gone yet and have taken places.
            await HoldAsync(host, held, StrictHost.ConnectionsMax);
            await Until.TrueAsync(
                async () =>
                {
                    await HoldAsync(host, held, 1);
                    return (await AnswerAsync(host, "/")).Length == 0;
                },
                Limit,
                "the address to be cut off");
            using HttpResponseMessage other = await host.Http.GetAsync(new Uri("/graphql/schema.graphql", UriKind.Relative), Cancel);
            Assert.Equal(HttpStatusCode.OK, other.StatusCode);
            await using RpcClient rpc = await host.ConnectAsync();
            await rpc.CallAsync("get_camera_list");
        }
        finally
        {
            held.ForEach(socket => socket.Dispose());
        }

        await Until.TrueAsync(
            async () => (await AnswerAsync(host, "/graphql/schema.graphql")).StartsWith("HTTP/1.1 200", StringComparison.Ordinal),
            Limit,
            "room for the address again");
    }

    [Fact]
    public async Task asks_so_often_and_no_oftener_while_others_are_served()
    {
        await using RunningHost host = await RunningHost.StartAsync(new()
        {
            ["EVENTS__Security__UnlimitedAddresses"] = StrictHost.Unlimited,
            ["EVENTS__Security__AddressRequestsPerSecond"] = "10",
        });
        List<string> answers = [];
        for (int i = 0; i < 100; i++)
        {
            answers.Add(await AnswerAsync(host, "/graphql/schema.graphql"));
        }

        string[] refused = [.. answers.Where(answer => answer.StartsWith("HTTP/1.1 429", StringComparison.Ordinal))];
        Assert.InRange(answers.Count - refused.Length, 20, 99);
        Assert.All(refused, answer => Assert.Contains("Retry-After: 1", answer, StringComparison.Ordinal));
        using HttpResponseMessage other = await host.Http.GetAsync(new Uri("/graphql/schema.graphql", UriKind.Relative), Cancel);
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
        await Until.TrueAsync(
            async () => (await AnswerAsync(host, "/graphql/schema.graphql")).StartsWith("HTTP/1.1 200", StringComparison.Ordinal),
            Limit,
            "the address to be served again");
    }

    [Fact]
    public async Task is_no_way_for_an_account_to_ask_oftener_than_it_may()
    {
        RunningHost host = strict.Host;
        string ada = (await host.CliAsync("token", "--role", "viewer", "--user", "ada")).Ok().Trim();
        string bob = (await host.CliAsync("token", "--role", "viewer", "--user", "bob")).Ok().Trim();
        HttpStatusCode[] got = new HttpStatusCode[20];
        for (int i = 0; i < got.Length; i++)
        {
            got[i] = await AskAsync(host, ada);
        }

        Assert.All(got[..10], status => Assert.Equal(HttpStatusCode.OK, status));
        Assert.Equal(HttpStatusCode.TooManyRequests, got[^1]);
        Assert.Equal(HttpStatusCode.OK, await AskAsync(host, bob));

        // The same account on a socket: there is one bucket for all ways in.
        await using RpcClient rpc = await RpcClient.ConnectAsync(new Uri($"ws://127.0.0.1:{host.Port}/ws"));
        await rpc.CallAsync("authenticate", new { auth_token = ada });
        Assert.Equal(-32040, (await Scene.RefusedAsync(rpc, "get_camera_list", new { })).Code);
    }

    [Fact]
    public async Task is_no_way_for_an_account_to_have_more_sockets_than_it_may()
    {
        RunningHost host = strict.Host;
        string eve = (await host.CliAsync("token", "--role", "viewer", "--user", "eve")).Ok().Trim();
        string dan = (await host.CliAsync("token", "--role", "viewer", "--user", "dan")).Ok().Trim();
        var address = new Uri($"ws://127.0.0.1:{host.Port}/ws");
        await using RpcClient first = await RpcClient.ConnectAsync(address);
        await first.CallAsync("authenticate", new { auth_token = eve });
        await first.CallAsync("authenticate", new { auth_token = eve });
        var graph = new GraphQLClient(host, eve);
        await using GraphQLSocket second = await graph.OpenAsync();
        Assert.Equal("connection_ack", await second.GreetedAsync());
        GraphQLSocket third = await graph.OpenAsync();
        Assert.Equal("connection_ack", await third.GreetedAsync());

        await using RpcClient fourth = await RpcClient.ConnectAsync(address);
        Assert.Equal(-32040, (await Scene.RefusedAsync(fourth, "authenticate", new { auth_token = eve })).Code);
        await using (GraphQLSocket fifth = await graph.OpenAsync())
        {
            Assert.Equal("closed", await fifth.GreetedAsync());
            Assert.Equal(4403, (int?)fifth.CloseStatus);
        }

        // Another account is let in, and so is this one when a socket of its own has gone or has become somebody else's.
        await fourth.CallAsync("authenticate", new { auth_token = dan });
        await third.DisposeAsync();
        await Until.TrueAsync(() => IsLetInAsync(graph), Limit, "the place of the socket that has gone");
        await using GraphQLSocket again = await graph.OpenAsync();
        await again.GreetedAsync();
        await first.CallAsync("authenticate", new { auth_token = dan });
        await Until.TrueAsync(() => IsLetInAsync(graph), Limit, "the place of the socket that is somebody else's now");
    }

    private static async Task<bool> IsLetInAsync(GraphQLClient graph)
    {
        await using GraphQLSocket socket = await graph.OpenAsync();
        return await socket.GreetedAsync() == "connection_ack";
    }

    /// <summary>Connections that say nothing, which the host bears with for a minute.</summary>
    private static async Task HoldAsync(RunningHost host, List<Socket> held, int count)
    {
        for (int i = 0; i < count; i++)
        {
            held.Add(await ConnectAsync(host));
        }
    }

    /// <returns>All that the host says; empty when it says nothing and goes.</returns>
    private static async Task<string> AnswerAsync(RunningHost host, string path, string headers = "Connection: close\r\n")
    {
        using Socket socket = await ConnectAsync(host);
        var text = new StringBuilder();
        byte[] part = new byte[4096];
        try
        {
            await socket.SendAsync(Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}\r\n"), Cancel);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            limit.CancelAfter(Limit);
            for (int read; (read = await socket.ReceiveAsync(part, limit.Token)) > 0;)
            {
                text.Append(Encoding.ASCII.GetString(part, 0, read));
                if (text.ToString().StartsWith("HTTP/1.1 101", StringComparison.Ordinal))
                {
                    break;
                }
            }
        }
        catch (SocketException)
        {
            // Cut off, which is an answer, too.
        }

        return text.ToString();
    }

    private static async Task<Socket> ConnectAsync(RunningHost host)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(_flood, 0));
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, host.Port, Cancel);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            // It was connected, and cut off before this side looked.
        }

        return socket;
    }

    private static async Task<HttpStatusCode> AskAsync(RunningHost host, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/graphql")
        {
            Content = new StringContent("{\"query\":\"{ __typename }\"}", Encoding.UTF8, "application/json"),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using HttpResponseMessage response = await host.Http.SendAsync(request, Cancel);
        return response.StatusCode;
    }
}
