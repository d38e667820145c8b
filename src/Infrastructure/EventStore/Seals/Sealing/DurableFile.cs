using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Events.EventStore.Seals.Sealing;

/// <summary>Files that are there as a whole or not at all, whatever happens meanwhile.</summary>
internal static partial class DurableFile
{
    /// <summary>Of what is not whole yet. Whoever is killed meanwhile leaves it behind.</summary>
    public const string DraftEnding = ".new";

    private const UnixFileMode OwnFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Replaces a file of our own account; it is on disk when this returns.</summary>
    /// <param name="hold">
    /// Called when the content is on disk, just before it takes the file's place. What it gives is let go right after that, and
    /// what it throws leaves the file as it was.
    /// </param>
    public static void Replace(string folder, string name, byte[] content, Func<IDisposable>? hold = null)
    {
        string file = Path.Combine(folder, name);

        // Of its own: in a draft that two hosts share, the slower one would go on writing when it is the file already.
        string draft = $"{file}.{Guid.NewGuid():n}{DraftEnding}";
        FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnFile };
        try
        {
            using (FileStream stream = new(draft, options))
            {
                stream.Write(content);
                stream.Flush(flushToDisk: true);
            }

            using (hold?.Invoke())
            {
                File.Move(draft, file, overwrite: true);
            }
        }
        catch
        {
            File.Delete(draft);
            throw;
        }

        SyncFolder(folder);
    }

    /// <summary>
    /// Adds to the end of a file; on disk when this returns. The kernel finds the end as it writes, so that of two hosts that add
    /// at the same moment none writes over the other's. What a full disk took a part of is taken back.
    /// </summary>
    public static void Append(string file, byte[] content)
    {
        const int AppendCreateWriteOnlyAndCloseOnExec = 0x80441;
        const int ReadByAllAndWrittenByUs = 0x1A4;
        int descriptor = Open(file, AppendCreateWriteOnlyAndCloseOnExec, ReadByAllAndWrittenByUs);
        nint written = descriptor < 0 ? -1 : Write(descriptor, content, content.Length);
        int outcome = written == content.Length ? Sync(descriptor) : -1;
        int error = Marshal.GetLastPInvokeError();
        bool isPart = written > 0 && written < content.Length;
        if (isPart)
        {
            TakeBack(descriptor, written);
        }

        if (descriptor >= 0)
        {
            _ = Close(descriptor);
        }

        if (outcome != 0)
        {
            throw new IOException(
                isPart
                    ? $"Only a part could be added to {file}. The disk is full."
                    : $"{file} cannot be added to: {new Win32Exception(error).Message}.");
        }
    }

    /// <summary>Unless somebody else has added something behind it meanwhile.</summary>
    private static void TakeBack(int descriptor, nint written)
    {
        const int FromHere = 1;
        const int FromEnd = 2;
        long end = Seek(descriptor, 0, FromHere);
        if (end >= written && end == Seek(descriptor, 0, FromEnd))
        {
            _ = Truncate(descriptor, end - written);
        }
    }

    /// <summary>Puts the folder's list of names on disk, so that a rename outlasts a power cut.</summary>
    public static void SyncFolder(string folder)
    {
        const int ReadOnlyAndCloseOnExec = 0x80000;
        int descriptor = Open(folder, ReadOnlyAndCloseOnExec);
        int outcome = descriptor < 0 ? -1 : Sync(descriptor);
        int error = Marshal.GetLastPInvokeError();
        if (descriptor >= 0)
        {
            _ = Close(descriptor);
        }

        if (outcome != 0)
        {
            throw new IOException($"{folder} cannot be synced: {new Win32Exception(error).Message}.");
        }
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Open(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint Write(int descriptor, byte[] content, nint length);

    [LibraryImport("libc", EntryPoint = "lseek", SetLastError = true)]
    private static partial long Seek(int descriptor, long offset, int from);

    [LibraryImport("libc", EntryPoint = "ftruncate", SetLastError = true)]
    private static partial int Truncate(int descriptor, long length);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Sync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}
