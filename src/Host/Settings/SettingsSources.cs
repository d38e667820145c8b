using System.Collections;

namespace Events.Host.Settings;

/// <summary>Where settings come from; later ones win: defaults, file, environment, flags.</summary>
/// <param name="WorkingFolder">Where <c>events.yaml</c> is looked for; relative paths start there.</param>
/// <param name="ConfigFile">Given with <c>--config</c>, then it must be there; null for <c>events.yaml</c>, if any.</param>
/// <param name="Environment">Names and values; only those with the prefix are looked at.</param>
/// <param name="Flags">By the flag's name, e.g. <c>--port</c>.</param>
internal sealed record SettingsSources(
    string WorkingFolder,
    string? ConfigFile,
    IReadOnlyList<KeyValuePair<string, string>> Environment,
    IReadOnlyDictionary<string, string> Flags)
{
    /// <summary>Those of this process.</summary>
    public static SettingsSources OfProcess(string? configFile, IReadOnlyDictionary<string, string> flags) =>
        new(
            Directory.GetCurrentDirectory(),
            configFile,
            [.. System.Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
                .Select(one => KeyValuePair.Create((string)one.Key, (string?)one.Value ?? ""))],
            flags);
}

/// <summary>A value as it was found.</summary>
/// <param name="Origin">For people: <c>events.yaml:3</c>, the variable's name, or the flag.</param>
/// <param name="BaseFolder">Where a relative path in it starts.</param>
/// <param name="IsSequence">Whether it was written as a list; otherwise there is exactly one value.</param>
/// <param name="IsLegacy">Whether it stands under a name of the older service.</param>
/// <param name="OpenFile">The file that it stands in, if others than its owner may read that; null otherwise.</param>
internal sealed record FoundValue(
    string Key,
    IReadOnlyList<string> Values,
    string Origin,
    string BaseFolder,
    bool IsSequence = false,
    bool IsLegacy = false,
    string? OpenFile = null);
