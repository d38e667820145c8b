using System.Buffers;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Events.Media.Rtp;
using Microsoft.Extensions.Logging;

namespace Events.Media.Rtsp;

/// <summary>
/// One connection of a player: reads its requests one after the other, answers each, and carries packets in between. Everything
/// that a peer can draw out has a limit: a request, a pause without a session, and a send that it does not take.
/// </summary>
internal sealed partial class RtspConnection : IDisposable
{
    /// <summary>From a request's first byte to its last.</summary>
    public static readonly TimeSpan RequestMax = TimeSpan.FromSeconds(10);

    /// <summary>From the first byte of a TLS handshake to its last.</summary>
    public static readonly TimeSpan HandshakeMax = TimeSpan.FromSeconds(10);

    /// <summary>A player that takes nothing for so long is given up.</summary>
    public static readonly TimeSpan StuckMax = TimeSpan.FromSeconds(10);

    /// <summary>
    /// In bytes, of what the kernel keeps for a player: more would be old pictures. Linux takes it twice.
    /// </summary>
    private const int SendBufferBytes = 256 * 1024;

    /// <summary>In bytes: what a player has to take within <see cref="StuckMax"/>.</summary>
    private const int SendPieceBytes = 64 * 1024;

    private const int BufferBytesMin = 2 * 1024;

    /// <summary>In bytes: the largest message, or the largest packet.</summary>
    private const int BufferBytesMax = RtspParser.MessageBytesMax + PacketBatch.PrefixBytes;

    private readonly Socket _socket;
    private readonly Func<SslServerAuthenticationOptions>? _tls;
    private readonly RtspDoor.Place _place;
    private readonly RtspHouse _house;
    private readonly long _openedAt;
    private readonly RtspDialog _dialog;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _turn = new(1);
    private readonly CancellationTokenSource _closed = new();
    private Stream _stream;
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(BufferBytesMin);
    private int _start;
    private int _end;
    private long? _messageSince;

    /// <param name="tls">What it is shown within TLS; null for a plain connection.</param>
    /// <param name="place">Given back with the connection.</param>
    public RtspConnection(
        Socket socket, Func<SslServerAuthenticationOptions>? tls, RtspDoor.Place place, RtspHouse house)
    {
        (_socket, _tls, _place, _house, _time, _logger) = (socket, tls, place, house, house.Time, house.Logger);
        _openedAt = _time.GetTimestamp();
        _stream = new NetworkStream(socket, ownsSocket: false);
        socket.NoDelay = true;
        socket.SendBufferSize = SendBufferBytes;
        Remote = AddressOf(socket.RemoteEndPoint);
        Local = AddressOf(socket.LocalEndPoint);
        LocalPort = ((IPEndPoint)socket.LocalEndPoint!).Port;
        _dialog = new RtspDialog(this, house);
    }

    public IPAddress Remote { get; }

    public IPAddress Local { get; }

    public int LocalPort { get; }

    public bool IsEncrypted => _tls is not null;

    /// <summary>It has shown that it may look.</summary>
    public void SignIn() => _place.SignIn();

    /// <summary>Ends with the connection. Never throws.</summary>
    public async Task RunAsync()
    {
        try
        {
            if (_tls is not null)
            {
                await ShakeHandsAsync(_tls());
            }

            while (await ReadOneAsync())
            {
                // The next one.
            }
        }
        catch (Exception e) when (e is IOException or AuthenticationException or OperationCanceledException
            or ObjectDisposedException)
        {
            LogGone(e); // Players leave like that; there is nobody to tell.
        }
        catch (Exception e)
        {
            LogBroke(e); // Whatever it is, it must end this connection alone.
        }
        finally
        {
            Close();
            await _dialog.LeaveAsync();
        }
    }

    /// <summary>Sends all of it, in one piece between other sends.</summary>
    /// <param name="cancellationToken">
    /// For the wait before it begins; what has begun is sent whole, or the connection ends.
    /// </param>
    /// <exception cref="IOException">The player is gone, or took nothing for too long; the connection is closed then.</exception>
    public async ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            while (!bytes.IsEmpty)
            {
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(_closed.Token);
                limit.CancelAfter(StuckMax);
                int count = Math.Min(bytes.Length, SendPieceBytes);
                await _stream.WriteAsync(bytes[..count], limit.Token);
                bytes = bytes[count..];
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            bool isStuck = e is OperationCanceledException && !_closed.IsCancellationRequested;
            Close();
            throw new IOException(isStuck ? "The player took nothing for too long." : "The player's connection is gone.", e);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Ends the connection now; reads and sends under way end with it.</summary>
    public void Close()
    {
        try
        {
            _closed.Cancel();
            _socket.Dispose();
        }
        catch (ObjectDisposedException)
        {
            return; // It was over already.
        }
    }

    public void Dispose()
    {
        // Not the turn, for which a session may still wait; it holds nothing that has to be given back.
        _closed.Dispose();
        _stream.Dispose();
        _socket.Dispose();
        _place.Dispose();
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    /// <summary>Before anything is read: neither its length nor its slowness is the peer's to choose.</summary>
    private async Task ShakeHandsAsync(SslServerAuthenticationOptions options)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_closed.Token);
        limit.CancelAfter(_house.Limits.SignInMax < HandshakeMax ? _house.Limits.SignInMax : HandshakeMax);
        var secure = new SslStream(_stream, leaveInnerStreamOpen: false);

        // Before it is shaken hands over: what fails is given back with the connection, too.
        _stream = secure;
        await secure.AuthenticateAsServerAsync(options, limit.Token);
    }

