using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Events.Application.Contracts;
using Events.Domain.Kernel;
using Events.Media;
using Events.Media.Rtsp;
using Xunit;

namespace Events.Tests.Engines.Media;

/// <summary>An engine with an RTSP server before it, and a gate that knows one password and counts.</summary>
internal sealed class RtspBed : IAsyncDisposable, ILiveGate
{
    /// <summary>Out of the way of the ports that systems give out by themselves.</summary>
    private const int UdpPortFirst = 22_000;

    private readonly List<CameraTarget> _cameras = [];
    private readonly ConcurrentQueue<string> _turnedAway = [];
    private long _bytesSent;
    private int _seats;

    private RtspBed(Studio studio) => Studio = studio;

    public Studio Studio { get; }

    public RtspServer Server { get; private set; } = null!;

    public int SeatsMax { get; set; } = 100;

    public int SeatCount => Volatile.Read(ref _seats);

    public long BytesSent => Interlocked.Read(ref _bytesSent);

    public DateTimeOffset Until { get; set; } = DateTimeOffset.MaxValue;

    public bool IsBroken { get; set; }

    /// <summary>Why, of each who was turned away.</summary>
    public IReadOnlyCollection<string> TurnedAwayFor => _turnedAway;

    public static async Task<RtspBed> StartAsync(Func<MediaOptions, MediaOptions>? change = null, RtspLimits? limits = null)
    {
        var bed = new RtspBed(new Studio(change));
        bed.Server = new RtspServer(
            new RtspOptions(new IPEndPoint(IPAddress.Loopback, 0), UdpPortFirst, 200) { Limits = limits ?? new RtspLimits() },
            bed.Studio.Engine, () => bed, TimeProvider.System, bed.Studio.Log.For<RtspServer>());
        await bed.Server.StartAsync(Studio.Cancel);
        return bed;
    }

    /// <returns>The address under which it can be seen.</returns>
    public async Task<string> ShowAsync(string source)
    {
        CameraTarget target = await Studio.WatchAsync(source);
        Add(target);
        return UrlOf(target.Number);
    }

    /// <summary>A camera that the engine watches, shown or not.</summary>
    public void Add(CameraTarget target) => _cameras.Add(target);

    public string UrlOf(CameraNumber number, string query = "?key=good") =>
        string.Create(CultureInfo.InvariantCulture, $"rtsp://127.0.0.1:{Server.Port}/{number}{query}");

    public Task<LiveAdmission> AdmitAsync(LiveRequest request, CancellationToken cancellationToken)
    {
        if (IsBroken)
        {
            throw new DependencyUnavailableException("log", "away");
        }

        string basic = "Basic " + Convert.ToBase64String("token:good"u8);
        bool isGood = request.Query == "key=good" || request.Authorization == "Bearer good" || request.Authorization == basic;
        LiveAdmission answer = !isGood ? new LiveAdmission.Refused(LiveRefusal.NotLoggedIn)
            : _cameras.Find(camera => camera.Number.ToString() == request.Camera) is { } target
                ? new LiveAdmission.Granted(target.CameraId, target.Number, Until)
                : new LiveAdmission.Refused(LiveRefusal.NotFound);
        return Task.FromResult(answer);
    }

    public void TurnedAway(IPAddress from, string why) => _turnedAway.Enqueue(why);

    public ILiveSeat? TakeSeat(LiveAdmission.Granted right, IPAddress address)
    {
        if (Interlocked.Increment(ref _seats) > SeatsMax)
        {
            Interlocked.Decrement(ref _seats);
            return null;
        }

        return new Seat(this);
    }

    public async ValueTask DisposeAsync()
    {
        await Server.StopAsync(Studio.Cancel);
        Server.Dispose();
        await Studio.DisposeAsync();
    }

    private sealed class Seat(RtspBed bed) : ILiveSeat
    {
        private int _isGone;

        public void Sent(long bytes) => Interlocked.Add(ref bed._bytesSent, bytes);

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isGone, 1) == 0)
            {
                Interlocked.Decrement(ref bed._seats);
            }
        }
    }
}

/// <summary>A bare socket that speaks RTSP as it is told to.</summary>
internal sealed class RtspTalk : IAsyncDisposable
{
    private static readonly TimeSpan AnswerMax = TimeSpan.FromSeconds(20);

    private readonly TcpClient _client = new();
    private readonly List<byte> _bytes = [];
    private int _sequence;

    public NetworkStream Stream => _client.GetStream();

    public string? Session { get; private set; }

    /// <summary>Packets that came between the answers, with their channels, while there was something else to wait for.</summary>
    public List<(int Channel, byte[] Packet)> Packets { get; } = [];

