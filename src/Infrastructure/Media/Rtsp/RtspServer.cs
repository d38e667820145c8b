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
    /// <summary>At once. Half of them may be players that have just left or come.</summary>
    public const int ConnectionsMax = 512;

    /// <summary>At once from one address: a wall of screens, or a house behind one router.</summary>
    public const int ConnectionsPerAddressMax = 128;

    /// <summary>Waiting to be taken; the kernel turns more away.</summary>
    private const int Backlog = 128;

    private static readonly TimeSpan AcceptPause = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentDictionary<RtspConnection, Task> _connections = [];
    private readonly Dictionary<IPAddress, int> _perAddress = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly RtspHouse _house = new(engine.FeedOf, gate, new UdpPorts(options), time, logger);
    private Socket? _listener;
    private Socket? _tlsListener;
    private Task _accepting = Task.CompletedTask;

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
            var connection = new RtspConnection(socket, tls, _house);
            if (!TryCount(connection.Remote))
            {
                LogTurnedAway(_connections.Count);
                connection.Close();
                connection.Dispose();
                return;
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
        Uncount(connection.Remote);
        connection.Dispose();
    }

    private bool TryCount(IPAddress address)
    {
        lock (_perAddress)
        {
            int count = _perAddress.GetValueOrDefault(address);
            if (_connections.Count >= ConnectionsMax || count >= ConnectionsPerAddressMax)
            {
                return false;
            }

            _perAddress[address] = count + 1;
            return true;
        }
    }

    private void Uncount(IPAddress address)
    {
        lock (_perAddress)
        {
            if (--_perAddress[address] == 0)
            {
                _perAddress.Remove(address);
            }
        }
    }

    [LoggerMessage(EventId = 5521, Level = LogLevel.Warning, Message = "An RTSP connection could not be taken")]
    private partial void LogNotAccepted(Exception exception);

    [LoggerMessage(EventId = 5522, Level = LogLevel.Warning, Message = "An RTSP connection was turned away; {Count} are open")]
    private partial void LogTurnedAway(int count);
}
