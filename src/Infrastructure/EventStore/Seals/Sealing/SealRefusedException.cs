namespace Events.EventStore.Seals.Sealing;

/// <summary>
/// Nothing may be signed: the database, the key and what was signed before do not fit together. Says what, and where.
/// </summary>
internal sealed class SealRefusedException(string message) : Exception(message);
