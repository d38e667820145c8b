namespace Events.EventStore.Seals;

/// <summary>
/// Shut while the log is behind what was signed before: facts that were appended now would take the places of lost ones. Opened
/// by a fork.
/// </summary>
internal sealed class SealGate
{
    private volatile string? _why;

    /// <summary>Why nothing may be appended; null when it may.</summary>
    public string? Why => _why;

    public void Shut(string why) => _why = why;

    public void Open() => _why = null;
}
