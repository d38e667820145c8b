using System.Globalization;
using System.Text;

namespace Events.Host.Settings;

/// <summary>Writes <c>docs/configuration.md</c> from the table, so that it cannot be out of date.</summary>
internal static class SettingsPage
{
    private const string Head = """
        # Configuration

        Made from the table in `src/Host/Settings/SettingsTable.cs`; a test fails when the two differ
        (`EVENTS_WRITE_DOCS=1 ./events test Settings` writes it anew).

        Nothing needs to be set. What is set is looked for in this order, and the last one found wins:

        1. the default;
        2. `events.yaml` in the folder the program is started in, or the file named with `--config`;
        3. environment variables: `EVENTS__Section__Key`, upper and lower case being the same;
        4. flags of `./events up`.

        An unknown key, a value out of its range, a key set twice in one place: the program says which, where, and what would be
        right, and ends with exit code 2. A list is written as a YAML list, or in one line with commas.

        A file with a secret in it (`Security.JwtSecretKey`, `Anchors.WebhookSecret`, a `PostgreSql.ConnectionString` with a
        password) should be for its owner alone: `chmod 600 events.yaml`. A start says so when it is not.

        ```yaml
        Server:
          Port: 9002
        Security:
          AllowedOrigins:
            - https://cameras.example.org
        ```


        """;

    private const string LegacyHead = """
        ## Keys of the MediaMTX Camera Service

        A file of that service is taken with `--config`, and its variables are read: `CAMERA_SERVICE_` and the key with `_` for
        each dot, e.g. `CAMERA_SERVICE_SERVER_PORT`. Each such key is named at the start, with the key to write instead. Our
        variables win over theirs. A key without a counterpart is named, too, and passed over. An unknown key is a mistake in a
        file without any of these keys, and in any file if its section, as it is spelled there, is ours and not theirs.

        | older key | here |
        | --- | --- |

        """;

    public static string Render()
    {
        var page = new StringBuilder(Head);
        foreach (var section in SettingsTable.All.GroupBy(one => one.Section))
        {
            page.Append(CultureInfo.InvariantCulture, $"## {(section.Key.Length == 0 ? "At the top" : section.Key)}\n\n");
            page.Append("| key | default | unit or shape | meaning | variable | flag |\n| --- | --- | --- | --- | --- | --- |\n");
            foreach (var one in section)
            {
                string[] cells =
                [
                    $"`{one.Name}`", Code(one.Default), Shape(one), one.Meaning, $"`{one.EnvironmentName}`", Code(one.Flag),
                ];
                page.Append(CultureInfo.InvariantCulture, $"| {string.Join(" | ", cells)} |\n");
            }

            page.Append('\n');
        }

        AppendLegacy(page);
        return page.ToString().TrimEnd() + "\n";
    }

    private static void AppendLegacy(StringBuilder page)
    {
        page.Append(LegacyHead);
        foreach (LegacyKey key in LegacyKeys.All)
        {
            string fate = key.New is { } ours ? $"read as `{ours}`" : key.Why;
            page.Append(CultureInfo.InvariantCulture, $"| `{key.Old}` | {fate} |\n");
        }
    }

    private static string Code(string? text) => text is { Length: > 0 } ? $"`{text}`" : "none";

    private static string Shape(Setting one) =>
        one.Kind switch
        {
            SettingKind.Number => string.Create(CultureInfo.InvariantCulture, $"{one.Unit}, {one.Min} to {one.Max}"),
            SettingKind.Amount => string.Create(CultureInfo.InvariantCulture, $"{one.Unit}, above 0 to {one.Max}"),
            _ => one.Unit,
        };
}
