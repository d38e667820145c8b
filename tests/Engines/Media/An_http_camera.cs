using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Events.Application.Contracts;
using Xunit;

namespace Events.Tests.Engines.Media;

public sealed class An_http_camera
{
    [Theory]
    [InlineData("mpegts")]
    [InlineData("mp4", "-movflags", "empty_moov+default_base_moof+frag_keyframe")]
    [InlineData("matroska")]
    [InlineData("flv")]
    public async Task is_taken_in(string format, params string[] more)
    {
        using var camera = new HttpCamera(["-f", format, .. more]);
        await using var studio = new Studio();
        await studio.WatchAsync($"http://127.0.0.1:{camera.Port}/live");
        Assert.Equal("h264", studio.Listener.All[0].Format!.Codec);
    }

    [Fact]
    public async Task is_asked_by_its_name_at_the_address_that_was_looked_at()
    {
        using var camera = new HttpCamera(["-f", "mpegts"]);
        await using var studio = new Studio(options => options with { Sources = At(IPAddress.Loopback) });
        await studio.WatchAsync($"http://cam.example:{camera.Port}/live", new SourceCredentials("ada", "s3cret"));

        Assert.Contains($"Host: cam.example:{camera.Port}\r\n", camera.Asked, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", string.Join(' ', studio.Processes.Started[0].Spec.Arguments), StringComparison.Ordinal);
    }

    /// <summary>Names lead there, whatever a resolver says.</summary>
    internal static SourceGuard At(params IPAddress[] addresses) => new(new SourceRule(true, true), (_, _) => Task.FromResult(addresses));

    /// <summary>Sends whoever asks pictures as they come, in one format.</summary>
    private sealed class HttpCamera : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly string[] _output;

        public HttpCamera(string[] output)
        {
            _output = output;
            _listener.Start();
            _ = ServeAsync();
        }

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        public string Asked { get; private set; } = "";

        public void Dispose() => _listener.Dispose();

        private async Task ServeAsync()
        {
            while (true)
            {
                using TcpClient client = await _listener.AcceptTcpClientAsync();
                NetworkStream stream = client.GetStream();
                byte[] head = new byte[4096];
                Asked = Encoding.ASCII.GetString(head, 0, await stream.ReadAsync(head));
                await stream.WriteAsync("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"u8.ToArray());
                string[] input = ["-v", "error", "-re", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=10", "-t", "30"];
                string[] codec = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "10", "-bf", "0", "-flush_packets", "1"];
                using var pictures = Process.Start(
                    new ProcessStartInfo("ffmpeg", [.. input, .. codec, .. _output, "pipe:1"]) { RedirectStandardOutput = true })!;
                try
                {
                    await pictures.StandardOutput.BaseStream.CopyToAsync(stream);
                }
                catch (IOException)
                {
                    // It was asked for long enough.
                }
                finally
                {
                    pictures.Kill();
                }
            }
        }
    }
}
