using System.Buffers.Binary;
using System.Text;

namespace Events.EventStore.Seals.Notes;

/// <summary>One signature line.</summary>
/// <param name="KeyId">See <see cref="NoteKey.Id"/>.</param>
internal sealed record NoteSignature(string KeyName, uint KeyId, byte[] Bytes)
{
    /// <summary>With its newline.</summary>
    public override string ToString()
    {
        byte[] bytes = new byte[sizeof(uint) + Bytes.Length];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, KeyId);
        Bytes.CopyTo(bytes.AsSpan(sizeof(uint)));
        return $"{SignedNote.LineStart}{KeyName} {Convert.ToBase64String(bytes)}\n";
    }
}

/// <summary>A text and who signed it: C2SP signed-note.</summary>
/// <param name="Text">With its last newline; what the signatures are over.</param>
internal sealed record SignedNote(string Text, IReadOnlyList<NoteSignature> Signatures)
{
    public const string LineStart = "\u2014 ";

    /// <summary>In bytes. A tree head has some 200, and 16 post-quantum signatures 80 KB.</summary>
    public const int BytesMax = 1024 * 1024;

    /// <summary>The specification asks for at least 16; each known one costs a verification.</summary>
    public const int SignaturesMax = 100;

    private const string Border = "\n\n";

    /// <exception cref="NoteRefusedException">It is no signed note.</exception>
    public static SignedNote Parse(ReadOnlySpan<byte> note)
    {
        if (note.Length > BytesMax)
        {
            throw new NoteRefusedException($"The note has more than {BytesMax} bytes.");
        }

        string all = StrictText.Decode(note);
        int border = all.LastIndexOf(Border, StringComparison.Ordinal);
        if (border < 0 || !all.EndsWith('\n'))
        {
            throw new NoteRefusedException("The note has no blank line before its signatures, or no end.");
        }

        string[] lines = all[(border + Border.Length)..].Split('\n');
        if (lines.Length - 1 is 0 or > SignaturesMax)
        {
            throw new NoteRefusedException($"The note has no signature, or more than {SignaturesMax}.");
        }

        return new SignedNote(all[..(border + 1)], [.. lines[..^1].Select(ParseLine)]);
    }

    /// <summary>Which log a note is of, by its own words: nobody has looked at its signatures.</summary>
    /// <returns>Null for what is no signed note, such as a part of one.</returns>
    public static string? OriginOf(ReadOnlySpan<byte> note)
    {
        try
        {
            string text = Parse(note).Text;
            return text.IndexOf('\n', StringComparison.Ordinal) is > 0 and int end ? text[..end] : null;
        }
        catch (NoteRefusedException)
        {
            return null;
        }
    }

    /// <summary>
    /// The note, if trusted keys have signed it: each signature by one of them must be good, and there must be one. Others are
    /// not looked at.
    /// </summary>
    /// <exception cref="NoteRefusedException">That is not so.</exception>
    public static SignedNote Open(ReadOnlySpan<byte> bytes, IReadOnlyCollection<NoteKey> trusted)
    {
        if (trusted.DistinctBy(key => (key.Name, key.Id)).Count() != trusted.Count)
        {
            throw new NoteRefusedException("Two of the trusted keys have one name and id; the note does not tell them apart.");
        }

        SignedNote note = Parse(bytes);
        byte[] text = StrictText.Encode(note.Text);
        bool isSigned = false;
        foreach (NoteSignature signature in note.Signatures)
        {
            NoteKey? key = trusted.FirstOrDefault(key => key.Name == signature.KeyName && key.Id == signature.KeyId);
            if (key is null)
            {
                continue;
            }

            if (!key.HasSigned(text, signature.Bytes))
            {
                throw new NoteRefusedException($"The signature of {key.Name} (key {key.Id:x8}) is wrong.");
            }

            isSigned = true;
        }

        return isSigned ? note : throw new NoteRefusedException("No trusted key has signed the note.");
    }

    /// <param name="text">Ends with a newline; no control characters beside newlines.</param>
    public static SignedNote Sign(string text, params IEnumerable<NoteSigner> signers)
    {
        if (!text.EndsWith('\n') || text.Any(letter => letter is < ' ' and not '\n'))
        {
            throw new ArgumentException("A note's text ends with a newline and has no other control characters.", nameof(text));
        }

        return new SignedNote(text, [.. signers.Select(signer => signer.Sign(text))]);
    }

    /// <summary>The note as it is stored and sent.</summary>
    public override string ToString()
    {
        StringBuilder all = new(Text);
        all.Append('\n');
        foreach (NoteSignature signature in Signatures)
        {
            all.Append(signature);
        }

        return all.ToString();
    }

    public byte[] ToBytes() => StrictText.Encode(ToString());

    private static NoteSignature ParseLine(string line)
    {
        string[] parts = line.Split(' ');
        bool isSignature = parts.Length == 3 && line.StartsWith(LineStart, StringComparison.Ordinal) && NoteKey.IsName(parts[1]);
        return isSignature && StrictText.TryBase64(parts[2], out byte[] bytes) && bytes.Length > sizeof(uint)
            ? new NoteSignature(parts[1], BinaryPrimitives.ReadUInt32BigEndian(bytes), bytes[sizeof(uint)..])
            : throw new NoteRefusedException("A signature line is not as it must be.");
    }
}
