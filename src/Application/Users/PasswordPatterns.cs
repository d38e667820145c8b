namespace Events.Application.Users;

/// <summary>
/// Passwords that only look long: walks over a keyboard along its rows and columns, also two at a time with a key of each in turn
/// (<c>1q2w3e4r5t6y</c>), the alphabet, and a few characters over and over.
/// </summary>
internal static class PasswordPatterns
{
    /// <summary>In characters; of a longer one each repetition is as hard to guess as the first.</summary>
    private const int BlockLengthMax = 6;

    /// <summary>In keys. Shorter ones are in many words.</summary>
    private const int WalkLengthMin = 3;

    /// <summary>How much there is to guess of a walk: where it begins, and how it goes.</summary>
    private const int WalkWorth = 2;

    /// <summary>Two at a time are three keys of each at least.</summary>
    private const int PairLengthMin = 2 * WalkLengthMin;

    /// <summary>Two walks at a time.</summary>
    private const int PairWorth = 2 * WalkWorth;

    private const string Shifted = "!@#$%^&*()_+{}:\"|<>?~";
    private const string Plain = "1234567890-=[];'\\,./`";

    /// <summary>Keys in rows, one above the other.</summary>
    private static readonly string[][] _keyboards =
    [
        ["1234567890-=", "qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./"],
        ["1234567890ß", "qwertzuiopü", "asdfghjklöä", "yxcvbnm,.-"],
        ["1234567890", "azertyuiop", "qsdfghjklm", "wxcvbn,;:!"],
        ["abcdefghijklmnopqrstuvwxyz"],
    ];

    /// <summary>Whether so much of it is a pattern that what is left to guess is little, and little for its length.</summary>
    public static bool IsOne(string password)
    {
        string text = string.Concat(password.ToLowerInvariant().Select(UnshiftedOf));
        return IsRepeated(text) || _keyboards.Any(keyboard => IsWalked(text, keyboard));
    }

    /// <summary>As on most keyboards; where a sign is on another key, less is found.</summary>
    private static char UnshiftedOf(char one) => Shifted.IndexOf(one) is >= 0 and var at ? Plain[at] : one;

    private static bool IsRepeated(string text) =>
        Enumerable.Range(1, BlockLengthMax).Any(length =>
            text.Length >= 2 * length && Enumerable.Range(length, text.Length - length).All(at => text[at] == text[at - length]));

    private static bool IsWalked(string text, string[] keyboard)
    {
        (int Row, int Column)?[] keys = [.. text.Select(one => PlaceOf(one, keyboard))];
        int worth = 0;
        int at = 0;
        while (at < text.Length)
        {
            int walk = LengthOf(keys, at, 1);
            int pair = LengthOf(keys, at, 2);
            (int length, int cost) = pair >= PairLengthMin && pair > walk ? (pair, PairWorth)
                : walk >= WalkLengthMin ? (walk, WalkWorth)
                : (1, 1);
            at += length;
            worth += cost;
        }

        return worth < Passwords.LengthMin && 3 * worth <= 2 * text.Length;
    }

    /// <returns>Null for no key. Of the alphabet, which has no digits, these are in a row by themselves.</returns>
    private static (int Row, int Column)? PlaceOf(char one, string[] keyboard)
    {
        for (int row = 0; row < keyboard.Length; row++)
        {
            if (keyboard[row].IndexOf(one) is >= 0 and var column)
            {
                return (row, column);
            }
        }

        return char.IsAsciiDigit(one) ? (keyboard.Length + 1, one - '0') : null;
    }

    /// <summary>How far it goes straight on from here, with every key or with every other one.</summary>
    private static int LengthOf((int Row, int Column)?[] keys, int from, int stride)
    {
        int at = from + stride;
        while (at < keys.Length && StepTo(keys, at, stride) is { } step
            && (at < from + (2 * stride) || step == StepTo(keys, at - stride, stride)))
        {
            at++;
        }

        return at - from;
    }

    /// <returns>To the next key in the row or column, or to the same one; null for any other.</returns>
    private static (int Rows, int Columns)? StepTo((int Row, int Column)?[] keys, int at, int stride)
    {
        if (keys[at] is not { } to || keys[at - stride] is not { } from)
        {
            return null;
        }

        (int Rows, int Columns) step = (to.Row - from.Row, to.Column - from.Column);
        return Math.Abs(step.Rows) + Math.Abs(step.Columns) <= 1 ? step : null;
    }
}
