using System.Globalization;
using Events.Domain.Kernel;
using Events.Host.Operations;

namespace Events.Host.Security;

/// <summary>
/// Who was erased, outside the database: one account and time a line, in the keys' folder and beside the backups. A database that
/// is set back to before an erasure learns of it from here. No line names anybody.
/// </summary>
/// <param name="data">The data folder.</param>
internal sealed class ErasedList(string data, TimeProvider time)
{
    public const string Name = "erased.list";

    private readonly Lock _gate = new();

    private string Own => Path.Combine(data, "keys", Name);

    /// <exception cref="IOException">It cannot be read.</exception>
    public IReadOnlyList<UserId> Read()
    {
        lock (_gate)
        {
            return In(Own);
        }
    }

    /// <summary>On disk when it returns.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Add(UserId id)
    {
        lock (_gate)
        {
            string line = string.Create(CultureInfo.InvariantCulture, $"{id.Account} {time.GetUtcNow().UtcDateTime:O}");
            Append(Own, [id], [line]);
            try
            {
                foreach (string path in BesideBackups())
                {
                    Append(path, [id], [line]);
                }
            }
            catch (Exception away) when (away is IOException or UnauthorizedAccessException)
            {
                // The backups' disk is away. The next backup takes the whole list along.
            }
        }
    }

    /// <summary>Adds what one folder knows to what another does.</summary>
    public static void Merge(string from, string to)
    {
        IReadOnlyList<UserId> ids = In(from);
        if (ids.Count > 0)
        {
            Append(to, ids, File.ReadAllLines(from));
        }
    }

    public static IReadOnlyList<UserId> In(string path) =>
        File.Exists(path)
            ? [.. File.ReadLines(path).Select(line => UserId.OfAccount(line.Split(' ')[0])).OfType<UserId>().Distinct()]
            : [];

    private static void Append(string path, IReadOnlyList<UserId> ids, string[] lines)
    {
        HashSet<UserId> known = [.. In(path)];
        string[] added =
        [
            .. lines.Where(line => UserId.OfAccount(line.Split(' ')[0]) is { } id && ids.Contains(id) && known.Add(id)),
        ];
        if (added.Length == 0)
        {
            return;
        }

        using (var stream = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.Append,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }))
        {
            using var writer = new StreamWriter(stream, leaveOpen: true);
            foreach (string line in added)
            {
                writer.WriteLine(line);
            }

            writer.Flush();
            stream.Flush(flushToDisk: true);
        }

        UnixFiles.SyncFolder(Path.GetDirectoryName(path)!);
    }

    /// <summary>Where the server copies its write-ahead log to: the folder wal of the backups.</summary>
    private IEnumerable<string> BesideBackups()
    {
        string mark = Path.Combine(data, "postgres", "archive-to");
        return File.Exists(mark)
            && Path.GetDirectoryName(File.ReadAllText(mark).Trim()) is { Length: > 0 } backups
            && Directory.Exists(backups)
                ? [Path.Combine(backups, Name)]
                : [];
    }
}
