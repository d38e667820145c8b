using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Events.Application.Contracts;

namespace Events.Media.Discovery;

/// <summary>What one place on one machine answered.</summary>
/// <param name="Codec">Null when it did not say.</param>
internal sealed record RtspAnswer(StreamPlace Place, string? Codec, bool NeedsLogin);

/// <summary>
/// Asks one port for streams with OPTIONS and DESCRIBE (RFC 2326, sections 10.1 and 10.2). Nothing is played and no credentials
/// are sent. What comes back is a stranger's: it is read within bounds and believed only as far as it must be.
/// </summary>
internal sealed class RtspProbe(IPAddress address, int port) : IDisposable
{
    /// <summary>For a machine of the same network or one over a radio link; a closed port answers at once.</summary>
    private static readonly TimeSpan ConnectTimeMax = TimeSpan.FromMilliseconds(1_500);

    private static readonly TimeSpan AnswerTimeMax = TimeSpan.FromSeconds(3);

    /// <summary>Of an answer's head and of its session description; real ones have a tenth of it.</summary>
    private const int HeadBytesMax = 8 * 1024;
    private const int BodyBytesMax = 64 * 1024;

    private Socket? _socket;

    /// <summary>Made once somebody is there: most addresses of a scan are nobody's.</summary>
    private byte[] _buffer = [];
    private int _filled;
    private int _sequence;

    public void Dispose() => _socket?.Dispose();

    /// <returns>The places that have a stream; empty when there is no RTSP server.</returns>
    public async Task<IReadOnlyList<RtspAnswer>> AskAsync(IEnumerable<StreamPlace> places, CancellationToken cancellationToken)
    {
        List<RtspAnswer> found = [];
        if (await ExchangeAsync("OPTIONS", string.Empty, isFirst: true, cancellationToken) is null)
        {
            return found;
        }

        foreach (StreamPlace place in places)
        {
            // Some servers close after an answer that is no 200.
            RtspReply? reply = await ExchangeAsync("DESCRIBE", place.Path, isFirst: false, cancellationToken)
                ?? await ExchangeAsync("DESCRIBE", place.Path, isFirst: true, cancellationToken);
            switch (reply?.Status)
            {
                case 200 when reply.Body.Contains("m=video", StringComparison.Ordinal):
                    found.Add(new RtspAnswer(place, CodecIn(reply.Body), NeedsLogin: false));
                    break;
                case 401 or 403:
                    found.Add(new RtspAnswer(place, null, NeedsLogin: true));
                    break;
                default:
                    break;
            }
        }

        return found;
    }

    /// <returns>Null when nobody answers, or not in RTSP.</returns>
    private async Task<RtspReply?> ExchangeAsync(string method, string path, bool isFirst, CancellationToken cancellationToken)
    {
        try
        {
            if (isFirst)
            {
                await ConnectAsync(cancellationToken);
            }

            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(AnswerTimeMax);
            string host = address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{address}]" : address.ToString();
            string accept = method == "DESCRIBE" ? "Accept: application/sdp\r\n" : string.Empty;
            string request = string.Create(
                CultureInfo.InvariantCulture,
                $"{method} rtsp://{host}:{port}{path} RTSP/1.0\r\nCSeq: {++_sequence}\r\nUser-Agent: Events\r\n{accept}\r\n");
            await _socket!.SendAsync(Encoding.ASCII.GetBytes(request), limit.Token);
            return await ReadAsync(limit.Token);
        }
        catch (Exception e) when (e is SocketException or IOException || IsTimeout(e, cancellationToken))
        {
            return null;
        }
    }

    private static bool IsTimeout(Exception e, CancellationToken cancellationToken) =>
        e is OperationCanceledException && !cancellationToken.IsCancellationRequested;

    private async Task ConnectAsync(CancellationToken cancellationToken)
    {
        _socket?.Dispose();
        _filled = 0;
        _socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(ConnectTimeMax);
        await _socket.ConnectAsync(new IPEndPoint(address, port), limit.Token);
        _buffer = _buffer.Length == 0 ? new byte[HeadBytesMax + BodyBytesMax] : _buffer;
    }

    private async Task<RtspReply?> ReadAsync(CancellationToken cancellationToken)
    {
        int end;
        while ((end = _buffer.AsSpan(0, _filled).IndexOf("\r\n\r\n"u8)) < 0)
        {
            if (_filled >= HeadBytesMax || !await FillAsync(cancellationToken))
            {
                return null;
            }
        }

        string head = Encoding.Latin1.GetString(_buffer, 0, end);
        int bodyAt = end + 4;
        int length = LengthIn(head);
        if (StatusIn(head) is not { } status || length > BodyBytesMax)
        {
            return null;
        }

        while (_filled < bodyAt + length)
        {
            if (!await FillAsync(cancellationToken))
            {
                return null;
            }
        }

        string body = Encoding.Latin1.GetString(_buffer, bodyAt, length);
        _filled -= bodyAt + length;
        _buffer.AsSpan(bodyAt + length, _filled).CopyTo(_buffer);
        return new RtspReply(status, body);
    }

    private async Task<bool> FillAsync(CancellationToken cancellationToken)
    {
        int got = await _socket!.ReceiveAsync(_buffer.AsMemory(_filled), cancellationToken);
        _filled += got;
        return got > 0;
    }

    /// <returns>Null for a head that is not RTSP's.</returns>
    private static int? StatusIn(string head) =>
        head.StartsWith("RTSP/1.", StringComparison.Ordinal) && head.Length >= 12
        && int.TryParse(head.AsSpan(9, 3), NumberStyles.None, CultureInfo.InvariantCulture, out int status)
            ? status
            : null;

    private static int LengthIn(string head)
    {
        const string Name = "Content-Length:";
        string? line = head.Split("\r\n").FirstOrDefault(one => one.StartsWith(Name, StringComparison.OrdinalIgnoreCase));
        return line is not null
            && int.TryParse(line.AsSpan(Name.Length).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int length)
                ? length
                : 0;
    }

    private static string? CodecIn(string description) =>
        description.Contains(" H264/", StringComparison.OrdinalIgnoreCase) ? "h264"
        : description.Contains(" H265/", StringComparison.OrdinalIgnoreCase) ? "h265"
        : null;

    private sealed record RtspReply(int Status, string Body);
}
