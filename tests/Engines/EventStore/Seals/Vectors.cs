using System.Text.Json;
using Events.EventStore.Seals.Notes;
using Events.EventStore.Seals.Tree;
using Events.Tests.Engines.Postgres;
using Xunit;

namespace Events.Tests.Engines.EventStore.Seals;

/// <summary>
/// The format's test cases, for every implementation of it: <c>vectors.json</c>. Their first eight leaves and roots are the
/// published ones of certificate transparency; the rest was computed by another program than this one.
/// </summary>
internal static class Vectors
{
    private static readonly JsonDocument File =
        JsonDocument.Parse(System.IO.File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "EventStore", "Seals", "vectors.json")));

    private static readonly Lazy<Task<string>> Database = new(PostgresFixture.NewDatabaseAsync);

    public static JsonElement All => File.RootElement;

    /// <summary>An empty database, to ask PostgreSQL questions that need no table.</summary>
    public static Task<string> DatabaseAsync() => Database.Value;

    public static IReadOnlyList<byte[]> Leaves { get; } =
        [.. All.GetProperty("leaves_hex").EnumerateArray().Select(leaf => Convert.FromHexString(leaf.GetString()!))];

    public static JsonElement Case(string section, string id) =>
        All.GetProperty(section).EnumerateArray().Single(one => one.GetProperty("id").GetString() == id);

    public static TheoryData<string> Ids(string section) =>
        [.. All.GetProperty(section).EnumerateArray().Select(one => one.GetProperty("id").GetString()!)];

    public static string Text(this JsonElement one, string name) => one.GetProperty(name).GetString()!;

    public static string? TextOrNull(this JsonElement one, string name) => one.GetProperty(name).GetString();

    public static long Number(this JsonElement one, string name) => one.GetProperty(name).GetInt64();

    public static byte[] Hex(this JsonElement one, string name) => Convert.FromHexString(one.Text(name));

    public static TreeHash Hash(this JsonElement one, string name) => new(one.Hex(name));

    /// <returns>Null when one of the hashes is no hash: that is where such a proof is refused.</returns>
    public static IReadOnlyList<TreeHash>? Proof(this JsonElement one)
    {
        List<TreeHash> proof = [];
        foreach (JsonElement hash in one.GetProperty("proof").EnumerateArray())
        {
            if (!StrictText.TryHash(Convert.ToBase64String(Convert.FromHexString(hash.GetString()!)), out TreeHash read))
            {
                return null;
            }

            proof.Add(read);
        }

        return proof;
    }

    public static NoteKey Key(string name) => NoteKey.Parse(All.GetProperty("keys").GetProperty(name).Text("vkey"));

    /// <summary>The tree of the first so many leaves of the file.</summary>
    public static MemoryTree Tree(long size)
    {
        MemoryTree tree = new();
        foreach (byte[] leaf in Leaves.Take((int)size))
        {
            tree.Append(TreeHash.OfLeaf(leaf));
        }

        return tree;
    }
}
