using System.Diagnostics;
using System.Text;
using Events.EventStore.Seals.Canonical;
using Events.EventStore.Seals.Notes;
using Events.EventStore.Seals.Tree;

namespace Events.Benchmarks;

/// <summary>What the parts of a seal cost, each on one core: canonical forms, leaves, the tree, proofs, signatures.</summary>
internal static class SealsBench
{
    private const int Rounds = 5;
    private const int ProofsSize = 100_000;
    private static readonly TimeSpan Run = TimeSpan.FromSeconds(1);

    /// <summary>Some 320 bytes, nested, and with keys in jsonb's order, which is by length first.</summary>
    private static readonly byte[] Body = Encoding.UTF8.GetBytes(
        """
        {"at": "2026-09-23T10:11:12.123456+00:00", "path": "camera0/2026/09/23/101112.mp4", "bytes": 1048576, "number": 17, "frames": {"first": 0.0, "count": 250, "keyEvery": 2.50}, "sha256": "f439d057746d5a0f88353a63089963d87ad4b6344968ab46c7ab2360865bc0dc", "recordingId": "0199a6f2-7d53-7b7e-9e1c-0123456789ab", "endReason": null}
        """.Trim());

    private static readonly byte[] Headers = """{"via": "json-rpc", "ip": "10.0.0.1"}"""u8.ToArray();

    public static Task RunAsync(BenchContext context)
    {
        context.Say($"Body of {Body.Length} bytes, nested, keys out of order; one thread. Best and median of {Rounds} rounds of "
            + $"{Run.TotalSeconds:0} s.");
        Leaves(context);
        Trees(context);
        Proofs(context);
        Signatures(context);
        return Task.CompletedTask;
    }

    private static void Leaves(BenchContext context)
    {
        CanonicalJson json = new(isNulRefused: true);
        LeafForm form = new();
        Measure(context, "canonical form of a body", () => json.Form(Body).Length);
        Measure(context, "leaf: body, headers, envelope, three hashes", () => form.HashOf(Row()).GetHashCode());
        context.Say($"The leaf has {form.Of(Row()).Length} bytes.");
    }

    private static LeafRow Row() => new()
    {
        SeqId = 123_456,
        Id = new Guid("8d4ac0b3-5a52-4f2e-9a3e-000000000001"),
        StreamId = new Column("recording-0199a6f2-7d53-7b7e-9e1c-0123456789ab"u8),
        Version = 17,
        Data = new Column(Body),
        Type = new Column("recording_segment_committed"u8),
        Timestamp = 848_640_994_123_456,
        TenantId = new Column("*DEFAULT*"u8),
        DotNetType = new Column("Events.Domain.Recordings.RecordingSegmentCommitted, Events.Domain"u8),
        CorrelationId = new Column("0199a6f2-7d53-7b7e-9e1c-0123456789ab"u8),
        Headers = new Column(Headers),
        UserName = new Column("system"u8),
    };

    private static void Trees(BenchContext context)
    {
        byte[] leaf = new byte[300];
        TreeHash hash = TreeHash.OfLeaf(leaf);
        Frontier frontier = new();
        TileRows rows = new((_, _, _) => { });
        Measure(context, "leaf hash of 300 bytes", () => TreeHash.OfLeaf(leaf).GetHashCode());
        Measure(context, "node hash", () => TreeHash.OfNode(hash, hash).GetHashCode());
        Measure(context, "append to the frontier", () => Appended(() => frontier.Append(hash)));
        Measure(context, "append to the tiles", () => Appended(() => rows.Append(hash)));
        Measure(context, "leaf and append to the tiles", () => Appended(() => rows.Append(TreeHash.OfLeaf(leaf))));

        static int Appended(Action append)
        {
            append();
            return 1;
        }
    }

    private static void Proofs(BenchContext context)
    {
        Dictionary<(int, long), byte[]> tiles = [];
        TileRows rows = new((level, number, hashes) => tiles.Add((level, number), hashes.ToArray()));
        for (int i = 0; i < ProofsSize; i++)
        {
            rows.Append(TreeHash.OfLeaf(BitConverter.GetBytes(i)));
        }

        TiledTree tree = new((level, number) => tiles.TryGetValue((level, number), out byte[]? full) ? full : rows.Row(level));
        TreeHash root = rows.Root();
        const int Index = 54_321;
        TreeHash leaf = TreeHash.OfLeaf(BitConverter.GetBytes(Index));
        List<TreeHash> inclusion = ProofMaker.Inclusion(Index, ProofsSize, tree);
        List<TreeHash> consistency = ProofMaker.Consistency(Index, ProofsSize, tree);
        TreeHash older = ProofMaker.Root(Index, tree);
        context.Say($"Proofs in a tree of {ProofsSize} leaves: inclusion {inclusion.Count} hashes, consistency {consistency.Count}.");
        Measure(context, "inclusion proof made from tiles", () => ProofMaker.Inclusion(Index, ProofsSize, tree).Count);
        Measure(context, "inclusion proof checked", () => True(ProofCheck.IsIncluded(leaf, Index, ProofsSize, inclusion, root)));
        Measure(context, "consistency proof made from tiles", () => ProofMaker.Consistency(Index, ProofsSize, tree).Count);
        Measure(
            context, "consistency proof checked", () => True(ProofCheck.IsExtension(Index, older, ProofsSize, root, consistency)));
    }

    private static void Signatures(BenchContext context)
    {
        using NoteSigner signer = NoteSigner.Create("events.example/log-1");
        TreeHead head = new("events.example/log-1", ProofsSize, TreeHash.OfLeaf([]));
        byte[] note = head.Sign(signer).ToBytes();
        context.Say($"A signed tree head has {note.Length} bytes.");
        Measure(context, "tree head signed", () => head.Sign(signer).ToBytes().Length);
        Measure(context, "tree head opened", () => TreeHead.Open(note, [signer.Key]).Origin.Length);
    }

    private static int True(bool isGood) => isGood ? 1 : throw new InvalidOperationException("A good proof was refused.");

    private static void Measure(BenchContext context, string what, Func<int> once)
    {
        List<double> rates = [];
        double cpu = 0;
        TimeFor(once, Run / 2);
        for (int round = 0; round < Rounds; round++)
        {
            TimeSpan before = Process.GetCurrentProcess().TotalProcessorTime;
            (long count, TimeSpan took) = TimeFor(once, Run);
            cpu = (Process.GetCurrentProcess().TotalProcessorTime - before).TotalMicroseconds / count;
            rates.Add(count / took.TotalSeconds);
        }

        rates.Sort();
        context.Add(new BenchLine($"{what}, median", rates[Rounds / 2], null, null, cpu, null, $"best {rates[^1]:N0}/s, {cpu:0.000} us CPU"));
    }

    private static (long Count, TimeSpan Took) TimeFor(Func<int> once, TimeSpan run)
    {
        const int Batch = 64;
        long start = Stopwatch.GetTimestamp();
        long sum = 0;
        for (long count = Batch; ; count += Batch)
        {
            for (int i = 0; i < Batch; i++)
            {
                sum += once();
            }

            if (Stopwatch.GetElapsedTime(start) is var took && took >= run)
            {
                return sum == long.MinValue ? default : (count, took);
            }
        }
    }
}
