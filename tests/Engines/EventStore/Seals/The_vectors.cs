using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;
using Events.EventStore.Seals.Canonical;
using Events.EventStore.Seals.Notes;
using Events.EventStore.Seals.Tree;
using Npgsql;
using Xunit;

namespace Events.Tests.Engines.EventStore.Seals;

/// <summary>Every case of <c>vectors.json</c> holds, and none is left out unseen.</summary>
public sealed class The_vectors
{
    public static TheoryData<string> Roots => Vectors.Ids("roots");

    public static TheoryData<string> Inclusions => Vectors.Ids("inclusion");

    public static TheoryData<string> Consistencies => Vectors.Ids("consistency");

    public static TheoryData<string> Refused => Vectors.Ids("refused_proofs");

    public static TheoryData<string> Forms => Vectors.Ids("canonical");

    public static TheoryData<string> Doubles => Vectors.Ids("ieee754");

    public static TheoryData<string> Stored => Vectors.Ids("jsonb");

    public static TheoryData<string> LeafRows => Vectors.Ids("leaf");

    public static TheoryData<string> Notes => Vectors.Ids("checkpoint");

    public static TheoryData<string> ProofFiles => Vectors.Ids("tlog_proof");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void are_all_here() =>
        Assert.Equal(
            """
            canonical 79
            checkpoint 10
            consistency 85
            ieee754 16
            inclusion 127
            jsonb 16
            leaf 10
            leaf_hashes 33
            leaves_hex 33
            refused_proofs 67
            roots 20
            tlog_proof 5
            """,
            string.Join('\n', Vectors.All.EnumerateObject()
                .Where(section => section.Value.ValueKind == JsonValueKind.Array)
                .Select(section => $"{section.Name} {section.Value.GetArrayLength()}").Order(StringComparer.Ordinal)));

    [Fact]
    public void hold_for_the_hashes_of_leaves() =>
        Assert.Equal(
            Vectors.All.GetProperty("leaf_hashes").EnumerateArray().Select(hash => hash.GetString()),
            Vectors.Leaves.Select(leaf => TreeHash.OfLeaf(leaf).ToString()));

    [Theory]
    [MemberData(nameof(Roots))]
    public void hold_for_a_root(string id)
    {
        JsonElement one = Vectors.Case("roots", id);
        MemoryTree tree = Vectors.Tree(one.Number("size"));
        Assert.Equal(one.Text("root"), tree.Frontier.Root().ToString());
        Assert.Equal(one.Text("root"), tree.Root().ToString());
        Assert.Equal(one.Text("root"), ProofMaker.Root(one.Number("size"), Vectors.Tree(33).Subtrees).ToString());
    }

    [Theory]
    [MemberData(nameof(Inclusions))]
    public void hold_for_an_inclusion_proof(string id)
    {
        JsonElement one = Vectors.Case("inclusion", id);
        (long size, long index) = (one.Number("size"), one.Number("index"));
        IReadOnlyList<TreeHash> proof = one.Proof()!;
        Assert.Equal(proof, ProofMaker.Inclusion(index, size, Vectors.Tree(33).Subtrees));
        Assert.True(ProofCheck.IsIncluded(
            TreeHash.OfLeaf(Vectors.Leaves[(int)index]), index, size, proof, Vectors.Tree(size).Root()));
    }

