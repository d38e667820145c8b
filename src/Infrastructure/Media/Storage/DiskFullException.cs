namespace Events.Media.Storage;

/// <summary>There is no room left for footage; what is free is kept for the log.</summary>
internal sealed class DiskFullException() : IOException("The disk is full.")
{
    // As Linux numbers them; the framework passes them on.
    private const int NoSpaceLeft = 28;
    private const int QuotaExceeded = 122;

    /// <summary>Whether a failure says so, be it ours or the system's.</summary>
    public static bool Is(Exception failure) =>
        failure is DiskFullException or IOException { HResult: NoSpaceLeft or QuotaExceeded };
}
