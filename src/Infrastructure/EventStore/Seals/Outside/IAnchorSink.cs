using Events.EventStore.Seals.Sealing;

namespace Events.EventStore.Seals.Outside;

/// <summary>One place outside that gets the newest head now and then.</summary>
internal interface IAnchorSink
{
    /// <summary>For people, and in <c>audit_anchor</c>.</summary>
    string Name { get; }

    /// <summary>Between two heads.</summary>
    TimeSpan Interval { get; }

    /// <summary>Tries once. Takes no longer than <see cref="AnchorTimes.AnswerTimeMax"/> for each thing that it asks.</summary>
    /// <returns>What came back and is worth keeping; null for nothing.</returns>
    /// <exception cref="AnchorFailedException">It did not get there; the newest head is tried again later.</exception>
    /// <exception cref="AnchorContradictedException">The place knows another history.</exception>
    Task<byte[]?> ShowAsync(StoredHead head, CancellationToken cancellationToken);
}

internal static class AnchorTimes
{
    public static readonly TimeSpan AnswerTimeMax = TimeSpan.FromSeconds(10);

    /// <summary>While there is no head to show.</summary>
    public static readonly TimeSpan HeadPause = TimeSpan.FromSeconds(2);

    /// <summary>After a failure, for places that get a head more rarely.</summary>
    public static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(60);
}

/// <summary>A head did not get to a place outside; says why.</summary>
internal sealed class AnchorFailedException(string message) : Exception(message);

/// <summary>A place outside has seen heads that ours do not go on from: this log was set back or written anew.</summary>
internal sealed class AnchorContradictedException(string message) : Exception(message);
