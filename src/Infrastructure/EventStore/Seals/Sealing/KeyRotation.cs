using Events.EventStore.Seals.Notes;

namespace Events.EventStore.Seals.Sealing;

/// <summary>
/// A fact that says which key comes after which. The first head that has it below it is signed by both; later ones by the new key
/// alone.
/// </summary>
/// <param name="Position">Of the fact.</param>
internal sealed record KeyRotation(long Position, NoteKey Old, NoteKey New, string Reason)
{
    public const string FactType = "log_key_rotated";

    /// <summary>A key a day for years; each costs a verification or two.</summary>
    public const int CountMax = 10_000;

    /// <summary>By the stream, so that the log is not searched as a whole.</summary>
    public static string Select(string rest) =>
        $"""
        select seq_id, data->>'oldKey', data->>'newKey', data->>'reason' from events.mt_events
        where stream_id = 'logbook-all' and type = '{FactType}' {rest}
        """;

    /// <returns>Null when it names no keys: then it says nothing.</returns>
    public static KeyRotation? Of(long position, string? old, string? next, string? reason)
    {
        try
        {
            return old is null || next is null
                ? null
                : new KeyRotation(position, NoteKey.Parse(old), NoteKey.Parse(next), reason ?? string.Empty);
        }
        catch (NoteRefusedException)
        {
            return null;
        }
    }
}
