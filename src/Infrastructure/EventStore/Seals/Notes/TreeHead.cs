using System.Globalization;
using Events.EventStore.Seals.Tree;

namespace Events.EventStore.Seals.Notes;

/// <summary>A head of the tree as text: what C2SP calls a checkpoint (tlog-checkpoint).</summary>
/// <param name="Origin">Which log, in one incarnation.</param>
/// <param name="Size">In leaves.</param>
internal sealed record TreeHead(string Origin, long Size, TreeHash Root)
{
    /// <summary>Lines behind the root: signed, and without meaning here. Ours have none.</summary>
    public IReadOnlyList<string> Extensions { get; init; } = [];

    /// <exception cref="NoteRefusedException">It is no tree head.</exception>
    public static TreeHead Parse(string text)
    {
        string[] lines = text.Split('\n');
        if (lines.Length < 4 || lines[^1].Length > 0 || lines[..^1].Any(line => line.Length == 0))
        {
            throw new NoteRefusedException("A tree head is at least three lines, none of them empty.");
        }

        if (!StrictText.TryNumber(lines[1], out long size))
        {
            throw new NoteRefusedException("The tree head's size is no decimal number without leading zeros.");
        }

        if (!StrictText.TryHash(lines[2], out TreeHash root) || (size == 0 && root != TreeHash.Empty))
        {
            throw new NoteRefusedException("The tree head's root is not the base64 of a hash, or cannot be that of its size.");
        }

        return new TreeHead(lines[0], size, root) { Extensions = lines[3..^1] };
    }

    /// <summary>A tree head that a trusted key has signed under the name of its origin.</summary>
    /// <exception cref="NoteRefusedException">It is not.</exception>
    public static TreeHead Open(ReadOnlySpan<byte> note, IReadOnlyCollection<NoteKey> trusted)
    {
        SignedNote signed = SignedNote.Open(note, trusted);
        TreeHead head = Parse(signed.Text);
        bool isOwn = signed.Signatures.Any(
            line => line.KeyName == head.Origin
                && trusted.Any(key => key.Name == line.KeyName && key.Id == line.KeyId));
        return isOwn ? head : throw new NoteRefusedException("No key of the tree head's own log has signed it.");
    }

    public SignedNote Sign(params IEnumerable<NoteSigner> signers) => SignedNote.Sign(ToString(), signers);

    /// <summary>The note's text.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Origin}\n{Size}\n{Root.ToBase64()}\n")
        + string.Concat(Extensions.Select(line => line + "\n"));
}
