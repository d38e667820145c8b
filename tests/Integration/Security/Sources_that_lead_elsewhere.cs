using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Events.Tests.Integration.Faults;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Security;

/// <summary>A camera decides what it sends, not where we ask next.</summary>
public sealed class Sources_that_lead_elsewhere : IClassFixture<OneHost>, IAsyncDisposable
{
    private const string SentOn = "The camera sends us on to another address, which is not followed.";
    private const string NoStream = "What comes from there is no stream of a camera. Playlists (HLS, DASH, SDP) are not followed.";

    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(40);

    private readonly Listener _elsewhere;
    private readonly Listener _camera;
    private readonly RunningHost _host;
    private readonly List<string> _cameras = [];

    public Sources_that_lead_elsewhere(OneHost house)
    {
        _host = house.Host;
        _elsewhere = new Listener(_ => null);
        _camera = new Listener(AnswerOf);
    }

    public async ValueTask DisposeAsync()
    {
        // The host would ask for their pictures for as long as it runs.
        var admin = new GraphQLClient(_host, await _host.TokenAsync("admin"));
        foreach (string id in _cameras)
        {
            await admin.AskAsync("mutation($id: ID!) { retireCamera(input: { id: $id }) { position } }", new { id });
        }

        _camera.Dispose();
        _elsewhere.Dispose();
    }

    [Fact]
    public async Task as_playlists_are_not_followed()
    {
        string[] paths = ["/hls", "/dash", "/sdp", "/concat", "/moved"];
        List<string> devices = [];
        foreach (string path in paths)
        {
            devices.Add(await AddAsync($"http://127.0.0.1:{_camera.Port}{path}", path[1..]));
        }

        // The second time says that the first attempt is over.
        foreach (string path in paths)
        {
            await _camera.AskedAsync($"GET {path} ", 2);
        }

        Assert.Equal([], _elsewhere.Asked);
        foreach (string device in devices.SkipLast(1))
        {
            Assert.Contains($"{device}: the connection ended", SaidOf(NoStream), StringComparison.Ordinal);
        }
    }

    /// <summary>ffmpeg has no word against following over RTSP: it is ended when it says that it will.</summary>
    [Fact]
    public async Task by_rtsp_are_left_at_once_and_tell_nothing_of_what_is_there()
    {
        string[] paths = ["/options", "/describe", "/options-closed"];
        List<string> devices = [];
        foreach (string path in paths)
        {
            devices.Add(await AddAsync($"rtsp://ada:s3cret@127.0.0.1:{_camera.Port}{path}", path[1..]));
        }

        // Elsewhere nobody answers: whoever waited there would not be back before the limit for a first picture, 20 s.
        foreach (string path in paths)
        {
            await _camera.AskedAsync($"OPTIONS rtsp://127.0.0.1:{_camera.Port}{path} ", 2, TimeSpan.FromSeconds(18));
        }

        foreach (string device in devices)
        {
            Assert.Contains($"{device}: the connection ended", SaidOf(SentOn), StringComparison.Ordinal);
        }

        await using RpcClient client = await _host.ConnectAsync();
        await Scene.RefusedAsync(client, "take_snapshot", new { device = devices[2] });
        Assert.Equal(SentOn, await _host.SqlAsync("select data->>'why' from events.mt_events where type = 'snapshot_failed'"));
        Assert.All(_elsewhere.Asked, asked => Assert.StartsWith("OPTIONS rtsp://127.0.0.1", asked, StringComparison.Ordinal));
    }

    /// <returns>What the camera is called in the log.</returns>
    private async Task<string> AddAsync(string source, string name)
    {
        JsonElement added = JsonElement.Parse(
            (await _host.CliAsync("camera", "add", "--name", name, "--source", source, "--format", "json")).Ok());
        _cameras.Add(added.Text("id"));
        return added.Text("camera");
    }

    private string SaidOf(string words) =>
        string.Join('\n', _host.Output.Split('\n').Where(line => line.Contains(words, StringComparison.Ordinal)));

    private string? AnswerOf(string asked)
    {
        string elsewhere = $"127.0.0.1:{_elsewhere.Port}";
        string[] words = asked.Split(' ');
        if (words[0] == "GET")
        {
            string body = words[1] switch
            {
                "/hls" => $"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-KEY:METHOD=AES-128,URI=\"http://{elsewhere}/key\"\n#EXTINF:2,\n"
                    + $"http://{elsewhere}/a.ts\n#EXT-X-ENDLIST\n",
                "/dash" => "<?xml version=\"1.0\"?><MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" type=\"static\" "
                    + "mediaPresentationDuration=\"PT10S\" profiles=\"urn:mpeg:dash:profile:isoff-on-demand:2011\"><Period>"
                    + "<AdaptationSet mimeType=\"video/mp4\"><Representation id=\"1\" bandwidth=\"100\"><BaseURL>"
                    + $"http://{elsewhere}/a.mp4</BaseURL></Representation></AdaptationSet></Period></MPD>",
                "/sdp" => "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
                    + $"m=video {_elsewhere.Port} RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n",
                _ => $"ffconcat version 1.0\nfile 'http://{elsewhere}/a.ts'\n",
            };
            string status = words[1] == "/moved" ? $"302 Found\r\nLocation: http://{elsewhere}/a.ts" : "200 OK";
            return $"HTTP/1.1 {status}\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}";
        }

        string number = asked.Split("CSeq: ")[1].Split('\r')[0];
        string to = words[1].EndsWith("-closed", StringComparison.Ordinal) ? "127.0.0.1:1" : elsewhere;
        return words[0] == "OPTIONS" && words[1].Contains("/describe", StringComparison.Ordinal)
            ? $"RTSP/1.0 200 OK\r\nCSeq: {number}\r\nPublic: DESCRIBE, SETUP, PLAY\r\n\r\n"
            : $"RTSP/1.0 302 Moved\r\nCSeq: {number}\r\nLocation: rtsp://{to}/x\r\n\r\n";
    }

    /// <summary>Notes what is said to it, and answers each as it is told; null for silence.</summary>
    private sealed class Listener : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly ConcurrentQueue<string> _asked = [];
        private readonly Func<string, string?> _answer;

        public Listener(Func<string, string?> answer)
        {
            _answer = answer;
            _listener.Start();
            _ = AcceptAsync();
        }

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        public IReadOnlyCollection<string> Asked => [.. _asked];

        public Task AskedAsync(string start, int count, TimeSpan? limit = null) => Until.TrueAsync(
            () => Task.FromResult(_asked.Count(asked => asked.StartsWith(start, StringComparison.Ordinal)) >= count),
            limit ?? _limit,
            () => $"{count} times {start}; asked was:\n{string.Join('\n', _asked)}");

        public void Dispose() => _listener.Dispose();

        private async Task AcceptAsync()
        {
            while (true)
            {
                _ = ServeAsync(await _listener.AcceptTcpClientAsync());
            }
        }

        private async Task ServeAsync(TcpClient client)
        {
            try
            {
                using (client)
                {
                    NetworkStream stream = client.GetStream();
                    byte[] bytes = new byte[4096];
                    for (int got = await stream.ReadAsync(bytes); got > 0; got = await stream.ReadAsync(bytes))
                    {
                        string asked = Encoding.ASCII.GetString(bytes, 0, got);
                        _asked.Enqueue(asked);
                        if (_answer(asked) is { } answer)
                        {
                            await stream.WriteAsync(Encoding.ASCII.GetBytes(answer));
                        }
                    }
                }
            }
            catch (IOException)
            {
                // Whoever asked was ended.
            }
        }
    }
}
