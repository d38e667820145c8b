using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text.Json;

namespace Events.Tests.Integration.Kit;

/// <summary>An error answer.</summary>
internal sealed class RpcException(int code, string message, JsonElement data) : Exception($"{code} {message} {data}")
{
    public int Code => code;

    public new JsonElement Data => data;
}

/// <summary>A plain client of the legacy contract: calls by id, notifications kept in order.</summary>
internal sealed class RpcClient : IAsyncDisposable
{
    private static readonly TimeSpan AnswerTimeMax = TimeSpan.FromSeconds(30);

    private readonly ClientWebSocket _socket = new();
    private readonly ConcurrentDictionary<int, TaskCompletionSource<JsonElement>> _waiting = [];
    private readonly List<JsonElement> _notifications = [];
    private readonly List<string> _heard = [];
    private readonly SemaphoreSlim _sending = new(1, 1);
    private Task _reading = Task.CompletedTask;
    private int _lastId;

    public IReadOnlyList<JsonElement> Notifications
    {
        get
        {
            lock (_notifications)
            {
                return [.. _notifications];
            }
        }
    }

    /// <summary>Every message, answers and notifications, as it came.</summary>
    public string Heard
    {
        get
        {
            lock (_notifications)
            {
                return string.Join('\n', _heard);
            }
        }
    }

    /// <param name="by">Where it connects from; null for anywhere.</param>
    public static async Task<RpcClient> ConnectAsync(Uri address, HttpMessageInvoker? by = null)
    {
        var client = new RpcClient();
        await client._socket.ConnectAsync(address, by, CancellationToken.None);
        client._reading = client.ReadAsync();
        return client;
    }

    /// <returns>The result.</returns>
    /// <exception cref="RpcException">The answer is an error.</exception>
    public async Task<JsonElement> CallAsync(string method, object? parameters = null)
    {
        int id = Interlocked.Increment(ref _lastId);
        var answer = _waiting[id] = new TaskCompletionSource<JsonElement>(TaskCreationOptions.RunContinuationsAsynchronously);
        await SendAsync(JsonSerializer.SerializeToUtf8Bytes(new { jsonrpc = "2.0", id, method, @params = parameters ?? new { } }));
        JsonElement message = await answer.Task.WaitAsync(AnswerTimeMax);
        return message.TryGetProperty("error", out JsonElement error)
            ? throw new RpcException(error.GetProperty("code").GetInt32(), error.Text("message"), error.GetProperty("data"))
            : message.GetProperty("result");
    }

    public async Task SendAsync(byte[] text)
    {
        await _sending.WaitAsync();
        try
        {
            await _socket.SendAsync(text, WebSocketMessageType.Text, true, CancellationToken.None);
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <summary>Waits for a notification and gives its parameters.</summary>
    public async Task<JsonElement> ToldAsync(string method, Func<JsonElement, bool> matches, TimeSpan? limit = null)
    {
        JsonElement? found = null;
        await Until.TrueAsync(
            () =>
            {
                found = Notifications
                    .Where(note => note.Text("method") == method)
                    .Select(note => (JsonElement?)note.GetProperty("params"))
                    .FirstOrDefault(parameters => matches(parameters!.Value));
                return Task.FromResult(found is not null);
            },
            limit ?? TimeSpan.FromSeconds(20),
            () => $"a {method}; told so far: {string.Join('\n', Notifications)}");
        return found!.Value;
    }

    public async ValueTask DisposeAsync()
    {
        _socket.Abort();
        await _reading;
        _socket.Dispose();
        _sending.Dispose();
    }

    private async Task ReadAsync()
    {
        using var message = new MemoryStream();
        byte[] buffer = new byte[16 * 1024];
        try
        {
            while (true)
            {
                ValueWebSocketReceiveResult part = await _socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
                if (part.MessageType == WebSocketMessageType.Close)
                {
                    break;
                }

                message.Write(buffer.AsSpan(0, part.Count));
                if (part.EndOfMessage)
                {
                    Take(JsonSerializer.Deserialize<JsonElement>(message.ToArray()));
                    message.SetLength(0);
                }
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The end of the socket ends all that wait, below.
        }

        foreach (var waiting in _waiting.Values)
        {
            waiting.TrySetException(new InvalidOperationException("The socket was closed."));
        }
    }

    private void Take(JsonElement message)
    {
        lock (_notifications)
        {
            _heard.Add(message.GetRawText());
        }

        if (message.TryGetProperty("id", out JsonElement id) && id.ValueKind == JsonValueKind.Number
            && _waiting.TryRemove(id.GetInt32(), out var answer))
        {
            answer.TrySetResult(message);
            return;
        }

        lock (_notifications)
        {
            _notifications.Add(message);
        }
    }
}
