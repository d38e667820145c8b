using Events.EventStore.Seals.Notes;
using Events.EventStore.Seals.Sealing;

namespace Events.EventStore.Seals.Checking;

/// <summary>
/// The keys that heads may be signed with, from head to head. The asker trusts one or some; the log's own facts lead from there
/// to those before and after: a fact says which key comes next, the old one has signed that itself, and the first head over the
/// fact is signed by both. Once it is, the old key signs no more.
/// </summary>
internal sealed class TrustedKeys
{
    private readonly List<NoteKey> _now;
    private readonly List<NoteKey> _ever;
    private readonly Queue<KeyRotation> _ahead;
    private readonly List<KeyRotation> _announced = [];
    private readonly HashSet<string> _given;
    private readonly HashSet<string> _borrowed = [];

    /// <param name="given">What the asker trusts.</param>
    /// <param name="rotations">In the order of the log.</param>
    public TrustedKeys(IReadOnlyList<NoteKey> given, IReadOnlyList<KeyRotation> rotations)
    {
        _given = [.. given.Select(key => key.ToString())];
        _ahead = new(rotations);
        _now = [.. given];
        foreach (KeyRotation rotation in rotations.Reverse())
        {
            // Anybody may have written that fact. So the earlier key is good for heads below one that the later one signs, too.
            if (Has(_now, rotation.New) && !Has(_now, rotation.Old))
            {
                _now.Add(rotation.Old);
                _borrowed.Add(rotation.Old.ToString());
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

    /// <summary>What is no rotation: the old key has not signed it, and the new one is known from nowhere else.</summary>
    public List<KeyRotation> Feigned { get; } = [];

    /// <summary>Whether the newest head is signed by more than a key which only facts about a later one led to.</summary>
    public bool Vouches(StoredHead newest) =>
        _now.Any(key => !_borrowed.Contains(key.ToString()) && IsSignedBy(newest, key));

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
                _announced.Remove(rotation);
                if (!rotation.IsSigned && !Has(_now, rotation.New))
                {
                    Feigned.Add(rotation);
                    continue;
                }

                _now.RemoveAll(key => key.ToString() == rotation.Old.ToString());
                Add(_now, rotation.New);
                Add(_ever, rotation.New);
                Turns.Add((rotation, head.Size));
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
