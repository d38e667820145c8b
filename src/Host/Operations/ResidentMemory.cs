using System.Globalization;

namespace Events.Host.Operations;

/// <summary>What of this process is in memory, by the kernel's count of its pages.</summary>
/// <param name="SharedBytes">Of files, and what the runtime shares with itself: code, and what it knows of types.</param>
internal readonly record struct ResidentMemory(long Bytes, long SharedBytes)
{
    /// <summary>proc(5): sizes in pages; the second is what is resident, the third what of that is shared.</summary>
    private const string Table = "/proc/self/statm";

    public long PrivateBytes => Bytes - SharedBytes;

    /// <returns>Nothing where the kernel does not tell: then there is nothing to give back.</returns>
    public static ResidentMemory Now()
    {
        try
        {
            string[] pages = File.ReadAllText(Table).Split(' ');
            return new ResidentMemory(Of(pages[1]), Of(pages[2]));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return default;
        }

        static long Of(string count) => long.Parse(count, CultureInfo.InvariantCulture) * Environment.SystemPageSize;
    }
}