    [Theory]
    [MemberData(nameof(Consistencies))]
    public void hold_for_a_consistency_proof(string id)
    {
        JsonElement one = Vectors.Case("consistency", id);
        (long from, long to) = (one.Number("from"), one.Number("to"));
        IReadOnlyList<TreeHash> proof = one.Proof()!;
        Assert.Equal(proof, ProofMaker.Consistency(from, to, Vectors.Tree(33).Subtrees));
        Assert.True(ProofCheck.IsExtension(from, Vectors.Tree(from).Root(), to, Vectors.Tree(to).Root(), proof));
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public void hold_for_a_proof_that_must_be_refused(string id)
    {
        JsonElement one = Vectors.Case("refused_proofs", id);
        Assert.False(one.GetProperty("expect").GetBoolean());
        if (one.Proof() is not { } proof)
        {
            Assert.Contains("31 bytes", one.Text("why"), StringComparison.Ordinal);
            return;
        }

        Assert.False(one.Text("kind") == "inclusion"
            ? ProofCheck.IsIncluded(one.Hash("leaf_hash"), one.Number("index"), one.Number("size"), proof, one.Hash("root"))
            : ProofCheck.IsExtension(one.Number("from"), one.Hash("root1"), one.Number("to"), one.Hash("root2"), proof));
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void hold_for_a_canonical_form(string id)
    {
        JsonElement one = Vectors.Case("canonical", id);
        Assert.Equal(one.Text("exact"), FormOf(one.Hex("input_hex"), isNulRefused: false));
    }

    [Theory]
    [MemberData(nameof(Doubles))]
    public void hold_for_a_double(string id)
    {
        JsonElement one = Vectors.Case("ieee754", id);
        double value = BitConverter.Int64BitsToDouble(long.Parse(one.Text("bits"), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
        string form = FormOf(Encoding.UTF8.GetBytes(value.ToString("R", CultureInfo.InvariantCulture)), isNulRefused: true);
        Assert.Equal(one.Text("text"), form == "refused" ? form : Encoding.UTF8.GetString(Convert.FromHexString(form)));
    }

    [Theory]
    [MemberData(nameof(Stored))]
    public async Task hold_for_what_PostgreSQL_stores(string id)
    {
        JsonElement one = Vectors.Case("jsonb", id);
        string stored = await StoredAsync(one.Text("written"));
        Assert.Equal(one.Text("stored_text"), stored);

        // PostgreSQL also refuses what is JSON: numbers beyond its range, and U+0000.
        if (stored != "refused")
        {
            Assert.Equal(one.Text("exact"), FormOf(Encoding.UTF8.GetBytes(one.Text("written")), isNulRefused: true));
            Assert.Equal(one.Text("exact"), FormOf(Encoding.UTF8.GetBytes(stored), isNulRefused: true));
        }
        else if (id != "jsonb-19")
        {
            Assert.Equal("refused", FormOf(Encoding.UTF8.GetBytes(one.Text("written")), isNulRefused: true));
        }
    }

    [Theory]
    [MemberData(nameof(LeafRows))]
    public void hold_for_a_leaf(string id)
    {
        JsonElement one = Vectors.Case("leaf", id);
        LeafForm form = new();
        LeafRow row = RowOf(one.GetProperty("row"));
        Assert.Equal(one.Text("leaf_text"), Encoding.UTF8.GetString(form.Of(row)));
        Assert.Equal(one.Text("leaf_hash"), form.HashOf(row).ToString());
        Assert.Equal(one.Text("leaf_hash"), TreeHash.OfLeaf(form.Of(row)).ToString());
    }

    [Theory]
    [MemberData(nameof(Notes))]
    public void hold_for_a_tree_head(string id)
    {
        JsonElement one = Vectors.Case("checkpoint", id);
        NoteKey[] trusted = [.. one.GetProperty("trusted").EnumerateArray().Select(key => Vectors.Key(key.GetString()!))];
        byte[] note = Encoding.UTF8.GetBytes(one.Text("note"));
        if (one.GetProperty("expect").GetBoolean())
        {
            TreeHead head = TreeHead.Open(note, trusted);
            Assert.Equal(33, head.Size);
            Assert.Equal(Vectors.Tree(33).Root(), head.Root);
            Assert.Equal(one.Text("note"), SignedNote.Parse(note).ToString());
        }
        else
        {
            Assert.Throws<NoteRefusedException>(() => TreeHead.Open(note, trusted));
        }
    }

    [Theory]
    [MemberData(nameof(ProofFiles))]
    public void hold_for_a_proof_file(string id)
    {
        JsonElement one = Vectors.Case("tlog_proof", id);
        InclusionFile file = InclusionFile.Parse(Encoding.UTF8.GetBytes(one.Text("proof_text")));
        Assert.Equal(one.Text("proof_text"), file.ToString());
        TreeHash leaf = TreeHash.OfLeaf(one.Hex("leaf_hex"));
        if (one.GetProperty("expect").GetBoolean())
        {
            Assert.Equal(33, file.Verify(leaf, [Vectors.Key("a")]).Size);
        }
        else
        {
            Assert.Throws<NoteRefusedException>(() => file.Verify(leaf, [Vectors.Key("a")]));
        }

        Assert.Throws<NoteRefusedException>(() => file.Verify(leaf, [Vectors.Key("b")]));
    }

    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    public void hold_for_a_key(string name)
    {
        JsonElement one = Vectors.All.GetProperty("keys").GetProperty(name);
        using NoteKey key = NoteKey.Parse(one.Text("vkey"));
        Assert.Equal(one.Text("vkey"), key.ToString());
        Assert.Equal(one.Text("name"), key.Name);
        byte[] pem = Convert.FromBase64String(string.Concat(one.Text("spki_pem").Split('\n').Where(line => !line.StartsWith('-'))));
        Assert.Equal(pem, key.SubjectPublicKeyInfo);
    }

    private static string FormOf(byte[] json, bool isNulRefused)
    {
        try
        {
            return Convert.ToHexStringLower(new CanonicalJson(isNulRefused).Form(json));
        }
        catch (RefusedJsonException)
        {
            return "refused";
        }
    }

    private static async Task<string> StoredAsync(string written)
    {
        await using NpgsqlConnection connection = new(await Vectors.DatabaseAsync());
        await connection.OpenAsync(Token);
        await using NpgsqlCommand command = new("select ($1::text)::jsonb::text", connection)
        {
            Parameters = { new NpgsqlParameter<string> { TypedValue = written } },
        };
        try
        {
            return (string)(await command.ExecuteScalarAsync(Token))!;
        }
        catch (PostgresException)
        {
            return "refused";
        }
    }

    private static LeafRow RowOf(JsonElement row)
    {
        return new LeafRow
        {
            SeqId = row.Number("seq_id"),
            Id = row.GetProperty("id").GetGuid(),
            StreamId = Column("stream_id"),
            Version = row.Number("version"),
            Data = Column("data"),
            BinaryData = row.TextOrNull("bdata") is { } hex ? new Column(Convert.FromHexString(hex)) : Events.EventStore.Seals.Canonical.Column.Null,
            Type = Column("type"),
            Timestamp = row.GetProperty("timestamp_us") is { ValueKind: JsonValueKind.String } word
                ? word.GetString() == "infinity" ? long.MaxValue : long.MinValue
                : (long)(BigInteger.Parse(row.GetProperty("timestamp_us").GetRawText(), CultureInfo.InvariantCulture) - LeafTime.PostgresEpoch),
            TenantId = Column("tenant_id"),
            DotNetType = Column("mt_dotnet_type"),
            CorrelationId = Column("correlation_id"),
            CausationId = Column("causation_id"),
            Headers = Column("headers"),
            UserName = Column("user_name"),
        };

        Column Column(string name) =>
            row.TextOrNull(name) is { } text
                ? new Column(Encoding.UTF8.GetBytes(text))
                : Events.EventStore.Seals.Canonical.Column.Null;
    }
}
