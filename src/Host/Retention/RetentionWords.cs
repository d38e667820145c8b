using Events.Domain.Retention;

namespace Events.Host.Retention;

/// <summary>How retention is written outside: types in lower case, sizes in GB of 2^30 bytes.</summary>
internal static class RetentionWords
{
    public const double GigabytesMax = RetentionPolicy.MaxSizeBytesMax / BytesPerGigabyte;

    private const double BytesPerGigabyte = 1L << 30;

    /// <returns>Null unless it is <c>age</c>, <c>size</c> or <c>manual</c>.</returns>
    public static RetentionType? TypeOf(string text) =>
        text switch
        {
            "age" => RetentionType.Age,
            "size" => RetentionType.Size,
            "manual" => RetentionType.Manual,
            _ => null,
        };

    public static string NameOf(RetentionType type) =>
        type switch
        {
            RetentionType.Age => "age",
            RetentionType.Size => "size",
            _ => "manual",
        };

    /// <returns>At least 1: a limit of nothing is no limit that anybody means.</returns>
    public static long BytesOf(double gigabytes) => Math.Max(1, (long)Math.Round(gigabytes * BytesPerGigabyte));

    public static double GigabytesOf(long bytes) => bytes / BytesPerGigabyte;
}
