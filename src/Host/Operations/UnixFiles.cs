using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Events.Host.Operations;

/// <summary>What the kernel knows of files and .NET does not tell: owners, and folders put on disk for good.</summary>
internal static partial class UnixFiles
{
    private const int CurrentFolder = -100;
    private const int NoFollow = 0x100;
    private const uint BasicFields = 0x7ff;

    // struct statx is the same on every processor, unlike struct stat.
    private const int StatxBytes = 256;
    private const int OwnerAt = 20;
    private const int GroupAt = 24;
    private const int ModeAt = 28;
    private const int InodeAt = 32;
    private const int DeviceMajorAt = 136;
    private const int DeviceMinorAt = 140;

    private const int KindMask = 0xF000;
    private const int FolderKind = 0x4000;
    private const int PermissionMask = 0xFFF;

    private const int ReadOnlyAndCloseOnExec = 0x80000;

    public static uint OwnUserId => GetEffectiveUserId();

    public static uint OwnGroupId => GetEffectiveGroupId();

    /// <returns>Null when there is nothing of that name or we may not look.</returns>
    public static UnixFile? Look(string path, bool followLink = true)
    {
        var buffer = new byte[StatxBytes];
        if (Statx(CurrentFolder, path, followLink ? 0 : NoFollow, BasicFields, buffer) != 0)
        {
            return null;
        }

        var mode = BitConverter.ToUInt16(buffer, ModeAt);
        return new UnixFile(
            BitConverter.ToUInt32(buffer, OwnerAt),
            BitConverter.ToUInt32(buffer, GroupAt),
            (UnixFileMode)(mode & PermissionMask),
            (mode & KindMask) == FolderKind,
            BitConverter.ToUInt64(buffer, InodeAt),
            ((ulong)BitConverter.ToUInt32(buffer, DeviceMajorAt) << 32) | BitConverter.ToUInt32(buffer, DeviceMinorAt));
    }

    /// <exception cref="IOException">The file system or our rights do not allow it.</exception>
    public static void GiveTo(string path, uint userId, uint groupId)
    {
        if (ChangeOwner(path, userId, groupId) != 0)
        {
            throw LastError($"{path} cannot be given to user {userId}");
        }
    }

    /// <summary>Puts a folder's list of names on disk, so that a rename in it outlasts a power cut.</summary>
    /// <exception cref="IOException">The disk failed.</exception>
    public static void SyncFolder(string path)
    {
        var descriptor = Open(path, ReadOnlyAndCloseOnExec);
        if (descriptor < 0)
        {
            throw LastError($"{path} cannot be opened");
        }

        var outcome = Sync(descriptor);
        var failure = outcome == 0 ? null : LastError($"{path} cannot be synced");
        _ = Close(descriptor);
        if (failure is not null)
        {
            throw failure;
        }
    }

    public static void Signal(int processId, int signal) => _ = Kill(processId, signal);

    private static IOException LastError(string what) =>
        new($"{what}: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}.");

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint GetEffectiveUserId();

    [LibraryImport("libc", EntryPoint = "getegid")]
    private static partial uint GetEffectiveGroupId();

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Statx(int folder, string path, int flags, uint mask, [Out] byte[] buffer);

    [LibraryImport("libc", EntryPoint = "chown", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int ChangeOwner(string path, uint userId, uint groupId);

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Sync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int processId, int signal);
}

/// <param name="Device">Together with <paramref name="Inode"/> the identity of a file, whatever path leads to it.</param>
internal sealed record UnixFile(uint UserId, uint GroupId, UnixFileMode Mode, bool IsFolder, ulong Inode, ulong Device)
{
    public bool IsSameAs(UnixFile? other) => other is not null && Inode == other.Inode && Device == other.Device;
}
