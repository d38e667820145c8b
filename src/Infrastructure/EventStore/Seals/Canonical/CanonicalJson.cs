using System.Text.Unicode;

namespace Events.EventStore.Seals.Canonical;

/// <summary>
/// The one form of a JSON text: RFC 8785 for order, strings and blanks, and for numbers <see cref="CanonicalNumber"/>. Two texts
/// that jsonb takes for equal have the same form, others have not. Without recursion, in time that grows with the length (times
/// the logarithm of an object's members), whatever the text is.
/// </summary>
/// <remarks>
/// One pass writes all values in the order in which they come, and notes each object whose keys are out of order; if there is
/// one, <see cref="MemberOrder"/> copies the pieces to their places. Not for use by two threads at once.
/// </remarks>
internal sealed class CanonicalJson
{
    /// <summary>
    /// In levels. PostgreSQL stops at about 7,000 with its default stack of 2 MB and takes some 300 bytes of it for each, so
    /// this is out of its reach; it bounds what a hostile text can make us keep.
    /// </summary>
    public const int DepthMax = 1_000_000;

    private readonly ByteRow _pieces = new();
    private readonly MemberOrder _order;
    private readonly bool _isNulRefused;
    private Frame[] _frames = new Frame[32];
    private int _depth;

    /// <param name="isNulRefused">
    /// Whether an escaped U+0000 is refused, as for bodies: JSON allows it and jsonb cannot hold it.
    /// </param>
    public CanonicalJson(bool isNulRefused)
    {
        _isNulRefused = isNulRefused;
        _order = new MemberOrder(_pieces);
    }

    /// <returns>The form; good until the next call.</returns>
    /// <exception cref="RefusedJsonException">
    /// The text is not JSON (RFC 8259) in UTF-8, has a key twice in an object, half a surrogate pair, an exponent of more than
    /// <see cref="CanonicalNumber.ExponentLengthMax"/> characters, or more than <see cref="DepthMax"/> levels.
    /// </exception>
    public ReadOnlySpan<byte> Form(ReadOnlySpan<byte> json)
    {
        _pieces.Clear();
        _order.Clear();
        _depth = 0;
        if (!Utf8.IsValid(json))
        {
            throw new RefusedJsonException("text that is not UTF-8", 0);
        }

        int at = 0;
        do
        {
            at = ReadValue(json, at, out bool isOpened);
            at = isOpened ? at : EndValue(json, at);
        }
        while (_depth > 0);
        if (at != json.Length)
        {
            throw new RefusedJsonException("more than one value", at);
        }

        return _order.Arrange();
    }

    /// <param name="isOpened">True when an array or object begins here, with its first value still to come.</param>
    private int ReadValue(ReadOnlySpan<byte> json, int at, out bool isOpened)
    {
        at = SkipBlanks(json, at);
        isOpened = false;
        switch (At(json, at))
        {
            case (byte)'"':
                return JsonText.Read(json, at, _isNulRefused, _pieces, plain: null);
            case (byte)'{':
                return Open(json, at, isObject: true, out isOpened);
            case (byte)'[':
                return Open(json, at, isObject: false, out isOpened);
            case (byte)'-' or (>= (byte)'0' and <= (byte)'9'):
                return ReadNumber(json, at);
            case (byte)'t':
                return ReadWord(json, at, "true"u8);
            case (byte)'f':
                return ReadWord(json, at, "false"u8);
            case (byte)'n':
                return ReadWord(json, at, "null"u8);
            default:
                throw new RefusedJsonException("no value", at);
        }
    }

    private int Open(ReadOnlySpan<byte> json, int at, bool isObject, out bool isOpened)
    {
        if (_depth == DepthMax)
        {
            throw new RefusedJsonException("too many levels", at);
        }

        if (_depth == _frames.Length)
        {
            Array.Resize(ref _frames, _frames.Length * 2);
        }

        _frames[_depth++] = new Frame(isObject ? _order.Open() : Frame.Array);
        _pieces.Add(json[at]);
        at = SkipBlanks(json, at + 1);
        isOpened = At(json, at) != (isObject ? (byte)'}' : (byte)']');
        if (!isOpened)
        {
            Close();
            return at + 1;
        }

        return isObject ? ReadKey(json, at) : at;
    }

