using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Events.Application.Contracts;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Events.Media.Rtsp;

/// <summary>Listens for players and gives each connection a loop of its own. Without players it is one waiting socket.</summary>
internal sealed partial class RtspServer(
    RtspOptions options, MediaEngine engine, Func<ILiveGate> gate, TimeProvider time, ILogger<RtspServer> logger)
    : IHostedService, IRtspOutput, IDisposable
{
    /// <summary>Waiting to be taken; the kernel turns more away.</summary>
    private const int Backlog = 128;

    private static readonly TimeSpan AcceptPause = TimeSpan.FromMilliseconds(100);

    /// <summary>Whoever is turned away comes again, and must not fill the output.</summary>
    private static readonly TimeSpan TellEvery = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<RtspConnection, Task> _connections = [];
    private readonly RtspDoor _door = new(options.Limits);
    private readonly CancellationTokenSource _stop = new();
    private readonly RtspHouse _house = new(engine.FeedOf, gate, new UdpPorts(options), options.Limits, time, logger);
    private Socket? _listener;
    private Socket? _tlsListener;
    private Task _accepting = Task.CompletedTask;
    private long _turnedAwayCount;
    private long? _toldAt;

    public int Port => PortOf(_listener);

    public int TlsPort => PortOf(_tlsListener);

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _listener = Listen(options.Listen);
        _accepting = AcceptAsync(_listener, null, _stop.Token);
        if (options.Tls is { } tls)
        {
            _tlsListener = Listen(tls.Listen);
            _accepting = Task.WhenAll(_accepting, AcceptAsync(_tlsListener, tls.Current, _stop.Token));
        }

        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        _listener?.Dispose();
        _tlsListener?.Dispose();
        await _accepting;
        await _house.EndAllAsync("The server stops.");
        foreach (RtspConnection connection in _connections.Keys)
        {
            connection.Close();
        }

        await Task.WhenAll(_connections.Values).WaitAsync(cancellationToken)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose()
    {
        _listener?.Dispose();
        _tlsListener?.Dispose();
        _stop.Dispose();
    }

    private static int PortOf(Socket? listener) => (listener?.LocalEndPoint as IPEndPoint)?.Port ?? 0;

    private static Socket Listen(IPEndPoint at)
    {
        var listener = new Socket(at.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        if (at.Address.Equals(IPAddress.IPv6Any))
        {
            listener.DualMode = true;
        }

        listener.Bind(at);
        listener.Listen(Backlog);
        return listener;
    }

    private async Task AcceptAsync(
        Socket listener, Func<SslServerAuthenticationOptions>? tls, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                Serve(await listener.AcceptAsync(cancellationToken), tls);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException e)
            {
                // The peer left in between, or there are no descriptors left: others may leave.
                LogNotAccepted(e);
                await Task.Delay(AcceptPause, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private void Serve(Socket socket, Func<SslServerAuthenticationOptions>? tls)
    {
        try
        {
            IPAddress from = RtspConnection.AddressOf(socket.RemoteEndPoint);
            if (_door.Enter(from) is not RtspDoor.Place place)
            {
                TurnAway(from);
                socket.Dispose();
                return;
            }

            RtspConnection connection;
            try
            {
                connection = new RtspConnection(socket, tls, place, _house);
            }
            catch
            {
                place.Dispose();
                throw;
            }

            var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _connections[connection] = ServeAsync(connection, ready.Task);
            ready.SetResult();
        }
        catch (Exception e)
        {
            LogNotAccepted(e); // It was gone before it could be looked at. Whatever it was, others must still get in.
            socket.Dispose();
        }
    }

    private async Task ServeAsync(RtspConnection connection, Task ready)
    {
        await ready;
        await connection.RunAsync();
        _connections.TryRemove(connection, out _);
        connection.Dispose();
    }

    private void TurnAway(IPAddress from)
    {
        gate().TurnedAway(from, "too_many_connections");
        long count = Interlocked.Increment(ref _turnedAwayCount);
        lock (_door)
        {
            if (_toldAt is long told && time.GetElapsedTime(told) < TellEvery)
            {
                return;
            }

            _toldAt = time.GetTimestamp();
        }

        LogTurnedAway(_door.Count, count);
    }

    [LoggerMessage(EventId = 5521, Level = LogLevel.Warning, Message = "An RTSP connection could not be taken")]
    private partial void LogNotAccepted(Exception exception);

    [LoggerMessage(EventId = 5522, Level = LogLevel.Warning,
        Message = "An RTSP connection was turned away; {Count} are open, and {TurnedAway} have been turned away so far")]
    private partial void LogTurnedAway(int count, long turnedAway);
}
