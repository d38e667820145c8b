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

        ```yaml
        Server:
          Port: 9002
        Security:
          AllowedOrigins:
            - https://cameras.example.org
        ```


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

        return page.ToString().TrimEnd() + "\n";
    }

    private static string Code(string? text) => text is { Length: > 0 } ? $"`{text}`" : "none";

    private static string Shape(Setting one) =>
        one.Kind == SettingKind.Number
            ? string.Create(CultureInfo.InvariantCulture, $"{one.Unit}, {one.Min} to {one.Max}")
            : one.Unit;
}
