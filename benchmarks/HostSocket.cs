using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text.Json;

namespace Events.Benchmarks;

/// <summary>One client of the JSON-RPC contract, one call at a time.</summary>
internal sealed class HostSocket : IDisposable
{
    /// <summary>More than any answer here: a page of 100 recordings.</summary>
    private const int AnswerBytesMax = 256 * 1024;
    private const int FirstAnswerBytes = 1024;

    private static readonly TimeSpan AnswerTimeMax = TimeSpan.FromSeconds(30);
    private static readonly byte[] _ping = Encode("ping", new { });

    private readonly ClientWebSocket _socket = new();
    private Socket? _transport;
    private byte[] _answer = new byte[FirstAnswerBytes];

    /// <param name="token">As the command line's verb prints it.</param>
    /// <param name="canReset">Whether <see cref="Reset"/> will be called.</param>
    public static async Task<HostSocket> ConnectAsync(int port, string token, bool canReset = false)
    {
        var client = new HostSocket();
        using HttpMessageInvoker? own = canReset
            ? new HttpMessageInvoker(new SocketsHttpHandler { ConnectCallback = client.ConnectAsync })
            : null;
        await client._socket.ConnectAsync(new Uri($"ws://127.0.0.1:{port}/ws"), own, CancellationToken.None);
        await client.CallAsync("authenticate", new { auth_token = token });
        return client;
    }

    /// <exception cref="InvalidOperationException">The answer is an error.</exception>
    public async Task<JsonElement> CallAsync(string method, object parameters)
    {
        await SendAsync(Encode(method, parameters)).WaitAsync(AnswerTimeMax);
        JsonElement message;
        do
        {
            // Between the answers of a socket that has subscribed come notifications, which have no id.
            message = JsonElement.Parse((await ReceiveAsync().AsTask().WaitAsync(AnswerTimeMax)).Span);
        }
        while (!message.TryGetProperty("id", out _));

        return message.TryGetProperty("result", out JsonElement result)
            ? result
            : throw new InvalidOperationException($"{method}: {message}");
    }

    /// <summary>As cheap for the client as it gets: neither encodes nor reads.</summary>
    public async ValueTask PingAsync()
    {
        await SendAsync(_ping);
        await ReceiveAsync();
    }

    /// <summary>The next message, good until the next call.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> ReceiveAsync()
    {
        int length = 0;
        while (true)
        {
            ValueWebSocketReceiveResult part = await _socket.ReceiveAsync(_answer.AsMemory(length), CancellationToken.None);
            length += part.Count;
            if (part.MessageType == WebSocketMessageType.Close)
            {
                throw new InvalidOperationException($"The host closed: {_socket.CloseStatusDescription}");
            }

            if (part.EndOfMessage)
            {
                return _answer.AsMemory(0, length);
            }

            if (length == _answer.Length)
            {
                Array.Resize(ref _answer, length < AnswerBytesMax ? length * 2 : throw new InvalidOperationException("Too long."));
            }
        }
    }

    public void Dispose() => _socket.Dispose();

    /// <summary>Goes away as a client does whose cable is pulled and whose machine answers for it: with a reset, and no close.</summary>
    public void Reset()
    {
        _transport!.LingerState = new LingerOption(enable: true, seconds: 0);
        _transport.Close();
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        _transport = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await _transport.ConnectAsync(context.DnsEndPoint, cancellationToken);
        return new NetworkStream(_transport, ownsSocket: true);
    }

    private Task SendAsync(byte[] text) => _socket.SendAsync(text, WebSocketMessageType.Text, true, CancellationToken.None);

    private static byte[] Encode(string method, object parameters) =>
        JsonSerializer.SerializeToUtf8Bytes(new { jsonrpc = "2.0", id = 1, method, @params = parameters });
}
