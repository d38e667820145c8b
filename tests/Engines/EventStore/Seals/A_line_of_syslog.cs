using System.Text;
using Events.EventStore.Seals;
using Events.EventStore.Seals.Notes;
using Events.EventStore.Seals.Outside;
using Events.EventStore.Seals.Tree;
using Xunit;

namespace Events.Tests.Engines.EventStore.Seals;

public sealed class A_line_of_syslog
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, 5, TimeSpan.Zero);

    [Theory]
    [InlineData("events.example/0199a000-0000-7000-8000-000000000001")]
    [InlineData("\"\\]-in-a-name/1")]
    public void gives_the_note_back_as_it_was(string origin)
    {
        using NoteSigner one = NoteSigner.Create(origin);
        using NoteSigner two = NoteSigner.Create(origin);
        TreeHash root = TreeHash.OfLeaf("x"u8);
        foreach (SignedNote note in new[] { new TreeHead(origin, 1_000_000_000_000, root).Sign(one), new TreeHead(origin, 7, root).Sign(one, two) })
        {
            string line = SyslogLine.Of(note.ToString(), Now, "gate");
            Assert.StartsWith("<109>1 2026-03-01T12:00:00.005Z gate events - head [head@32473 origin=", line, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', line);
            Assert.Equal(note.ToString(), Assert.Single(SealNotes.In($"a line\n<1>1 x {line} and more\nanother")));
        }
    }

    /// <summary>RFC 5424 asks every receiver to take so much.</summary>
    [Fact]
    public void fits_into_480_bytes()
    {
        string origin = $"{new string('h', 60)}/0199a000-0000-7000-8000-000000000001";
        using NoteSigner signer = NoteSigner.Create(origin);
        string line = SyslogLine.Of(
            new TreeHead(origin, long.MaxValue, TreeHash.OfLeaf("x"u8)).Sign(signer).ToString(), Now, new string('h', 60));
        Assert.InRange(Encoding.UTF8.GetByteCount(line), 1, 480);
    }

    [Theory]
    [InlineData("[head@32473 ")]
    [InlineData("[head@32473 origin=\"")]
    [InlineData("[head@32473 origin=\"x\\")]
    [InlineData("[head@32473 =\"\"=\"\"]")]
    [InlineData("[head@32473 origin=\"x\" size=\"1\" root=\"y\" sig=\"z\"]")]
    public void that_is_damaged_is_a_note_that_nobody_opens(string line)
    {
        using NoteSigner signer = NoteSigner.Create("x");
        string note = Assert.Single(SyslogLine.NotesIn(line));
        Assert.Throws<NoteRefusedException>(() => TreeHead.Open(Encoding.UTF8.GetBytes(note), [signer.Key]));
    }

    [Fact]
    public void is_none_in_a_file_of_notes()
    {
        using NoteSigner signer = NoteSigner.Create("x");
        string note = new TreeHead("x", 1, TreeHash.OfLeaf("x"u8)).Sign(signer).ToString();
        Assert.Empty(SyslogLine.NotesIn(note));
        Assert.Equal([note, note], SealNotes.In($"{note}\n{note}"));
    }

    /// <summary>Whoever may only add to a file of heads could else take all of them out of it by one line.</summary>
    [Fact]
    public void hides_no_note_in_the_same_file()
    {
        using NoteSigner signer = NoteSigner.Create("x");
        string[] notes =
            [.. Enumerable.Range(1, 3).Select(size => new TreeHead("x", size, TreeHash.OfLeaf("x"u8)).Sign(signer).ToString())];
        (string one, string two, string three) = (notes[0], notes[1], notes[2]);
        string line = SyslogLine.Of(three, Now, "gate");
        Assert.Equal([one, two, three], SealNotes.In($"{one}\n{two}\n{line}\n"));
        Assert.Equal([one, two, three], SealNotes.In($"{one}\n{two}{line}"));
        Assert.Equal([three, one, two], SealNotes.In($"{line}\n{one}\n{two}\n"));

        // What a receiver has from others is none; behind such a line a host begins its next note after two blank lines.
        Assert.Equal([one, three, two], SealNotes.In($"{one}\n{line}\n\n\n\n{two}\n"));
        Assert.Equal([one, three], SealNotes.In($"{one}\n{line}\nthe end"));

        // What a power cut left is a part of a note here, too, and blank lines take no signature away unseen.
        Assert.Equal([one, two[..9] + "\n\n", three], SealNotes.In($"{one}\n{two[..9]}\n\n\n{line}\n"));
        Assert.Equal(2, SealNotes.In($"{one}\n\n\n{line}\n").Count);
    }
}
