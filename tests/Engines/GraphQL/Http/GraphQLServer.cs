using System.Net;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Events.GraphQL;
using Events.Tests.Engines.JsonRpc;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Events.Tests.Engines.GraphQL.Http;

/// <summary>A real server on a port of its own, with the scripted executor behind its transports.</summary>
internal sealed class GraphQLServer : IAsyncDisposable
{
    internal static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private readonly WebApplication _app;

    private GraphQLServer(WebApplication app, RpcServer.Lines log, ScriptedExecutor executor)
    {
        _app = app;
        Log = log;
        Executor = executor;
        Traffic = app.Services.GetRequiredService<GraphQLTraffic>();
        Port = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;
        Http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{Port}"), Timeout = Limit };
    }

    internal int Port { get; }

    internal HttpClient Http { get; }

    internal RpcServer.Lines Log { get; }

    internal ScriptedExecutor Executor { get; }

    internal GraphQLTraffic Traffic { get; }

    internal static async Task<GraphQLServer> StartAsync(Func<GraphQLTransportOptions, GraphQLTransportOptions>? change = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        var log = new RpcServer.Lines();
        var executor = new ScriptedExecutor();
        builder.Logging.ClearProviders().AddProvider(log).SetMinimumLevel(LogLevel.Warning);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            // As the host does, so that the transports have to lift it.
            kestrel.Limits.MaxRequestBodySize = 64 * 1024;
            kestrel.Listen(IPAddress.Loopback, 0);
        });
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<IGraphQLExecutor>(executor);
        var options = new GraphQLTransportOptions
        {
            WatchInterval = TimeSpan.FromMilliseconds(20),
            GraphiQLFolder = Path.Combine(Path.GetTempPath(), "there-is-no-such-folder"),
            SchemaText = () => "type Query { hello(name: String = \"world\"): String! }\n",
        };
        builder.Services.AddGraphQLTransports(_ => change is null ? options : change(options));
        WebApplication app = builder.Build();
        app.MapGraphQL("/graphql");
        await app.StartAsync();
        return new GraphQLServer(app, log, executor);
    }

    /// <param name="body">Sent as it is.</param>
    /// <param name="accept">Null: no such header.</param>
    /// <param name="type">Null: no such header.</param>
    internal Task<Reply> PostAsync(string body, string? accept = null, string? type = "application/json") =>
        PostAsync(Encoding.UTF8.GetBytes(body), accept, type);

    internal async Task<Reply> PostAsync(byte[] body, string? accept = null, string? type = "application/json")
    {
        using var content = new ByteArrayContent(body);
        if (type is not null)
        {
            content.Headers.TryAddWithoutValidation("Content-Type", type);
        }

        return await SendAsync(HttpMethod.Post, "/graphql", accept, content);
    }

    /// <param name="parameters">Name and value in turn; values are escaped here.</param>
    internal Task<Reply> GetAsync(string? accept, params string[] parameters) =>
        SendAsync(HttpMethod.Get, "/graphql?" + string.Join('&', parameters.Chunk(2)
            .Select(pair => $"{pair[0]}={Uri.EscapeDataString(pair[1])}")), accept, null);

    internal async Task<Reply> SendAsync(
        HttpMethod method, string path, string? accept, HttpContent? content, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        if (accept is not null)
        {
            request.Headers.TryAddWithoutValidation("Accept", accept);
        }

        foreach ((string name, string value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using HttpResponseMessage response = await Http.SendAsync(request);
        return new Reply((int)response.StatusCode, response.Content.Headers.ContentType?.ToString(),
            await response.Content.ReadAsStringAsync(), response.Headers, response.Content.Headers);
    }

    /// <summary>Opens a socket; says nothing on it yet.</summary>
    internal async Task<GraphQLSocket> OpenAsync(Action<ClientWebSocketOptions>? change = null, string? protocol = "graphql-transport-ws")
    {
        var socket = new ClientWebSocket();
        if (protocol is not null)
        {
            socket.Options.AddSubProtocol(protocol);
        }

        change?.Invoke(socket.Options);
        using var limit = new CancellationTokenSource(Limit);
        await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{Port}/graphql"), limit.Token);
        return new GraphQLSocket(socket);
    }

    /// <summary>Opens a socket and has it acknowledged.</summary>
    internal async Task<GraphQLSocket> ConnectAsync()
    {
        GraphQLSocket socket = await OpenAsync();
        Assert.Equal("""{"type":"connection_ack"}""", await socket.AskAsync("""{"type":"connection_init"}"""));
        return socket;
    }

    internal Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}

/// <summary>What came back over HTTP.</summary>
internal sealed record Reply(
    int Status, string? Type, string Body, HttpResponseHeaders Headers, HttpContentHeaders ContentHeaders)
{
    internal JsonElement Json => JsonElement.Parse(Body);

    /// <summary>The first error's <c>extensions.code</c>; null when it has none.</summary>
    internal string? Code =>
        Json.GetProperty("errors")[0].TryGetProperty("extensions", out JsonElement extensions)
            ? extensions.GetProperty("code").GetString()
            : null;

    internal string Message => Json.GetProperty("errors")[0].GetProperty("message").GetString()!;
}

/// <summary>A socket of a test, with a bound on every wait.</summary>
internal sealed class GraphQLSocket(ClientWebSocket socket) : IDisposable
{
    private readonly RpcClient _client = new(socket);

    internal ClientWebSocket Socket => socket;

    internal Task SendAsync(string text) => _client.SendAsync(text);

    internal Task SendAsync(ReadOnlyMemory<byte> part, bool end, WebSocketMessageType type) => _client.SendAsync(part, end, type);

    internal Task<string?> ReceiveAsync() => _client.ReceiveAsync();

    internal Task<string> AskAsync(string text) => _client.AskAsync(text);

    internal async Task<JsonElement> ReceiveJsonAsync() => JsonElement.Parse(
        await ReceiveAsync() ?? throw new InvalidOperationException($"Closed: {socket.CloseStatus} {socket.CloseStatusDescription}"));

    internal Task SubscribeAsync(string id, string query, string more = "") => SendAsync(
        "{\"id\":" + JsonSerializer.Serialize(id) + ",\"type\":\"subscribe\",\"payload\":{\"query\":"
            + JsonSerializer.Serialize(query) + more + "}}");

    /// <summary>All messages of one operation up to the one that ends it, as <c>type payload</c>.</summary>
    internal async Task<List<string>> ReceiveAllAsync(string id)
    {
        List<string> all = [];
        while (true)
        {
            JsonElement message = await ReceiveJsonAsync();
            if (!message.TryGetProperty("id", out JsonElement of) || of.GetString() != id)
            {
                continue;
            }

            string type = message.GetProperty("type").GetString()!;
            all.Add(message.TryGetProperty("payload", out JsonElement payload) ? $"{type} {payload.GetRawText()}" : type);
            if (type is "complete" or "error")
            {
                return all;
            }
        }
    }

    /// <returns>Code and reason that the server closed with; code 0 when it cut the connection.</returns>
    internal async Task<(int Code, string? Reason)> ReceiveCloseAsync()
    {
        await _client.ReceiveCloseAsync();
        return ((int)(socket.CloseStatus ?? 0), socket.CloseStatusDescription);
    }

    public void Dispose() => _client.Dispose();
}
