using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Live;

/// <summary>
/// One host with one camera for all tests here, which only look; one that adds a camera retires it. So few may look from one address
/// that a test can take all places.
/// </summary>
public sealed class LiveHouse : IAsyncLifetime
{
    private const int SeatsPerAddress = 3;

    internal RunningHost Host { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Host = await RunningHost.StartAsync(new() { ["EVENTS__Live__MaxViewersPerAddress"] = $"{SeatsPerAddress}" });
        await AddAsync("test:pattern?size=320x180&fps=25");
    }

    public ValueTask DisposeAsync() => Host?.DisposeAsync() ?? default;

    /// <returns>What the camera is called, once it is connected.</returns>
    internal async Task<string> AddAsync(string source)
    {
        JsonElement added = JsonElement.Parse(
            (await Host.CliAsync("camera", "add", "--name", "Gate", "--source", source, "--format", "json")).Ok());
        string device = added.Text("camera");
        await using RpcClient client = await Host.ConnectAsync("viewer");
        await Until.TrueAsync(
            async () => (await client.CallAsync("get_camera_status", new { device })).Text("status") == "CONNECTED",
            TimeSpan.FromSeconds(20),
            "the camera to be connected");
        return device;
    }
}

/// <summary>Live pictures out of the running host, to real players.</summary>
public sealed class Live_output(LiveHouse house) : IClassFixture<LiveHouse>
{
    private const int Fps = 25;

    private RunningHost Host => house.Host;