    /// <returns>False when nothing more is to be read.</returns>
    private async ValueTask<bool> ReadOneAsync()
    {
        RtspFind found = Look(out RtspRequest? request, out RtspStatus fault);
        switch (found)
        {
            case RtspFind.Request:
                return await AnswerAsync(request!);
            case RtspFind.Packet:
                return true;
            case RtspFind.Broken:
                await SendAsync(new RtspReply(fault).Closing().ToBytes(null), _closed.Token);
                return false;
            default:
                return await ReceiveAsync();
        }
    }

    private RtspFind Look(out RtspRequest? request, out RtspStatus fault)
    {
        ReadOnlySpan<byte> bytes = _buffer.AsSpan(_start, _end - _start);
        RtspFind found = RtspParser.Read(bytes, out int used, out request, out fault);
        if (found is RtspFind.Packet)
        {
            int prefix = bytes.IndexOf(PacketBatch.Mark);
            _dialog.TakePacket(bytes[prefix + 1], bytes[(prefix + PacketBatch.PrefixBytes)..used]);
        }

        _start += used;
        if (found is RtspFind.Request or RtspFind.Packet || _start == _end)
        {
            _messageSince = null;
        }

        return found;
    }

    private async ValueTask<bool> AnswerAsync(RtspRequest request)
    {
        RtspReply reply = await _dialog.AnswerAsync(request, _closed.Token);
        await SendAsync(reply.ToBytes(request.Header("CSeq")), _closed.Token);
        reply.Then?.Invoke();
        return !reply.Closes;
    }

    /// <summary>Waits for more bytes, as long as the peer may take.</summary>
    private async ValueTask<bool> ReceiveAsync()
    {
        MakeRoom();
        TimeSpan wait = _messageSince is long since ? RequestMax - _time.GetElapsedTime(since)
            : _dialog.MayStayQuiet ? Timeout.InfiniteTimeSpan
            : _dialog.Patience;
        if (!_dialog.IsSignedIn)
        {
            // However much it asks and however slowly it says it: those who wait for its place may have a better right.
            TimeSpan left = _house.Limits.SignInMax - _time.GetElapsedTime(_openedAt);
            wait = left <= TimeSpan.Zero ? TimeSpan.Zero : left < wait ? left : wait;
        }

        if (wait <= TimeSpan.Zero && wait != Timeout.InfiniteTimeSpan)
        {
            return await GiveUpAsync();
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_closed.Token);
        limit.CancelAfter(wait);
        try
        {
            int got = await _stream.ReadAsync(_buffer.AsMemory(_end), limit.Token);
            _end += got;
            _messageSince ??= _time.GetTimestamp();
            return got > 0;
        }
        catch (OperationCanceledException) when (!_closed.IsCancellationRequested)
        {
            return await GiveUpAsync();
        }
    }

    private async ValueTask<bool> GiveUpAsync()
    {
        if (!_dialog.IsSignedIn)
        {
            _house.Gate.TurnedAway(Remote, "not_signed_in");
        }

        await SendAsync(new RtspReply(RtspStatus.RequestTimeout).Closing().ToBytes(null), _closed.Token);
        return false;
    }

    /// <summary>The buffer grows with what has to lie in it whole, up to its bound; the parser asks for no more.</summary>
    private void MakeRoom()
    {
        int kept = _end - _start;
        byte[] target = _buffer;
        if (kept == _buffer.Length)
        {
            target = ArrayPool<byte>.Shared.Rent(Math.Min(2 * kept, BufferBytesMax));
        }

        _buffer.AsSpan(_start, kept).CopyTo(target);
        if (target != _buffer)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = target;
        }

        (_start, _end) = (0, kept);
    }

    /// <summary>An IPv4 address as such, also when the socket speaks both kinds; without a zone.</summary>
    public static IPAddress AddressOf(EndPoint? end)
    {
        IPAddress address = ((IPEndPoint)end!).Address;
        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : new IPAddress(address.GetAddressBytes());
    }

    [LoggerMessage(EventId = 5511, Level = LogLevel.Debug, Message = "An RTSP connection ended")]
    private partial void LogGone(Exception exception);

    [LoggerMessage(EventId = 5512, Level = LogLevel.Error, Message = "An RTSP connection broke")]
    private partial void LogBroke(Exception exception);
}
