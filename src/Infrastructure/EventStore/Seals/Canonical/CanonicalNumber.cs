namespace Events.EventStore.Seals.Canonical;

/// <summary>
/// The layout of a number from its exact decimal digits. ECMAScript's thresholds, as in RFC 8785 section 3.2.2.3, but without a
/// double in between: two numbers have one form exactly if they are equal, however large or fine they are.
/// </summary>
internal static class CanonicalNumber
{
    /// <summary>
    /// In characters, the sign counted. jsonb writes no exponents at all; what is longer cannot come from it, and would leave
    /// the range of the arithmetic here.
    /// </summary>
    public const int ExponentLengthMax = 10;

    /// <summary>Characters beside the digits: sign, "0.00000", or point, "e+" and an exponent.</summary>
    public const int FrameLengthMax = 48;

    /// <summary>From 10^21 on, and below 10^-6, an exponent is written.</summary>
    private const int PlainDigitsMax = 21;

    private const int PlainZerosMax = 6;

    /// <param name="whole">Digits before the point, at least one.</param>
    /// <param name="fraction">Digits behind it; may be empty.</param>
    /// <param name="to">At least all digits and <see cref="FrameLengthMax"/> long.</param>
    /// <returns>Length of what was written.</returns>
    public static int Write(
        bool isNegative, ReadOnlySpan<byte> whole, ReadOnlySpan<byte> fraction, long exponent, Span<byte> to)
    {
        Digits digits = new(whole, fraction);
        int first = digits.Skip();
        int count = digits.Last() + 1 - first;
        if (count <= 0)
        {
            to[0] = (byte)'0';
            return 1;
        }

        int at = 0;
        if (isNegative)
        {
            to[at++] = (byte)'-';
        }

        // The value is 0.DIGITS times ten to the power of this.
        long point = whole.Length - first + exponent;
        if (point is > 0 and <= PlainDigitsMax)
        {
            return at + WritePlain(digits, first, count, (int)point, to[at..]);
        }

        if (point is > -PlainZerosMax and <= 0)
        {
            "0."u8.CopyTo(to[at..]);
            at += 2;
            to.Slice(at, (int)-point).Fill((byte)'0');
            at -= (int)point;
            digits.CopyTo(first, count, to[at..]);
            return at + count;
        }

        return at + WriteWithExponent(digits, first, count, point - 1, to[at..]);
    }

    private static int WritePlain(Digits digits, int first, int count, int point, Span<byte> to)
    {
        if (count <= point)
        {
            digits.CopyTo(first, count, to);
            to[count..point].Fill((byte)'0');
            return point;
        }

        digits.CopyTo(first, point, to);
        to[point] = (byte)'.';
        digits.CopyTo(first + point, count - point, to[(point + 1)..]);
        return count + 1;
    }

    private static int WriteWithExponent(Digits digits, int first, int count, long exponent, Span<byte> to)
    {
        int at = 1;
        digits.CopyTo(first, 1, to);
        if (count > 1)
        {
            to[at++] = (byte)'.';
            digits.CopyTo(first + 1, count - 1, to[at..]);
            at += count - 1;
        }

        to[at++] = (byte)'e';
        to[at++] = exponent < 0 ? (byte)'-' : (byte)'+';
        Math.Abs(exponent).TryFormat(to[at..], out int written);
        return at + written;
    }

    /// <summary>Digits before and behind the point as one row.</summary>
    private readonly ref struct Digits(ReadOnlySpan<byte> whole, ReadOnlySpan<byte> fraction)
    {
        private readonly ReadOnlySpan<byte> _whole = whole;
        private readonly ReadOnlySpan<byte> _fraction = fraction;

        /// <returns>Index of the first digit that is not 0; the count of digits when there is none.</returns>
        public int Skip()
        {
            int at = _whole.IndexOfAnyExcept((byte)'0');
            if (at >= 0)
            {
                return at;
            }

            at = _fraction.IndexOfAnyExcept((byte)'0');
            return _whole.Length + (at >= 0 ? at : _fraction.Length);
        }

        /// <returns>Index of the last digit that is not 0; -1 when there is none.</returns>
        public int Last()
        {
            int at = _fraction.LastIndexOfAnyExcept((byte)'0');
            return at >= 0 ? _whole.Length + at : _whole.LastIndexOfAnyExcept((byte)'0');
        }

        public void CopyTo(int first, int count, Span<byte> to)
        {
            int before = Math.Clamp(_whole.Length - first, 0, count);
            if (before > 0)
            {
                _whole.Slice(first, before).CopyTo(to);
            }

            if (count > before)
            {
                _fraction.Slice(first + before - _whole.Length, count - before).CopyTo(to[before..]);
            }
        }
    }
}
