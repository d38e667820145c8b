using System.Net;
using System.Net.Sockets;
using System.Text;
using Events.EventStore.Seals.Outside;
using Events.EventStore.Seals.Sealing;
using Events.EventStore.Seals.Tree;
using Xunit;

namespace Events.Tests.Engines.EventStore.Seals;

/// <summary>Somebody else's service, which may answer anything: at worst the head has not got there.</summary>
public sealed class A_webhook : IDisposable
{
    private const string Note = "log.example/1\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n\u2014 log.example/1 AAAAAAA=\n";

    private readonly AnchorHttp _http = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _http.Dispose();

    [Theory]
    [InlineData("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n", "The answer was 500.")]
    [InlineData("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "The answer was 404.")]
    [InlineData("no HTTP at all\r\n\r\n", "")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\ncut off", "")]
    [InlineData("", "")]
    public async Task that_answers_badly_has_not_got_the_head(string answer, string words)
    {
        AnchorFailedException failed = await Assert.ThrowsAsync<AnchorFailedException>(() => ShowAsync(Encoding.ASCII.GetBytes(answer)));
        Assert.Contains(words, failed.Message, StringComparison.Ordinal);
    }

    /// <summary>It may lead to a service of this machine that trusts whoever is on it.</summary>
    [Fact]
    public async Task is_not_followed_to_another_address()
    {
        using TcpListener inside = new(IPAddress.Loopback, 0);
        inside.Start();
        string answer = $"HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:{PortOf(inside)}/\r\nContent-Length: 0\r\n\r\n";
        AnchorFailedException failed = await Assert.ThrowsAsync<AnchorFailedException>(() => ShowAsync(Encoding.ASCII.GetBytes(answer)));
        Assert.Equal("The answer was 307.", failed.Message);
        Assert.False(inside.Pending());
    }

    [Fact]
    public async Task that_answers_without_end_is_listened_to_for_64_KiB()
    {
        byte[] answer = [.. "HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n"u8, .. Enumerable.Repeat((byte)'x', 10_000_000)];
        Assert.Equal(64 * 1024, (await ShowAsync(answer))!.Length);
    }

    [Fact]
    public async Task that_says_nothing_is_given_ten_seconds()
    {
        AnchorFailedException failed = await Assert.ThrowsAsync<AnchorFailedException>(() => ShowAsync(null));
        Assert.Equal("No answer within 10 s.", failed.Message);
    }

    /// <param name="answer">Null for none, with the connection left open.</param>
    private async Task<byte[]?> ShowAsync(byte[]? answer)
    {
        using TcpListener service = new(IPAddress.Loopback, 0);
        service.Start();
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(Token);
        Task served = ServeAsync(service, answer, end.Token);
        try
        {
            StoredHead head = new(0, TreeHash.Empty, 0, [], DateTimeOffset.UnixEpoch, Note);
            WebhookSink sink = new(_http, new Uri($"http://127.0.0.1:{PortOf(service)}/heads"), null, TimeSpan.FromHours(1));
            return await sink.ShowAsync(head, Token);
        }
        finally
        {
            await end.CancelAsync();
            await served;
        }
    }

    private static async Task ServeAsync(TcpListener service, byte[]? answer, CancellationToken end)
    {
        try
        {
            using TcpClient client = await service.AcceptTcpClientAsync(end);
            NetworkStream stream = client.GetStream();
            byte[] asked = new byte[4096];
            await stream.ReadAtLeastAsync(asked, 1, throwOnEndOfStream: false, end);
            if (answer is null)
            {
                await Task.Delay(Timeout.Infinite, end);
            }

            await stream.WriteAsync(answer, end);
        }
        catch (Exception gone) when (gone is OperationCanceledException or IOException)
        {
            // The asker has heard enough.
        }
    }

    private static int PortOf(TcpListener listener) => ((IPEndPoint)listener.LocalEndpoint).Port;
}
