using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

namespace Events.Tests.Integration.Kit;

/// <summary>A WebSocket on which anything can be said. What comes back is given as it came.</summary>
internal sealed class RawRpc : IAsyncDisposable
{
    private static readonly TimeSpan AnswerTimeMax = TimeSpan.FromSeconds(15);

    private readonly ClientWebSocket _socket = new();

    public static async Task<RawRpc> ConnectAsync(RunningHost host, string? token = null, string? origin = null)
    {
        var client = new RawRpc();
        if (origin is not null)
        {
            client._socket.Options.SetRequestHeader("Origin", origin);
        }

        try
        {
            using var limit = new CancellationTokenSource(AnswerTimeMax);
            await client._socket.ConnectAsync(new Uri($"ws://127.0.0.1:{host.Port}/ws"), limit.Token);
        }
        catch
        {
            client._socket.Dispose();
            throw;
        }

        if (token is not null)
        {
            JsonElement login = await client.CallAsync("authenticate", JsonSerializer.Serialize(new { auth_token = token }));
            if (!login.TryGetProperty("result", out _))
            {
                throw new InvalidOperationException($"The login failed: {login}");
            }
        }

        return client;
    }

    public Task SendAsync(string text) => SendAsync(Encoding.UTF8.GetBytes(text));

    public async Task SendAsync(byte[] bytes, WebSocketMessageType type = WebSocketMessageType.Text, bool isEnd = true)
    {
        using var limit = new CancellationTokenSource(AnswerTimeMax);
        await _socket.SendAsync(bytes, type, isEnd, limit.Token);
    }

    /// <summary>The next message; null when the socket was closed instead.</summary>
    public async Task<string?> ReceiveAsync(TimeSpan? timeMax = null)
    {
        using var limit = new CancellationTokenSource(timeMax ?? AnswerTimeMax);
        using var message = new MemoryStream();
        byte[] buffer = new byte[16 * 1024];
        while (true)
        {
            WebSocketReceiveResult part = await _socket.ReceiveAsync(buffer, limit.Token);
            if (part.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }

            message.Write(buffer.AsSpan(0, part.Count));
            if (part.EndOfMessage)
            {
                return Encoding.UTF8.GetString(message.ToArray());
            }
        }
    }

    /// <summary>Sends a text and gives the one answer to it.</summary>
    public async Task<JsonElement> AskAsync(string text)
    {
        await SendAsync(text);
        return JsonSerializer.Deserialize<JsonElement>(
            await ReceiveAsync() ?? throw new InvalidOperationException($"Closed instead of an answer to {text}"));
    }

    /// <param name="parameters">As JSON text; null leaves them out.</param>
    public Task<JsonElement> CallAsync(string method, string? parameters = null) =>
        AskAsync($$"""{"jsonrpc":"2.0","id":1,"method":"{{method}}"{{(parameters is null ? "" : $",\"params\":{parameters}")}}}""");

    /// <summary>The code with which the server closes; what it still says before that is passed over.</summary>
    public async Task<int> CloseCodeAsync()
    {
        while (await ReceiveAsync() is not null)
        {
        }

        return (int)_socket.CloseStatus!.Value;
    }

    public ValueTask DisposeAsync()
    {
        _socket.Abort();
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }
}
