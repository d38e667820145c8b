namespace Events.EventStore.Seals.Canonical;

/// <summary>One member of an object: where it and its key lie.</summary>
internal struct Member
{
    /// <summary>In bytes of the pieces, the key included, without a comma.</summary>
    public int Start;

    public int End;

    /// <summary>The key's text without quotes, in the pieces, or with its bits turned round in the plain keys.</summary>
    public int Key;

    public int KeyLength;

    /// <summary>The first object that begins inside, or behind it if there is none.</summary>
    public int FirstObject;
}

/// <summary>
/// Keeps track of the members of all objects of one text, checks that no key comes twice, and at the end brings what is out of
/// order into the order of RFC 8785 section 3.2.3: by UTF-16 code units.
/// </summary>
internal sealed class MemberOrder(ByteRow pieces) : IComparer<Member>
{
    /// <summary>Up to here insertion is the fastest way to sort; hostile objects are larger.</summary>
    private const int InsertionMax = 24;

    /// <summary>In entries; what one huge text needed beyond it is given back.</summary>
    private const int KeptMax = 16 * 1024;

    private const int InOrder = -1;

    private readonly ByteRow _keys = new();
    private readonly ByteRow _arranged = new();

    /// <summary>In the order in which they begin.</summary>
    private Row<Node> _objects = new();

    /// <summary>Members of objects that have not ended.</summary>
    private Row<Member> _open = new();

    /// <summary>Members of ended objects that were out of order, each object's in order and together.</summary>
    private Row<Member> _sorted = new();

    private Row<Place> _places = new();
    private bool _isShuffled;

    public void Clear()
    {
        _keys.Clear();
        _arranged.Clear();
        _objects.Clear(KeptMax);
        _open.Clear(KeptMax);
        _sorted.Clear(KeptMax);
        _places.Clear(KeptMax);
        _isShuffled = false;
    }

    /// <summary>An object begins where the pieces end.</summary>
    /// <returns>Its number.</returns>
    public int Open()
    {
        _objects.Add(new Node { Start = pieces.Length, Members = _open.Count });
        return _objects.Count - 1;
    }

    /// <summary>Reads a key.</summary>
    /// <returns>Where the text goes on.</returns>
    public int BeginMember(ReadOnlySpan<byte> json, int at, bool isNulRefused, ref Member member)
    {
        int keys = _keys.Length;
        member.Start = pieces.Length;
        member.FirstObject = _objects.Count;
        int next = JsonText.Read(json, at, isNulRefused, pieces, _keys);
        bool hasEscapes = _keys.Length > keys;
        member.Key = hasEscapes ? ~keys : member.Start + 1;
        member.KeyLength = hasEscapes ? _keys.Length - keys : next - at - 2;
        return next;
    }

    public void EndMember(ref Member member)
    {
        member.End = pieces.Length;
        _open.Add(member);
    }

    /// <summary>The object has ended where the pieces end.</summary>
    /// <exception cref="RefusedJsonException">It has a key twice.</exception>
    public void Close(int number)
    {
        ref Node node = ref _objects[number];
        int first = node.Members;
        Span<Member> members = _open.From(first);
        node.End = pieces.Length;
        node.Next = _objects.Count;
        node.Count = members.Length;
        node.Members = InOrder;
        if (!AreRising(members))
        {
            Sort(members);
            RefuseDoubles(members);
            node.Members = _sorted.Count;
            _sorted.Add(members);
            _isShuffled = true;
        }

        _open.CutTo(first);
    }

    /// <returns>All pieces in order; good until the next text.</returns>
    public ReadOnlySpan<byte> Arrange()
    {
        if (!_isShuffled)
        {
            return pieces.Written;
        }

        _arranged.Clear();
        Place here = new() { End = pieces.Length };
        while (true)
        {
            if (NextShuffled(ref here) is { } node)
            {
                Copy(here.At, node.Start + 1);
                (here.At, here.FirstObject) = (node.End, node.Next);
                here.Object = node;
                _places.Add(here);
                here = Inside(_sorted[node.Members]);
                continue;
            }

            Copy(here.At, here.End);
            if (_places.Count == 0)
            {
                return _arranged.Written;
            }

            ref Place around = ref _places[_places.Count - 1];
            if (++around.Member < around.Object.Count)
            {
                _arranged.Add((byte)',');
                here = Inside(_sorted[around.Object.Members + around.Member]);
            }
            else
            {
                _arranged.Add((byte)'}');
                here = around;
                here.Member = 0;
                _places.CutTo(_places.Count - 1);
            }
        }
    }

