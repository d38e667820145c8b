using System.Net;
using Events.Application.Contracts;
using Events.Media.Live;
using Events.Media.Mp4;
using Events.Media.Rtp;
using Microsoft.Extensions.Logging;

namespace Events.Media.Rtsp;

/// <summary>
/// One viewer over RTSP, from SETUP to its end. While it plays, a loop of its own sends what the camera's feed hands it, so that
/// a slow viewer holds up nobody. Ends by itself when the right to look ends, when neither side gives a sign of life any more,
/// and when the camera goes for good or begins to send something that the player was not told of.
/// </summary>
internal sealed partial class RtspSession : IAsyncDisposable
{
    /// <summary>Without a sign of life from the player, or a picture from the camera, for so long it ends.</summary>
    public static readonly TimeSpan IdleMax = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ReportEvery = TimeSpan.FromSeconds(5);

    /// <summary>For a good-bye that nobody may take any more.</summary>
    private static readonly TimeSpan GoodByeMax = TimeSpan.FromSeconds(1);

    private readonly CameraFeed _feed;
    private readonly ILiveSeat _seat;
    private readonly DateTimeOffset _until;
    private readonly CancellationToken _rightEnded;
    private readonly Action<RtspSession> _ended;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly string _camera;
    private readonly RtpStream _stream = new();
    private IRtpPath? _path;
    private Packetizer _packetizer;
    private StreamHeader _header;
    private ViewerQueue? _queue;
    private CancellationTokenSource _stop = new();
    private Task<string?> _pumping = Task.FromResult<string?>(null);
    private Task _ending = Task.CompletedTask;
    private long _lastSign;
    private long _lastPicture;
    private long? _lastReport;
    private long _lastLook;
    private long _lostCount;
    private long _skippedCount;
    private int _isEnded;

    /// <param name="id">Known to the player and to nobody else.</param>
    /// <param name="header">What the player was told, or is about to be sent.</param>
    /// <param name="ended">Called once, when the session is over.</param>
    public RtspSession(
        string id, LiveAdmission.Granted right, CameraFeed feed, StreamHeader header, ILiveSeat seat, IPAddress client,
        Action<RtspSession> ended, TimeProvider time, ILogger logger)
    {
        (Id, Client, CameraId) = (id, client, right.CameraId);
        (_feed, _header, _seat, _until, _rightEnded) = (feed, header, seat, right.Until, right.Ended);
        (_ended, _time, _logger, _camera) = (ended, time, logger, right.Number.ToString());
        _packetizer = new Packetizer(CodecSetup.Of(header));
        _lastSign = time.GetTimestamp();
    }

    public string Id { get; }

    public IPAddress Client { get; }

    public Domain.Kernel.CameraId CameraId { get; }

    /// <summary>The connection that speaks for it; null while a player over UDP has none.</summary>
    public RtspConnection? Owner { get; set; }

    public bool IsPlaying => _queue is not null;

    /// <summary>Whether its packets go over the connection that set it up, so that it ends with that.</summary>
    public bool IsInterleaved => _path is InterleavedPath;

    public uint Source => _stream.Source;

    /// <summary>The way that was agreed on, for the answer.</summary>
    public string Transport => $"{_path!.Describe()};ssrc={_stream.Source:X8};mode=\"PLAY\"";

    /// <summary>Agrees on a way; an earlier one is given up. Not while playing.</summary>
    public async Task TakeAsync(IRtpPath path)
    {
        if (_path is not null)
        {
            await _path.DisposeAsync();
        }

        _path = path;
    }

    /// <summary>The player is there.</summary>
    public void TakeSign() => Interlocked.Exchange(ref _lastSign, _time.GetTimestamp());

    /// <summary>A packet from the player; whatever it holds.</summary>
    public void TakeReport(ReadOnlySpan<byte> packet)
    {
        if (ReceiverReport.TryRead(packet, _stream.Source, out ReceiverReport? report))
        {
            TakeSign();
            Interlocked.Exchange(ref _lostCount, report?.LostCount ?? Interlocked.Read(ref _lostCount));
        }
    }

