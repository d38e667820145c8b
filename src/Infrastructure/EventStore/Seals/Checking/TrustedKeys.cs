using Events.EventStore.Seals.Notes;
using Events.EventStore.Seals.Sealing;

namespace Events.EventStore.Seals.Checking;

/// <summary>
/// The keys that heads may be signed with, from head to head. The asker trusts one or some; the log's own facts lead from there
/// to those before and after: a fact under a head that a trusted key signed says which key comes next, and that head is signed
/// by both. Once it is, the old key signs no more.
/// </summary>
internal sealed class TrustedKeys
{
    private readonly List<NoteKey> _now;
    private readonly List<NoteKey> _ever;
    private readonly Queue<KeyRotation> _ahead;
    private readonly List<KeyRotation> _announced = [];
    private readonly HashSet<string> _given;

    /// <param name="given">What the asker trusts.</param>
    /// <param name="rotations">In the order of the log.</param>
    public TrustedKeys(IReadOnlyList<NoteKey> given, IReadOnlyList<KeyRotation> rotations)
    {
        _given = [.. given.Select(key => key.ToString())];
        _ahead = new(rotations);
        _now = [.. given];
        foreach (KeyRotation rotation in rotations.Reverse())
        {
            // Who holds a later key has the earlier one by the word of a fact that the later one signed.
            if (Has(_now, rotation.New) && !Has(_now, rotation.Old))
            {
                _now.Add(rotation.Old);
            }
        }

        _ever = [.. _now];
    }

    /// <summary>For the next head.</summary>
    public IReadOnlyCollection<NoteKey> Now => _now;

    /// <summary>All that have been trusted so far: what was shown outside may be older than the newest head.</summary>
    public IReadOnlyCollection<NoteKey> Ever => _ever;

    /// <summary>Rotations that were carried out, with the size of the head that both keys signed.</summary>
    public List<(KeyRotation Rotation, long Size)> Turns { get; } = [];

    /// <summary>Keys that the asker did not name, and that the log's facts led to.</summary>
    public IEnumerable<NoteKey> Found => _ever.Where(key => !_given.Contains(key.ToString()));

    /// <summary>After a head that a trusted key has signed.</summary>
    public void Follow(StoredHead head)
    {
        while (_ahead.TryPeek(out KeyRotation? announced) && announced.Position <= head.LastSeq)
        {
            _announced.Add(_ahead.Dequeue());
        }

        // One that was announced and never came, because the log was set back meanwhile, costs nothing for the heads after it.
        if (_announced.Count == 0 || SignedNote.Parse(StrictText.Encode(head.Note)).Signatures.Count < 2)
        {
            return;
        }

        foreach (KeyRotation rotation in _announced.ToArray())
        {
            if (Has(_now, rotation.Old) && IsSignedBy(head, rotation.Old) && IsSignedBy(head, rotation.New))
            {
                _now.RemoveAll(key => key.ToString() == rotation.Old.ToString());
                Add(_now, rotation.New);
                Add(_ever, rotation.New);
                Turns.Add((rotation, head.Size));
                _announced.Remove(rotation);
            }
        }
    }

    private static void Add(List<NoteKey> to, NoteKey key)
    {
        if (!Has(to, key))
        {
            to.Add(key);
        }
    }

    private static bool Has(IEnumerable<NoteKey> keys, NoteKey key) => keys.Any(one => one.ToString() == key.ToString());

    private static bool IsSignedBy(StoredHead head, NoteKey key)
    {
        try
        {
            TreeHead.Open(StrictText.Encode(head.Note), [key]);
            return true;
        }
        catch (NoteRefusedException)
        {
            return false;
        }
    }
}
