using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Events.GraphQL;
using Events.Tests.Engines.JsonRpc;
using Xunit;

namespace Events.Tests.Engines.GraphQL.Http;

/// <summary>graphql-transport-ws, rule by rule.</summary>
public sealed class A_socket
{
    private const string Init = """{"type":"connection_init"}""";
    private const string Ack = """{"type":"connection_ack"}""";
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(100);

    [Fact]
    public async Task is_acknowledged_and_then_answers()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        using GraphQLSocket socket = await server.OpenAsync();
        Assert.Equal("graphql-transport-ws", socket.Socket.SubProtocol);
        Assert.Equal(Ack, await socket.AskAsync("""{"type":"connection_init","payload":{"token":"x"},"more":1}"""));
        await socket.SubscribeAsync(
            "1", "query Q($n: String) { hello(name: $n) }", ""","variables":{"n":"Ada"},"operationName":"Q","extensions":null""");
        Assert.Equal("""{"id":"1","type":"next","payload":{"data":{"hello":"Hello, Ada!"}}}""", await socket.ReceiveAsync());
        Assert.Equal("""{"id":"1","type":"complete"}""", await socket.ReceiveAsync());
        await socket.SubscribeAsync("1", "mutation { add(a: 2, b: 3) }");
        Assert.Equal(["""next {"data":{"add":5}}""", "complete"], await socket.ReceiveAllAsync("1"));
    }

    [Fact]
    public async Task carries_a_subscription_to_its_end()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        using GraphQLSocket socket = await server.ConnectAsync();
        await socket.SubscribeAsync("a", "subscription { countdown(from: 2) }");
        Assert.Equal(
            ["""next {"data":{"countdown":2}}""", """next {"data":{"countdown":1}}""", """next {"data":{"countdown":0}}""", "complete"],
            await socket.ReceiveAllAsync("a"));
        await RpcServer.UntilAsync(() => server is { Executor.Sources: 0, Traffic.OperationsRunning: 0 });
    }

    [Theory]
    [InlineData("{", "Syntax Error")]
    [InlineData("{ nothing }", "Cannot query field")]
    [InlineData("query Q($id: ID!) { hello }", "must not be null")]
    [InlineData("query A { hello } query B { hello }", "no such operation")]
    public async Task answers_what_cannot_be_executed_with_one_error_and_stays(string query, string message)
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        using GraphQLSocket socket = await server.ConnectAsync();
        await socket.SubscribeAsync("1", query);
        string only = Assert.Single(await socket.ReceiveAllAsync("1"));
        Assert.StartsWith("error [{\"message\":", only, StringComparison.Ordinal);
        Assert.Contains(message, only, StringComparison.Ordinal);
        await socket.SubscribeAsync("1", "{ boom }");
        Assert.StartsWith("next {\"errors\"", (await socket.ReceiveAllAsync("1"))[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("subscription { failing }", "The source has failed.", 2)]
    [InlineData("subscription { broken }", "INTERNAL_ERROR", 2)]
    [InlineData("{ throw }", "INTERNAL_ERROR", 1)]
    public async Task ends_an_operation_that_fails_with_an_error_and_stays(string query, string error, int messages)
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        using GraphQLSocket socket = await server.ConnectAsync();
        await socket.SubscribeAsync("1", query);
        List<string> got = await socket.ReceiveAllAsync("1");
        Assert.Equal(messages, got.Count);
        Assert.StartsWith("error [", got[^1], StringComparison.Ordinal);
        Assert.Contains(error, got[^1], StringComparison.Ordinal);
        Assert.DoesNotContain("secret", got[^1], StringComparison.Ordinal);
        await socket.SubscribeAsync("1", "{ hello }");
        Assert.Equal(2, (await socket.ReceiveAllAsync("1")).Count);
    }

    [Fact]
    public async Task runs_operations_side_by_side()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        using GraphQLSocket socket = await server.ConnectAsync();
        await socket.SubscribeAsync("slow", "{ wait }");
        await socket.SubscribeAsync("stream", "subscription { silent }");
        await socket.SubscribeAsync("quick", "{ hello }");
        Assert.Equal(2, (await socket.ReceiveAllAsync("quick")).Count);
    }

    [Fact]
    public async Task ends_an_operation_when_the_client_completes_it_and_says_no_more_of_it()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        using GraphQLSocket socket = await server.ConnectAsync();
        await socket.SubscribeAsync("1", "subscription { ticks(everyMs: 1) }");
        await socket.ReceiveAsync();
        await socket.SendAsync("""{"id":"1","type":"complete"}""");
        await RpcServer.UntilAsync(() => server is { Executor.Sources: 0, Traffic.OperationsRunning: 0 });

        // The id is free at once, and what follows belongs to the new operation alone.
        await socket.SubscribeAsync("1", "{ hello }");
        List<string> got = await socket.ReceiveAllAsync("1");
        Assert.Equal(
            ["""next {"data":{"hello":"Hello, world!"}}""", "complete"],
            got.SkipWhile(one => one.Contains("ticks", StringComparison.Ordinal)));
        await socket.SendAsync("""{"id":"no such","type":"complete"}""");
        await socket.SendAsync("""{"id":"1","type":"complete"}""");
        Assert.Equal("""{"type":"pong"}""", await socket.AskAsync("""{"type":"ping"}"""));
    }

    [Theory]
    [InlineData("""{"type":"ping"}""", """{"type":"pong"}""")]
    [InlineData("""{"type":"ping","payload":null}""", """{"type":"pong"}""")]
    [InlineData("""{"type":"ping","payload":{"at": 1,"x":"\u00e9"}}""", """{"type":"pong","payload":{"at": 1,"x":"\u00e9"}}""")]
    public async Task answers_a_ping_with_its_payload_also_before_it_is_acknowledged(string ping, string pong)
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        using GraphQLSocket socket = await server.OpenAsync();
        Assert.Equal(pong, await socket.AskAsync(ping));
        await socket.SendAsync("""{"type":"pong"}""");
        await socket.SendAsync("""{"type":"pong","payload":{"unasked":true}}""");
        Assert.Equal(Ack, await socket.AskAsync(Init));
        Assert.Equal(pong, await socket.AskAsync(ping));
    }

    [Fact]
    public async Task that_is_never_initialised_is_closed_with_4408()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync(o => o with { ConnectionInitWait = Short });
        using GraphQLSocket socket = await server.OpenAsync();
        await socket.AskAsync("""{"type":"ping"}""");
        Assert.Equal((4408, "Connection initialisation timeout"), await socket.ReceiveCloseAsync());
        using GraphQLSocket other = await server.ConnectAsync();
        await Task.Delay(Short * 3, TestContext.Current.CancellationToken);
        Assert.Equal("""{"type":"pong"}""", await other.AskAsync("""{"type":"ping"}"""));
    }

    [Fact]
    public async Task that_is_initialised_twice_is_closed_with_4429()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        using GraphQLSocket socket = await server.ConnectAsync();
        await socket.SendAsync(Init);
        Assert.Equal((4429, "Too many initialisation requests"), await socket.ReceiveCloseAsync());
    }

    [Fact]
    public async Task that_is_initialised_twice_while_it_is_being_admitted_is_closed_with_4429()
    {
        var asked = new TaskCompletionSource();
        await using GraphQLServer server = await GraphQLServer.StartAsync(o => o with
        {
            OnConnectAsync = async (_, cancellation) =>
            {
                asked.SetResult();
                await Task.Delay(Timeout.Infinite, cancellation);
                return GraphQLAdmission.Accept(null, ended: cancellation);
            },
        });
        using GraphQLSocket socket = await server.OpenAsync();
        await socket.SendAsync(Init);
        await asked.Task.WaitAsync(GraphQLServer.Limit, TestContext.Current.CancellationToken);
        await socket.SendAsync(Init);
        Assert.Equal(4429, (await socket.ReceiveCloseAsync()).Code);
        await RpcServer.UntilAsync(() => server.Traffic.Sockets == 0);
    }

    [Fact]
    public async Task that_subscribes_before_it_is_acknowledged_is_closed_with_4401()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        using GraphQLSocket socket = await server.OpenAsync();
        await socket.SubscribeAsync("1", "{ hello }");
        Assert.Equal((4401, "Unauthorized"), await socket.ReceiveCloseAsync());
    }

    [Fact]
    public async Task that_is_denied_is_closed_with_4403_and_one_that_is_let_in_hears_the_payload()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync(o => o with
        {
            OnConnectAsync = (connect, _) => new(
                connect.Params?.GetProperty("name").GetString() is "Ada" && connect.Http.Request.Path == "/graphql"
                    ? GraphQLAdmission.Accept(People.Named("Ada"), JsonElement.Parse("""{"hello":"Ada"}"""), ended: CancellationToken.None)
                    : GraphQLAdmission.Deny("Forbidden")),
        });
        using GraphQLSocket denied = await server.OpenAsync();
        await denied.SendAsync("""{"type":"connection_init","payload":{"name":"Mallory"}}""");
        Assert.Equal((4403, "Forbidden"), await denied.ReceiveCloseAsync());
        using GraphQLSocket allowed = await server.OpenAsync();
        Assert.Equal(
            """{"type":"connection_ack","payload":{"hello":"Ada"}}""",
            await allowed.AskAsync("""{"type":"connection_init","payload":{"name":"Ada"}}"""));
        await allowed.SubscribeAsync("1", "{ who service }");
        Assert.Equal("""next {"data":{"who":"Ada","service":true}}""", (await allowed.ReceiveAllAsync("1"))[0]);
    }

    [Fact]
    public async Task upon_whose_admission_the_server_fails_is_closed_with_4500()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync(o => o with
        {
            OnConnectAsync = (_, _) => throw new InvalidOperationException("a secret of the house"),
        });
        using GraphQLSocket socket = await server.OpenAsync();
        await socket.SendAsync(Init);
        (int code, string? reason) = await socket.ReceiveCloseAsync();
        Assert.Equal(4500, code);
        Assert.DoesNotContain("secret", reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task is_closed_with_4403_when_the_admission_ends()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync(o => o with
        {
            OnConnectAsync = (_, _) => new(GraphQLAdmission.Accept(
                null, until: TimeProvider.System.GetUtcNow() + Short, ended: CancellationToken.None)),
        });
        using GraphQLSocket socket = await server.ConnectAsync();
        await socket.SubscribeAsync("1", "subscription { silent }");
        Assert.Equal((4403, "Your access has expired."), await socket.ReceiveCloseAsync());
        await RpcServer.UntilAsync(() => server.Executor.Sources == 0);
    }

    [Fact]
    public async Task is_closed_with_4403_when_the_admission_is_taken_back()
    {
        using var taken = new CancellationTokenSource();
        await using GraphQLServer server = await GraphQLServer.StartAsync(o => o with
        {
            OnConnectAsync = (_, _) => new(GraphQLAdmission.Accept(null, ended: taken.Token)),
        });
        using GraphQLSocket socket = await server.ConnectAsync();
        await socket.SubscribeAsync("1", "subscription { silent }");
        await RpcServer.UntilAsync(() => server.Executor.Sources == 1);
        await taken.CancelAsync();
        Assert.Equal((4403, "Your access has ended."), await socket.ReceiveCloseAsync());
        await RpcServer.UntilAsync(() => server.Executor.Sources == 0);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("graphql-ws")]
    [InlineData("notme")]
    [InlineData("graphql-transport-wsgibberish")]
    public async Task that_speaks_another_protocol_is_closed_with_4406(string? protocol)
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        using GraphQLSocket socket = await server.OpenAsync(protocol: protocol);
        Assert.Equal((4406, "Subprotocol not acceptable"), await socket.ReceiveCloseAsync());
    }

    [Fact]
    public async Task speaks_our_protocol_when_that_is_among_those_offered()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        using GraphQLSocket socket = await server.OpenAsync(options => options.AddSubProtocol("graphql-transport-ws"), protocol: "graphql-ws");
        Assert.Equal("graphql-transport-ws", socket.Socket.SubProtocol);
        Assert.Equal(Ack, await socket.AskAsync(Init));
    }

    [Theory]
    [InlineData("1")]
    [InlineData("{ hello }")]
    [InlineData("a much longer id than fits, é, since close reasons have at most one hundred and twenty-three bytes and this is not short")]
    public async Task whose_id_is_in_use_is_closed_with_4409(string id)
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        using GraphQLSocket socket = await server.ConnectAsync();
        await socket.SubscribeAsync(id, "{ wait }");
        await socket.SubscribeAsync(id, "{ hello }");
        (int code, string? reason) = await socket.ReceiveCloseAsync();
        Assert.Equal(4409, code);
        Assert.StartsWith(reason![..20], $"Subscriber for {id} already exists", StringComparison.Ordinal);
        Assert.InRange(Encoding.UTF8.GetByteCount(reason), 1, 123);
        await RpcServer.UntilAsync(() => server.Traffic.OperationsRunning == 0);
    }

    [Theory]
    [InlineData("", "is not JSON")]
    [InlineData("hello", "is not JSON")]
    [InlineData("""{"type":"ping"}}""", "is not JSON")]
    [InlineData("[]", "must be an object")]
    [InlineData("\"ping\"", "must be an object")]
    [InlineData("{}", "no type")]
    [InlineData("""{"type":1}""", "must be strings")]
    [InlineData("""{"type":null}""", "must be strings")]
    [InlineData("""{"type":"start"}""", "none that a client sends")]
    [InlineData("""{"type":"next","id":"1","payload":{}}""", "none that a client sends")]
    [InlineData("""{"type":"connection_ack"}""", "none that a client sends")]
    [InlineData("""{"type":"ping","type":"pong"}""", "twice")]
    [InlineData("""{"type":"ping","payload":[]}""", "must be an object")]
    [InlineData("""{"type":"pong","payload":"x"}""", "must be an object")]
    [InlineData("""{"type":"connection_init","payload":7}""", "must be an object")]
    [InlineData("""{"type":"connection_init","payload":{"a":1,"a":2}}""", "twice")]
    [InlineData("""{"type":"complete"}""", "needs an id")]
    [InlineData("""{"type":"complete","id":""}""", "needs an id")]
    [InlineData("""{"type":"complete","id":7}""", "must be strings")]
    [InlineData("""{"type":"subscribe","payload":{"query":"{hello}"}}""", "needs an id")]
    [InlineData("""{"type":"subscribe","id":"","payload":{"query":"{hello}"}}""", "needs an id")]
    [InlineData("""{"type":"subscribe","id":"1"}""", "must be an object")]
    [InlineData("""{"type":"subscribe","id":"1","payload":null}""", "must be an object")]
    [InlineData("""{"type":"subscribe","id":"1","payload":{}}""", "query is missing")]
    [InlineData("""{"type":"subscribe","id":"1","payload":{"query":7}}""", "query must be a string")]
    [InlineData("""{"type":"subscribe","id":"1","payload":{"query":"{hello}","variables":"x"}}""", "variables must be an object")]
    [InlineData("""{"type":"subscribe","id":"1","payload":{"query":"{hello}","operationName":{}}}""", "operationName must be a string")]
    [InlineData("""{"type":"subscribe","id":"1","payload":{"query":"{hello}","extensions":[]}}""", "extensions must be an object")]
    [InlineData("""{"type":"subscribe","id":"1","payload":{"query":"{hello}","variables":{"a":1,"a":1}}}""", "given twice")]
    [InlineData("""{"type":"ping","payload":{"x":"\ud800"}}""", "no character")]
    public async Task that_says_what_the_protocol_does_not_know_is_closed_with_4400(string message, string reason)
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        using GraphQLSocket socket = await (message.Contains("init", StringComparison.Ordinal) ? server.OpenAsync() : server.ConnectAsync());
        await socket.SendAsync(message);
        (int code, string? why) = await socket.ReceiveCloseAsync();
        Assert.Equal(4400, code);
        Assert.Contains(reason, why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task that_sends_bytes_instead_of_text_is_closed_with_4400()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        using GraphQLSocket socket = await server.OpenAsync();
        await socket.SendAsync(Encoding.UTF8.GetBytes(Init), true, WebSocketMessageType.Binary);
        Assert.Equal((4400, "The message is not text."), await socket.ReceiveCloseAsync());
    }

    [Theory]
    [InlineData(128, null)]
    [InlineData(129, 4400)]
    public async Task has_ids_of_up_to_128_characters(int length, int? code)
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        using GraphQLSocket socket = await server.ConnectAsync();
        await socket.SubscribeAsync(new string('ü', length), "{ hello }");
        Assert.Equal(code, code is null ? null : (await socket.ReceiveCloseAsync()).Code);
        if (code is null)
        {
            Assert.Equal(2, (await socket.ReceiveAllAsync(new string('ü', length))).Count);
        }
    }

    [Theory]
    [InlineData(256 * 1024, true)]
    [InlineData((256 * 1024) + 1, false)]
    [InlineData(2 * 1024 * 1024, false)]
    public async Task takes_messages_of_up_to_256_KiB_and_is_closed_with_1009_over_it(int bytes, bool isAllowed)
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        using GraphQLSocket socket = await server.ConnectAsync();
        await socket.SendAsync("""{"type":"ping"}""".PadRight(bytes));
        if (isAllowed)
        {
            Assert.Equal("""{"type":"pong"}""", await socket.ReceiveAsync());
        }
        else
        {
            Assert.Equal(1009, (await socket.ReceiveCloseAsync()).Code);
        }
    }

    [Theory]
    [InlineData(200, true)]
    [InlineData(201, false)]
    public async Task takes_variables_nested_up_to_200_levels(int levels, bool isAllowed)
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        using GraphQLSocket socket = await server.ConnectAsync();
        string nested = "{\"a\":" + new string('[', levels - 1) + new string(']', levels - 1) + "}";
        await socket.SubscribeAsync("1", "{ hello }", ",\"variables\":" + nested);
        if (isAllowed)
        {
            Assert.Equal(2, (await socket.ReceiveAllAsync("1")).Count);
        }
        else
        {
            Assert.Equal(4400, (await socket.ReceiveCloseAsync()).Code);
        }
    }

    [Fact]
    public async Task has_so_many_operations_at_once_and_stays_when_it_wants_more()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync(o => o with { OperationsPerConnectionMax = 2 });
        using GraphQLSocket socket = await server.ConnectAsync();
        await socket.SubscribeAsync("1", "{ wait }");
        await socket.SubscribeAsync("2", "subscription { silent }");
        await socket.SubscribeAsync("3", "{ hello }");
        Assert.Contains("TOO_MANY_OPERATIONS", Assert.Single(await socket.ReceiveAllAsync("3")), StringComparison.Ordinal);
        await socket.SendAsync("""{"id":"1","type":"complete"}""");
        await socket.SubscribeAsync("3", "{ hello }");
        Assert.Equal(2, (await socket.ReceiveAllAsync("3")).Count);
    }

    [Fact]
    public async Task asks_as_often_as_it_may_and_is_told_how_long_to_wait()
    {
        int asked = 0;
        await using GraphQLServer server = await GraphQLServer.StartAsync(o => o with
        {
            OnConnectAsync = (_, _) => new(GraphQLAdmission.Accept(People.Named("Ada"), ended: CancellationToken.None)),
            TakeTurn = user => user?.Identity?.Name == "Ada" && ++asked != 2 ? TimeSpan.Zero : TimeSpan.FromMilliseconds(199.5),
        });
        using GraphQLSocket socket = await server.ConnectAsync();
        await socket.SubscribeAsync("1", "{ hello }");
        Assert.Equal(2, (await socket.ReceiveAllAsync("1")).Count);
        await socket.SubscribeAsync("2", "subscription { silent }");
        string refused = Assert.Single(await socket.ReceiveAllAsync("2"));
        Assert.StartsWith("error ", refused, StringComparison.Ordinal);
        JsonElement extensions = JsonElement.Parse(refused["error ".Length..])[0].GetProperty("extensions");
        Assert.Equal("RATE_LIMITED", extensions.GetProperty("code").GetString());
        Assert.Equal(200, extensions.GetProperty("retryAfterMs").GetInt32());
        Assert.Equal(0, server.Executor.Sources);

        // The socket stays, and the id is free.
        await socket.SubscribeAsync("2", "{ hello }");
        Assert.Equal(2, (await socket.ReceiveAllAsync("2")).Count);
    }

    [Fact]
    public async Task counts_for_its_principal_together_with_all_others()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync(o => o with
        {
            OperationsPerPrincipalMax = 2,
            OnConnectAsync = (connect, _) => new(GraphQLAdmission.Accept(
                People.Named(connect.Params!.Value.GetProperty("name").GetString()!), ended: CancellationToken.None)),
        });
        async Task<GraphQLSocket> ConnectAs(string name)
        {
            GraphQLSocket socket = await server.OpenAsync();
            await socket.AskAsync("{\"type\":\"connection_init\",\"payload\":{\"name\":\"" + name + "\"}}");
            return socket;
        }

        using GraphQLSocket first = await ConnectAs("Ada");
        using GraphQLSocket second = await ConnectAs("Ada");
        using GraphQLSocket other = await ConnectAs("Grace");
        await first.SubscribeAsync("1", "subscription { silent }");
        await second.SubscribeAsync("1", "subscription { silent }");
        await RpcServer.UntilAsync(() => server.Executor.Sources == 2);
        await second.SubscribeAsync("2", "{ hello }");
        Assert.Contains("TOO_MANY_OPERATIONS", Assert.Single(await second.ReceiveAllAsync("2")), StringComparison.Ordinal);
        await other.SubscribeAsync("2", "{ hello }");
        Assert.Equal(2, (await other.ReceiveAllAsync("2")).Count);
        first.Socket.Abort();
        await RpcServer.UntilAsync(() => server.Traffic.OperationsRunning == 1);
        await second.SubscribeAsync("2", "{ hello }");
        Assert.Equal(2, (await second.ReceiveAllAsync("2")).Count);
    }

    [Fact]
    public async Task whose_operation_takes_too_long_gets_an_error_and_a_subscription_lives_on()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync(o => o with { RequestTimeout = Short });
        using GraphQLSocket socket = await server.ConnectAsync();
        await socket.SubscribeAsync("lives", "subscription { ticks(everyMs: 20) }");
        foreach (string query in (string[])["{ wait }", "{ deaf(seconds: 2) }"])
        {
            await socket.SubscribeAsync("1", query);
            Assert.Contains("TIMEOUT", Assert.Single(await socket.ReceiveAllAsync("1")), StringComparison.Ordinal);
        }

        Assert.Contains("ticks", await socket.ReceiveAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ends_all_its_operations_when_it_ends()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        using GraphQLSocket polite = await server.ConnectAsync();
        using GraphQLSocket abrupt = await server.ConnectAsync();
        foreach (GraphQLSocket socket in (GraphQLSocket[])[polite, abrupt])
        {
            for (int i = 0; i < 10; i++)
            {
                await socket.SubscribeAsync($"s{i}", "subscription { silent }");
                await socket.SubscribeAsync($"q{i}", "{ wait }");
            }
        }

        await RpcServer.UntilAsync(() => server is { Executor.Sources: 20, Traffic.OperationsRunning: 40 });
        await polite.Socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, TestContext.Current.CancellationToken);
        Assert.Equal(WebSocketCloseStatus.NormalClosure, polite.Socket.CloseStatus);
        await RpcServer.UntilAsync(() => server is { Executor.Sources: 10, Traffic.OperationsRunning: 20, Traffic.Sockets: 1 });
        abrupt.Socket.Abort();
        await RpcServer.UntilAsync(() => server is { Executor.Sources: 0, Traffic.OperationsRunning: 0, Traffic.Sockets: 0 });
        Assert.Empty(server.Log.All);
    }

    [Fact]
    public async Task is_closed_with_1001_when_the_server_stops()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        using GraphQLSocket socket = await server.ConnectAsync();
        await socket.SubscribeAsync("1", "subscription { silent }");
        Task stopping = server.StopAsync();
        Assert.Equal((1001, "The server is stopping."), await socket.ReceiveCloseAsync());
        await stopping.WaitAsync(GraphQLServer.Limit, TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData("http://localhost:3000", true)]
    [InlineData("http://127.0.0.1:PORT", true)]
    [InlineData("https://127.0.0.1:PORT", false)]
    [InlineData("http://evil.example", false)]
    [InlineData("null", false)]
    public async Task is_let_in_by_its_origin(string? origin, bool isAllowed)
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync(o => o with { OriginAllowed = given => given == "http://localhost:3000" });
        Task<GraphQLSocket> opening = server.OpenAsync(options =>
        {
            if (origin is not null)
            {
                options.SetRequestHeader("Origin", origin.Replace("PORT", $"{server.Port}", StringComparison.Ordinal));
            }
        });
        if (isAllowed)
        {
            using GraphQLSocket socket = await opening;
            Assert.Equal(Ack, await socket.AskAsync(Init));
        }
        else
        {
            Assert.Contains("403", (await Assert.ThrowsAsync<WebSocketException>(() => opening)).Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n", 400)]
    [InlineData("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n", 400)]
    [InlineData("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 8\r\n", 426)]
    public async Task does_not_open_by_a_broken_handshake(string lines, int status)
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        using RawClient client = await RawClient.ConnectAsync(server.Port);
        Assert.StartsWith($"HTTP/1.1 {status} ", await client.HandshakeAsync(lines, "/graphql"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task over_the_limit_is_refused_and_opens_when_another_ends()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync(o => o with { ConnectionsMax = 1 });
        using GraphQLSocket first = await server.ConnectAsync();
        WebSocketException refused = await Assert.ThrowsAsync<WebSocketException>(() => server.OpenAsync());
        Assert.Contains("503", refused.Message, StringComparison.Ordinal);
        Assert.Equal(1, server.Traffic.SocketsRefused);
        first.Socket.Abort();
        await RpcServer.UntilAsync(() => server.Traffic.Sockets == 0);
        using GraphQLSocket second = await server.ConnectAsync();
    }
}
