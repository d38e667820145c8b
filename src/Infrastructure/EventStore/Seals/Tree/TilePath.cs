using System.Globalization;
using System.Text;

namespace Events.EventStore.Seals.Tree;

/// <summary>A tile's name, C2SP tlog-tiles: <c>tile/1/x001/x234/067</c>, and <c>.p/17</c> behind it for a partial one.</summary>
/// <param name="Level">0 for leaves.</param>
/// <param name="Number">From 0 within its level.</param>
/// <param name="Width">In hashes, 1 to 256.</param>
internal readonly record struct TilePath(int Level, long Number, int Width)
{
    private const int LevelMax = 63;
    private const string Root = "tile/";
    private const string Partial = ".p/";

    public override string ToString()
    {
        StringBuilder path = new();
        long number = Number;
        path.Append(CultureInfo.InvariantCulture, $"{number % 1000:000}");
        while ((number /= 1000) > 0)
        {
            path.Insert(0, string.Create(CultureInfo.InvariantCulture, $"x{number % 1000:000}/"));
        }

        path.Insert(0, string.Create(CultureInfo.InvariantCulture, $"{Root}{Level}/"));
        return Width == Tiles.Width ? path.ToString() : path.Append(CultureInfo.InvariantCulture, $"{Partial}{Width}").ToString();
    }

    /// <returns>False for anything but the one way in which a tile is named.</returns>
    public static bool TryParse(string path, out TilePath tile)
    {
        tile = default;
        string[] parts = path.Split('/');
        if (parts.Length < 3 || !TryNumber(parts[1], LevelMax, out long level))
        {
            return false;
        }

        bool isPartial = parts[^2].EndsWith(".p", StringComparison.Ordinal);
        long width = Tiles.Width;
        if (isPartial && !TryNumber(parts[^1], Tiles.Width - 1, out width))
        {
            return false;
        }

        string[] groups = isPartial ? [.. parts[2..^2], parts[^2][..^2]] : parts[2..];
        string digits = string.Concat(groups.Select(group => group.TrimStart('x')));
        if (!long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long number))
        {
            return false;
        }

        tile = new TilePath((int)level, number, (int)width);
        return width > 0 && tile.ToString() == path;
    }

    private static bool TryNumber(string text, long max, out long value) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value <= max;
}
