using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Events.Tests.Integration.Kit;

/// <summary>A TCP connection on which HTTP can be spoken well, badly or not at all; nothing is tidied up on the way.</summary>
internal sealed class RawHttp : IAsyncDisposable
{
    private static readonly TimeSpan AnswerTimeMax = TimeSpan.FromSeconds(15);

    private readonly TcpClient _client = new();

    public static async Task<RawHttp> ConnectAsync(int port)
    {
        var raw = new RawHttp();
        await raw._client.ConnectAsync("127.0.0.1", port);
        return raw;
    }

    /// <summary>One request on a connection of its own.</summary>
    /// <param name="lines">Header lines without their ends; <c>Host</c> comes by itself.</param>
    public static async Task<(int Status, string Text)> AskAsync(
        int port, string method, string target, string[]? lines = null, string body = "")
    {
        await using RawHttp raw = await ConnectAsync(port);
        string head = string.Concat((lines ?? []).Select(line => line + "\r\n"));
        await raw.SendAsync($"{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{head}\r\n{body}");
        return await raw.AnswerAsync();
    }

    public Task SendAsync(string text) => SendAsync(Encoding.Latin1.GetBytes(text));

    /// <summary>A server that has had enough may close while we are still speaking.</summary>
    public async Task SendAsync(byte[] bytes)
    {
        try
        {
            await _client.GetStream().WriteAsync(bytes);
        }
        catch (IOException)
        {
            // Its answer, if there is one, is what counts.
        }
    }

    /// <returns>All that came until the server closed; status 0 when that was nothing.</returns>
    public async Task<(int Status, string Text)> AnswerAsync(TimeSpan? timeMax = null)
    {
        using var limit = new CancellationTokenSource(timeMax ?? AnswerTimeMax);
        using var all = new MemoryStream();
        try
        {
            await _client.GetStream().CopyToAsync(all, limit.Token);
        }
        catch (IOException)
        {
            // Reset: what came before it counts.
        }

        string text = Encoding.Latin1.GetString(all.ToArray());
        return text.StartsWith("HTTP/1.1 ", StringComparison.Ordinal)
            ? (int.Parse(text.AsSpan(9, 3), CultureInfo.InvariantCulture), text)
            : (0, text);
    }

    /// <summary>The first part of an answer on a connection that stays open.</summary>
    public async Task<string> StartAsync()
    {
        using var limit = new CancellationTokenSource(AnswerTimeMax);
        byte[] buffer = new byte[16 * 1024];
        return Encoding.Latin1.GetString(buffer, 0, await _client.GetStream().ReadAsync(buffer, limit.Token));
    }

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }
}
