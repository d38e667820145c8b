using System.Globalization;
using System.Text.Json;
using Events.EventStore.Seals.Canonical;
using Events.EventStore.Seals.Notes;
using Events.EventStore.Seals.Sealing;
using Events.EventStore.Seals.Tree;

namespace Events.EventStore.Seals.Bundles;

/// <summary>
/// The keys that a bundle's heads may be signed with: those that the asker trusts, and those that facts under heads lead to which
/// one of these has signed.
/// </summary>
internal sealed class BundleKeys
{
    private readonly List<NoteKey> _all;
    private readonly HashSet<string> _retired = [];

    private BundleKeys(IEnumerable<NoteKey> given) => _all = [.. given];

    /// <summary>For heads of any age.</summary>
    public IReadOnlyCollection<NoteKey> All => _all;

    /// <summary>For the newest head: a key that was replaced signs no more.</summary>
    public IReadOnlyCollection<NoteKey> Newest => [.. _all.Where(key => !_retired.Contains(key.ToString()))];

    /// <exception cref="BundleRefusedException">What is said to lead to a key does not.</exception>
    public static BundleKeys Follow(BundleReader bundle, IReadOnlyList<NoteKey> given, LeafForm form)
    {
        BundleKeys keys = new(given);
        List<string> left = [];
        for (int number = 1; bundle.Has(Name(number, "checkpoint")); number++)
        {
            left.Add(string.Create(CultureInfo.InvariantCulture, $"rotations/{number}"));
        }

        // From whichever key is held: to the ones after it, and to the ones before.
        while (left.FirstOrDefault(folder => keys.Take(bundle, folder, form)) is { } taken)
        {
            left.Remove(taken);
        }

        return keys;
    }

    private static string Name(int number, string file) =>
        string.Create(CultureInfo.InvariantCulture, $"rotations/{number}/{file}");

    /// <returns>False when none of the keys so far has signed its head.</returns>
    private bool Take(BundleReader bundle, string folder, LeafForm form)
    {
        byte[] note = bundle.Read($"{folder}/checkpoint");
        TreeHead head;
        try
        {
            head = TreeHead.Open(note, _all);
        }
        catch (NoteRefusedException)
        {
            return false;
        }

        using JsonDocument fact = JsonDocument.Parse(bundle.Read($"{folder}/fact.json"));
        InclusionFile proof = InclusionFile.Parse(bundle.Read($"{folder}/proof.tlog-proof"));
        TreeHash leaf = RowText.HashOf(fact.RootElement, form);
        if (!RowText.IsFact(fact.RootElement)
            || !proof.Note.AsSpan().SequenceEqual(note)
            || proof.Index != fact.RootElement.GetProperty("index").GetInt64()
            || !ProofCheck.IsIncluded(leaf, proof.Index, head.Size, proof.Proof, head.Root)
            || fact.RootElement.GetProperty("type").GetString() != KeyRotation.FactType)
        {
            throw new BundleRefusedException($"{folder}: the fact that leads to another key is not under its head");
        }

        using JsonDocument body = JsonDocument.Parse(RowText.Required(fact.RootElement, "data"));
        NoteKey old = NoteKey.Parse(RowText.Required(body.RootElement, "oldKey"));
        NoteKey next = NoteKey.Parse(RowText.Required(body.RootElement, "newKey"));
        bool isThere = body.RootElement.TryGetProperty("signature", out JsonElement own);
        string? signature = isThere && own.ValueKind == JsonValueKind.String ? own.GetString() : null;
        if (_all.All(one => one.ToString() != next.ToString()) && !KeyRotation.IsSignedBy(old, next, signature))
        {
            // Anybody may have written the fact, and put a second signature below the head.
            return false;
        }

        foreach (NoteKey key in new[] { old, next })
        {
            TreeHead.Open(note, [key]);
            if (_all.All(one => one.ToString() != key.ToString()))
            {
                _all.Add(key);
            }
        }

        _retired.Add(old.ToString());
        return true;
    }
}
