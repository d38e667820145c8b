using System.Text;
using Events.EventStore.Seals;
using Events.EventStore.Seals.Notes;
using Events.EventStore.Seals.Tree;
using Events.EventStore.Seals.Witnessing;
using Xunit;

namespace Events.Tests.Engines.EventStore.Seals;

/// <summary>C2SP tlog-witness, from the side of whoever is asked.</summary>
public sealed class A_witness : IDisposable
{
    private const string Log = "events.example/log-1";
    private const string Name = "witness.example/one";

    private readonly string _folder = Path.Combine(Directory.CreateTempSubdirectory("witness").FullName, "witness");
    private readonly NoteSigner _signer = NoteSigner.Create(Log);
    private readonly MemoryTree _tree = new();
    private readonly SteppedClock _clock = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    public A_witness()
    {
        for (int i = 0; i < 1_000; i++)
        {
            _tree.Append(TreeHash.OfLeaf(BitConverter.GetBytes(i)));
        }
    }

    public void Dispose()
    {
        _signer.Dispose();
        Directory.Delete(Path.GetDirectoryName(_folder)!, recursive: true);
    }

    [Fact]
    public void cosigns_what_goes_on_and_nothing_else()
    {
        Witness witness = Start();
        Assert.Equal(300, Cosigned(witness, 0, 300));
        Assert.Equal((409, "300\n"), Answer(witness.Add(Body(0, 400))));
        Assert.Equal((409, "300\n"), Answer(witness.Add(Body(299, 400))));
        Assert.Equal((409, "300\n"), Answer(witness.Add(Body(400, 400))));
        Assert.Equal("text/x.tlog.size", witness.Add(Body(0, 400)).Type);
        Assert.Equal(400, Cosigned(witness, 300, 400));
        Assert.Equal(400, Cosigned(witness, 400, 400));

        // Smaller than what was cosigned, whatever the proof.
        Assert.Equal((409, "400\n"), Answer(witness.Add(Body(300, 400))));
        Assert.Equal(400, witness.Add(Body(500, 400)).Status);

        // Another history, with the log's own key.
        MemoryTree other = new();
        for (int i = 0; i < 1_000; i++)
        {
            other.Append(TreeHash.OfLeaf(BitConverter.GetBytes(i == 7 ? 8 : i)));
        }

        Assert.Equal((409, "400\n"), Answer(witness.Add(Body(400, 400, other))));
        Assert.Equal(422, witness.Add(Body(400, 500, other)).Status);
        Assert.Equal(422, witness.Add(Body(400, 500, proof: [])).Status);
        Assert.Equal(422, witness.Add(Body(400, 500, proof: [.. Proof(400, 500), TreeHash.Empty])).Status);
        WitnessedHead kept = Assert.Single(witness.Heads());
        Assert.Equal((Log, 400), (kept.Origin, kept.Size));
        Assert.Equal(1_000, Cosigned(witness, 400, 1_000));
    }

    [Fact]
    public void remembers_over_a_restart_and_signs_nothing_when_it_cannot()
    {
        string key = Start().Key;
        Assert.Equal(300, Cosigned(Start(), 0, 300));
        Assert.Equal((409, "300\n"), Answer(Start().Add(Body(0, 400))));
        Assert.Equal(key, Start().Key);
        string file = Directory.GetFiles(_folder, "log-*.txt").Single();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        string good = File.ReadAllText(file);
        foreach (string bad in new[] { string.Empty, good[..^20], good.Replace("300", "200", StringComparison.Ordinal) })
        {
            File.WriteAllText(file, bad);
            Assert.Throws<IOException>(() => Start().Add(Body(0, 400)));
            Assert.Throws<IOException>(() => Start().Add(Body(300, 400)));
        }

        File.WriteAllText(file, good);
        File.Move(Path.Combine(_folder, "witness-key.pem"), Path.Combine(_folder, "away"));
        Assert.Throws<IOException>(() => Start().Add(Body(300, 400)));
        File.WriteAllText(Path.Combine(_folder, "witness-key.pem"), "x");
        Assert.Throws<IOException>(() => Start().Add(Body(300, 400)));
        File.Move(Path.Combine(_folder, "away"), Path.Combine(_folder, "witness-key.pem"), overwrite: true);
        Assert.Equal(400, Cosigned(Start(), 300, 400));
    }

    /// <summary>Anybody may add lines to a note, and what is kept of it is read again at the next one.</summary>
    [Theory]
    [InlineData(Name)]
    [InlineData("stranger.example/x")]
    public void keeps_no_line_that_it_did_not_look_at(string name)
    {
        Witness witness = Start();
        byte[] id = BitConverter.GetBytes(System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(WitnessKey.Parse(witness.Key).Id));
        string line = $"{SignedNote.LineStart}{name} {Convert.ToBase64String([.. id, .. new byte[72]])}\n";
        Assert.Equal(200, witness.Add([.. Body(0, 300), .. Encoding.UTF8.GetBytes(line)]).Status);
        Assert.DoesNotContain(Convert.ToBase64String(new byte[72])[..60], Assert.Single(witness.Heads()).Note, StringComparison.Ordinal);
        Assert.Equal(400, Cosigned(Start(), 300, 400));
    }

