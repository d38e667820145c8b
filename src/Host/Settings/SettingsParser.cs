using System.Globalization;
using System.Net;
using System.Text;
using Events.Application.Contracts;
using Npgsql;

namespace Events.Host.Settings;

/// <summary>Turns one value's text into what the program works with, or says what is wrong and what would be right.</summary>
internal static class SettingsParser
{
    /// <summary>HMAC-SHA256 wants a key as long as its digest (RFC 7518, 3.2).</summary>
    private const int SecretBytesMin = 32;

    private const int ListMax = 64;

    /// <summary>The system's, for paths of sockets.</summary>
    private const int SocketPathMax = 107;

    private static readonly string[] WellKnownSecrets =
    [
        "edge-device-secret-key-change-in-production",
        "test-secret-key-for-testing-only-do-not-use-in-production",
    ];

    public static bool IsWellKnown(string? secret) => WellKnownSecrets.Contains(secret);

    /// <summary>Whether a value, as it was parsed, is a secret. A database's address is one if a password is in it.</summary>
    public static bool HoldsSecret(Setting setting, object? value) =>
        setting.IsSecret
        && value is string text
        && (setting.Kind != SettingKind.ConnectionString
            || new NpgsqlConnectionStringBuilder(text) is { Password.Length: > 0 } or { SslPassword.Length: > 0 });

    public static (object? Value, string? Error) Parse(Setting setting, FoundValue found)
    {
        if (found.IsSequence && !setting.IsList)
        {
            return (null, "is a list. Give one value.");
        }

        if (setting.IsList)
        {
            IReadOnlyList<string> texts =
                found.IsSequence ? found.Values : found.Values[0].Split(',', StringSplitOptions.TrimEntries);
            return texts.Count > ListMax
                ? (null, $"has more than {ListMax} entries. Remove some.")
                : List(setting.Kind, [.. texts.Where(one => one.Length > 0)]);
        }

        var text = found.Values[0].Trim();
        if (text.Length == 0)
        {
            return setting.Default.Length == 0
                ? (null, null)
                : (null, $"is empty. Give a value, or remove it for {setting.Default}.");
        }

        return setting.Kind switch
        {
            SettingKind.Text => (text, null),
            SettingKind.Folder => Folder(text, found.BaseFolder),
            SettingKind.HostName => HostName(text),
            SettingKind.UrlPath => UrlPath(text),
            SettingKind.Url => Url(text),
            SettingKind.Receiver => Receiver(text),
            SettingKind.Number => Number(setting, text),
            SettingKind.Amount => Amount(setting, text),
            SettingKind.Duration => Duration(setting, text),
            SettingKind.Choice => Choice(setting, text),
            SettingKind.Secret => Secret(text),
            SettingKind.ConnectionString => ConnectionString(text),
            _ => throw new InvalidOperationException($"No parser for {setting.Kind}."),
        };
    }

    private static (object?, string?) Folder(string text, string baseFolder) =>
        text.Contains('\0', StringComparison.Ordinal)
            ? (null, "is not a path.")
            : (Path.TrimEndingDirectorySeparator(Path.GetFullPath(text, baseFolder)), null);

    private static (object?, string?) HostName(string text) =>
        text == "localhost" || IPAddress.TryParse(text, out _)
            ? (text, null)
            : (null, $"\"{text}\" is not an address. Give one of this machine, 0.0.0.0 for all, or localhost.");

    private static (object?, string?) UrlPath(string text) =>
        text[0] == '/' && Uri.IsWellFormedUriString(text, UriKind.Relative) && text.IndexOfAny(['?', '#']) < 0
            ? (text, null)
            : (null, $"\"{text}\" is not a path. Give one that begins with a slash, e.g. /ws.");

