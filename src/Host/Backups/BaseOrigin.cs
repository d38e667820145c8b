using System.Text.RegularExpressions;

namespace Events.Host.Backups;

/// <summary>What a base backup is of, as PostgreSQL's own files in it say.</summary>
/// <param name="System">The cluster's identifier. Every copy of it has the same.</param>
/// <param name="FirstWal">The first file of write-ahead log that it needs.</param>
internal sealed partial record BaseOrigin(long System, string FirstWal)
{
    /// <summary>In characters: timeline, then the place in it, both in hexadecimal digits.</summary>
    public const int WalNameLength = 24;

    /// <summary>In characters, of <see cref="WalNameLength"/>.</summary>
    public const int TimelineLength = 8;

    /// <summary>In bytes. Before the identifier, a file of write-ahead log has any page's header (xlog_internal.h).</summary>
    private const int WalHeaderBytes = 24;

    /// <summary>As names of write-ahead log begin. A restore begins another one.</summary>
    public string Timeline => FirstWal[..TimelineLength];

    /// <param name="path">A folder that <see cref="Backup"/> made.</param>
    /// <returns>Null when it holds no base backup.</returns>
    public static BaseOrigin? Of(string path)
    {
        string label = Path.Combine(path, "postgres", "backup_label");
        string control = Path.Combine(path, "postgres", "global", "pg_control");
        return File.Exists(label) && File.Exists(control) && LongAt(control, 0) is { } system
            && StartLine().Match(File.ReadAllText(label)) is { Success: true } start
            ? new BaseOrigin(system, start.Groups[1].Value)
            : null;
    }

    /// <summary>
    /// Where the write-ahead log of one cluster goes in a folder of backups. Two clusters give their files the same names: the
    /// second one has a place of its own.
    /// </summary>
    public static string WalOf(string folder, long system)
    {
        string usual = Path.Combine(folder, Backup.WalFolder);
        string own = $"{usual}-{(ulong)system}";
        string? any = Directory.Exists(usual) ? Directory.EnumerateFiles(usual).FirstOrDefault(IsWal) : null;
        return Directory.Exists(own) || (any is not null && LongAt(any, WalHeaderBytes) != system) ? own : usual;
    }

    /// <summary>Whether a file is a whole one of write-ahead log.</summary>
    public static bool IsWal(string path) => WalName().IsMatch(Path.GetFileName(path));

    private static long? LongAt(string file, int offset)
    {
        using FileStream stream = File.OpenRead(file);
        stream.Position = offset;
        byte[] bytes = new byte[sizeof(long)];
        return stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) == bytes.Length
            ? BitConverter.ToInt64(bytes) : null;
    }

    [GeneratedRegex(@"^START WAL LOCATION: \S+ \(file ([0-9A-F]{24})\)", RegexOptions.Multiline)]
    private static partial Regex StartLine();

    [GeneratedRegex(@"^[0-9A-F]{24}\z")]
    private static partial Regex WalName();
}
