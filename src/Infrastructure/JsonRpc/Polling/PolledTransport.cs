using System.Buffers;
using System.ComponentModel;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Events.JsonRpc.Polling;

/// <summary>Gives the web server its connections. TCP alone, on Linux.</summary>
internal sealed class PolledTransport(IMemoryPoolFactory<byte> pools)
    : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    public bool CanBind(EndPoint endpoint) => endpoint is IPEndPoint && OperatingSystem.IsLinux();

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        Socket socket = new(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (endpoint is IPEndPoint { Address: var address } && address.Equals(IPAddress.IPv6Any))
            {
                socket.DualMode = true;
            }

            // Now, because a start may fail, and whoever connects later must not be who finds that there is no thread.
            _ = Poller.Shared;
            socket.Bind(endpoint);
            socket.Listen(PolledListener.Backlog);
        }
        catch (SocketException failed)
        {
            socket.Dispose();
            throw failed.SocketErrorCode is SocketError.AddressAlreadyInUse
                ? new AddressInUseException(failed.Message, failed)
                : failed;
        }

        return new(new PolledListener(socket, pools.Create()));
    }
}

/// <summary>One address that is listened on.</summary>
internal sealed class PolledListener(Socket socket, MemoryPool<byte> pool) : IConnectionListener
{
    internal const int Backlog = 512;

    /// <summary>While there is no room for another socket: others end meanwhile.</summary>
    private static readonly TimeSpan FullPause = TimeSpan.FromMilliseconds(50);

    public EndPoint EndPoint { get; } = socket.LocalEndPoint!;

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            try
            {
                if (Open(await socket.AcceptAsync(cancellationToken)) is { } connection)
                {
                    return connection;
                }
            }
            catch (ObjectDisposedException)
            {
                return null;
            }
            catch (SocketException failed) when (failed.SocketErrorCode is SocketError.OperationAborted)
            {
                return null;
            }
            catch (SocketException failed)
            {
                await (failed.SocketErrorCode is SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable
                    ? Task.Delay(FullPause, cancellationToken) : Task.CompletedTask);
            }
        }
    }

    /// <returns>Null when whoever came has gone again, or the kernel has no room for it.</returns>
    private PolledConnection? Open(Socket accepted)
    {
        try
        {
            accepted.NoDelay = true;
            accepted.Blocking = false;
            PolledConnection connection = new(accepted, Poller.Shared, pool);
            connection.Start();
            return connection;
        }
        catch (Exception gone) when (gone is SocketException or Win32Exception)
        {
            accepted.Dispose();
            return null;
        }
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        socket.Dispose();
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        socket.Dispose();
        pool.Dispose();
        return ValueTask.CompletedTask;
    }
}
