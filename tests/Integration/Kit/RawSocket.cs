using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Events.Tests.Integration.Kit;

/// <summary>A WebSocket by hand, for clients that do not behave as libraries do.</summary>
internal sealed class RawSocket : IDisposable
{
    public const byte Text = 0x81;
    public const byte Ping = 0x89;
    public const byte Pong = 0x8a;
    public const byte Close = 0x88;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public static async Task<RawSocket> ConnectAsync(int port, string headers = "")
    {
        var raw = new RawSocket();
        await raw._socket.ConnectAsync(IPAddress.Loopback, port);
        raw.Head = await raw.HandshakeAsync(headers);
        return raw;
    }

    /// <summary>Of the server's answer to the handshake.</summary>
    public string Head { get; private set; } = string.Empty;

    public void Dispose() => _socket.Dispose();

    public Task SendAsync(string text) => SendAsync(Text, Encoding.UTF8.GetBytes(text));

    /// <summary>One masked frame; the mask is zero, which is allowed and leaves the payload as it is.</summary>
    public async Task SendAsync(byte first, byte[] payload)
    {
        byte[] head = payload.Length < 126
            ? [first, (byte)(0x80 | payload.Length), 0, 0, 0, 0]
            : [first, 0x80 | 126, (byte)(payload.Length >> 8), (byte)payload.Length, 0, 0, 0, 0];
        await _socket.SendAsync((byte[])[.. head, .. payload]);
    }

    /// <returns>First byte and payload of the next frame; null when the server has gone.</returns>
    public async Task<(byte First, byte[] Payload)?> ReceiveAsync()
    {
        if (await ReadAsync(2) is not { } head)
        {
            return null;
        }

        int length = head[1] & 0x7f;
        if (length == 126 && await ReadAsync(2) is { } more)
        {
            length = (more[0] << 8) | more[1];
        }

        return await ReadAsync(length) is { } payload ? (head[0], payload) : null;
    }

    private async Task<string> HandshakeAsync(string headers)
    {
        await _socket.SendAsync(Encoding.ASCII.GetBytes(
            "GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            + $"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n"));
        var head = new StringBuilder();
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal) && await ReadAsync(1) is { } one)
        {
            head.Append((char)one[0]);
        }

        return head.ToString();
    }

    private async Task<byte[]?> ReadAsync(int count)
    {
        byte[] bytes = new byte[count];
        using var limit = new CancellationTokenSource(Limit);
        for (int got = 0; got < count;)
        {
            int part = await _socket.ReceiveAsync(bytes.AsMemory(got), limit.Token);
            if (part == 0)
            {
                return null;
            }

            got += part;
        }

        return bytes;
    }
}
