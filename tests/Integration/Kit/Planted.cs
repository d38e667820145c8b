using System.Text;

namespace Events.Tests.Integration.Kit;

/// <summary>Secrets that a test gave away, and the search for them in whatever shape they may have come out again.</summary>
internal sealed class Planted(params string[] secrets)
{
    private readonly (string Secret, string Shape, byte[] Bytes)[] _needles =
        [.. secrets.SelectMany(secret => ShapesOf(secret).Select(shape => (secret, shape.Name, shape.Bytes)))];

    /// <returns>One line for each secret that is there, and how; empty when none is.</returns>
    public IEnumerable<string> In(string where, byte[] content) =>
        from needle in _needles
        let at = content.AsSpan().IndexOf(needle.Bytes)
        where at >= 0
        let around = Encoding.UTF8.GetString(content.AsSpan(Math.Max(0, at - 60), Math.Min(content.Length - Math.Max(0, at - 60), 160)))
        select $"{where}: {needle.Secret} {needle.Shape}, in …{around}…";

    public IEnumerable<string> In(string where, string content) => In(where, Encoding.UTF8.GetBytes(content));

    /// <summary>Every file below a folder, but for those that only their owner can read and that hold keys by their purpose.</summary>
    public IEnumerable<string> InFolder(string folder) =>
        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Where(path => !IsKey(folder, path) && new FileInfo(path) is not { Exists: true, Length: 0 })
            .SelectMany(path => In(path, Read(path)));

    /// <summary>What everybody on the machine can see of a process, and what its account can.</summary>
    public IEnumerable<string> InProcess(int id) =>
        new[] { "cmdline", "environ" }.SelectMany(file => In($"/proc/{id}/{file}", Read($"/proc/{id}/{file}")));

    private static bool IsKey(string folder, string path) =>
        (Path.GetRelativePath(folder, path) is { } name && (name.StartsWith("keys/", StringComparison.Ordinal) || name == "run/host.json"))
        && File.GetUnixFileMode(path) == (UnixFileMode.UserRead | UnixFileMode.UserWrite);

    private static byte[] Read(string path)
    {
        try
        {
            // Shared with whoever is writing it.
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var all = new MemoryStream();
            file.CopyTo(all);
            return all.ToArray();
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return []; // It ended, or was removed, while we were looking.
        }
    }

    private static IEnumerable<(string Name, byte[] Bytes)> ShapesOf(string secret)
    {
        byte[] plain = Encoding.UTF8.GetBytes(secret);
        string escaped = Uri.EscapeDataString(secret);
        Dictionary<string, byte[]> shapes = new()
        {
            ["as it is"] = plain,
            ["percent-encoded"] = Encoding.ASCII.GetBytes(escaped),
            ["percent-encoded, lower case"] = Encoding.ASCII.GetBytes(
                System.Text.RegularExpressions.Regex.Replace(escaped, "%[0-9A-F]{2}", hex => hex.Value.ToLowerInvariant())),
            ["percent-encoded twice"] = Encoding.ASCII.GetBytes(Uri.EscapeDataString(escaped)),
            ["in hex"] = Encoding.ASCII.GetBytes(Convert.ToHexStringLower(plain)),
            ["in UTF-16"] = Encoding.Unicode.GetBytes(secret),
            ["as JSON"] = Encoding.UTF8.GetBytes(System.Text.Json.JsonSerializer.Serialize(secret)[1..^1]),
        };

        // Base64 of anything that the secret is a part of: it may begin at three places within a group of four letters.
        for (int lead = 0; lead < 3; lead++)
        {
            int whole = (plain.Length - (3 - lead) % 3) / 3 * 3;
            string inner = Convert.ToBase64String(plain.AsSpan((3 - lead) % 3, whole));
            shapes[$"in base64, {lead} before it"] = Encoding.ASCII.GetBytes(inner);
            shapes[$"in base64url, {lead} before it"] = Encoding.ASCII.GetBytes(inner.Replace('+', '-').Replace('/', '_'));
        }

        return shapes.Select(shape => (shape.Key, shape.Value));
    }
}
