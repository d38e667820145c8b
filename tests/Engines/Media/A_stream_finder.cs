using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Events.Application.Contracts;
using Events.Domain.Kernel;
using Events.Media.Discovery;
using Xunit;

namespace Events.Tests.Engines.Media;

/// <summary>Looks for real RTSP cameras and an ONVIF device on this machine, and meets servers of ill will.</summary>
public sealed class A_stream_finder
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(20);

    private readonly StreamFinder _finder = new(TimeProvider.System);

    public static TheoryData<string> IllAnswers =>
    [
        "",
        "HTTP/1.1 400 Bad Request\r\n\r\n",
        "RTSP/1.0 abc\r\n\r\n",
        "RTSP/1.0 200 OK\r\nContent-Length: 99999999\r\n\r\n",
        "RTSP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n",
        "RTSP/1.0 200 OK\r\n" + new string('x', 100_000),
        "\0\0\0\0\r\n\r\n",
    ];

    [Fact]
    public async Task finds_a_camera_by_its_path_and_says_what_it_sends()
    {
        await using RtspCamera camera = await RtspCamera.StartAsync();
        ScanReport report = await ScanAsync("127.0.0.1", camera.Port, "/nothing", "/cam0");

        FoundStream found = Assert.Single(report.Found);
        Assert.Equal(camera.Address, found.Source.ToString());
        Assert.Equal(("h264", false, ExternalStreamKind.GenericRtsp), (found.Codec, found.NeedsLogin, found.Kind));
        Assert.Empty(report.Troubles);
    }

    [Fact]
    public async Task finds_a_camera_that_wants_a_login()
    {
        await using RtspCamera camera = await RtspCamera.StartAsync("--user", "ada", "--password", "s3cr3t");
        FoundStream found = Assert.Single((await ScanAsync("127.0.0.1", camera.Port, "/cam0")).Found);

        Assert.True(found.NeedsLogin);
        Assert.Null(found.Codec);
    }

    [Fact]
    public async Task looks_nowhere_else()
    {
        await using RtspCamera camera = await RtspCamera.StartAsync();

        Assert.Empty((await ScanAsync("127.0.0.2/31", camera.Port, "/cam0")).Found);
        Assert.Empty((await ScanAsync("127.0.0.1", camera.Port + 1, "/cam0")).Found);
    }

    [Theory]
    [MemberData(nameof(IllAnswers))]
    public async Task is_not_impressed_by(string answer)
    {
        using var server = new Server(answer);
        ScanReport report = await ScanAsync("127.0.0.1", server.Port, "/a", "/b");

        Assert.Empty(report.Found);
    }

    [Fact]
    public async Task gives_up_a_scan_at_its_limit_and_says_so()
    {
        using var server = new Server(null);
        long began = Stopwatch.GetTimestamp();
        ScanReport report = await _finder.ScanAsync(
            Order("127.0.0.0/26", server.Port, "/a") with { TimeMax = TimeSpan.FromMilliseconds(300), ConcurrencyMax = 4 },
            TestContext.Current.CancellationToken);

        Assert.InRange(Stopwatch.GetElapsedTime(began), TimeSpan.FromMilliseconds(250), TimeSpan.FromSeconds(10));
        Assert.Contains("cut off", Assert.Single(report.Troubles), StringComparison.Ordinal);
        Assert.InRange(server.MostAtOnce, 1, 4);
    }

    [Fact]
    public async Task finds_an_ONVIF_camera_by_what_it_says_of_itself()
    {
        await using RtspCamera camera = await RtspCamera.StartAsync();
        using var device = new OnvifCamera(camera.Address);
        ScanReport report = await _finder.ScanAsync(
            Order("127.0.0.1", camera.Port + 1, "/elsewhere") with { AsksOnvif = true }, TestContext.Current.CancellationToken);

        FoundStream found = Assert.Single(report.Found);
        Assert.Equal((camera.Address, "Turret 5"), (found.Source.ToString(), found.Model));
    }

    [Theory]
    [InlineData("http://127.0.0.1:80/onvif/device_service", true)]
    [InlineData("http://10.9.9.9/onvif/device_service http://127.0.0.1/onvif/device_service", true)]
    [InlineData("http://10.9.9.9/onvif/device_service", false)]
    [InlineData("http://localhost/onvif/device_service", false)]
    [InlineData("http://ada:x@127.0.0.1/", false)]
    [InlineData("file:///etc/passwd", false)]
    public void lets_no_answer_send_it_elsewhere(string services, bool isTaken) =>
        Assert.Equal(
            isTaken,
            OnvifProbe.Read(IPAddress.Loopback, Encoding.UTF8.GetBytes(OnvifCamera.MatchOf(services))) is not null);

    [Theory]
    [InlineData("")]
    [InlineData("<")]
    [InlineData("""<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><XAddrs>http://127.0.0.1/&b;</XAddrs>""")]
    public void takes_no_answer_that_is_no_plain_XML(string text) =>
        Assert.Null(OnvifProbe.Read(IPAddress.Loopback, Encoding.UTF8.GetBytes(text)));

    private static ScanOrder Order(string range, int port, params string[] paths) => new(
        [
            new ScanTarget(
                ExternalStreamKind.GenericRtsp,
                [AddressRange.TryParse(range)!],
                [.. paths.Select(path => new StreamPlace(port, path, string.Empty))]),
        ],
        Long,
        ConcurrencyMax: 16,
        AsksOnvif: false);

    private Task<ScanReport> ScanAsync(string range, int port, params string[] paths) =>
        _finder.ScanAsync(Order(range, port, paths), TestContext.Current.CancellationToken);

    /// <summary>Answers every connection with the same text and closes it; null never answers and never closes.</summary>
    private sealed class Server : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Any, 0);
        private readonly List<Socket> _open = [];

        public Server(string? answer)
        {
            _listener.Start();
            _ = AcceptAsync(answer);
        }

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        public int MostAtOnce { get; private set; }

        public void Dispose()
        {
            _listener.Dispose();
            lock (_open)
            {
                _open.ForEach(socket => socket.Dispose());
            }
        }

        private async Task AcceptAsync(string? answer)
        {
            try
            {
                while (true)
                {
                    Socket socket = await _listener.AcceptSocketAsync();
                    lock (_open)
                    {
                        _open.RemoveAll(one => one.Poll(0, SelectMode.SelectRead) && one.Available == 0);
                        _open.Add(socket);
                        MostAtOnce = Math.Max(MostAtOnce, _open.Count);
                    }

                    if (answer is not null)
                    {
                        await socket.SendAsync(Encoding.Latin1.GetBytes(answer));
                        socket.Shutdown(SocketShutdown.Send);
                    }
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // The test is over.
            }
        }
    }

    /// <summary>An ONVIF device: answers the probe on its port, then tells its media service, one profile, and its stream.</summary>
    private sealed class OnvifCamera : IDisposable
    {
        private readonly UdpClient _discovery = new(new IPEndPoint(IPAddress.Loopback, 3702));
        private readonly HttpListener _soap = new();
        private readonly string _service;
        private readonly string _stream;

        public OnvifCamera(string stream)
        {
            _stream = stream;
            using var free = new TcpListener(IPAddress.Loopback, 0);
            free.Start();
            _service = $"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}/onvif/";
            free.Stop();
            _soap.Prefixes.Add(_service);
            _soap.Start();
            _ = AnswerProbesAsync();
            _ = AnswerCallsAsync();
        }

        public static string MatchOf(string services) =>
            $"""
            <?xml version="1.0"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"
              xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"><s:Body><d:ProbeMatches><d:ProbeMatch>
            <d:Types>dn:NetworkVideoTransmitter</d:Types>
            <d:Scopes>onvif://www.onvif.org/name/x onvif://www.onvif.org/hardware/Turret%205</d:Scopes>
            <d:XAddrs>{services}</d:XAddrs></d:ProbeMatch></d:ProbeMatches></s:Body></s:Envelope>
            """;

        public void Dispose()
        {
            _discovery.Dispose();
            ((IDisposable)_soap).Dispose();
        }

        private async Task AnswerProbesAsync()
        {
            try
            {
                while (true)
                {
                    UdpReceiveResult probe = await _discovery.ReceiveAsync();
                    Assert.Contains("NetworkVideoTransmitter", Encoding.UTF8.GetString(probe.Buffer), StringComparison.Ordinal);
                    byte[] answer = Encoding.UTF8.GetBytes(MatchOf($"{_service}device_service"));
                    await _discovery.SendAsync(answer, probe.RemoteEndPoint);
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // The test is over.
            }
        }

        private async Task AnswerCallsAsync()
        {
            try
            {
                while (true)
                {
                    HttpListenerContext call = await _soap.GetContextAsync();
                    using var reader = new StreamReader(call.Request.InputStream);
                    string asked = await reader.ReadToEndAsync();
                    string body = asked.Contains("GetServices", StringComparison.Ordinal)
                        ? "<S><Namespace>http://www.onvif.org/ver10/media/wsdl</Namespace>"
                            + $"<XAddr>{_service}media_service</XAddr></S>"
                        : asked.Contains("GetProfiles", StringComparison.Ordinal) ? "<P><Profiles token=\"main\"/></P>"
                        : asked.Contains(">main<", StringComparison.Ordinal) ? $"<M><Uri>{_stream}</Uri></M>"
                        : "<None/>";
                    await call.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(body));
                    call.Response.Close();
                }
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                // The test is over.
            }
        }
    }
}
