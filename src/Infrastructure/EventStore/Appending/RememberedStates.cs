namespace Events.EventStore.Appending;

/// <summary>A stream as it was when it was read last.</summary>
/// <param name="Decider">Whose state it is.</param>
/// <param name="Version">Of the last fact in it.</param>
/// <param name="LastId">That fact's id: it is there still, or the stream is another one by now.</param>
internal sealed record RememberedState(object Decider, object State, long Version, Guid LastId);

/// <summary>
/// The states of long streams that commands came for lately, so that the next command reads what has come since and not all of
/// it: a camera that loses its network every hour has ten thousand facts after a year. A bounded number, and none that grew of
/// facts with personal members, which may be gone tomorrow. States are immutable.
/// </summary>
internal sealed class RememberedStates
{
    /// <summary>A shorter stream is read in a moment.</summary>
    public const int VersionMin = 32;

    /// <summary>More streams than are written to at the same time on one machine; a state is some hundred bytes.</summary>
    public const int CountMax = 256;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, LinkedListNode<(string Stream, RememberedState State)>> _byStream = [];

    /// <summary>The one used last in front.</summary>
    private readonly LinkedList<(string Stream, RememberedState State)> _byUse = new();

    /// <returns>Null when nothing of use is remembered.</returns>
    public RememberedState? Find(string stream, object decider)
    {
        lock (_gate)
        {
            if (!_byStream.TryGetValue(stream, out var node) || !ReferenceEquals(node.Value.State.Decider, decider))
            {
                return null;
            }

            _byUse.Remove(node);
            _byUse.AddFirst(node);
            return node.Value.State;
        }
    }

    public void Keep(string stream, RememberedState state)
    {
        lock (_gate)
        {
            Remove(stream);
            if (state.Version < VersionMin)
            {
                return;
            }

            _byStream[stream] = _byUse.AddFirst((stream, state));
            if (_byStream.Count > CountMax)
            {
                Remove(_byUse.Last!.Value.Stream);
            }
        }
    }

    public void Forget(string stream)
    {
        lock (_gate)
        {
            Remove(stream);
        }
    }

    private void Remove(string stream)
    {
        if (_byStream.Remove(stream, out var node))
        {
            _byUse.Remove(node);
        }
    }
}
