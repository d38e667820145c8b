using Npgsql;

namespace Events.Host.Cli;

/// <summary>A connection string of Npgsql in libpq's words (PostgreSQL manual, "Connection Strings").</summary>
internal static class LibpqText
{
    public static string Of(string connectionString)
    {
        var given = new NpgsqlConnectionStringBuilder(connectionString);
        (string Word, string? Value)[] words =
        [
            ("host", given.Host),
            ("port", given.Port.ToString(System.Globalization.CultureInfo.InvariantCulture)),
            ("dbname", given.Database),
            ("user", given.Username),
            ("password", given.Password),
        ];
        return string.Join(
            ' ',
            words.Where(word => !string.IsNullOrEmpty(word.Value)).Select(word => $"{word.Word}='{Escape(word.Value!)}'"));
    }

    private static string Escape(string value) =>
        value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal);
}
