using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Events.Media.Rtp;

namespace Events.Media.Rtsp;

/// <summary>How a viewer's packets reach it.</summary>
internal interface IRtpPath : IAsyncDisposable
{
    byte RtpChannel { get; }

    byte RtcpChannel { get; }

    /// <summary>Whether a packet that was sent also arrived at the viewer's machine, as far as the kernel knows.</summary>
    bool TellsOfLife { get; }

    /// <summary>Repeats the offer as it was met, for the answer's <c>Transport</c>.</summary>
    string Describe();

    /// <summary>Sends packets as a <see cref="PacketBatch"/> has them.</summary>
    /// <exception cref="IOException">The viewer is gone, or takes nothing for too long.</exception>
    ValueTask SendAsync(ReadOnlyMemory<byte> packets, CancellationToken cancellationToken);
}

/// <summary>Between the answers on the viewer's own connection (RFC 2326, section 10.12).</summary>
internal sealed class InterleavedPath(RtspConnection connection, RtspTransport offer) : IRtpPath
{
    public byte RtpChannel { get; } = (byte)(offer.First ?? 0);

    public byte RtcpChannel { get; } = (byte)(offer.Second ?? 1);

    public bool TellsOfLife => true;

    public string Describe() =>
        string.Create(CultureInfo.InvariantCulture, $"{offer.Protocol};unicast;interleaved={RtpChannel}-{RtcpChannel}");

    public ValueTask SendAsync(ReadOnlyMemory<byte> packets, CancellationToken cancellationToken) =>
        connection.SendAsync(packets, cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>
/// As UDP packets from two ports of ours to two of the viewer's, on the machine that its connection comes from and on no other. A
/// burst is spread a little, since a player's receive buffer is small.
/// </summary>
internal sealed class UdpPath : IRtpPath
{
    /// <summary>In bytes: a quarter of what fits into a receive buffer as Linux makes it when nobody asks for more.</summary>
    private const double BurstBytesMax = 32 * 1024;

    /// <summary>In bytes per second: above most cameras, so that it delays only the first group and large key frames.</summary>
    private const double BytesPerSecondMin = 4 * 1024 * 1024;

    /// <summary>In bytes per second: above any camera.</summary>
    private const double BytesPerSecondMax = 64 * 1024 * 1024;

    private static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(2);

    /// <summary>What holds up a viewer for so long is too slow for its camera, and is doubled.</summary>
    private static readonly TimeSpan HeldUpMax = TimeSpan.FromMilliseconds(500);

    /// <summary>A player that has just closed its ports and one that opens them late look alike for so long.</summary>
    private static readonly TimeSpan RefusalMax = TimeSpan.FromSeconds(3);

    private readonly (Socket Rtp, Socket Rtcp) _sockets;
    private readonly RtspTransport _offer;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _ended = new();
    private readonly Task _receiving;
    private double _bytesPerSecond = BytesPerSecondMin;
    private double _budget = BurstBytesMax;
    private long? _heldUpSince;
    private long _budgetSince;
    private long? _refusedSince;

    /// <param name="received">Gets each packet that comes to the report port.</param>
    public UdpPath((Socket Rtp, Socket Rtcp) sockets, RtspTransport offer, Action<ReadOnlySpan<byte>> received, TimeProvider time)
    {
        (_sockets, _offer, _time) = (sockets, offer, time);
        _budgetSince = time.GetTimestamp();
        _receiving = ReceiveAsync(received, _ended.Token);
    }

    public byte RtpChannel => 0;

    public byte RtcpChannel => 1;

    public bool TellsOfLife => false;

    public string Describe()
    {
        int rtp = ((IPEndPoint)_sockets.Rtp.LocalEndPoint!).Port;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{_offer.Protocol};unicast;client_port={_offer.First}-{_offer.Second};server_port={rtp}-{rtp + 1}");
    }

    public async ValueTask SendAsync(ReadOnlyMemory<byte> packets, CancellationToken cancellationToken)
    {
        while (!packets.IsEmpty)
        {
            int size = BinaryPrimitives.ReadUInt16BigEndian(packets.Span[2..]);
            ReadOnlyMemory<byte> packet = packets.Slice(PacketBatch.PrefixBytes, size);
            Socket socket = packets.Span[1] == RtpChannel ? _sockets.Rtp : _sockets.Rtcp;
            if (!await TrySendAsync(socket, packet, cancellationToken))
            {
                // The refusal was of an earlier packet; this one has not been sent yet.
                await TrySendAsync(socket, packet, cancellationToken);
            }

            packets = packets[(PacketBatch.PrefixBytes + size)..];
            await PaceAsync(size, cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        _sockets.Rtp.Dispose();
        _sockets.Rtcp.Dispose();
        await _receiving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _ended.Dispose();
    }

    private async ValueTask<bool> TrySendAsync(Socket socket, ReadOnlyMemory<byte> packet, CancellationToken cancellationToken)
    {
        try
        {
            await socket.SendAsync(packet, cancellationToken);
            return true;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
        {
            _refusedSince ??= _time.GetTimestamp();
            return socket == _sockets.Rtcp || _time.GetElapsedTime(_refusedSince.Value) < RefusalMax
                ? false
                : throw new IOException("The player has closed its port.", e);
        }
        catch (SocketException e)
        {
            throw new IOException("A packet could not be sent.", e);
        }
    }

    private async ValueTask PaceAsync(int sentBytes, CancellationToken cancellationToken)
    {
        double refill = _time.GetElapsedTime(_budgetSince).TotalSeconds * _bytesPerSecond;
        _budgetSince = _time.GetTimestamp();
        _heldUpSince = _budget + refill < BurstBytesMax ? _heldUpSince ?? _budgetSince : null;
        _budget = Math.Min(BurstBytesMax, _budget + refill) - sentBytes;
        if (_budget >= 0)
        {
            return;
        }

        if (_time.GetElapsedTime(_heldUpSince ?? _budgetSince) > HeldUpMax)
        {
            _bytesPerSecond = Math.Min(2 * _bytesPerSecond, BytesPerSecondMax);
            _heldUpSince = null;
        }

        await Task.Delay(Breath, _time, cancellationToken);
    }

    private async Task ReceiveAsync(Action<ReadOnlySpan<byte>> received, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[2048];
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                int got = await _sockets.Rtcp.ReceiveAsync(buffer, cancellationToken);
                _refusedSince = null;
                received(buffer.AsSpan(0, got));
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionRefused or SocketError.MessageSize)
            {
                continue; // It tells of a packet of ours that nobody took, or one was far too large.
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
            {
                return;
            }
        }
    }
}
