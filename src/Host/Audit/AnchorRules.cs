using Events.EventStore.Seals;
using Events.Host.Operations;
using Events.Host.Settings;

namespace Events.Host.Audit;

/// <summary>What the settings say of places outside, and of logs that this installation is a witness for.</summary>
internal static class AnchorRules
{
    /// <summary>In bytes: thousands of keys.</summary>
    private const int FileBytesMax = 1024 * 1024;

    /// <exception cref="StartRefusedException">A key or file is not what it must be.</exception>
    public static AnchorOptions Of(AnchorSettings settings) =>
        new(settings.Folder, settings.Webhook, settings.WebhookSecret, TimeSpan.FromSeconds(settings.IntervalS))
        {
            Syslog = settings.Syslog,
            Stamps = settings.TimeStampUrl is { } authority
                ? new StampOptions(
                    authority, TimeSpan.FromHours(settings.TimeStampIntervalH), Certificates(settings.TimeStampCaFile))
                : null,
            Witness = settings is { WitnessUrl: { } prefix, WitnessKey: { } key }
                ? new WitnessedBy(prefix, Checked("Anchors.WitnessKey", key, KeyTexts.RequireWitness))
                : null,
        };

    /// <returns>Null when this installation is nobody's witness.</returns>
    /// <exception cref="StartRefusedException">A key, the name or the file is not what it must be.</exception>
    public static WitnessOptions? Of(WitnessSettings settings, string data) =>
        settings.LogsFile is { } file
            ? new WitnessOptions(
                FolderOf(data),
                Checked("Witness.Name", settings.Name ?? Environment.MachineName, KeyTexts.RequireName),
                [
                    .. Read("Witness.LogsFile", file).Split('\n').Select(line => line.Trim())
                        .Where(line => line.Length > 0 && line[0] != '#')
                        .Select(line => Checked("Witness.LogsFile", line, KeyTexts.RequireLog)),
                ])
            : null;

    public static string FolderOf(string data) => Path.Combine(data, "witness");

    private static string? Certificates(string? file) =>
        file is null
            ? null
            : Checked("Anchors.TimeStampCaFile", Read("Anchors.TimeStampCaFile", file), KeyTexts.RequireCertificates);

    private static string Read(string key, string file)
    {
        try
        {
            return new FileInfo(file).Length <= FileBytesMax
                ? File.ReadAllText(file)
                : throw new StartRefusedException($"{key}: {file} has more than {FileBytesMax} bytes.");
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            throw new StartRefusedException($"{key}: {failed.Message}");
        }
    }

    private static string Checked(string key, string text, Action<string> require)
    {
        try
        {
            require(text);
            return text;
        }
        catch (FormatException wrong)
        {
            throw new StartRefusedException($"{key}: {wrong.Message}");
        }
    }
}
