using System.Security.Cryptography;
using System.Text;
using Events.EventStore.Seals.Notes;
using Events.EventStore.Seals.Tree;
using Xunit;

namespace Events.Tests.Engines.EventStore.Seals;

public sealed class A_note
{
    private const string Log = "events.example/log-1";
    private const string Text = $"{Log}\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";

    [Fact]
    public void is_opened_with_any_key_that_signed_it()
    {
        using NoteSigner old = NoteSigner.Create(Log);
        using NoteSigner now = NoteSigner.Create(Log);
        using NoteSigner witness = NoteSigner.Create("witness.example");
        byte[] note = SignedNote.Sign(Text, old, now, witness).ToBytes();
        Assert.Equal(TreeHash.Empty, TreeHead.Open(note, [old.Key]).Root);
        Assert.Equal(0, TreeHead.Open(note, [now.Key]).Size);
        Assert.Equal(Log, TreeHead.Open(note, [old.Key, now.Key, witness.Key]).Origin);

        // A witness vouches for what the log says, not instead of it.
        Assert.Equal(Text, SignedNote.Open(note, [witness.Key]).Text);
        Assert.Throws<NoteRefusedException>(() => TreeHead.Open(note, [witness.Key]));
        Assert.Throws<NoteRefusedException>(() => TreeHead.Open(note, []));
    }

    [Fact]
    public void with_any_bit_changed_is_refused()
    {
        using NoteSigner signer = NoteSigner.Create(Log);
        byte[] note = SignedNote.Sign(Text, signer).ToBytes();
        for (int bit = 0; bit < note.Length * 8; bit++)
        {
            byte[] changed = [.. note];
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Throws<NoteRefusedException>(() => TreeHead.Open(changed, [signer.Key]));
        }

        for (int length = 0; length < note.Length; length++)
        {
            Assert.Throws<NoteRefusedException>(() => TreeHead.Open(note.AsSpan(0, length), [signer.Key]));
        }

        Assert.Throws<NoteRefusedException>(() => TreeHead.Open([.. note, (byte)'\n'], [signer.Key]));
        Assert.Throws<NoteRefusedException>(() => TreeHead.Open([.. "\n"u8, .. note], [signer.Key]));
    }

    [Fact]
    public void with_one_wrong_signature_of_a_trusted_key_is_refused()
    {
        using NoteSigner one = NoteSigner.Create(Log);
        using NoteSigner two = NoteSigner.Create(Log);
        SignedNote note = SignedNote.Sign(Text, one);
        NoteSignature forged = two.Sign("another text\n");
        byte[] both = (note with { Signatures = [.. note.Signatures, forged] }).ToBytes();
        Assert.Equal(0, TreeHead.Open(both, [one.Key]).Size);
        Assert.Throws<NoteRefusedException>(() => TreeHead.Open(both, [one.Key, two.Key]));
    }

    [Fact]
    public void has_a_bounded_number_of_signatures()
    {
        using NoteSigner signer = NoteSigner.Create(Log);
        NoteSignature line = signer.Sign(Text);
        Assert.Equal(Text, SignedNote.Open(Of(SignedNote.SignaturesMax), [signer.Key]).Text);
        Assert.Throws<NoteRefusedException>(() => SignedNote.Parse(Of(SignedNote.SignaturesMax + 1)));
        Assert.Throws<NoteRefusedException>(() => SignedNote.Parse(Encoding.UTF8.GetBytes(Text + "\n")));
        Assert.Throws<NoteRefusedException>(() => SignedNote.Parse(new byte[SignedNote.BytesMax + 1]));

        byte[] Of(int count) => new SignedNote(Text, [.. Enumerable.Repeat(line, count)]).ToBytes();
    }

    /// <summary>Another spelling of a good signature must not pass, or a third party could make a second note of the first.</summary>
    [Fact]
    public void is_signed_in_the_shortest_DER_alone()
    {
        using NoteSigner signer = NoteSigner.Create(Log);
        byte[] text = StrictText.Encode(Text);
        byte[] good = signer.Sign(Text).Bytes;
        Assert.True(signer.Key.HasSigned(text, good));
        int rLength = good[3];
        byte[] longLength = [0x30, 0x81, good[1], .. good[2..]];
        byte[] padded = [0x30, (byte)(good[1] + 1), 2, (byte)(rLength + 1), 0, .. good[4..]];
        byte[] trailing = [.. good, 0];
        byte[] inner = [0x30, (byte)(good[1] + 1), .. good[2..], 0];
        byte[] plain = new byte[64];
        Assert.All([longLength, padded, trailing, inner, plain, [], [0x30], [0x30, 0]], bytes => Assert.False(signer.Key.HasSigned(text, bytes)));

        byte[] zeros = [0x30, 6, 2, 1, 0, 2, 1, 0];
        byte[] negative = [.. good];
        negative[4] |= 0x80;
        Assert.All([zeros, negative], bytes => Assert.False(signer.Key.HasSigned(text, bytes)));
    }

