using System.Runtime.InteropServices;

namespace Events.Host.Operations;

/// <summary>What the C library and the kernel can be told about memory.</summary>
internal static partial class NativeMemory
{
    /// <summary><c>MADV_DONTNEED</c> of madvise(2): pages of a file come back from the file when they are touched.</summary>
    private const int DoNotNeed = 4;

    /// <summary>Gives free memory of malloc's heaps back; a C library without heaps to trim has nothing to give.</summary>
    public static void TrimHeaps()
    {
        try
        {
            _ = Trim(0);
        }
        catch (EntryPointNotFoundException)
        {
            // Not glibc.
        }
    }

    /// <summary>Of a mapping from a file that nobody has changed. A kernel that does not want to keeps them.</summary>
    public static void DropPages(MappedFile file) =>
        _ = Advise((nint)file.Start, (nint)file.Length, DoNotNeed);

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int Trim(nuint pad);

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nint start, nint length, int advice);
}
