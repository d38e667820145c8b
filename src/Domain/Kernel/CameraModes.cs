using System.Globalization;

namespace Events.Domain.Kernel;

/// <summary>One way in which a source can send its pictures.</summary>
/// <param name="Format">Four-character code of the pixel format, e.g. <c>MJPG</c>: letters, digits and underscores.</param>
/// <param name="Rates">Pictures per second, highest first; empty when the source does not say.</param>
public sealed record CameraMode(string Format, int Width, int Height, IReadOnlyList<double> Rates);

/// <summary>
/// Everything that a source offers to send, as one line of text: <c>MJPG 1280x720 30,15; YUYV 640x480 30</c>. Two are equal when
/// their lines are.
/// </summary>
public sealed record CameraModes
{
    /// <summary>Formats times sizes of one source; a good web camera has about fifty. Bounds a fact's length.</summary>
    public const int CountMax = 256;

    /// <summary>Per mode. Drivers list ten at most, or a range.</summary>
    public const int RateCountMax = 16;

    private const int SideMax = 32_768;
    private const double RateMax = 1_000;
    private const int FormatLengthMax = 8;

    private CameraModes(string text, IReadOnlyList<CameraMode> all) => (Text, All) = (text, all);

    /// <summary>As it is stored.</summary>
    public string Text { get; }

    public IReadOnlyList<CameraMode> All { get; }

    /// <summary>Takes what a driver says; what cannot be is left out, and so is what is beyond <see cref="CountMax"/>.</summary>
    /// <returns>Null when nothing is left.</returns>
    public static CameraModes? From(IEnumerable<CameraMode> modes)
    {
        CameraMode[] good =
        [
            .. modes
                .Select(mode => mode with { Rates = [.. mode.Rates.Where(IsRate).Select(Rounded).Distinct().Take(RateCountMax)] })
                .Where(mode => IsFormat(mode.Format) && IsSide(mode.Width) && IsSide(mode.Height))
                .Take(CountMax),
        ];
        return good.Length == 0 ? null : new CameraModes(string.Join("; ", good.Select(TextOf)), good);
    }

    /// <returns>Null for text that <see cref="Text"/> never was.</returns>
    public static CameraModes? TryParse(string text)
    {
        CameraMode?[] modes = [.. text.Split("; ").Take(CountMax + 1).Select(ModeOf)];
        return modes.Length <= CountMax && Array.TrueForAll(modes, mode => mode is not null) && From(modes!) is { } parsed
            && parsed.Text == text
                ? parsed
                : null;
    }

    public bool Equals(CameraModes? other) => other is not null && other.Text == Text;

    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => Text;

    private static string TextOf(CameraMode mode)
    {
        string rates = string.Join(',', mode.Rates.Select(rate => rate.ToString("0.###", CultureInfo.InvariantCulture)));
        string space = rates.Length == 0 ? string.Empty : " ";
        return string.Create(CultureInfo.InvariantCulture, $"{mode.Format} {mode.Width}x{mode.Height}{space}{rates}");
    }

    private static CameraMode? ModeOf(string text)
    {
        string[] parts = text.Split(' ');
        string[] sides = parts.Length is 2 or 3 ? parts[1].Split('x') : [];
        if (sides.Length != 2
            || !int.TryParse(sides[0], NumberStyles.None, CultureInfo.InvariantCulture, out int width)
            || !int.TryParse(sides[1], NumberStyles.None, CultureInfo.InvariantCulture, out int height))
        {
            return null;
        }

        List<double> rates = [];
        foreach (string rate in parts.Length == 3 ? parts[2].Split(',') : [])
        {
            if (!double.TryParse(rate, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value))
            {
                return null;
            }

            rates.Add(value);
        }

        return new CameraMode(parts[0], width, height, rates);
    }

    private static bool IsFormat(string format) =>
        format.Length is > 0 and <= FormatLengthMax && format.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '_');

    private static bool IsSide(int side) => side is > 0 and <= SideMax;

    private static bool IsRate(double rate) => rate is > 0 and <= RateMax;

    private static double Rounded(double rate) => Math.Round(rate, 3);
}
