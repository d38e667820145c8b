namespace Events.EventStore.Seals.Notes;

/// <summary>A note, checkpoint, proof file or key that is not in its format, or that no trusted key has signed.</summary>
internal sealed class NoteRefusedException(string message) : Exception(message);
