using System.Globalization;
using System.Text;
using Events.EventStore.Seals.Tree;

namespace Events.EventStore.Seals.Notes;

/// <summary>That one leaf is in a signed tree, for a reader without a network: C2SP tlog-proof, version 1.</summary>
/// <param name="Note">The head's signed note, byte for byte.</param>
internal sealed record InclusionFile(long Index, IReadOnlyList<TreeHash> Proof, byte[] Note)
{
    /// <summary>What a tree of 2^63 leaves needs.</summary>
    public const int HashesMax = 63;

    private const string Header = "c2sp.org/tlog-proof@v1";
    private const string ExtraStart = "extra ";
    private const string IndexStart = "index ";

    /// <summary>What somebody put beside the proof; nothing vouches for it. Null if there is none.</summary>
    public byte[]? Extra { get; init; }

    /// <exception cref="NoteRefusedException">It is not in this format.</exception>
    public static InclusionFile Parse(ReadOnlySpan<byte> file)
    {
        (string[] lines, byte[] note) = ProofLines.Split(file);
        int at = 1;
        byte[]? extra = null;
        if (lines.Length > at && lines[at].StartsWith(ExtraStart, StringComparison.Ordinal))
        {
            extra = StrictText.TryBase64(lines[at++][ExtraStart.Length..], out byte[] bytes)
                ? bytes
                : throw new NoteRefusedException("The proof's extra data is not base64.");
        }

        if (lines[0] != Header
            || lines.Length <= at
            || !lines[at].StartsWith(IndexStart, StringComparison.Ordinal)
            || !StrictText.TryNumber(lines[at][IndexStart.Length..], out long index))
        {
            throw new NoteRefusedException($"The proof does not begin with {Header} and the index.");
        }

        return new InclusionFile(index, ProofLines.Hashes(lines[(at + 1)..], HashesMax), note) { Extra = extra };
    }

    /// <summary>Checks all of it: signature, format and proof.</summary>
    /// <param name="leaf">The leaf's hash.</param>
    /// <returns>The head that the leaf is shown to be in.</returns>
    /// <exception cref="NoteRefusedException">Something is wrong; says what.</exception>
    public TreeHead Verify(in TreeHash leaf, IReadOnlyCollection<NoteKey> trusted)
    {
        TreeHead head = TreeHead.Open(Note, trusted);
        return ProofCheck.IsIncluded(leaf, Index, head.Size, Proof, head.Root)
            ? head
            : throw new NoteRefusedException($"The proof does not lead from this leaf at index {Index} to the signed root.");
    }

    public override string ToString()
    {
        StringBuilder file = new($"{Header}\n");
        if (Extra is not null)
        {
            file.Append(ExtraStart).Append(Convert.ToBase64String(Extra)).Append('\n');
        }

        file.Append(IndexStart).Append(Index.ToString(CultureInfo.InvariantCulture)).Append('\n');
        return ProofLines.Join(file, Proof, Note);
    }
}
