namespace Events.EventStore.Seals.Sealing;

/// <summary>
/// Nothing may be signed: the database, the key and what was signed before do not fit together. Says what, and where.
/// </summary>
/// <param name="isSetBack">Whether the log or the state was set back, which a fork can end.</param>
/// <param name="isPassing">
/// Whether it is enough to try again when somebody has made room on a disk, or has put a file or row right.
/// </param>
internal sealed class SealRefusedException(string message, bool isSetBack = false, bool isPassing = false)
    : Exception(message)
{
    public bool IsSetBack => isSetBack;

    public bool IsPassing => isPassing;
}
