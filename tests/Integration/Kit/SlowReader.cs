using System.Net;
using System.Net.Sockets;
using System.Text;
using Xunit;

namespace Events.Tests.Integration.Kit;

/// <summary>Fetches a file, reads its start, and has little room for more until it reads on.</summary>
internal sealed class SlowReader : IDisposable
{
    /// <summary>Of an answer: its head, and some bytes of the file.</summary>
    private const int StartBytes = 1024;

    /// <summary>What the kernel takes of a file for one who reads slowly; with less, nobody could be cut off.</summary>
    private const int KernelBytesMax = 4 * 1024 * 1024;

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 8 * 1024 };

    private SlowReader()
    {
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>
    /// One reads a file slowly and gets it all; the next one is as slow, and meanwhile its key is destroyed, or its access ended. That
    /// one is cut off, and the host says why.
    /// </summary>
    /// <param name="token">Or a key; null for a link.</param>
    public static async Task IsCutOffAsync(
        RunningHost host, string url, Func<Task> endAsync, string? token = null, string why = "Its key was destroyed.")
    {
        long whole = (await host.DownloadAsync(url, token)).Length;
        Assert.True(whole > KernelBytesMax * 3 / 2, $"{whole} bytes are too few to be cut off.");
        foreach (bool isEnded in new[] { false, true })
        {
            using SlowReader reader = await BeginAsync(host, url, token);
            if (isEnded)
            {
                await endAsync();
            }

            // Somewhat longer than the pause between two looks for the key.
            await Task.Delay(TimeSpan.FromSeconds(1.5), Token);
            long got = await reader.RestAsync();
            Assert.True(isEnded ? got < whole * 3 / 4 : got > whole - StartBytes, $"{got} of {whole} bytes came, ended: {isEnded}");
        }

        await Until.TrueAsync(
            () => Task.FromResult(host.Output.Contains($"was cut off: {why}", StringComparison.Ordinal)),
            TimeSpan.FromSeconds(10),
            () => $"a word about the cut; the host printed:\n{host.Output}");
        Assert.DoesNotContain("unhandled exception", host.Output, StringComparison.OrdinalIgnoreCase);
    }

    public void Dispose() => _socket.Dispose();

    private static async Task<SlowReader> BeginAsync(RunningHost host, string url, string? token)
    {
        var reader = new SlowReader();
        await reader._socket.ConnectAsync(IPAddress.Loopback, host.Port, Token);
        string path = url.StartsWith('/') ? url : new Uri(url).PathAndQuery;
        string head = $"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
            + (token is null ? "\r\n" : $"Authorization: Bearer {token}\r\n\r\n");
        await reader._socket.SendAsync(Encoding.ASCII.GetBytes(head), Token);
        byte[] start = new byte[StartBytes];
        int got = await reader._socket.ReceiveAsync(start, Token);
        Assert.StartsWith("HTTP/1.1 200", Encoding.ASCII.GetString(start, 0, got), StringComparison.Ordinal);
        return reader;
    }

    /// <returns>How many bytes came until the end, or until it was cut off.</returns>
    private async Task<long> RestAsync()
    {
        byte[] buffer = new byte[64 * 1024];
        long all = 0;
        try
        {
            while (await _socket.ReceiveAsync(buffer, Token) is > 0 and var got)
            {
                all += got;
            }
        }
        catch (SocketException)
        {
            // Cut off.
        }

        return all;
    }
}
