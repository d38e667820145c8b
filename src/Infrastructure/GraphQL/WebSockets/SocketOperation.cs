namespace Events.GraphQL.WebSockets;

/// <summary>An operation of one socket, from <c>subscribe</c> until one side ends it.</summary>
internal sealed class SocketOperation(string id) : IDisposable
{
    private readonly Ending _ending = new();
    private volatile bool _dropped;

    internal string Id => id;

    internal CancellationToken Ending => _ending.Token;

    /// <summary>Whether nobody wants any more of it: messages that still wait are not sent.</summary>
    internal bool IsDropped => _dropped;

    internal void Drop()
    {
        _dropped = true;
        _ending.Begin();
    }

    public void Dispose() => _ending.Dispose();
}