    private int ReadKey(ReadOnlySpan<byte> json, int at)
    {
        if (At(json, at) != (byte)'"')
        {
            throw new RefusedJsonException("no key", at);
        }

        at = SkipBlanks(json, _order.BeginMember(json, at, _isNulRefused, ref _frames[_depth - 1].Member));
        if (At(json, at) != (byte)':')
        {
            throw new RefusedJsonException("no colon", at);
        }

        _pieces.Add((byte)':');
        return at + 1;
    }

    /// <summary>What comes after a whole value: the next one, or ends of what is around it.</summary>
    private int EndValue(ReadOnlySpan<byte> json, int at)
    {
        at = SkipBlanks(json, at);
        while (_depth > 0)
        {
            ref Frame frame = ref _frames[_depth - 1];
            bool isObject = frame.Object != Frame.Array;
            if (isObject)
            {
                _order.EndMember(ref frame.Member);
            }

            byte next = At(json, at);
            if (next == (byte)',')
            {
                _pieces.Add((byte)',');
                return isObject ? ReadKey(json, SkipBlanks(json, at + 1)) : at + 1;
            }

            if (next != (isObject ? (byte)'}' : (byte)']'))
            {
                throw new RefusedJsonException("neither a comma nor an end", at);
            }

            Close();
            at = SkipBlanks(json, at + 1);
        }

        return at;
    }

    private void Close()
    {
        int closed = _frames[--_depth].Object;
        if (closed == Frame.Array)
        {
            _pieces.Add((byte)']');
        }
        else
        {
            _pieces.Add((byte)'}');
            _order.Close(closed);
        }
    }

    private int ReadNumber(ReadOnlySpan<byte> json, int at)
    {
        int start = at;
        bool isNegative = json[at] == (byte)'-';
        at += isNegative ? 1 : 0;
        int whole = at;
        at = At(json, at) == (byte)'0' ? at + 1 : EndOfDigits(json, at);
        ReadOnlySpan<byte> before = json[whole..at];
        ReadOnlySpan<byte> behind = [];
        if (At(json, at) == (byte)'.')
        {
            int point = at + 1;
            at = EndOfDigits(json, point);
            behind = json[point..at];
        }

        long exponent = 0;
        if ((At(json, at) | 0x20) == 'e')
        {
            exponent = ReadExponent(json, ref at);
        }

        Span<byte> room = _pieces.Room(before.Length + behind.Length + CanonicalNumber.FrameLengthMax);
        _pieces.Advance(CanonicalNumber.Write(isNegative, before, behind, exponent, room));
        return at;
    }

    private static long ReadExponent(ReadOnlySpan<byte> json, ref int at)
    {
        int start = ++at;
        bool isNegative = At(json, at) == (byte)'-';
        int digits = isNegative || At(json, at) == (byte)'+' ? at + 1 : at;
        at = EndOfDigits(json, digits);
        if (at - start > CanonicalNumber.ExponentLengthMax)
        {
            throw new RefusedJsonException("an exponent beyond all measure", start);
        }

        long value = 0;
        foreach (byte digit in json[digits..at])
        {
            value = (value * 10) + digit - '0';
        }

        return isNegative ? -value : value;
    }

    private int ReadWord(ReadOnlySpan<byte> json, int at, ReadOnlySpan<byte> word)
    {
        if (!json[at..].StartsWith(word))
        {
            throw new RefusedJsonException("no value", at);
        }

        _pieces.Add(word);
        return at + word.Length;
    }

    /// <returns>Behind one digit or more.</returns>
    private static int EndOfDigits(ReadOnlySpan<byte> json, int at)
    {
        int start = at;
        while (at < json.Length && json[at] is >= (byte)'0' and <= (byte)'9')
        {
            at++;
        }

        return at > start ? at : throw new RefusedJsonException("no digit", at);
    }

    private static int SkipBlanks(ReadOnlySpan<byte> json, int at)
    {
        while (at < json.Length && json[at] is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t')
        {
            at++;
        }

        return at;
    }

    /// <returns>NUL behind the end, which is no part of JSON outside of strings.</returns>
    private static byte At(ReadOnlySpan<byte> json, int at) => (uint)at < (uint)json.Length ? json[at] : (byte)0;

    /// <summary>An array or object that has begun.</summary>
    private struct Frame(int number)
    {
        public const int Array = -1;

        /// <summary>The object's number in <see cref="MemberOrder"/>; <see cref="Array"/> for an array.</summary>
        public readonly int Object = number;

        /// <summary>The member that is being read; not used in an array.</summary>
        public Member Member;
    }
}
