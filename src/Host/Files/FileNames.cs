using Events.Application.Snapshots;
using Events.Domain.Recordings;
using Events.Host.JsonRpc;

namespace Events.Host.Files;

/// <summary>The legacy contract's rules for file names and for pages of them.</summary>
internal static class FileNames
{
    private const int LimitMax = 1_000;
    private const int LimitUnasked = 50;

    private static readonly string[] _extensions = [".fmp4", ".mp4", ".mkv"];

    /// <returns>The parameter <c>filename</c>; when it is bad, the error is in <paramref name="given"/>.</returns>
    public static string Read(CallParams given)
    {
        string filename = given.Text("filename");
        if (given.Error is null && !TakeSnapshotHandler.IsFileName(filename))
        {
            given.Refuse("filename", "pattern", "Letters, digits, dot, hyphen and underscore; no folders, no \"..\".");
        }

        return filename;
    }

    public static string ExtensionOf(RecordingFormat format) => "." + WordOf(format);

    /// <summary>As the legacy contract writes it: <c>fmp4</c>, <c>mp4</c> or <c>mkv</c>.</summary>
    public static string WordOf(RecordingFormat format) => format switch
    {
        RecordingFormat.Fmp4 => "fmp4",
        RecordingFormat.Mp4 => "mp4",
        RecordingFormat.Mkv => "mkv",
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, "No such format."),
    };

    /// <returns>Null for a word that is no format's.</returns>
    public static RecordingFormat? FormatOf(string word) =>
        Enum.GetValues<RecordingFormat>().Cast<RecordingFormat?>().FirstOrDefault(format => WordOf(format!.Value) == word);

    public static (int Limit, int Offset) Paging(CallParams given) =>
        (given.OptionalInteger("limit", 1, LimitMax) ?? LimitUnasked, given.OptionalInteger("offset", 0, int.MaxValue) ?? 0);

    public static string WithoutExtension(string filename) =>
        _extensions.FirstOrDefault(extension => filename.EndsWith(extension, StringComparison.OrdinalIgnoreCase)) is { } extension
            ? filename[..^extension.Length]
            : filename;
}