    [Theory]
    [InlineData("log\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", true)]
    [InlineData("log\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\nmore\n", true)]
    [InlineData("log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", true)]
    [InlineData("log\n9223372036854775807\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", true)]
    [InlineData("log\n9223372036854775808\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", false)]
    [InlineData("log\n0\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", false)]
    [InlineData("log\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=\n", false)]
    [InlineData("log\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU\n", false)]
    [InlineData("log\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuF==\n", false)]
    [InlineData("log\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hS uFU=\n", false)]
    [InlineData("log\n-1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", false)]
    [InlineData("log\n+1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", false)]
    [InlineData("log\n 1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", false)]
    [InlineData("log\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\nmore\n", false)]
    [InlineData("log\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", false)]
    [InlineData("\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", false)]
    [InlineData("log\n1\n", false)]
    [InlineData("", false)]
    public void is_a_tree_head_in_one_spelling_only(string text, bool isHead)
    {
        if (isHead)
        {
            Assert.Equal(text, TreeHead.Parse(text).ToString());
        }
        else
        {
            Assert.Throws<NoteRefusedException>(() => TreeHead.Parse(text));
        }
    }

    [Theory]
    [InlineData("\u2014 k AAAAAAA=\n", true)]
    [InlineData("- k AAAAAAA=\n", false)]
    [InlineData("\u2014k AAAAAAA=\n", false)]
    [InlineData("\u2014  AAAAAAA=\n", false)]
    [InlineData("\u2014 k  AAAAAAA=\n", false)]
    [InlineData("\u2014 k+l AAAAAAA=\n", false)]
    [InlineData("\u2014 k\u00a0l AAAAAAA=\n", false)]
    [InlineData("\u2014 k AAAAAAA\n", false)]
    [InlineData("\u2014 k AAAAAAB=\n", false)]
    [InlineData("\u2014 k AAAAAA==\n", false)]
    [InlineData("\u2014 k AAAAAAA= \n", false)]
    [InlineData("\u2014 k AAAAAAA=", false)]
    [InlineData("\u2014 k AAAAAAA=\nx\n", false)]
    public void has_signature_lines_in_one_spelling_only(string lines, bool isNote)
    {
        byte[] note = Encoding.UTF8.GetBytes($"text\n\n{lines}");
        if (isNote)
        {
            Assert.Equal(note, SignedNote.Parse(note).ToBytes());
        }
        else
        {
            Assert.Throws<NoteRefusedException>(() => SignedNote.Parse(note));
        }
    }

    [Fact]
    public void is_signed_by_keys_in_one_spelling_only()
    {
        using NoteSigner signer = NoteSigner.Create(Log);
        string vkey = signer.Key.ToString();
        string[] parts = vkey.Split('+', 3);
        using NoteKey read = NoteKey.Parse(vkey);
        Assert.Equal(signer.Key.Id, read.Id);
        using ECDsa other = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        string[] refused =
        [
            "", "log", vkey + " ", vkey + "\n", $"{parts[0]}+{parts[1].ToUpperInvariant()}0+{parts[2]}", $"{parts[0]}+00000000+{parts[2]}",
            $"+{parts[1]}+{parts[2]}", $"{parts[0]}+{parts[1]}+", $"a b+{parts[1]}+{parts[2]}", $"{parts[0]}+{parts[1]}+{parts[2][..^4]}",
            $"{parts[0]}+{parts[1]}+{Convert.ToBase64String([1, .. read.SubjectPublicKeyInfo])}",
        ];
        Assert.All(refused, text => Assert.Throws<NoteRefusedException>(() => NoteKey.Parse(text)));
        Assert.Throws<NoteRefusedException>(() => NoteKey.Of(Log, other.ExportSubjectPublicKeyInfo()));
        Assert.Throws<NoteRefusedException>(() => NoteKey.Of(Log, [.. read.SubjectPublicKeyInfo, 0]));

        // A curve that nobody has: its name is in these bytes.
        Assert.All(Enumerable.Range(0, read.SubjectPublicKeyInfo.Length), at =>
        {
            byte[] bytes = [.. read.SubjectPublicKeyInfo];
            bytes[at] ^= 1;
            Assert.Throws<NoteRefusedException>(() => NoteKey.Of(Log, bytes));
        });
        Assert.Throws<NoteRefusedException>(() => NoteSigner.Of(Log, other.ExportPkcs8PrivateKey()));
        using NoteSigner again = NoteSigner.Of(Log, signer.ExportPkcs8());
        Assert.Equal(vkey, again.Key.ToString());
    }

