using System.Runtime.InteropServices;

namespace Events.Processes;

internal static partial class NativeMethods
{
    private const int ExecutePermission = 1;
    private const uint FirstAfterStandardStreams = 3;
    private const uint CloseOnExecOnly = 4;

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    public static partial int Kill(int processId, int signal);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint EffectiveUserId();

    public static bool MayExecute(string path) => Access(path, ExecutePermission) == 0;

    public static void CloseInheritableOnExec()
    {
        try
        {
            // Refused by kernels before 5.11, where only our own descriptors are close-on-exec.
            _ = CloseRange(FirstAfterStandardStreams, uint.MaxValue, CloseOnExecOnly);
        }
        catch (EntryPointNotFoundException)
        {
            // A C library before 2.34: as above.
        }
    }

    [LibraryImport("libc", EntryPoint = "access", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Access(string path, int mode);

    [LibraryImport("libc", EntryPoint = "close_range", SetLastError = true)]
    private static partial int CloseRange(uint first, uint last, uint flags);
}
