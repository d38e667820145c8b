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
            ("sslmode", given.ContainsKey("SSL Mode") ? NameOf(given.SslMode) : null),
            ("sslrootcert", given.RootCertificate),
            ("sslcert", given.SslCertificate),
            ("sslkey", given.SslKey),
        ];
        return string.Join(
            ' ',
            words.Where(word => !string.IsNullOrEmpty(word.Value)).Select(word => $"{word.Word}='{Escape(word.Value!)}'"));
    }

    private static string NameOf(SslMode mode) =>
        mode switch
        {
            SslMode.VerifyCA => "verify-ca",
            SslMode.VerifyFull => "verify-full",
            _ => mode.ToString().ToLowerInvariant(),
        };

    private static string Escape(string value) =>
        value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal);
}