    public int Compare(Member x, Member y) => Compare(KeyOf(x), KeyOf(y));

    /// <summary>
    /// UTF-8 in the order of UTF-16. They differ in one thing: what is above U+FFFF is a pair of surrogates there, and so comes
    /// before U+E000 to U+FFFF. The first byte that differs tells, because only first bytes are that large.
    /// </summary>
    internal static int Compare(ReadOnlySpan<byte> x, ReadOnlySpan<byte> y)
    {
        int same = x.CommonPrefixLength(y);
        if (same == x.Length || same == y.Length)
        {
            return x.Length - y.Length;
        }

        (byte a, byte b) = (x[same], y[same]);
        bool isPairA = a >= 0xF0;
        bool isPairB = b >= 0xF0;
        return isPairA == isPairB || Math.Min(a, b) < 0xEE ? a - b : b - a;
    }

    private static Place Inside(in Member member) =>
        new() { At = member.Start, End = member.End, FirstObject = member.FirstObject };

    private Node? NextShuffled(ref Place place)
    {
        for (; place.FirstObject < _objects.Count; place.FirstObject++)
        {
            ref Node node = ref _objects[place.FirstObject];
            if (node.Start >= place.End)
            {
                return null;
            }

            if (node.Members != InOrder)
            {
                return node;
            }
        }

        return null;
    }

    private void Copy(int start, int end) => _arranged.Add(pieces.Slice(start, end - start));

    private ReadOnlySpan<byte> KeyOf(in Member member) =>
        member.Key >= 0 ? pieces.Slice(member.Key, member.KeyLength) : _keys.Slice(~member.Key, member.KeyLength);

    private bool AreRising(ReadOnlySpan<Member> members)
    {
        for (int i = 1; i < members.Length; i++)
        {
            if (Compare(KeyOf(members[i - 1]), KeyOf(members[i])) >= 0)
            {
                return false;
            }
        }

        return true;
    }

    private void Sort(Span<Member> members)
    {
        if (members.Length > InsertionMax)
        {
            members.Sort(this);
            return;
        }

        for (int i = 1; i < members.Length; i++)
        {
            Member moved = members[i];
            ReadOnlySpan<byte> key = KeyOf(moved);
            int to = i;
            for (; to > 0 && Compare(KeyOf(members[to - 1]), key) > 0; to--)
            {
                members[to] = members[to - 1];
            }

            members[to] = moved;
        }
    }

    private void RefuseDoubles(ReadOnlySpan<Member> members)
    {
        for (int i = 1; i < members.Length; i++)
        {
            if (KeyOf(members[i - 1]).SequenceEqual(KeyOf(members[i])))
            {
                throw new RefusedJsonException("a key that comes twice in its object", members[i].Start);
            }
        }
    }

    private struct Node
    {
        /// <summary>Of the brace, in bytes of the pieces.</summary>
        public int Start;

        /// <summary>Behind the closing brace.</summary>
        public int End;

        /// <summary>
        /// While it is open, its first among the open members; then among the sorted ones, or <see cref="InOrder"/>.
        /// </summary>
        public int Members;

        public int Count;

        /// <summary>The first object that begins behind it.</summary>
        public int Next;
    }

    /// <summary>How far the copying of one stretch of pieces is.</summary>
    private struct Place
    {
        public int At;
        public int End;
        public int FirstObject;

        /// <summary>The object inside this stretch whose members are being copied, and which of them.</summary>
        public Node Object;
        public int Member;
    }

    /// <summary>A list whose entries can be changed in place.</summary>
    private struct Row<T>()
        where T : struct
    {
        private T[] _items = new T[16];

        public int Count { get; private set; }

        public readonly ref T this[int index] => ref _items[index];

        public readonly Span<T> From(int first) => _items.AsSpan(first, Count - first);

        public void Add(in T item)
        {
            if (Count == _items.Length)
            {
                Array.Resize(ref _items, Count * 2);
            }

            _items[Count++] = item;
        }

        public void Add(ReadOnlySpan<T> items)
        {
            if (_items.Length - Count < items.Length)
            {
                Array.Resize(ref _items, Math.Max(Count + items.Length, Count * 2));
            }

            items.CopyTo(_items.AsSpan(Count));
            Count += items.Length;
        }

        public void CutTo(int count) => Count = count;

        public void Clear(int keptMax)
        {
            Count = 0;
            if (_items.Length > keptMax)
            {
                _items = new T[16];
            }
        }
    }
}
