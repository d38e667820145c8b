using System.Globalization;
using System.Net;
using System.Text;
using Events.EventStore.Postgres;
using Events.EventStore.Seals.Bundles;
using Events.EventStore.Seals.Notes;
using Events.EventStore.Seals.Sealing;
using Events.EventStore.Seals.Tree;

namespace Events.EventStore.Seals.Outside;

/// <summary>
/// Has a witness cosign the newest head (C2SP tlog-witness, add-checkpoint). The witness remembers what it saw of this log and
/// signs nothing that does not go on from it: what it refuses for that reason is an alarm.
/// </summary>
/// <param name="prefix">Of the witness; <c>add-checkpoint</c> is behind it.</param>
internal sealed class WitnessSink(AnchorHttp http, Uri prefix, WitnessKey key, TimeSpan interval, Database database) : IAnchorSink
{
    /// <summary>A witness tells once what it knows; a second time is a race with our own last try.</summary>
    private const int TriesMax = 3;

    /// <summary>What the witness knows, as far as we do.</summary>
    private long _known;

    public string Name => AnchorRows.Witness;

    public TimeSpan Interval => interval;

    public static Uri AddressOf(Uri prefix) => new(prefix.ToString().TrimEnd('/') + "/add-checkpoint");

    public async Task<byte[]?> ShowAsync(StoredHead head, CancellationToken cancellationToken)
    {
        if (_known > head.Size)
        {
            // The log was set back, or forked. Asked as if it knew nothing, the witness says what it knows.
            _known = 0;
        }

        for (int attempt = 0; attempt < TriesMax; attempt++)
        {
            AnchorAnswer answer = await AskAsync(head, cancellationToken);
            switch (answer.Status)
            {
                case HttpStatusCode.OK:
                    byte[] cosigned = Cosigned(head, answer);
                    _known = head.Size;
                    return cosigned;
                case HttpStatusCode.Conflict:
                    _known = KnownOf(head, answer);
                    break;
                case HttpStatusCode.UnprocessableEntity:
                    throw new AnchorContradictedException(
                        $"{key.Name} says that our head of {head.Size} facts does not go on from the {_known} that it has "
                        + "cosigned: this log was written anew. Keep its heads as proof.");
                case HttpStatusCode.NotFound:
                    throw new AnchorFailedException(
                        $"{key.Name} does not know this log, {head.Note.Split('\n', 2)[0]}. Give its operator the public key "
                        + "that events audit status shows.");
                default:
                    throw new AnchorFailedException($"{key.Name} answered {(int)answer.Status} {answer.Words}".TrimEnd());
            }
        }

        throw new AnchorFailedException($"{key.Name} says each time that it knows another size than it said before.");
    }

    private async Task<AnchorAnswer> AskAsync(StoredHead head, CancellationToken cancellationToken)
    {
        List<TreeHash> proof = _known > 0 && _known < head.Size ? await ProofAsync(head, cancellationToken) : [];
        ExtensionFile body = new(_known, proof, StrictText.Encode(head.Note));
        return await http.PostAsync(
            AddressOf(prefix), StrictText.Encode(body.ToString()), "text/plain; charset=utf-8", _ => { }, cancellationToken);
    }

    private async Task<List<TreeHash>> ProofAsync(StoredHead head, CancellationToken cancellationToken)
    {
        try
        {
            return await database.ReadAsync(
                async (connection, token) => await new StoredTiles(
                    connection, await GrowingTree.LoadAsync(connection, head, token), head.Size).ConsistencyAsync(_known, token),
                cancellationToken);
        }
        catch (SealRefusedException broken)
        {
            throw new AnchorFailedException(broken.Message);
        }
    }

    /// <returns>The size that the witness has cosigned.</returns>
    private long KnownOf(StoredHead head, AnchorAnswer answer)
    {
        if (!StrictText.TryNumber(Encoding.ASCII.GetString(answer.Body).TrimEnd('\n'), out long size))
        {
            throw new AnchorFailedException($"{key.Name} refuses and does not say which size it knows: {answer.Words}");
        }

        if (size > head.Size)
        {
            throw new AnchorContradictedException(string.Create(
                CultureInfo.InvariantCulture,
                $"{key.Name} has cosigned a head of {size} facts; ours has {head.Size}. This log was set back, or is signed "
                + $"elsewhere, too. Keep its heads as proof."));
        }

        // It was told this very size and refuses: the same size, and another root.
        return size != _known || size != head.Size
            ? size
            : throw new AnchorContradictedException(
                $"{key.Name} has cosigned another head of {size} facts than ours: this log was written anew. Keep both "
                + "as proof.");
    }

    /// <returns>The note with the witness's line behind ours.</returns>
    private byte[] Cosigned(StoredHead head, AnchorAnswer answer)
    {
        byte[] note = [.. StrictText.Encode(head.Note), .. answer.Body];
        try
        {
            return key.TimeOn(SignedNote.Parse(note)) is null
                ? throw new NoteRefusedException("No line is of the key that is set (Anchors.WitnessKey).")
                : note;
        }
        catch (NoteRefusedException refused)
        {
            throw new AnchorFailedException($"{key.Name} answered something else than a cosignature. {refused.Message}");
        }
    }
}
