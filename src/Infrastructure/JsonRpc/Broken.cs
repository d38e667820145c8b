using System.Net.WebSockets;

namespace Events.JsonRpc;

internal static class Broken
{
    /// <summary>
    /// Whether an exception says no more than that the socket is no longer usable. A peer may vanish at any time; that is
    /// no failure of ours and is not logged.
    /// </summary>
    internal static bool Is(Exception failure) => failure is WebSocketException or IOException or OperationCanceledException
        or ObjectDisposedException or InvalidOperationException;
}
