using System.Globalization;

namespace Events.Host.Operations;

/// <summary>A part of a file that is mapped into memory: where, how many bytes, and of which file from where.</summary>
internal readonly record struct MappedFile(long Start, long Length, long Offset, long Inode);

/// <summary>
/// The host's own program: assemblies, the runtime and libraries, mapped from their files. The start runs through most of it
/// once, and the kernel counts all of that as the host's memory until somebody else wants it.
/// </summary>
internal sealed class ProgramPages
{
    /// <summary>proc(5): a line for each mapping, and below it lines with its sizes, which begin with a capital letter.</summary>
    private const string Table = "/proc/self/smaps";

    /// <summary>The same without sizes, which costs a tenth.</summary>
    private const string ShortTable = "/proc/self/maps";

    private HashSet<MappedFile> _seen = [.. Look()];

    /// <summary>
    /// Tells the kernel that no page of the program is needed just now. They stay in its page cache: what runs again is mapped
    /// again without a look at the disk, in about a microsecond for 64 KiB.
    /// </summary>
    /// <remarks>
    /// Only libraries, which the runtime never unloads, and only those that were mapped the time before, too: were a file
    /// unmapped in between by another thread, which puts its own memory in that place, that would be lost.
    /// </remarks>
    public void Release()
    {
        HashSet<MappedFile> now = [.. Look()];
        foreach (MappedFile file in now)
        {
            if (_seen.Contains(file))
            {
                NativeMemory.DropPages(file);
            }
        }

        _seen = now;
    }

    /// <summary>
    /// The same for what <see cref="Release"/> knows already and is still there, at little cost. Nobody has changed a page
    /// of it since: what may not be written to of a library is written to while it is loaded, if at all, and is not known then.
    /// </summary>
    public void ReleaseAgain()
    {
        foreach (string line in Lines(ShortTable))
        {
            if (Parse(line) is { } file && _seen.Contains(file))
            {
                NativeMemory.DropPages(file);
            }
        }
    }

    /// <summary>Mappings that cannot be written to and of which no page was changed: their files give all of it back.</summary>
    internal static IEnumerable<MappedFile> ReadOnlyIn(IEnumerable<string> table)
    {
        MappedFile? file = null;
        foreach (string line in table)
        {
            if (!char.IsAsciiLetterUpper(line[0]))
            {
                file = Parse(line);
            }
            else if (file is { } whole && line.StartsWith("Anonymous:", StringComparison.Ordinal)
                && line.EndsWith(" 0 kB", StringComparison.Ordinal))
            {
                yield return whole;
            }
        }
    }

    private static IEnumerable<MappedFile> Look() => ReadOnlyIn(Lines(Table));

    private static string[] Lines(string table)
    {
        try
        {
            return File.ReadAllLines(table);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A kernel without this table keeps what it has.
            return [];
        }
    }

    /// <param name="line">E.g. <c>7f0a5d3b0000-7f0a5ea74000 r-xp 00001000 fe:00 1175651    /usr/lib/libc.so.6</c>.</param>
    /// <returns>Null when it may be written to or is no library.</returns>
    private static MappedFile? Parse(string line)
    {
        string[] parts = line.Split(' ', 6, StringSplitOptions.RemoveEmptyEntries);
        if (parts is not [var range, var rights, var offset, _, var inode, var path]
            || rights.Contains('w', StringComparison.Ordinal)
            || !IsLibrary(path.TrimEnd()))
        {
            return null;
        }

        int dash = range.IndexOf('-', StringComparison.Ordinal);
        long start = Hex(range.AsSpan(0, dash));
        return new MappedFile(
            start, Hex(range.AsSpan(dash + 1)) - start, Hex(offset), long.Parse(inode, CultureInfo.InvariantCulture));
    }

    private static bool IsLibrary(string path) =>
        path.StartsWith('/')
        && (path.EndsWith(".dll", StringComparison.Ordinal)
            || path.EndsWith(".so", StringComparison.Ordinal) || path.Contains(".so.", StringComparison.Ordinal))
        && !path.EndsWith(" (deleted)", StringComparison.Ordinal);

    private static long Hex(ReadOnlySpan<char> digits) =>
        long.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
