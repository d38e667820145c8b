using System.Globalization;
using Events.EventStore.Seals.Canonical;
using Events.EventStore.Seals.Checking;
using Events.EventStore.Seals.Notes;
using Events.EventStore.Seals.Sealing;
using Events.EventStore.Seals.Tree;
using Npgsql;

namespace Events.EventStore.Seals.Bundles;

/// <summary>
/// How one key came after another, so that whoever holds an old one can check a bundle that a new one proves:
/// <c>rotations/N/checkpoint</c> is the head that both signed, <c>fact.json</c> the fact that says so, <c>proof.tlog-proof</c>
/// that it is under that head.
/// </summary>
internal sealed class RotationWriter(NpgsqlConnection connection, BundleWriter bundle, StoredHead newest)
{
    private readonly SealTables _tables = new(connection);
    private readonly StoredRows _rows = new();
    private readonly LeafForm _form = new();

    /// <returns>Positions of facts among them that are not what was sealed at their place.</returns>
    public async Task<IReadOnlyList<long>> WriteAsync(CancellationToken cancellationToken)
    {
        int number = 0;
        List<long> contradicted = [];
        FactIndex index = new(connection, await Adoptions.ReadAsync(connection, cancellationToken));
        foreach (KeyRotation rotation in await _tables.RotationsAsync(cancellationToken))
        {
            if (rotation.Position > newest.LastSeq || await HeadAsync(rotation, cancellationToken) is not { } head)
            {
                continue;
            }

            string folder = string.Create(CultureInfo.InvariantCulture, $"rotations/{++number}");
            long at = await index.OfAsync(rotation.Position, cancellationToken);
            byte[] row = [];
            TreeHash leaf = default;
            await _rows.ReadAsync(
                connection,
                rotation.Position - 1,
                rotation.Position,
                1,
                (in LeafRow found) =>
                {
                    row = [.. RowText.Beginning(at), .. RowText.Of(found), (byte)'\n'];
                    leaf = FactLane.HashOf(_form, found);
                },
                cancellationToken);
            GrowingTree tree = await GrowingTree.LoadAsync(connection, head, cancellationToken);
            byte[] note = StrictText.Encode(head.Note);
            InclusionFile proof = new(
                at, await new StoredTiles(connection, tree, head.Size).InclusionAsync(at, cancellationToken), note);
            if (!ProofCheck.IsIncluded(leaf, at, head.Size, proof.Proof, head.Root))
            {
                contradicted.Add(rotation.Position);
            }

            await bundle.AddAsync($"{folder}/checkpoint", note, cancellationToken);
            await bundle.AddAsync($"{folder}/fact.json", row, cancellationToken);
            await bundle.AddAsync($"{folder}/proof.tlog-proof", StrictText.Encode(proof.ToString()), cancellationToken);
        }

        return contradicted;
    }

    /// <returns>The head that both keys signed: the first one behind the fact; null when it is not signed so.</returns>
    private async Task<StoredHead?> HeadAsync(KeyRotation rotation, CancellationToken cancellationToken) =>
        await _tables.HeadBehindAsync(rotation.Position, cancellationToken) is { } head && IsSignedByBoth(head, rotation)
            ? head : null;

    private static bool IsSignedByBoth(StoredHead head, KeyRotation rotation)
    {
        try
        {
            byte[] note = StrictText.Encode(head.Note);
            TreeHead.Open(note, [rotation.Old]);
            TreeHead.Open(note, [rotation.New]);
            return true;
        }
        catch (NoteRefusedException)
        {
            return false;
        }
    }
}