    [Fact]
    public void carries_proofs_that_verify_and_no_altered_ones()
    {
        using NoteSigner signer = NoteSigner.Create(Log);
        MemoryTree tree = A_tree.Grown(1_000, seed: 9);
        byte[] note = new TreeHead(Log, 1_000, tree.Root()).Sign(signer).ToBytes();
        InclusionFile inclusion = new(77, ProofMaker.Inclusion(77, 1_000, tree.Subtrees), note) { Extra = [1, 2, 3] };
        InclusionFile read = InclusionFile.Parse(Encoding.UTF8.GetBytes(inclusion.ToString()));
        Assert.Equal([1, 2, 3], read.Extra!);
        Assert.Equal(tree.Root(), read.Verify(tree.Leaves[77], [signer.Key]).Root);
        Assert.Throws<NoteRefusedException>(() => read.Verify(tree.Leaves[78], [signer.Key]));
        Assert.Throws<NoteRefusedException>(() => (read with { Index = 78 }).Verify(tree.Leaves[77], [signer.Key]));

        TreeHash older = ProofMaker.Root(300, tree.Subtrees);
        ExtensionFile extension = new(300, ProofMaker.Consistency(300, 1_000, tree.Subtrees), note);
        ExtensionFile again = ExtensionFile.Parse(Encoding.UTF8.GetBytes(extension.ToString()));
        Assert.Equal(1_000, again.Verify(older, [signer.Key]).Size);
        Assert.Throws<NoteRefusedException>(() => again.Verify(tree.Leaves[0], [signer.Key]));
        Assert.Throws<NoteRefusedException>(() => (again with { OldSize = 299 }).Verify(older, [signer.Key]));
        Assert.Equal(1_000, new ExtensionFile(0, [], note).Verify(TreeHash.Empty, [signer.Key]).Size);
        Assert.Throws<NoteRefusedException>(() => (again with { OldSize = 0 }).Verify(TreeHash.Empty, [signer.Key]));
    }

    [Theory]
    [InlineData("c2sp.org/tlog-proof@v2\nindex 0\n\n")]
    [InlineData("c2sp.org/tlog-proof@v1\n\n")]
    [InlineData("c2sp.org/tlog-proof@v1\nindex 00\n\n")]
    [InlineData("c2sp.org/tlog-proof@v1\nindex -1\n\n")]
    [InlineData("c2sp.org/tlog-proof@v1\nindex 0\nAAAA\n\n")]
    [InlineData("c2sp.org/tlog-proof@v1\nindex 0\nextra AAAA\n\n")]
    [InlineData("c2sp.org/tlog-proof@v1\nextra A\nindex 0\n\n")]
    [InlineData("c2sp.org/tlog-proof@v1\r\nindex 0\r\n\r\n")]
    [InlineData("old 0\n\n")]
    [InlineData("\n\n")]
    [InlineData("")]
    public void is_in_no_proof_of_another_format(string head) =>
        Assert.Throws<NoteRefusedException>(() => InclusionFile.Parse(Encoding.UTF8.GetBytes(head + Text)));

    [Theory]
    [InlineData("old 01\n\n")]
    [InlineData("old -1\n\n")]
    [InlineData("old\n\n")]
    [InlineData("Old 1\n\n")]
    [InlineData("old 1\nAAAA\n\n")]
    [InlineData("")]
    public void is_in_no_extension_of_another_format(string head)
    {
        Assert.Throws<NoteRefusedException>(() => ExtensionFile.Parse(Encoding.UTF8.GetBytes(head + Text)));
        string tooMany = "old 1\n" + string.Concat(Enumerable.Repeat($"{TreeHash.Empty.ToBase64()}\n", ExtensionFile.HashesMax + 1));
        Assert.Throws<NoteRefusedException>(() => ExtensionFile.Parse(Encoding.UTF8.GetBytes($"{tooMany}\n{Text}")));
    }
}