    [Fact]
    public async Task plays_over_rtsp_with_every_key_that_opens_it()
    {
        await using RpcClient client = await ConnectAsync();
        string token = await Host.TokenAsync("viewer");
        JsonElement camera = await CameraAsync(client);
        JsonElement stream = await client.CallAsync("get_stream_url", new { device = "camera0" });
        string signed = stream.Text("stream_url");
        Assert.Matches($@"^rtsp://127\.0\.0\.1:{Host.RtspPort}/camera0\?exp=\d+&user=[\w-]+&sig=[\w-]+$", signed);
        Assert.StartsWith(
            $"rtsp://127.0.0.1:{Host.RtspPort}/camera0?", camera.GetProperty("streams").Text("rtsp"), StringComparison.Ordinal);
        Assert.Equal(("READY", true), (stream.Text("stream_status"), stream.GetProperty("available").GetBoolean()));
        string bare = signed.Split('?')[0];
        Assert.Equal("h264,320,180", await ProbeAsync(signed));
        CliResult played = await Tool.RunAsync(
            "gst-launch-1.0",
            [
                "-q", "rtspsrc", $"location={As($"token:{token}", bare)}", "protocols=tcp", "!", "rtph264depay", "!", "h264parse", "!",
                "identity", "eos-after=30", "!", "fakesink",
            ]);
        Assert.Equal((0, string.Empty), (played.ExitCode, played.Errors));

        Assert.Equal(200, await DescribeAsync(Host, bare, $"Authorization: Bearer {token}"));
        Assert.Equal(200, await DescribeAsync(Host, bare, $"Authorization: Basic {Base64($"token:{token}")}"));
        Assert.Equal(401, await DescribeAsync(Host, bare, $"Authorization: Basic {Base64($"admin:{token}")}"));
        Assert.Equal(401, await DescribeAsync(Host, bare, $"Authorization: Basic {Base64("token:x")}"));
        Assert.Equal(401, await DescribeAsync(Host, bare, "Authorization: Basic %%%"));
        Assert.Equal(401, await DescribeAsync(Host, bare, "Authorization: Bearer x"));
        Assert.Equal(401, await DescribeAsync(Host, bare));
        Assert.Equal(401, await DescribeAsync(Host, signed[..^1]));
        Assert.Equal(401, await DescribeAsync(Host, signed.Replace("camera0", "camera1", StringComparison.Ordinal)));
        string lost = bare.Replace("camera0", "camera7", StringComparison.Ordinal);
        Assert.Equal(404, await DescribeAsync(Host, lost, $"Authorization: Bearer {token}"));
        Assert.DoesNotContain(token, Host.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tcp")]
    [InlineData("udp")]
    public async Task loses_no_picture_of_a_real_camera(string way)
    {
        const int seconds = 6;
        await using RtspCamera camera = await RtspCamera.StartAsync("--size", "640x360", "--fps", "30", "--gop", "30");
        await using RpcClient client = await ConnectAsync();
        string device = await house.AddAsync(camera.Url);
        string url = (await client.CallAsync("get_stream_url", new { device })).Text("stream_url");
        string file = Path.Combine(Host.Data, $"seen-{way}.mp4");

        CliResult played = await Tool.RunAsync(
            "ffmpeg", ["-v", "error", "-nostdin", "-rtsp_transport", way, "-i", url, "-t", $"{seconds}", "-c", "copy", file]);

        Assert.Equal((0, string.Empty), (played.ExitCode, played.Errors));
        Assert.InRange(await Tool.FramesAsync(file), (seconds * 30) - 30, (seconds * 30) + 30);
        Assert.Equal("h264,640,360", (await Tool.ProbeAsync(file, "stream=codec_name,width,height")).Trim());
        await ConsumersAsync(client, 0, device);
        (await Host.CliAsync("camera", "retire", device)).Ok();
    }

    [Fact]
    public async Task counts_its_viewers_and_what_they_got()
    {
        await using RpcClient client = await ConnectAsync();
        string url = (await client.CallAsync("get_stream_url", new { device = "camera0" })).Text("stream_url");
        long before = Metrics(await CameraAsync(client)).Bytes;
        using System.Diagnostics.Process player = System.Diagnostics.Process.Start(
            "ffmpeg", ["-v", "quiet", "-nostdin", "-rtsp_transport", "tcp", "-i", url, "-f", "null", "-"]);
        using ClientWebSocket socket = await OpenAsync(SocketOf(await SignedPageAsync(client)));
        try
        {
            await ConsumersAsync(client, 2);
            await Until.TrueAsync(
                async () => Metrics(await CameraAsync(client)) is { Readers: 2, Bytes: var bytes } && bytes > before + 10_000,
                TimeSpan.FromSeconds(20),
                "readers and bytes in the camera's metrics");
        }
        finally
        {
            player.Kill();
            socket.Abort();
        }

        await ConsumersAsync(client, 0);
    }

    [Fact]
    public async Task gives_fragments_to_a_socket_that_ffmpeg_decodes()
    {
        await using RpcClient client = await ConnectAsync();
        using ClientWebSocket socket = await OpenAsync(SocketOf(await SignedPageAsync(client)));

        (bool isText, byte[] first) = await ReceiveAsync(socket);
        JsonElement format = JsonSerializer.Deserialize<JsonElement>(first);
        Assert.True(isText);
        Assert.Matches("^video/mp4; codecs=\"avc1\\.[0-9a-f]{6}\"$", format.Text("type"));
        Assert.Equal((320, 180), (format.Number("width"), format.Number("height")));
        string file = Path.Combine(Host.Data, "seen.mp4");
        int pieces = 0;
        await using (FileStream saved = File.Create(file))
        {
            while (pieces < 4 * Fps)
            {
                (isText, byte[] bytes) = await ReceiveAsync(socket);
                Assert.False(isText);
                await saved.WriteAsync(bytes, Cancel);
                pieces++;
            }
        }

        CliResult decoded = await Tool.RunAsync("ffmpeg", ["-v", "error", "-i", file, "-f", "null", "-"]);
        Assert.Equal((0, string.Empty), (decoded.ExitCode, decoded.Errors));
        int frames = await Tool.FramesAsync(file);

        // One picture each, but what piled up in a pipe while the machine had other work comes together.
        Assert.InRange(frames, pieces - 1, pieces + (2 * Fps));
        double[] times =
        [
            .. (await Tool.ProbeAsync(file, "packet=dts_time")).Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(time => double.Parse(time.Trim(','), CultureInfo.InvariantCulture)),
        ];
        Assert.All(times.Zip(times.Skip(1)), pair => Assert.Equal(1.0 / Fps, pair.Second - pair.First, 0.001));

        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, Cancel);
        await ConsumersAsync(client, 0);
    }

    [Fact]
    public async Task lets_nobody_into_a_socket_without_a_key()
    {
        await using RpcClient client = await ConnectAsync();
        string token = await Host.TokenAsync("viewer");
        var bare = new Uri($"ws://127.0.0.1:{Host.Port}/live/camera0");
        Uri signed = SocketOf(await SignedPageAsync(client));

        Assert.Equal(HttpStatusCode.Unauthorized, await RefusalAsync(bare));
        Assert.Equal(HttpStatusCode.Unauthorized, await RefusalAsync(bare, socket => socket.AddSubProtocol("bearer")));
        Assert.Equal(HttpStatusCode.Unauthorized, await RefusalAsync(new Uri(bare + "?access_token=x")));
        Assert.Equal(HttpStatusCode.NotFound, await RefusalAsync(new Uri(bare, $"camera9?access_token={token}")));
        Assert.Equal(HttpStatusCode.Forbidden, await RefusalAsync(signed, socket => socket.SetRequestHeader("Origin", "https://a.example")));

        string own = $"http://127.0.0.1:{Host.Port}";
        using ClientWebSocket byHeader = await OpenAsync(bare, socket => socket.SetRequestHeader("Authorization", $"Bearer {token}"));
        using ClientWebSocket byQuery =
            await OpenAsync(new Uri($"{bare}?access_token={token}"), socket => socket.SetRequestHeader("Origin", own));
        using ClientWebSocket byProtocol = await OpenAsync(bare, socket =>
        {
            socket.AddSubProtocol("bearer");
            socket.AddSubProtocol(token);
        });
        Assert.Equal("bearer", byProtocol.SubProtocol);
        Assert.All(new[] { byHeader, byQuery, byProtocol }, socket => Assert.Equal(WebSocketState.Open, socket.State));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await RefusalAsync(signed));
        await byHeader.SendAsync("hello"u8.ToArray(), WebSocketMessageType.Text, true, Cancel);
        Assert.Equal("Nothing is to be sent here.", await CloseReasonAsync(byHeader));
        await ConsumersAsync(client, 2);
        Assert.DoesNotContain(token, Host.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task has_a_page_that_carries_nothing_of_others()
    {
        await using RpcClient client = await ConnectAsync();
        Uri address = await SignedPageAsync(client);
        using HttpResponseMessage page = await GetAsync(Host, address, "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8");

        Assert.Equal((HttpStatusCode.OK, "text/html"), (page.StatusCode, page.Content.Headers.ContentType!.MediaType));
        string policy = page.Headers.GetValues("Content-Security-Policy").Single();
        Assert.StartsWith("default-src 'none';", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.Equal("no-referrer", page.Headers.GetValues("Referrer-Policy").Single());
        Assert.Contains("src=\"player.js\"", await page.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        using HttpResponseMessage script = await GetAsync(Host, new Uri(address, "player.js"), "*/*");
        Assert.Contains("new WebSocket", await script.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        using HttpResponseMessage json = await GetAsync(Host, address, "application/json");
        Assert.Equal(HttpStatusCode.NotAcceptable, json.StatusCode);
        using HttpResponseMessage closed = await GetAsync(Host, new Uri(address, "camera0"), "text/html");
        Assert.Equal(HttpStatusCode.Unauthorized, closed.StatusCode);
    }

    [Fact]
    public async Task does_not_start_on_a_port_that_another_program_has()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        int port = ((IPEndPoint)other.LocalEndpoint).Port;
        string folder = Directory.CreateTempSubdirectory("events-it-").FullName;
        try
        {
            string[] ports = ["--port", $"{RunningHost.FreePort()}", "--health-port", $"{RunningHost.FreePort()}", "--rtsp-port", $"{port}"];
            CliResult refused = await RunningHost.RunAsync(["up", "--data", folder, .. ports], []);

            Assert.Equal(2, refused.ExitCode);
            Assert.Contains($"Port {port} on 127.0.0.1 is in use by another program.", refused.Errors, StringComparison.Ordinal);
            Assert.Contains("--rtsp-port (setting Rtsp.Port)", refused.Errors, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static async Task<HttpResponseMessage> GetAsync(RunningHost host, Uri address, string accept)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.Add("Accept", accept);
        return await host.Http.SendAsync(request, Cancel);
    }

    /// <summary>Waits until whoever looked in a test before has left: there are few places.</summary>
    private async Task<RpcClient> ConnectAsync()
    {
        RpcClient client = await Host.ConnectAsync("viewer");
        await ConsumersAsync(client, 0);
        return client;
    }

    private static Task ConsumersAsync(RpcClient client, int count, string device = "camera0") =>
        Until.TrueAsync(
            async () => (int)(await client.CallAsync("get_stream_url", new { device })).Number("active_consumers") == count,
            TimeSpan.FromSeconds(20),
            $"{count} viewers");

    private static Task<JsonElement> CameraAsync(RpcClient client) =>
        client.CallAsync("get_camera_status", new { device = "camera0" });

    private static string As(string user, string url) => url.Replace("rtsp://", $"rtsp://{user}@", StringComparison.Ordinal);

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    /// <summary>What a bare DESCRIBE is answered with.</summary>
    private static async Task<int> DescribeAsync(RunningHost host, string url, params string[] headers)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, host.RtspPort, Cancel);
        string[] lines = [$"DESCRIBE {url} RTSP/1.0", "CSeq: 1", .. headers];
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(string.Join("\r\n", lines) + "\r\n\r\n"), Cancel);
        using var reader = new StreamReader(client.GetStream());
        string? status = await reader.ReadLineAsync(Cancel);
        return int.Parse(status!.Split(' ')[1], CultureInfo.InvariantCulture);
    }

    private static (int Readers, long Bytes) Metrics(JsonElement camera) =>
        ((int)camera.GetProperty("metrics").Number("readers"), (long)camera.GetProperty("metrics").Number("bytes_sent"));

    private static async Task<string> ProbeAsync(string url) =>
        (await Tool.RunAsync("ffprobe", [
            "-v", "error", "-rtsp_transport", "tcp", "-show_entries", "stream=codec_name,width,height", "-of", "csv=p=0", url,
        ])).Ok().Trim();

    /// <summary>The page's address: the same right to look as the play list's.</summary>
    private static async Task<Uri> SignedPageAsync(RpcClient client)
    {
        JsonElement camera = await CameraAsync(client);
        return new Uri(camera.GetProperty("streams").Text("hls").Replace("/hls/camera0.m3u8", "/live/camera0", StringComparison.Ordinal));
    }

    private static Uri SocketOf(Uri page) => new UriBuilder(page) { Scheme = "ws" }.Uri;

    private static async Task<ClientWebSocket> OpenAsync(Uri address, Action<ClientWebSocketOptions>? set = null)
    {
        var socket = new ClientWebSocket();
        set?.Invoke(socket.Options);
        await socket.ConnectAsync(address, CancellationToken.None);
        return socket;
    }

    private static async Task<HttpStatusCode> RefusalAsync(Uri address, Action<ClientWebSocketOptions>? set = null)
    {
        using var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        set?.Invoke(socket.Options);
        await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(address, CancellationToken.None));
        return socket.HttpStatusCode;
    }

    private static async Task<(bool IsText, byte[] Bytes)> ReceiveAsync(ClientWebSocket socket)
    {
        using var whole = new MemoryStream();
        byte[] buffer = new byte[64 * 1024];
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (true)
        {
            WebSocketReceiveResult part = await socket.ReceiveAsync(buffer, limit.Token);
            whole.Write(buffer, 0, part.Count);
            if (part.EndOfMessage)
            {
                return (part.MessageType == WebSocketMessageType.Text, whole.ToArray());
            }
        }
    }

    private static async Task<string?> CloseReasonAsync(ClientWebSocket socket)
    {
        while (socket.State == WebSocketState.Open)
        {
            await ReceiveAsync(socket);
        }

        return socket.CloseStatusDescription;
    }
}