    [Fact]
    public void takes_no_log_that_nobody_named_and_no_head_that_its_log_did_not_sign()
    {
        using NoteSigner thief = NoteSigner.Create(Log);
        using NoteSigner stranger = NoteSigner.Create("other.example/log");
        Witness witness = Start();
        Assert.Equal(403, witness.Add(Body(0, 300, signer: thief)).Status);
        Assert.Equal(404, witness.Add(Body(0, 300, signer: stranger)).Status);
        Assert.Equal(400, witness.Add([]).Status);
        Assert.Equal(400, witness.Add("old 0\n\n"u8.ToArray()).Status);
        Assert.Equal(400, witness.Add([0xFF, .. Body(0, 300)]).Status);
        byte[] good = Body(0, 300);
        for (int bit = 0; bit < good.Length * 8; bit += 3)
        {
            byte[] changed = [.. good];
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.InRange(witness.Add(changed).Status, 400, 499);
        }

        Assert.Empty(witness.Heads());
    }

    [Fact]
    public async Task asked_by_many_at_once_goes_one_way()
    {
        Witness witness = Start();
        Assert.Equal(100, Cosigned(witness, 0, 100));
        int[] statuses = await Task.WhenAll(Enumerable.Range(0, 32).Select(number =>
            Task.Run(() => witness.Add(Body(100, 101 + number)).Status)));
        Assert.Single(statuses, status => status == 200);
        Assert.Equal(31, statuses.Count(status => status == 409));
    }

    [Fact]
    public void is_not_believed_with_any_bit_changed()
    {
        Witness witness = Start();
        WitnessKey key = WitnessKey.Parse(witness.Key);
        byte[] body = Body(0, 300);
        string line = witness.Add(body).Text;
        byte[] note = [.. ExtensionFile.Parse(body).Note, .. Encoding.UTF8.GetBytes(line)];
        Assert.Equal(_clock.Now, key.TimeOn(SignedNote.Parse(note)));
        Assert.Equal(300, TreeHead.Open(note, [_signer.Key]).Size);
        int first = note.Length - Encoding.UTF8.GetByteCount(line);
        for (int bit = first * 8; bit < (note.Length - 1) * 8; bit++)
        {
            byte[] changed = [.. note];
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(IsBelieved(key, changed), $"bit {bit - (first * 8)}");
        }

        Assert.Throws<NoteRefusedException>(() => WitnessKey.Parse(_signer.Key.ToString()));
        Assert.Throws<NoteRefusedException>(() => WitnessKey.Parse(witness.Key.Replace(Name, "other", StringComparison.Ordinal)));
    }

    private static bool IsBelieved(WitnessKey key, byte[] note)
    {
        try
        {
            return key.TimeOn(SignedNote.Parse(note)) is not null;
        }
        catch (NoteRefusedException)
        {
            return false;
        }
    }

    private static (int Status, string Text) Answer(WitnessAnswer answer) => (answer.Status, answer.Text);

    private Witness Start() => new(new WitnessOptions(_folder, Name, [_signer.Key.ToString()]), _clock);

    /// <returns>The size that was cosigned, after the line was checked.</returns>
    private long Cosigned(Witness witness, long from, long to)
    {
        byte[] body = Body(from, to);
        WitnessAnswer answer = witness.Add(body);
        Assert.True(answer.Status == 200, answer.Text);
        byte[] note = [.. ExtensionFile.Parse(body).Note, .. Encoding.UTF8.GetBytes(answer.Text)];
        Assert.NotNull(WitnessKey.Parse(witness.Key).TimeOn(SignedNote.Parse(note)));
        return TreeHead.Open(note, [_signer.Key]).Size;
    }

    private List<TreeHash> Proof(long from, long to, MemoryTree? tree = null) =>
        from == 0 || from >= to ? [] : ProofMaker.Consistency(from, to, (tree ?? _tree).Subtrees);

    private byte[] Body(long from, long to, MemoryTree? tree = null, IReadOnlyList<TreeHash>? proof = null, NoteSigner? signer = null)
    {
        signer ??= _signer;
        TreeHead head = new(signer.Key.Name, to, ProofMaker.Root(to, (tree ?? _tree).Subtrees));
        ExtensionFile body = new(from, proof ?? Proof(from, to, tree), head.Sign(signer).ToBytes());
        return Encoding.UTF8.GetBytes(body.ToString());
    }
}
