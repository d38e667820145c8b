using System.Globalization;
using System.Text;
using Events.EventStore.Seals.Tree;

namespace Events.EventStore.Seals.Notes;

/// <summary>
/// That a signed tree goes on from an older one: the body of C2SP tlog-witness' <c>add-checkpoint</c>, also used as a file.
/// </summary>
/// <param name="OldSize">In leaves; 0 for a witness that knows none yet.</param>
/// <param name="Note">The newer head's signed note, byte for byte.</param>
internal sealed record ExtensionFile(long OldSize, IReadOnlyList<TreeHash> Proof, byte[] Note)
{
    /// <summary>The most that a client may send.</summary>
    public const int HashesMax = 63;

    private const string OldStart = "old ";

    /// <exception cref="NoteRefusedException">It is not in this format.</exception>
    public static ExtensionFile Parse(ReadOnlySpan<byte> file)
    {
        (string[] lines, byte[] note) = ProofLines.Split(file);
        return lines[0].StartsWith(OldStart, StringComparison.Ordinal)
            && StrictText.TryNumber(lines[0][OldStart.Length..], out long size)
            ? new ExtensionFile(size, ProofLines.Hashes(lines[1..], HashesMax), note)
            : throw new NoteRefusedException("The proof does not begin with the old size.");
    }

    /// <summary>
    /// Checks all of it. From size 0 nothing is proved but the new head's signature, and the proof must be empty.
    /// </summary>
    /// <param name="oldRoot">The root at <see cref="OldSize"/>, from whoever kept it.</param>
    /// <exception cref="NoteRefusedException">Something is wrong; says what.</exception>
    public TreeHead Verify(in TreeHash oldRoot, IReadOnlyCollection<NoteKey> trusted)
    {
        TreeHead head = TreeHead.Open(Note, trusted);
        bool isGood = OldSize == 0
            ? Proof.Count == 0
            : ProofCheck.IsExtension(OldSize, oldRoot, head.Size, head.Root, Proof);
        return isGood
            ? head
            : throw new NoteRefusedException($"The tree of {head.Size} leaves does not go on from that of {OldSize}.");
    }

    public override string ToString()
    {
        StringBuilder file = new(OldStart);
        file.Append(OldSize.ToString(CultureInfo.InvariantCulture)).Append('\n');
        return ProofLines.Join(file, Proof, Note);
    }
}
