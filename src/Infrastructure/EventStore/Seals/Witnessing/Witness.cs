using System.Globalization;
using Events.EventStore.Seals.Notes;
using Events.EventStore.Seals.Tree;

namespace Events.EventStore.Seals.Witnessing;

/// <summary>One witness. It looks at one head at a time, so that no two are cosigned from the same one before.</summary>
internal sealed class Witness(WitnessOptions options, TimeProvider time) : IWitness
{
    private const string Lines = "text/plain; charset=utf-8";
    private const string Size = "text/x.tlog.size";

    private readonly WitnessFolder _folder = new(options.Folder, options.Name);
    private readonly NoteKey[] _logs = [.. options.Logs.Select(NoteKey.Parse)];
    private readonly Lock _one = new();

    public string Key
    {
        get
        {
            lock (_one)
            {
                return _folder.Signer().Key.ToString();
            }
        }
    }

    public IReadOnlyList<WitnessedHead> Heads()
    {
        lock (_one)
        {
            return
            [
                .. _logs.Select(log => log.Name).Distinct(StringComparer.Ordinal)
                    .Select(origin => (Origin: origin, Kept: _folder.Read(origin)))
                    .Where(one => one.Kept is not null)
                    .Select(one => new WitnessedHead(one.Origin, one.Kept!.Head.Size, one.Kept.Note)),
            ];
        }
    }

    public WitnessAnswer Add(byte[] body)
    {
        ExtensionFile asked;
        string origin;
        try
        {
            asked = ExtensionFile.Parse(body);
            origin = TreeHead.Parse(SignedNote.Parse(asked.Note).Text).Origin;
        }
        catch (NoteRefusedException bad)
        {
            return Refusal(400, bad.Message);
        }

        NoteKey[] keys = [.. _logs.Where(log => log.Name == origin)];
        if (keys.Length == 0)
        {
            return Refusal(404, "This witness does not know that log. Its operator adds a log's public key to Witness.LogsFile.");
        }

        try
        {
            TreeHead head = TreeHead.Open(asked.Note, keys);
            lock (_one)
            {
                return asked.OldSize > head.Size
                    ? Refusal(400, "The old size is larger than the head's.")
                    : Weigh(asked, head, keys);
            }
        }
        catch (NoteRefusedException bad)
        {
            return Refusal(403, bad.Message);
        }
    }

    private WitnessAnswer Weigh(ExtensionFile asked, TreeHead head, IReadOnlyCollection<NoteKey> keys)
    {
        KeptHead? kept = _folder.Read(head.Origin);
        long known = kept?.Head.Size ?? 0;
        if (asked.OldSize != known || (kept is not null && known == head.Size && kept.Head.Root != head.Root))
        {
            return new WitnessAnswer(409, Size, string.Create(CultureInfo.InvariantCulture, $"{known}\n"));
        }

        bool isGood = known == 0 || known == head.Size
            ? asked.Proof.Count == 0
            : ProofCheck.IsExtension(known, kept!.Head.Root, head.Size, head.Root, asked.Proof);
        if (!isGood)
        {
            return Refusal(422, $"The proof does not lead from the {known} facts that were cosigned to this head.");
        }

        // Only what was looked at is kept: anybody may add lines to a note, also such as claim to be of this witness.
        SignedNote note = SignedNote.Parse(asked.Note);
        SignedNote verified = note with
        {
            Signatures = [.. note.Signatures.Where(one => keys.Any(key => key.Name == one.KeyName && key.Id == one.KeyId))],
        };
        string line = _folder.Signer().Sign(note.Text, time.GetUtcNow()).ToString();
        _folder.Write(head.Origin, [.. StrictText.Encode(verified.ToString()), .. StrictText.Encode(line)]);
        return new WitnessAnswer(200, Lines, line);
    }

    private static WitnessAnswer Refusal(int status, string why) => new(status, Lines, why + "\n");
}
