using System.Runtime.InteropServices;
using Events.Domain.Kernel;

namespace Events.Media.Devices;

/// <summary>A video device of this machine, asked by <c>ioctl</c> while somebody else may be taking pictures from it.</summary>
internal static partial class VideoDevice
{
    private const int ReadWrite = 0x2;
    private const int NonBlocking = 0x800;
    private const int CloseOnExec = 0x80000;

    /// <summary>EINTR: a signal came between; the call was not made.</summary>
    private const int Interrupted = 4;

    /// <returns>Null when the source is no device, cannot be opened, or says nothing.</returns>
    public static CameraModes? ModesOf(SourceUrl source)
    {
        if (source.Scheme != "v4l2")
        {
            return null;
        }

        int descriptor = Open(source.Uri.AbsolutePath, ReadWrite | NonBlocking | CloseOnExec);
        if (descriptor < 0)
        {
            return null;
        }

        try
        {
            return V4l2Modes.Ask((request, structure) => Call(descriptor, request, structure));
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    private static bool Call(int descriptor, uint request, byte[] structure)
    {
        int result;
        do
        {
            result = Ioctl(descriptor, request, structure);
        }
        while (result < 0 && Marshal.GetLastPInvokeError() == Interrupted);

        return result >= 0;
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Ioctl(int descriptor, nuint request, [In, Out] byte[] structure);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}
