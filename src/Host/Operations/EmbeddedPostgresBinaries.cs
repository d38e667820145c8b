using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

using Events.Application.Contracts;

namespace Events.Host.Operations;

/// <summary>One installed PostgreSQL: its folder of programs and its major version.</summary>
internal sealed partial record EmbeddedPostgresBinaries(string Folder, int Major)
{
    private const string DebianFolder = "/usr/lib/postgresql";

    public string Postgres => Path.Combine(Folder, "postgres");

    public string Initdb => Path.Combine(Folder, "initdb");

    /// <summary>
    /// For a new cluster the first in <c>PATH</c>, then the newest of Debian's; for an existing one of the same major version,
    /// since no other can read it.
    /// </summary>
    /// <param name="clusterMajor">Null for a new cluster.</param>
    /// <exception cref="StartRefusedException">There is none; the message says what to install.</exception>
    public static async Task<EmbeddedPostgresBinaries> FindAsync(
        IChildProcesses processes, int? clusterMajor, CancellationToken cancellationToken)
    {
        var found = new List<EmbeddedPostgresBinaries>();
        foreach (var folder in FoldersInPath().Concat(DebianFolders()).Distinct(StringComparer.Ordinal))
        {
            if (await MajorOfAsync(processes, folder, cancellationToken) is { } major)
            {
                found.Add(new EmbeddedPostgresBinaries(folder, major));
            }
        }

        return found.Find(one => clusterMajor is null || one.Major == clusterMajor)
            ?? throw new StartRefusedException(Missing(found, clusterMajor));
    }

    /// <summary>Reads e.g. <c>postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)</c>.</summary>
    public static int? ParseMajor(string versionLine) =>
        VersionPattern().Match(versionLine) is { Success: true } match
            ? int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)
            : null;

    private static string Missing(List<EmbeddedPostgresBinaries> found, int? clusterMajor)
    {
        const string orGiven = "or give a connection string (setting PostgreSql.ConnectionString).";
        if (clusterMajor is null)
        {
            return "There is no PostgreSQL server on this machine: neither in PATH nor in " + DebianFolder
                + $"/*/bin. Install it (Debian, Ubuntu: apt-get install postgresql), {orGiven}";
        }

        var others = found.Count == 0 ? "none" : string.Join(", ", found.Select(one => one.Major).Distinct());
        return $"The cluster in the data folder was made by PostgreSQL {clusterMajor}; installed is {others}. "
            + $"Install PostgreSQL {clusterMajor} (Debian, Ubuntu: apt-get install postgresql-{clusterMajor}), {orGiven}";
    }

    private static IEnumerable<string> FoldersInPath() =>
        from folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries)
        let program = new FileInfo(Path.Combine(folder, "postgres"))
        where program.Exists
        let real = program.ResolveLinkTarget(returnFinalTarget: true) ?? program
        select Path.GetDirectoryName(real.FullName);

    private static IEnumerable<string> DebianFolders() =>
        Directory.Exists(DebianFolder)
            ? Directory.GetDirectories(DebianFolder)
                .Select(folder => (
                    Folder: Path.Combine(folder, "bin"),
                    Major: int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var major) ? major : 0))
                .OrderByDescending(one => one.Major)
                .Select(one => one.Folder)
            : [];

    private static async Task<int?> MajorOfAsync(IChildProcesses processes, string folder, CancellationToken cancellationToken)
    {
        var postgres = Path.Combine(folder, "postgres");
        if (!File.Exists(postgres) || !File.Exists(Path.Combine(folder, "initdb")))
        {
            return null;
        }

        try
        {
            await using var child = processes.Start(new ChildProcessSpec(postgres, ["--version"], WorkingDirectory: "/"));
            using var output = new StreamReader(child.Output, Encoding.UTF8);
            return ParseMajor(await output.ReadLineAsync(cancellationToken) ?? "");
        }
        catch (DependencyUnavailableException failure) when (failure.Message.Contains(postgres, StringComparison.Ordinal))
        {
            return null;
        }
    }

    [GeneratedRegex(@"\(PostgreSQL\) (\d{1,3})")]
    private static partial Regex VersionPattern();
}