    private static (object?, string?) Url(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && (url.Scheme is "http" or "https") && url.UserInfo.Length == 0
            && url.Query.Length == 0
            ? (url, null)
            : (null, $"\"{text}\" is not a web address. Give one such as https://cameras.example.org.");

    private static (object?, string?) Receiver(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url.UserInfo.Length == 0 && url.Query.Length == 0
            && url.Fragment.Length == 0
            && ((url.Scheme is "udp" or "tcp" && url.Host.Length > 0 && url.AbsolutePath is "/" or "")
                || (url.Scheme == "unix" && url.Host.Length == 0 && url.LocalPath.Length is > 1 and <= SocketPathMax))
            ? (url, null)
            : (null, $"\"{text}\" is no syslog receiver. Give one such as udp://logs.example:514, tcp://logs.example:601 or "
                + "unix:///dev/log.");

    private static (object?, string?) Number(Setting setting, string text)
    {
        var isNumber = long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number);
        return isNumber && number >= setting.Min && number <= setting.Max
            ? ((int)number, null)
            : (null, $"\"{text}\" is not a whole number from {setting.Min} to {setting.Max} ({setting.Unit}). Give one.");
    }

    private static (object?, string?) Amount(Setting setting, string text)
    {
        var isNumber = double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number);
        return isNumber && number > 0 && number <= setting.Max
            ? (number, null)
            : (null, $"\"{text}\" is not a number above 0, at most {setting.Max} ({setting.Unit}). Give one.");
    }

    private static (object?, string?) Duration(Setting setting, string text)
    {
        var unitS = text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3600, 'd' => 86_400, _ => 0 };
        var isNumber = long.TryParse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var count);
        return isNumber && unitS > 0 && count <= setting.Max / unitS && count * unitS >= setting.Min
            ? (TimeSpan.FromSeconds(count * unitS), null)
            : (null, $"\"{text}\" is not a duration from {setting.Min} s to {setting.Max} s. Give one such as 30m, 24h or 7d.");
    }

    private static (object?, string?) Choice(Setting setting, string text) =>
        setting.Choices!.FirstOrDefault(one => one.Equals(text, StringComparison.OrdinalIgnoreCase)) is { } chosen
            ? (chosen, null)
            : (null, $"\"{text}\" is not possible. Give one of: {string.Join(", ", setting.Choices!)}.");

    private static (object?, string?) Secret(string text) =>
        Encoding.UTF8.GetByteCount(text) >= SecretBytesMin
            ? (text, null)
            : (null, $"is shorter than {SecretBytesMin} bytes. Set a longer one, e.g. from: openssl rand -hex 32");

    private static (object?, string?) ConnectionString(string text)
    {
        try
        {
            return new NpgsqlConnectionStringBuilder(text).Host is { Length: > 0 }
                ? (text, null)
                : (null, "names no server. Give one such as Host=db;Username=events;Password=…;Database=events.");
        }
        catch (ArgumentException)
        {
            // Its message may quote a part of the password.
            return (null, "is not a connection string. Give one such as Host=db;Username=events;Password=…;Database=events.");
        }
    }

    private static (object?, string?) List(SettingKind kind, IReadOnlyList<string> given) =>
        kind switch
        {
            SettingKind.Origins => given.FirstOrDefault(one => !IsOrigin(one)) is { } wrong
                ? (null, $"\"{wrong}\" is not an origin. Give each as scheme://host[:port], e.g. https://cameras.example.org.")
                : (given, null),
            SettingKind.Ranges => Ranges(given),
            SettingKind.Ports => given.FirstOrDefault(one => !IsPort(one)) is { } wrong
                ? (null, $"\"{wrong}\" is not a port from 1 to {ushort.MaxValue}. Give each as a number.")
                : ((IReadOnlyList<int>)[.. given.Select(one => int.Parse(one, CultureInfo.InvariantCulture))], null),
            SettingKind.Paths => given.Select(UrlPath).FirstOrDefault(one => one.Item2 is not null).Item2 is { } wrong
                ? (null, wrong)
                : (given, null),
            _ => throw new InvalidOperationException($"No parser for a list of {kind}."),
        };

    private static (object?, string?) Ranges(IReadOnlyList<string> given)
    {
        if (given.FirstOrDefault(one => AddressRange.TryParse(one) is null) is { } wrong)
        {
            return (null, $"\"{wrong}\" is not an address like 192.168.42.10, or a network like 192.168.42.0/24, "
                + "from /20 to /32. Give each so.");
        }

        IReadOnlyList<AddressRange> ranges = [.. given.Select(one => AddressRange.TryParse(one)!)];
        return ranges.Sum(range => range.Count) > AddressRange.AddressesMax
            ? (null, $"has more than {AddressRange.AddressesMax} addresses. Give smaller networks.")
            : (ranges, null);
    }

    private static bool IsPort(string text) =>
        ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ushort port) && port > 0;

    private static bool IsOrigin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url)
        && (url.Scheme is "http" or "https")
        && url.UserInfo.Length == 0
        && (text == url.GetLeftPart(UriPartial.Authority) || text == $"{url.Scheme}://{url.Host}:{url.Port}");
}
