using Events.EventStore.Seals.Notes;

namespace Events.EventStore.Seals.Sealing;

/// <summary>
/// A fact that says which key comes after which. The first head that has it below it is signed by both; later ones by the new key
/// alone.
/// </summary>
/// <param name="Position">Of the fact.</param>
/// <param name="IsSigned">
/// Whether the fact carries the old key's own signature on both keys. The sealer signs every fact that anybody wrote, so a head
/// over this one says nothing about who did.
/// </param>
internal sealed record KeyRotation(long Position, NoteKey Old, NoteKey New, string Reason, bool IsSigned)
{
    public const string FactType = "log_key_rotated";

    /// <summary>A key a day for years; each costs a verification or two.</summary>
    public const int CountMax = 10_000;

    /// <summary>By the stream, so that the log is not searched as a whole.</summary>
    public static string Select(string rest) =>
        $"""
        select seq_id, data->>'oldKey', data->>'newKey', data->>'reason', data->>'signature' from events.mt_events
        where stream_id = 'logbook-all' and type = '{FactType}' {rest}
        """;

    /// <returns>Null when it names no keys: then it says nothing.</returns>
    public static KeyRotation? Of(long position, string? old, string? next, string? reason, string? signature)
    {
        if (old is null || next is null)
        {
            return null;
        }

        try
        {
            NoteKey oldKey = NoteKey.Parse(old);
            NoteKey newKey = NoteKey.Parse(next);
            return new KeyRotation(position, oldKey, newKey, reason ?? string.Empty, IsSignedBy(oldKey, newKey, signature));
        }
        catch (NoteRefusedException)
        {
            return null;
        }
    }

    /// <returns>Base64 of the DER bytes.</returns>
    public static string Sign(NoteSigner old, NoteKey next) =>
        Convert.ToBase64String(old.Sign(Statement(old.Key, next)).Bytes);

    public static bool IsSignedBy(NoteKey old, NoteKey next, string? signature) =>
        signature is not null
        && StrictText.TryBase64(signature, out byte[] bytes)
        && old.HasSigned(StrictText.Encode(Statement(old, next)), bytes);

    /// <summary>No tree head, whose second line is a number, and nothing else that the key signs.</summary>
    private static string Statement(NoteKey old, NoteKey next) => $"events-key-rotation/1\n{old}\n{next}\n";
}
