namespace Events.EventStore.Seals;

/// <summary>For whom this installation is a witness.</summary>
/// <param name="Folder">For the key, and for the newest head of each log that was cosigned; made when it is missing.</param>
/// <param name="Name">The witness's own, in its key and lines; no blanks or plus signs.</param>
/// <param name="Logs">Public keys of the logs, as vkeys; the name of each is its log's.</param>
public sealed record WitnessOptions(string Folder, string Name, IReadOnlyList<string> Logs);

/// <summary>What a witness answers.</summary>
/// <param name="Status">Of HTTP, as C2SP tlog-witness has it.</param>
public sealed record WitnessAnswer(int Status, string Type, string Text);

/// <summary>The newest head of a log that this witness cosigned.</summary>
/// <param name="Note">With all its signatures.</param>
public sealed record WitnessedHead(string Origin, long Size, string Note);

/// <summary>
/// Cosigns heads of other logs, C2SP tlog-witness: each goes on from all that it has cosigned of that log before. It is told by a
/// proof, and needs no fact of theirs.
/// </summary>
public interface IWitness
{
    /// <summary>As a vkey, for those who are to trust it. Made at the first call.</summary>
    /// <exception cref="IOException">The folder cannot be read or written.</exception>
    string Key { get; }

    /// <summary>Of each log of which it has cosigned one.</summary>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    IReadOnlyList<WitnessedHead> Heads();

    /// <summary>Takes the body of <c>add-checkpoint</c>. What it cosigns is on disk before it answers.</summary>
    /// <exception cref="IOException">The folder cannot be read or written; nothing was signed.</exception>
    WitnessAnswer Add(byte[] body);
}
