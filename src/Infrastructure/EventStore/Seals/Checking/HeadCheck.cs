using Events.EventStore.Seals.Notes;
using Events.EventStore.Seals.Sealing;
using Events.EventStore.Seals.Tree;

namespace Events.EventStore.Seals.Checking;

/// <summary>Level heads: what each head says by itself, and how it follows the one before.</summary>
internal sealed class HeadCheck(TrustedKeys keys, Findings findings)
{
    private StoredHead? _before;

    /// <summary>Of the newest head.</summary>
    public string? Origin { get; private set; }

    /// <summary>Where heads of another name begin, and how many facts the last one of the old name has.</summary>
    public List<(string From, string To, long Size)> Changes { get; } = [];

    public long Count { get; private set; }

    /// <summary>Heads dated by the one before, because the sealer's clock was behind; and the first one's size.</summary>
    public (long Count, long FirstSize) DatedByHand { get; private set; }

    public void Check(StoredHead head)
    {
        Count++;
        try
        {
            TreeHead signed = TreeHead.Open(StrictText.Encode(head.Note), keys.Now);
            keys.Follow(head);
            Origin ??= signed.Origin;
            if ((signed.Size, signed.Root) != (head.Size, head.Root))
            {
                throw new NoteRefusedException("The note says another size or root than its row.");
            }

            if (signed.Origin != Origin)
            {
                // Whether a fact says so is asked when all heads are read.
                Changes.Add((Origin, signed.Origin, _before?.Size ?? 0));
                Origin = signed.Origin;
            }

            if (Frontier.Parse(head.Size, head.Frontier).Root() != head.Root)
            {
                throw new NoteRefusedException("Its frontier makes another root.");
            }

            if (!head.HasTime)
            {
                throw new NoteRefusedException("Its row has a time that no head has.");
            }

            if (_before is { } before && (head.LastSeq <= before.LastSeq || head.SignedAt <= before.SignedAt))
            {
                throw new NoteRefusedException("Position and time do not rise from the head before.");
            }
        }
        catch (Exception bad) when (bad is NoteRefusedException or FormatException)
        {
            findings.Add(AuditLevels.Heads, "forged", $"The head of {head.Size} facts is not good. {bad.Message}");
        }

        if (_before is { } last && head.SignedAt - last.SignedAt == SealingRun.HeadStep)
        {
            DatedByHand = (DatedByHand.Count + 1, DatedByHand.Count == 0 ? head.Size : DatedByHand.FirstSize);
        }

        _before = head;
    }
}
