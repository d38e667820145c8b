namespace Events.Host.Settings;

internal enum SettingKind
{
    Text,
    Folder,
    HostName,
    UrlPath,
    Url,
    Receiver,
    Number,
    Amount,
    Duration,
    Origins,
    Ranges,
    Ports,
    Paths,
    Choice,
    Secret,
    ConnectionString,
}

/// <summary>One key that can be set: where it stands, what it takes, what it means. The documentation is made from it.</summary>
/// <param name="Section">Empty for a key at the top.</param>
/// <param name="Default">As one would write it; empty for none.</param>
/// <param name="Unit">Of a number or an amount, which may have decimals; otherwise what shape the value has.</param>
internal sealed record Setting(
    string Section,
    string Name,
    SettingKind Kind,
    string Default,
    string Unit,
    string Meaning,
    string? Flag = null,
    long Min = 0,
    long Max = 0,
    IReadOnlyList<string>? Choices = null)
{
    public const string EnvironmentPrefix = "EVENTS__";

    public string Key => Section.Length == 0 ? Name : $"{Section}.{Name}";

    public string EnvironmentName => EnvironmentPrefix + Key.Replace(".", "__", StringComparison.Ordinal);

    public bool IsSecret => Kind is SettingKind.Secret or SettingKind.ConnectionString;

    public bool IsList => Kind is SettingKind.Origins or SettingKind.Ranges or SettingKind.Ports or SettingKind.Paths;
}
