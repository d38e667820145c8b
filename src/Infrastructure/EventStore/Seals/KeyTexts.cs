using Events.EventStore.Seals.Notes;
using Events.EventStore.Seals.Outside;

namespace Events.EventStore.Seals;

/// <summary>Whether a text that somebody typed is a key, before anything depends on it.</summary>
public static class KeyTexts
{
    /// <exception cref="FormatException">It is no log's public key; says why.</exception>
    public static void RequireLog(string vkey) => Require(() => NoteKey.Parse(vkey).Dispose());

    /// <exception cref="FormatException">It is no witness's public key; says why.</exception>
    public static void RequireWitness(string vkey) => Require(() => WitnessKey.Parse(vkey));

    /// <exception cref="FormatException">It cannot be the name of a key; says why.</exception>
    public static void RequireName(string name)
    {
        if (!NoteKey.IsName(name))
        {
            throw new FormatException("A key's name must have neither blanks nor a plus sign.");
        }
    }

    /// <exception cref="FormatException">There is no certificate in it.</exception>
    public static void RequireCertificates(string pem) => Require(() => TimeStamp.RootsIn(pem));

    private static void Require(Action read)
    {
        try
        {
            read();
        }
        catch (NoteRefusedException refused)
        {
            throw new FormatException(refused.Message);
        }
    }
}
