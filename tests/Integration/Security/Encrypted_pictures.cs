using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Events.Tests.Integration.Faults;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Security;

/// <summary>RTSP and health within TLS, by clients of their own: ffmpeg, GStreamer, openssl, curl.</summary>
public sealed class Encrypted_pictures(EncryptedHost house) : IClassFixture<EncryptedHost>
{
    /// <summary>What a handshake may take is 10 s; the rest is for a busy machine.</summary>
    private static readonly TimeSpan EndMax = TimeSpan.FromSeconds(25);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task play_in_ffmpeg_and_gstreamer()
    {
        string url = await UrlAsync();
        Assert.Matches($@"^rtsps://127\.0\.0\.1:{house.RtspsPort}/camera0\?exp=\d+&user=[\w-]+&sig=[\w-]+$", url);
        string file = Path.Combine(house.Folder, "seen.mp4");

        CliResult played = await Tool.RunAsync(
            "ffmpeg", ["-v", "error", "-nostdin", "-rtsp_transport", "tcp", "-i", url, "-t", "2", "-c", "copy", file]);

        Assert.Equal((0, string.Empty), (played.ExitCode, played.Errors));
        Assert.InRange(await Tool.FramesAsync(file), Scene.FramesPerSecond, 4 * Scene.FramesPerSecond);
        CliResult shown = await Tool.RunAsync(
            "gst-launch-1.0",
            [
                "-q", "rtspsrc", $"location={url}", "protocols=tcp", "tls-validation-flags=0", "!", "rtph264depay", "!", "h264parse",
                "!", "identity", "eos-after=10", "!", "fakesink",
            ]);
        Assert.Equal((0, string.Empty), (shown.ExitCode, shown.Errors));
    }

    [Theory]
    [InlineData("-tls1_1", false)]
    [InlineData("-tls1_2", true)]
    [InlineData("-tls1_3", true)]
    public async Task are_of_the_two_newest_versions(string version, bool isTaken)
    {
        string script = "(printf 'OPTIONS * RTSP/1.0\\r\\nCSeq: 7\\r\\n\\r\\n'; sleep 2) | "
            + $"openssl s_client -connect localhost:{house.RtspsPort} -servername localhost -verify_return_error "
            + $"-CAfile '{house.AuthorityFile}' {version} 2>&1";
        CliResult result = await Tool.RunAsync("sh", ["-c", script]);

        bool isVerified = result.ExitCode == 0 && result.Output.Contains("Verify return code: 0 (ok)", StringComparison.Ordinal);
        Assert.Equal(isTaken, isVerified);
        Assert.Equal(isTaken, result.Output.Contains("RTSP/1.0 200 OK\r\nCSeq: 7", StringComparison.Ordinal));
    }

    [Fact]
    public async Task never_go_beside_the_connection()
    {
        string url = await UrlAsync();
        using var client = new TcpClient();
        await using SslStream secure = await OpenAsync(client, house.RtspsPort);

        string described = await AskAsync(secure, $"DESCRIBE {url} RTSP/1.0\r\nCSeq: 1\r\n\r\n");
        Assert.Contains($"Content-Base: rtsps://127.0.0.1:{house.RtspsPort}/camera0", described, StringComparison.Ordinal);
        Assert.DoesNotContain("rtsp://", described, StringComparison.Ordinal);
        string beside = await AskAsync(
            secure, $"SETUP {url} RTSP/1.0\r\nCSeq: 2\r\nTransport: RTP/AVP;unicast;client_port=5000-5001\r\n\r\n");
        Assert.StartsWith("RTSP/1.0 461 ", beside, StringComparison.Ordinal);
        string within = await AskAsync(
            secure, $"SETUP {url} RTSP/1.0\r\nCSeq: 3\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n");
        Assert.StartsWith("RTSP/1.0 200 ", within, StringComparison.Ordinal);
    }

