namespace Events.Tests.Integration.Operations;

/// <summary>A folder of its own for one test, removed at the end.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private const UnixFileMode Passable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    private readonly string _path = Directory.CreateTempSubdirectory("events-test-").FullName;

    /// <param name="isPassable">Whether other accounts can get through (0755), or not (0700).</param>
    public TemporaryFolder(bool isPassable = true)
    {
        if (isPassable)
        {
            File.SetUnixFileMode(_path, Passable);
        }
    }

    public string PathOf(string name) => Path.Combine(_path, name);

    public void Dispose() => Directory.Delete(_path, recursive: true);
}
