namespace Events.Tests.Architecture;

/// <summary>The checked-out project, as files.</summary>
internal static class Repository
{
    private static readonly HashSet<string> NotOurs =
        new(StringComparer.Ordinal) { ".git", "bin", "obj", "out", "data", "node_modules", "TestResults", "__pycache__", ".vs", ".idea" };

    private static readonly HashSet<string> TextExtensions = new(StringComparer.Ordinal)
    {
        "", ".cs", ".csproj", ".props", ".targets", ".json", ".md", ".sql", ".py", ".sh", ".yaml", ".yml", ".txt", ".editorconfig",
        ".globalconfig", ".sln", ".gitignore", ".html", ".js", ".ts", ".tsx", ".css", ".service",
    };

    /// <summary>The folder that holds <c>Events.sln</c>.</summary>
    public static string Root { get; } = FindRoot();

    public static string PathOf(string relative) => Path.Combine(Root, relative);

    /// <returns>Paths of all C# sources below a folder, relative to the root, with forward slashes.</returns>
    public static IReadOnlyList<string> Sources(params string[] folders) =>
        [.. folders.SelectMany(folder => Walk(PathOf(folder))).Where(path => path.EndsWith(".cs", StringComparison.Ordinal))];

    public static IReadOnlyList<string> TextFiles() =>
        [.. Walk(Root).Where(path => TextExtensions.Contains(Path.GetExtension(path)))];

    public static string Read(string relative) => File.ReadAllText(PathOf(relative));

    private static IEnumerable<string> Walk(string folder)
    {
        foreach (string file in Directory.EnumerateFiles(folder))
        {
            // In a linked work tree .git is a file; it is git's, not ours.
            if (Path.GetFileName(file) != ".git")
            {
                yield return Path.GetRelativePath(Root, file).Replace('\\', '/');
            }
        }

        foreach (string inner in Directory.EnumerateDirectories(folder).Where(path => !NotOurs.Contains(Path.GetFileName(path))))
        {
            foreach (string file in Walk(inner))
            {
                yield return file;
            }
        }
    }

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Events.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("Events.sln is in no folder above the tests.");
    }
}
