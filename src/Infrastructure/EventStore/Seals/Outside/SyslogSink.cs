using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Events.EventStore.Seals.Notes;
using Events.EventStore.Seals.Sealing;

namespace Events.EventStore.Seals.Outside;

/// <summary>
/// Heads as lines to a syslog receiver: <c>udp://host:514</c> (RFC 5426), <c>tcp://host:601</c> (RFC 6587, lengths before lines)
/// or <c>unix:///dev/log</c>. Of UDP nobody learns whether it got there.
/// </summary>
internal sealed class SyslogSink(Uri receiver, string host, TimeSpan interval, TimeProvider time) : IAnchorSink
{
    private const int UdpPort = 514;
    private const int TcpPort = 601;

    private static readonly TimeSpan _endTimeMax = TimeSpan.FromSeconds(2);

    public string Name => "syslog";

    public TimeSpan Interval => interval;

    public async Task<byte[]?> ShowAsync(StoredHead head, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(AnchorTimes.AnswerTimeMax);
        try
        {
            await SendAsync(Encoding.UTF8.GetBytes(SyslogLine.Of(head.Note, time.GetUtcNow(), host)), limit.Token);
            return null;
        }
        catch (NoteRefusedException spoilt)
        {
            throw new AnchorFailedException(
                $"The newest head in the database, of {head.Size} facts, is no signed note. {spoilt.Message}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new AnchorFailedException($"{receiver} did not take it within {AnchorTimes.AnswerTimeMax.TotalSeconds} s.");
        }
        catch (Exception failed) when (failed is SocketException or IOException)
        {
            throw new AnchorFailedException($"{receiver}: {failed.Message}");
        }
    }

    private async Task SendAsync(byte[] line, CancellationToken cancellationToken)
    {
        if (receiver.Scheme == "unix")
        {
            using Socket local = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            await local.ConnectAsync(new UnixDomainSocketEndPoint(receiver.LocalPath), cancellationToken);
            await local.SendAsync(line, cancellationToken);
            return;
        }

        bool isUdp = receiver.Scheme == "udp";
        int port = receiver.Port > 0 ? receiver.Port : isUdp ? UdpPort : TcpPort;
        using Socket socket = isUdp ? new(SocketType.Dgram, ProtocolType.Udp) : new(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(receiver.DnsSafeHost, port, cancellationToken);
        if (isUdp)
        {
            await socket.SendAsync(line, cancellationToken);
            return;
        }

        await using NetworkStream stream = new(socket);
        await stream.WriteAsync(
            (byte[])[.. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{line.Length} ")), .. line],
            cancellationToken);

        socket.Shutdown(SocketShutdown.Send);
        await EndAsync(stream, cancellationToken);
    }

    /// <summary>
    /// The receiver's end comes after it has read ours: whoever took the connection and died is noticed. One that keeps its side
    /// open has it all the same.
    /// </summary>
    private static async Task EndAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_endTimeMax);
        byte[] end = new byte[256];
        try
        {
            while (await stream.ReadAsync(end, limit.Token) > 0)
            {
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // It was sent, and nothing came back.
        }
    }
}
