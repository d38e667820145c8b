using System.Text;
using Events.EventStore.Seals.Tree;

namespace Events.EventStore.Seals.Notes;

/// <summary>What the proof files have in common: lines, an empty line, a signed note.</summary>
internal static class ProofLines
{
    /// <returns>The lines before the first empty one, at least one; and what is behind it.</returns>
    /// <exception cref="NoteRefusedException">There is no empty line, or too much of all.</exception>
    public static (string[] Lines, byte[] Note) Split(ReadOnlySpan<byte> file)
    {
        int border = file.Length <= 2 * SignedNote.BytesMax ? file.IndexOf("\n\n"u8) : -1;
        return border > 0
            ? (StrictText.Decode(file[..border]).Split('\n'), file[(border + 2)..].ToArray())
            : throw new NoteRefusedException("The proof has no empty line before its tree head, or is too long.");
    }

    /// <exception cref="NoteRefusedException">A line is no hash, or there are too many.</exception>
    public static IReadOnlyList<TreeHash> Hashes(string[] lines, int countMax)
    {
        if (lines.Length > countMax)
        {
            throw new NoteRefusedException($"The proof has more than {countMax} hashes.");
        }

        return
        [
            .. lines.Select(line => StrictText.TryHash(line, out TreeHash hash)
                ? hash
                : throw new NoteRefusedException("A line of the proof is not the base64 of a hash.")),
        ];
    }

    public static string Join(StringBuilder head, IReadOnlyList<TreeHash> proof, byte[] note)
    {
        foreach (TreeHash hash in proof)
        {
            head.Append(hash.ToBase64()).Append('\n');
        }

        return head.Append('\n').Append(Encoding.UTF8.GetString(note)).ToString();
    }
}