    /// <param name="receiveBytes">What the kernel may keep for us; null for as much as it likes.</param>
    public static async Task<RtspTalk> ConnectAsync(int port, int? receiveBytes = null)
    {
        var talk = new RtspTalk();
        talk._client.ReceiveBufferSize = receiveBytes ?? talk._client.ReceiveBufferSize;
        await talk._client.ConnectAsync(IPAddress.Loopback, port, Studio.Cancel);
        return talk;
    }

    /// <summary>Sends a request and waits for its answer.</summary>
    /// <param name="headers">Lines without their ends; a session's name goes along by itself.</param>
    public async Task<Answer> AskAsync(string method, string target, params string[] headers)
    {
        int sequence = ++_sequence;
        string[] lines =
        [
            $"{method} {target} RTSP/1.0", $"CSeq: {sequence}", .. headers, .. Session is null ? Array.Empty<string>() : [$"Session: {Session}"],
        ];
        Answer answer = await SayAsync(string.Join("\r\n", lines) + "\r\n\r\n");
        Assert.Equal(sequence.ToString(CultureInfo.InvariantCulture), answer.Header("CSeq"));
        Session = answer.Header("Session")?.Split(';')[0] ?? Session;
        return answer;
    }

    public async Task<Answer> SayAsync(string text)
    {
        await Stream.WriteAsync(Encoding.Latin1.GetBytes(text), Studio.Cancel);
        return await AnswerAsync();
    }

    /// <summary>Up to playing, over this connection.</summary>
    public async Task<Answer> PlayAsync(string url)
    {
        Assert.Equal(200, (await AskAsync("DESCRIBE", url)).Code);
        Assert.Equal(200, (await AskAsync("SETUP", url, "Transport: RTP/AVP/TCP;unicast;interleaved=0-1")).Code);
        return await AskAsync("PLAY", url);
    }

    public async Task<Answer> AnswerAsync()
    {
        while (true)
        {
            if (await ReadOneAsync() is Answer answer)
            {
                return answer;
            }
        }
    }

    /// <summary>Reads until so many packets have come.</summary>
    public async Task ReadPacketsAsync(int count)
    {
        while (Packets.Count < count)
        {
            Assert.Null(await ReadOneAsync());
        }
    }

    /// <returns>Whether the server closed; what it still sent before is passed over.</returns>
    public async Task<bool> IsClosedAsync()
    {
        byte[] rest = new byte[64 * 1024];
        using var limit = new CancellationTokenSource(AnswerMax);
        try
        {
            while (await Stream.ReadAsync(rest, limit.Token) > 0)
            {
                // It may have been in the middle of a picture.
            }

            return true;
        }
        catch (IOException)
        {
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <returns>Null for a packet.</returns>
    private async Task<Answer?> ReadOneAsync()
    {
        await FillAsync(4);
        if (_bytes[0] == '$')
        {
            int size = (_bytes[2] << 8) | _bytes[3];
            await FillAsync(4 + size);
            Packets.Add((_bytes[1], [.. _bytes.GetRange(4, size)]));
            _bytes.RemoveRange(0, 4 + size);
            return null;
        }

        int end;
        while ((end = Encoding.Latin1.GetString([.. _bytes]).IndexOf("\r\n\r\n", StringComparison.Ordinal)) < 0)
        {
            await FillAsync(_bytes.Count + 1);
        }

        string[] lines = Encoding.Latin1.GetString([.. _bytes.GetRange(0, end)]).Split("\r\n");
        _bytes.RemoveRange(0, end + 4);
        var headers = lines.Skip(1).Select(line => line.Split(": ", 2)).ToLookup(pair => pair[0], pair => pair[1]);
        int bodyBytes = int.Parse(headers["Content-Length"].FirstOrDefault("0"), CultureInfo.InvariantCulture);
        await FillAsync(bodyBytes);
        string body = Encoding.UTF8.GetString([.. _bytes.GetRange(0, bodyBytes)]);
        _bytes.RemoveRange(0, bodyBytes);
        return new Answer(int.Parse(lines[0].Split(' ')[1], CultureInfo.InvariantCulture), headers, body);
    }

    private async Task FillAsync(int count)
    {
        byte[] buffer = new byte[16 * 1024];
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Studio.Cancel);
        limit.CancelAfter(AnswerMax);
        while (_bytes.Count < count)
        {
            int got = await Stream.ReadAsync(buffer, limit.Token);
            Assert.True(got > 0, "The server closed the connection.");
            _bytes.AddRange(buffer.AsSpan(0, got));
        }
    }

    internal sealed record Answer(int Code, ILookup<string, string> Headers, string Body)
    {
        public string? Header(string name) => Headers[name].FirstOrDefault();
    }
}