    [Fact]
    public async Task wait_for_no_slow_handshake()
    {
        using var silent = new TcpClient();
        await silent.ConnectAsync(IPAddress.Loopback, house.RtspsPort, Cancellation);
        using var slow = new TcpClient();
        await slow.ConnectAsync(IPAddress.Loopback, house.RtspsPort, Cancellation);
        await slow.GetStream().WriteAsync(new byte[] { 0x16, 0x03, 0x01, 0x02 }, Cancellation);
        using var plain = new TcpClient();
        await plain.ConnectAsync(IPAddress.Loopback, house.RtspsPort, Cancellation);
        await plain.GetStream().WriteAsync("OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n"u8.ToArray(), Cancellation);

        // Others come in meanwhile.
        using var client = new TcpClient();
        await using SslStream secure = await OpenAsync(client, house.RtspsPort);
        Assert.StartsWith(
            "RTSP/1.0 200 ", await AskAsync(secure, "OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n"), StringComparison.Ordinal);

        Assert.DoesNotContain("RTSP/1.0 200", await RestAsync(plain), StringComparison.Ordinal);
        Assert.Equal(string.Empty, await RestAsync(silent));
        Assert.Equal(string.Empty, await RestAsync(slow));
    }

    [Fact]
    public async Task are_what_other_machines_get_alone()
    {
        // Another address of this machine stands for another machine.
        using var plain = new TcpClient();
        await Assert.ThrowsAsync<SocketException>(
            () => plain.ConnectAsync(IPAddress.Parse("127.0.0.2"), house.Host.RtspPort, Cancellation).AsTask());
        using var secure = new TcpClient();
        await secure.ConnectAsync(IPAddress.Parse("127.0.0.2"), house.RtspsPort, Cancellation);

        string health = $"localhost:{house.Host.HealthPort}/health/live";
        CliResult encrypted = await Tool.RunAsync("curl", ["-s", "-i", "--cacert", house.AuthorityFile, $"https://{health}"]);
        Assert.Contains("\"alive\":true", encrypted.Ok(), StringComparison.Ordinal);
        Assert.Contains("strict-transport-security: ", encrypted.Output, StringComparison.OrdinalIgnoreCase);
        CliResult clear = await Tool.RunAsync("curl", ["-s", "-m", "20", $"http://{health}"]);
        Assert.DoesNotContain("alive", clear.Output, StringComparison.Ordinal);
        Assert.NotEqual(0, clear.ExitCode);
        Assert.Contains($"https://127.0.0.1:{house.Host.HealthPort}/health", (await house.Host.CliAsync("status")).Ok(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task show_a_new_certificate_once_it_is_written()
    {
        house.Write("renewed");

        foreach (int port in new[] { house.RtspsPort, house.Host.HealthPort })
        {
            await Until.TrueAsync(async () => await SubjectAsync(port) == "CN=renewed", EndMax, $"the new certificate at port {port}");
        }
    }

    private async Task<string> UrlAsync()
    {
        await using RpcClient client = await house.Host.ConnectAsync("viewer");
        await Scene.ConnectedAsync(client);
        return (await client.CallAsync("get_stream_url", new { device = "camera0" })).Text("stream_url");
    }

    private async Task<string> SubjectAsync(int port)
    {
        using var client = new TcpClient();
        await using SslStream secure = await OpenAsync(client, port);
        return secure.RemoteCertificate!.Subject;
    }

    private async Task<SslStream> OpenAsync(TcpClient client, int port)
    {
        await client.ConnectAsync(IPAddress.Loopback, port, Cancellation);
        var secure = new SslStream(client.GetStream(), false, (_, certificate, chain, _) => house.Trusts(certificate, chain));
        await secure.AuthenticateAsClientAsync("localhost");
        return secure;
    }

    /// <returns>What came at once: answers here are short.</returns>
    private static async Task<string> AskAsync(SslStream secure, string request)
    {
        byte[] answer = new byte[16 * 1024];
        await secure.WriteAsync(Encoding.ASCII.GetBytes(request), Cancellation);
        int got = await secure.ReadAsync(answer, Cancellation).AsTask().WaitAsync(EndMax, Cancellation);
        return Encoding.ASCII.GetString(answer, 0, got);
    }

    /// <returns>All until the other side closes, which it has to.</returns>
    private static async Task<string> RestAsync(TcpClient client)
    {
        byte[] buffer = new byte[4096];
        var rest = new StringBuilder();
        try
        {
            while (await client.GetStream().ReadAsync(buffer, Cancellation).AsTask().WaitAsync(EndMax, Cancellation) is > 0 and var got)
            {
                rest.Append(Encoding.ASCII.GetString(buffer, 0, got));
            }
        }
        catch (IOException)
        {
            // Reset is closed, too.
        }

        return rest.ToString();
    }
}
