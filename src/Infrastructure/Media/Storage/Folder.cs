using System.Runtime.InteropServices;

namespace Events.Media.Storage;

/// <summary>What the framework does not do with folders: make the names in them durable.</summary>
internal static partial class Folder
{
    private const int ReadOnly = 0;

    /// <summary>Makes every name made or removed in the folder so far survive a loss of power.</summary>
    public static void Sync(string path)
    {
        int descriptor = Open(path, ReadOnly);
        if (descriptor < 0)
        {
            throw Error("open", path);
        }

        try
        {
            if (Fsync(descriptor) != 0)
            {
                throw Error("sync", path);
            }
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    /// <summary>Makes a folder that is not there yet, durably; other accounts of the machine see no footage in it.</summary>
    public static void Make(string path)
    {
        if (!Directory.Exists(path))
        {
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            Sync(Path.GetDirectoryName(Path.GetFullPath(path))!);
        }
    }

    private static IOException Error(string act, string path) =>
        new($"Cannot {act} the folder {path}: {Marshal.GetLastPInvokeErrorMessage()}");

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}
