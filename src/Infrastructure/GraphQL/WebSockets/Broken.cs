using System.Net.WebSockets;

namespace Events.GraphQL.WebSockets;

internal static class Broken
{
    /// <summary>Whether an exception says only that the socket can no longer be used. Peers vanish; that is not logged.</summary>
    internal static bool Is(Exception failure) => failure is WebSocketException or IOException or OperationCanceledException
        or ObjectDisposedException or InvalidOperationException;
}