    /// <summary>Begins to collect pictures, from the present key frame on. <see cref="Send"/> follows.</summary>
    /// <returns>The first packet's number, and the first picture's time stamp; null while the camera shows none.</returns>
    public (ushort Sequence, uint? Timestamp) Play()
    {
        _queue = new ViewerQueue(_time);
        _feed.Attach(_queue);
        return (_stream.NextSequence, _queue.Peek() is AccessUnit first ? _stream.TimestampOf(first) : null);
    }

    /// <summary>Begins to send what is collected.</summary>
    public void Send()
    {
        _lastPicture = _time.GetTimestamp();
        _lastReport = null;
        CancellationToken stop = _stop.Token;
        _pumping = Task.Run(() => PumpAsync(stop), CancellationToken.None);
        _ending = EndWithAsync(_pumping);
    }

    public async Task PauseAsync()
    {
        await StopPumpAsync(cuts: false);
        _stop.Dispose();
        _stop = new CancellationTokenSource();
    }

    public ValueTask DisposeAsync() => EndAsync(null);

    /// <param name="why">For people; null when the player wanted it.</param>
    public async ValueTask EndAsync(string? why)
    {
        if (Interlocked.Exchange(ref _isEnded, 1) != 0)
        {
            return;
        }

        await StopPumpAsync(cuts: true);
        if (why is not null)
        {
            await SayGoodByeAsync();
        }

        _ended(this);
        if (_path is not null)
        {
            await _path.DisposeAsync();
        }

        _seat.Dispose();
        _stop.Dispose();
        long packets = _stream.PacketCount;
        long lost = Interlocked.Read(ref _lostCount);
        LogEnded(_camera, why ?? "The player left.", packets, lost, _skippedCount);
        if (why is not null)
        {
            Owner?.Close();
        }
    }

    /// <summary>A loop that ends without being told to has a reason, and the session ends with it.</summary>
    private async Task EndWithAsync(Task<string?> pumping)
    {
        try
        {
            if (await pumping is string why)
            {
                await EndAsync(why);
            }
        }
        catch (Exception e)
        {
            LogBroke(_camera, e); // Nobody waits for it who could tell.
        }
    }

    /// <param name="cuts">Whether a send that the player does not take is cut off, and its connection with it.</param>
    private async Task StopPumpAsync(bool cuts)
    {
        await _stop.CancelAsync();
        await Task.WhenAny(_pumping, Task.Delay(cuts ? GoodByeMax : RtspConnection.StuckMax, _time, CancellationToken.None));
        if (!_pumping.IsCompleted)
        {
            Owner?.Close();
        }

        await _pumping;
        if (_queue is ViewerQueue queue)
        {
            _feed.Detach(queue);
            _skippedCount += queue.SkippedCount;
            queue.Dispose();
            _queue = null;
        }
    }

