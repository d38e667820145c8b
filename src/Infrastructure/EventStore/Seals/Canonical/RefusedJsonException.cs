namespace Events.EventStore.Seals.Canonical;

/// <summary>Text that has no canonical form: it is no JSON, or means different things to different readers.</summary>
/// <param name="at">Where it was noticed, in bytes from the start.</param>
internal sealed class RefusedJsonException(string why, long at) : Exception($"No canonical form: {why} at byte {at}.")
{
    public long At { get; } = at;
}
