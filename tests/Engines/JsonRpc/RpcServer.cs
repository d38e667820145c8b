using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Events.JsonRpc;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Events.Tests.Engines.JsonRpc;

/// <summary>A real server on a port of its own, with a few methods that tests call.</summary>
internal sealed class RpcServer : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private readonly WebApplication _app;

    private RpcServer(WebApplication app, Lines lines)
    {
        _app = app;
        Log = lines;
        Connections = app.Services.GetRequiredService<JsonRpcConnections>();
        string address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        Port = new Uri(address).Port;
    }

    internal int Port { get; }

    internal Uri HttpUri => new($"http://127.0.0.1:{Port}/ws");

    internal JsonRpcConnections Connections { get; }

    internal Lines Log { get; }

    internal static async Task<RpcServer> StartAsync(Func<JsonRpcOptions, JsonRpcOptions>? change = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        var lines = new Lines();
        builder.Logging.ClearProviders().AddProvider(lines).SetMinimumLevel(LogLevel.Warning);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var options = new JsonRpcOptions { Methods = Methods.All, WatchInterval = TimeSpan.FromMilliseconds(20) };
        builder.Services.AddPolledSockets();
        builder.Services.AddJsonRpc(_ => change is null ? options : change(options));
        WebApplication app = builder.Build();
        app.MapJsonRpc("/ws");
        await app.StartAsync();
        return new RpcServer(app, lines);
    }

    internal async Task<RpcClient> ConnectAsync(Action<ClientWebSocketOptions>? change = null)
    {
        var socket = new ClientWebSocket();
        change?.Invoke(socket.Options);
        using var limit = new CancellationTokenSource(Limit);
        await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{Port}/ws"), limit.Token);
        return new RpcClient(socket);
    }

    internal Task StopAsync() => _app.StopAsync();

    /// <summary>Waits for a condition; fails the test when it does not come.</summary>
    internal static async Task UntilAsync(Func<bool> holds)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (!holds())
        {
            Assert.False(limit.IsCancellationRequested, "The condition did not come.");
            await Task.Delay(5, CancellationToken.None);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    /// <summary>What was logged.</summary>
    internal sealed class Lines : ILoggerProvider, ILogger
    {
        internal ConcurrentQueue<string> All { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            All.Enqueue($"{logLevel} {formatter(state, exception)} {exception}");

        public void Dispose() => All.Clear();
    }
}

/// <summary>A socket of a test, with a bound on every wait.</summary>
internal sealed class RpcClient(ClientWebSocket socket) : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private readonly byte[] _buffer = new byte[2 * 1024 * 1024];

    internal ClientWebSocket Socket => socket;

    internal Task SendAsync(string text) => SendAsync(Encoding.UTF8.GetBytes(text));

    internal async Task SendAsync(
        ReadOnlyMemory<byte> part, bool end = true, WebSocketMessageType type = WebSocketMessageType.Text)
    {
        using var limit = new CancellationTokenSource(Limit);
        await socket.SendAsync(part, type, end, limit.Token);
    }

    /// <returns>The next message; null when the server closes or has gone.</returns>
    internal async Task<string?> ReceiveAsync()
    {
        using var limit = new CancellationTokenSource(Limit);
        int length = 0;
        while (true)
        {
            ValueWebSocketReceiveResult part;
            try
            {
                part = await socket.ReceiveAsync(_buffer.AsMemory(length), limit.Token);
            }
            catch (WebSocketException)
            {
                return null;
            }

            length += part.Count;
            if (part.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }

            if (part.EndOfMessage)
            {
                return Encoding.UTF8.GetString(_buffer, 0, length);
            }
        }
    }

    /// <summary>Sends and gives back the next message.</summary>
    internal async Task<string> AskAsync(string text)
    {
        await SendAsync(text);
        return await ReceiveAsync() ?? throw new InvalidOperationException($"Closed: {socket.CloseStatus}");
    }

    internal async Task<JsonElement> AskJsonAsync(string text)
    {
        using JsonDocument answer = JsonDocument.Parse(await AskAsync(text));
        return answer.RootElement.Clone();
    }

    internal async Task<int> AskErrorAsync(string text) =>
        (await AskJsonAsync(text)).GetProperty("error").GetProperty("code").GetInt32();

    /// <returns>The code that the server closed with; null when it cut the connection.</returns>
    internal async Task<WebSocketCloseStatus?> ReceiveCloseAsync()
    {
        while (await ReceiveAsync() is not null)
        {
        }

        return socket.CloseStatus;
    }

    public void Dispose() => socket.Dispose();
}

/// <summary>A socket without any library, for what a proper client never does.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    internal static async Task<RawClient> ConnectAsync(int port, int? receiveBytes = null)
    {
        var client = new RawClient();
        if (receiveBytes is int bytes)
        {
            client._socket.ReceiveBufferSize = bytes;
        }

        await client._socket.ConnectAsync(IPAddress.Loopback, port);
        return client;
    }

    /// <returns>The head of the answer.</returns>
    internal async Task<string> HandshakeAsync(string lines = "Upgrade: websocket\r\nConnection: Upgrade\r\n"
        + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", string path = "/ws")
    {
        await SendAsync(Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{lines}\r\n"));
        var head = new StringBuilder();
        byte[] one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await ReadAsync(one) == 0)
            {
                break;
            }

            head.Append((char)one[0]);
        }

        return head.ToString();
    }

    internal async Task SendAsync(byte[] bytes) => await _socket.SendAsync(bytes.AsMemory(), CancellationToken.None);

    /// <summary>Sends one masked frame; the mask is zero, which is allowed and leaves the payload as it is.</summary>
    internal Task SendFrameAsync(byte firstByte, byte[] payload)
    {
        byte[] head = payload.Length < 126
            ? [firstByte, (byte)(0x80 | payload.Length), 0, 0, 0, 0]
            : [firstByte, 0x80 | 126, (byte)(payload.Length >> 8), (byte)payload.Length, 0, 0, 0, 0];
        return SendAsync([.. head, .. payload]);
    }

    /// <returns>First byte and payload of the next frame (short ones only).</returns>
    internal async Task<(byte First, byte[] Payload)> ReceiveFrameAsync()
    {
        byte[] head = await ReadExactlyAsync(2);
        int length = head[1] & 0x7f;
        if (length == 126)
        {
            byte[] more = await ReadExactlyAsync(2);
            length = (more[0] << 8) | more[1];
        }

        return (head[0], await ReadExactlyAsync(length));
    }

    internal async Task<int> ReadAsync(Memory<byte> into)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        return await _socket.ReceiveAsync(into, limit.Token);
    }

    /// <summary>Ends with RST instead of FIN.</summary>
    internal void Reset()
    {
        _socket.LingerState = new LingerOption(true, 0);
        _socket.Dispose();
    }

    public void Dispose() => _socket.Dispose();

    private async Task<byte[]> ReadExactlyAsync(int count)
    {
        byte[] bytes = new byte[count];
        for (int got = 0; got < count;)
        {
            int part = await ReadAsync(bytes.AsMemory(got));
            Assert.True(part > 0, "The server has gone.");
            got += part;
        }

        return bytes;
    }
}
