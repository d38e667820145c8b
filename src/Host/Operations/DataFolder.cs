using System.Globalization;

namespace Events.Host.Operations;

/// <summary>
/// The folder that holds one installation, taken by this process until it is disposed. The kernel drops the lock however the
/// process ends, so there is never a stale one.
/// </summary>
internal sealed class DataFolder : IDisposable
{
    /// <summary>PostgreSQL's account must be able to pass through, and nobody else has to list it: 0711.</summary>
    private const UnixFileMode Passable = Private | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>
    /// There while a restore into the folder is not at its end: what the folder has then is a part of a log, and no host must
    /// start on it.
    /// </summary>
    public const string UnfinishedName = "restore-unfinished";

    // As Linux numbers them; the framework passes them on.
    private const int NoSpaceLeft = 28;
    private const int ReadOnlyFileSystem = 30;

    private readonly FileStream _lock;

    private DataFolder(string path, FileStream held)
    {
        FullPath = path;
        _lock = held;
    }

    /// <summary>Absolute, without a slash at its end.</summary>
    public string FullPath { get; }

    /// <summary>For our own account only: what a running host tells the command line.</summary>
    public string RunPath => RunPathOf(FullPath);

    /// <summary>For our own account only: secrets that outlast a restart.</summary>
    public string KeysPath => Path.Combine(FullPath, "keys");

    /// <summary>The private PostgreSQL cluster; it belongs to PostgreSQL's account.</summary>
    public string PostgresPath => Path.Combine(FullPath, "postgres");

    /// <summary>Where a host that serves <paramref name="dataFolder"/> leaves what the command line needs.</summary>
    public static string RunPathOf(string dataFolder) => Path.Combine(Path.GetFullPath(dataFolder), "run");

    /// <summary>Makes the folder when it is missing, and takes it.</summary>
    /// <exception cref="StartRefusedException">Another process serves it, or we may not write there.</exception>
    public static DataFolder Open(string path)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        try
        {
            if (!Directory.Exists(full))
            {
                Directory.CreateDirectory(full, Passable);
            }

            var held = Take(full);
            if (File.Exists(Path.Combine(full, UnfinishedName)))
            {
                held.Dispose();
                throw new StartRefusedException(
                    $"A restore into {full} was cut off, and what is there is a part of a log. Remove the folder, and restore "
                    + "again.");
            }

            var folder = new DataFolder(full, held);
            MakePrivate(folder.RunPath);
            MakePrivate(folder.KeysPath);
            File.WriteAllText(ProcessFileOf(full), Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n");
            return folder;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new StartRefusedException(
                $"The data folder {full} cannot be used: {failure.Message} {FixFor(failure)}, "
                + "or name another folder with --data (setting Data.Folder).",
                failure);
        }
    }

    public void Dispose()
    {
        // The lock file stays: removing it would let two others lock two different files of that name.
        File.Delete(ProcessFileOf(FullPath));
        _lock.Dispose();
    }

    private static string FixFor(Exception failure) =>
        failure is UnauthorizedAccessException ? "Start as the user it belongs to"
        : failure.HResult == NoSpaceLeft ? "Free some space"
        : failure.HResult == ReadOnlyFileSystem ? "Mount its disk for writing"
        : "Put that right";

    private static FileStream Take(string full)
    {
        var path = Path.Combine(full, "lock");
        try
        {
            // An exclusive share is flock(2) here.
            return new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.None,
                // Who can open it could hold it.
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
        }
        catch (IOException failure) when (failure.GetType() == typeof(IOException) && File.Exists(path))
        {
            throw new StartRefusedException(
                $"The data folder {full} is already served by {HolderOf(full)}. "
                + "Stop that one first, or name another folder with --data (setting Data.Folder).",
                failure);
        }
    }

    private static string HolderOf(string full)
    {
        try
        {
            return "process " + File.ReadAllText(ProcessFileOf(full)).Trim();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return "another process";
        }
    }

    private static string ProcessFileOf(string full) => Path.Combine(RunPathOf(full), "host.pid");

    private static void MakePrivate(string path)
    {
        Directory.CreateDirectory(path, Private);
        File.SetUnixFileMode(path, Private);
    }
}