    /// <returns>Why it ended by itself; null when it was stopped.</returns>
    private async Task<string?> PumpAsync(CancellationToken cancellationToken)
    {
        using var batch = new PacketBatch();
        try
        {
            for (; ; )
            {
                if (_queue!.TryTake() is AccessUnit unit)
                {
                    string? trouble = await PackAsync(unit, batch, cancellationToken);
                    if (trouble is not null)
                    {
                        return trouble;
                    }
                }
                else
                {
                    await FlushAsync(batch, cancellationToken);
                    if (_queue.IsEnded)
                    {
                        return "The camera is no longer there.";
                    }

                    await _queue.WaitAsync(LookEvery, cancellationToken);
                }

                if (Trouble() is string why)
                {
                    return why;
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return null;
        }
        catch (IOException e)
        {
            return e.Message;
        }
        catch (Exception e)
        {
            LogBroke(_camera, e); // Whatever it is, it must end this viewer alone.
            return "The session broke.";
        }
    }

    /// <summary>Most of it is looked at once a second: it is not worth a look per picture.</summary>
    private string? Trouble()
    {
        if (_rightEnded.IsCancellationRequested)
        {
            return "The right to look has ended.";
        }

        if (_time.GetElapsedTime(_lastLook) < LookEvery)
        {
            return null;
        }

        _lastLook = _time.GetTimestamp();
        return _time.GetUtcNow() >= _until ? "The right to look has ended."
            : _time.GetElapsedTime(_lastPicture) > IdleMax ? "The camera has shown nothing for too long."
            : _time.GetElapsedTime(Interlocked.Read(ref _lastSign)) > IdleMax ? "The player gave no sign of life."
            : null;
    }

    private async ValueTask<string?> PackAsync(AccessUnit unit, PacketBatch batch, CancellationToken cancellationToken)
    {
        try
        {
            if (!Fits(unit.Fragment.Header))
            {
                return "The camera sends something else now.";
            }

            _lastPicture = _time.GetTimestamp();
            _stream.Begin(unit);
            await MakeRoomAsync(batch, cancellationToken);
            Report(batch, isLast: false);
            _packetizer.Begin(unit);
            while (!_packetizer.IsDone)
            {
                await MakeRoomAsync(batch, cancellationToken);
                int bytes = _stream.Write(_packetizer, batch.Open());
                batch.Close(_path!.RtpChannel, bytes);
            }

            return null;
        }
        finally
        {
            unit.Fragment.Release();
        }
    }

    /// <summary>
    /// A camera that comes back may have other parameter sets, which go before its key frames; another codec is another stream.
    /// </summary>
    private bool Fits(StreamHeader header)
    {
        if (ReferenceEquals(header, _header))
        {
            return true;
        }

        if (header.Codec != _header.Codec)
        {
            return false;
        }

        if (!header.HasSameFormatAs(_header))
        {
            _packetizer = new Packetizer(CodecSetup.Of(header));
        }

        _header = header;
        return true;
    }

    private void Report(PacketBatch batch, bool isLast)
    {
        if (!isLast && _lastReport is long last && _time.GetElapsedTime(last) < ReportEvery)
        {
            return;
        }

        _lastReport = _time.GetTimestamp();
        int bytes = _stream.WriteReport(batch.Open(), _camera, _time.GetUtcNow(), isLast);
        if (bytes > 0)
        {
            batch.Close(_path!.RtcpChannel, bytes);
        }
    }

    private ValueTask MakeRoomAsync(PacketBatch batch, CancellationToken cancellationToken) =>
        batch.HasRoom ? ValueTask.CompletedTask : FlushAsync(batch, cancellationToken);

    private async ValueTask FlushAsync(PacketBatch batch, CancellationToken cancellationToken)
    {
        if (batch.Length == 0)
        {
            return;
        }

        await _path!.SendAsync(batch.Written, cancellationToken);
        _seat.Sent(batch.Length);
        batch.Clear();
        if (_path.TellsOfLife)
        {
            TakeSign();
        }
    }

    private async Task SayGoodByeAsync()
    {
        using var batch = new PacketBatch();
        using var limit = new CancellationTokenSource(GoodByeMax, _time);
        try
        {
            Report(batch, isLast: true);
            await FlushAsync(batch, limit.Token);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            LogNoGoodBye(_camera, e);
        }
    }

    [LoggerMessage(EventId = 5501, Level = LogLevel.Information,
        Message = "{Camera}: an RTSP viewer left: {Why} {Packets} packets sent, {Lost} lost, {Skipped} pictures skipped")]
    private partial void LogEnded(string camera, string why, long packets, long lost, long skipped);

    [LoggerMessage(EventId = 5502, Level = LogLevel.Error, Message = "{Camera}: an RTSP session broke")]
    private partial void LogBroke(string camera, Exception exception);

    [LoggerMessage(EventId = 5503, Level = LogLevel.Debug, Message = "{Camera}: an RTSP viewer took no good-bye")]
    private partial void LogNoGoodBye(string camera, Exception exception);
}
