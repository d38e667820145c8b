using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Events.Host.Control;

namespace Events.Host.Cli;

/// <summary>
/// The verbs of <c>keys</c> that look at all keys or hand one on as a record: <c>export</c>, <c>cleanup</c>, <c>stats</c>. They
/// are those of the older service's key tool; what it deleted stays here, since facts stay.
/// </summary>
internal static class KeyBookVerbs
{
    private static readonly string[] _statuses = ["active", "suspended", "revoked", "expired"];
    private static readonly string[] _roles = ["viewer", "operator", "admin", "auditor"];

    public static Command Export(Option<string> id)
    {
        var output = new Option<string?>("--output") { Description = "A file that is not there yet. Without it, it is printed." };
        return CommandLine.Verb(
            "export",
            "Hands out a key's record, in the form of the older service's key file. No secret is in it: none is kept.",
            [id, output],
            async (given, client, token) =>
            {
                string wanted = given.GetRequiredValue(id);
                KeyRow key = (await AllAsync(client, token)).FirstOrDefault(one => one.Id == wanted)
                    ?? throw new CommandFailedException($"There is no key {wanted}. List them: keys list");
                var file = new KeyFile(new Dictionary<string, KeyRecord> { [key.Id] = KeyRecord.Of(key) });
                string text = JsonSerializer.Serialize(file, KeyBookJson.Default.KeyFile);
                if (given.GetValue(output) is { } path)
                {
                    await WriteAsync(path, text, token);
                }
                else
                {
                    Console.Out.WriteLine(text);
                }
            });
    }

    public static Command CleanUp(Option<string> format)
    {
        var dryRun = new Option<bool>("--dry-run") { Description = "Only shows which keys it would end." };
        return CommandLine.Verb(
            "cleanup",
            "Ends keys whose time has run out, which let nobody in any more, and shows them. What happened to a key stays known.",
            [dryRun, format],
            async (given, client, token) =>
            {
                IReadOnlyList<KeyRow> ended = await client.PostAsync(
                    "/control/keys/cleanup",
                    new KeyCleanup(given.GetValue(dryRun)),
                    ControlJson.Default.KeyCleanup,
                    ControlJson.Default.IReadOnlyListKeyRow,
                    token);
                Tables.Keys(ended, CommandLine.IsJson(given), "There is nothing to clean up: no key is past its time.");
            });
    }

    public static Command Stats(Option<string> format) => CommandLine.Verb(
        "stats", "Counts keys by what has become of them and by role, and how often they were used.", [format],
        async (given, client, token) =>
        {
            IReadOnlyList<KeyRow> all = await AllAsync(client, token);
            var stats = new KeyStats(
                all.Count,
                _statuses.ToDictionary(status => status, status => all.Count(key => key.Status == status)),
                _roles.ToDictionary(role => role, role => all.Count(key => key.Role == role)),
                all.Sum(key => key.UseCount),
                all.Max(key => key.LastUsedAt));
            if (CommandLine.IsJson(given))
            {
                CommandLine.Print(stats, ControlJson.Default.KeyStats);
            }
            else
            {
                Tables.KeyStats(stats);
            }
        });

    internal static Task<IReadOnlyList<KeyRow>> AllAsync(ControlClient client, CancellationToken token) =>
        client.GetAsync("/control/keys", ControlJson.Default.IReadOnlyListKeyRow, token);

    /// <summary>For the owner of the file alone: who has which key, and when it is used, is nobody else's business.</summary>
    private static async Task WriteAsync(string path, string text, CancellationToken cancellationToken)
    {
        try
        {
            await using var stream = new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
            await using var writer = new StreamWriter(stream);
            await writer.WriteLineAsync(text.AsMemory(), cancellationToken);
        }
        catch (IOException) when (File.Exists(path))
        {
            throw new CommandFailedException($"{path} is there already. Name another file with --output.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailedException($"{path} cannot be written: {e.Message}");
        }
    }
}

/// <summary>The older service's key file, by id.</summary>
internal sealed record KeyFile(IReadOnlyDictionary<string, KeyRecord> Keys);

/// <summary>A key as the older service's key file has it, without the secret.</summary>
/// <param name="ExpiresAt">Null, and left out, for never.</param>
/// <param name="LastUsed">Null, and left out, before the first time.</param>
/// <param name="Status">active, revoked or expired; suspended, which the older service did not know.</param>
internal sealed record KeyRecord(
    string Id,
    string Role,
    string CreatedAt,
    string? ExpiresAt,
    string Description,
    string? LastUsed,
    long UsageCount,
    string Status)
{
    public static KeyRecord Of(KeyRow key) =>
        new(
            key.Id,
            key.Role,
            Instant(key.IssuedAt)!,
            Instant(key.ExpiresAt),
            key.Name,
            Instant(key.LastUsedAt),
            key.UseCount,
            key.Status);

    private static string? Instant(DateTimeOffset? at) =>
        at?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    WriteIndented = true)]
[JsonSerializable(typeof(KeyFile))]
internal sealed partial class KeyBookJson : JsonSerializerContext;
