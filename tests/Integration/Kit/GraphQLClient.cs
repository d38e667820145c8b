using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;

namespace Events.Tests.Integration.Kit;

/// <summary>A plain client of GraphQL over HTTP and graphql-transport-ws, written for the tests.</summary>
/// <param name="http">Null for the host's own.</param>
internal sealed class GraphQLClient(RunningHost host, string? token, HttpClient? http = null)
{
    /// <summary>The whole answer, errors included.</summary>
    public async Task<JsonElement> AnswerAsync(string query, object? variables = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/graphql")
        {
            Content = new StringContent(JsonSerializer.Serialize(new { query, variables }), Encoding.UTF8, "application/json"),
        };
        request.Headers.Accept.ParseAdd("application/graphql-response+json");
        if (token is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        using HttpResponseMessage response = await (http ?? host.Http).SendAsync(request);
        return JsonElement.Parse(await response.Content.ReadAsStringAsync());
    }

    /// <returns>The data of an answer without errors.</returns>
    public async Task<JsonElement> AskAsync(string query, object? variables = null)
    {
        JsonElement answer = await AnswerAsync(query, variables);
        return answer.TryGetProperty("errors", out JsonElement errors)
            ? throw new InvalidOperationException($"{query}: {errors}")
            : answer.GetProperty("data");
    }

    /// <returns>The code of the first error.</returns>
    public async Task<string?> CodeAsync(string query, object? variables = null)
    {
        JsonElement answer = await AnswerAsync(query, variables);
        return answer.GetProperty("errors")[0].GetProperty("extensions").GetProperty("code").GetString();
    }

    public Task<GraphQLSocket> OpenAsync() => GraphQLSocket.OpenAsync(host.Port, token is null ? null : new { authToken = token });
}

/// <summary>One socket of graphql-transport-ws, with one subscription after the other.</summary>
internal sealed class GraphQLSocket : IAsyncDisposable
{
    private static readonly TimeSpan TimeMax = TimeSpan.FromSeconds(30);

    /// <summary>In bytes, of the socket of a reader that pauses: what the kernel takes for it is not under test.</summary>
    private const int SmallBuffer = 4_096;

    private readonly ClientWebSocket _socket = new();
    private readonly Channel<JsonElement> _messages = Channel.CreateUnbounded<JsonElement>();
    private Task _reading = Task.CompletedTask;
    private int _lastId;
    private TaskCompletionSource? _pause;

    public WebSocketCloseStatus? CloseStatus => _socket.CloseStatus;

    public static async Task<GraphQLSocket> OpenAsync(int port, object? connectionParams)
    {
        var socket = new GraphQLSocket();
        socket._socket.Options.AddSubProtocol("graphql-transport-ws");
        using var connecting = new HttpMessageInvoker(new SocketsHttpHandler { ConnectCallback = ConnectAsync });
        await socket._socket.ConnectAsync(new Uri($"ws://127.0.0.1:{port}/graphql"), connecting, CancellationToken.None);
        socket._reading = socket.ReadAsync();
        await socket.SendAsync(new { type = "connection_init", payload = connectionParams ?? new { } });
        return socket;
    }

    /// <summary>Takes nothing off the wire from the next message on, until it is told to go on.</summary>
    public void Pause() => _pause = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void GoOn() => _pause!.SetResult();

    public async Task SubscribeAsync(string query, object? variables = null)
    {
        string id = $"{++_lastId}";
        await SendAsync(new { type = "subscribe", id, payload = new { query, variables } });
    }

    /// <summary>The next message of a type other than the answer to the greeting.</summary>
    public async Task<JsonElement> NextAsync()
    {
        while (true)
        {
            JsonElement message = await _messages.Reader.ReadAsync().AsTask().WaitAsync(TimeMax);
            if (message.Text("type") is not ("connection_ack" or "ping" or "pong"))
            {
                return message;
            }
        }
    }

    /// <summary>The data of the next result.</summary>
    public async Task<JsonElement> DataAsync()
    {
        JsonElement message = await NextAsync();
        return message.Text("type") == "next" && !message.GetProperty("payload").TryGetProperty("errors", out _)
            ? message.GetProperty("payload").GetProperty("data")
            : throw new InvalidOperationException($"{message}");
    }

    /// <summary>Waits until the server has answered the greeting, or has closed.</summary>
    public async Task<string> GreetedAsync()
    {
        try
        {
            return (await _messages.Reader.ReadAsync().AsTask().WaitAsync(TimeMax)).Text("type");
        }
        catch (ChannelClosedException)
        {
            return "closed";
        }
    }

    public async ValueTask DisposeAsync()
    {
        _socket.Abort();
        _pause?.TrySetResult();
        await _reading;
        _socket.Dispose();
    }

    private static async ValueTask<Stream> ConnectAsync(
        SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveBufferSize = SmallBuffer };
        await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
        return new NetworkStream(socket, ownsSocket: true);
    }

    private Task SendAsync(object message) =>
        _socket.SendAsync(JsonSerializer.SerializeToUtf8Bytes(message), WebSocketMessageType.Text, true, CancellationToken.None);

    private async Task ReadAsync()
    {
        using var message = new MemoryStream();
        byte[] buffer = new byte[16 * 1024];
        try
        {
            while (true)
            {
                await (_pause?.Task ?? Task.CompletedTask);
                ValueWebSocketReceiveResult part = await _socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
                if (part.MessageType == WebSocketMessageType.Close)
                {
                    break;
                }

                message.Write(buffer.AsSpan(0, part.Count));
                if (part.EndOfMessage)
                {
                    _messages.Writer.TryWrite(JsonElement.Parse(message.ToArray()));
                    message.SetLength(0);
                }
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The end of the socket ends all that wait, below.
        }

        _messages.Writer.TryComplete();
    }
}
