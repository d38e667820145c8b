using System.Diagnostics;
using System.Text.Json;
using Xunit;

namespace Events.Tests.Architecture;

/// <summary>What others found in the packages that we use, as far as the registry tells.</summary>
public sealed class Packages
{
    private static readonly TimeSpan AnswerMax = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task have_no_known_vulnerability()
    {
        string[] telling = [.. (await Task.WhenAll((await SourcesAsync()).Select(TellingAsync))).OfType<string>()];
        Assert.SkipUnless(
            telling.Length > 0,
            "No package registry that is set up here tells of vulnerabilities (none has a VulnerabilityInfo resource). Where one does: "
            + "dotnet list Events.sln package --vulnerable --include-transitive");

        using JsonDocument list = JsonDocument.Parse(
            await DotnetAsync("list", "Events.sln", "package", "--vulnerable", "--include-transitive", "--format", "json"));
        string[] found =
        [
            .. from project in list.RootElement.GetProperty("projects").EnumerateArray()
               where project.TryGetProperty("frameworks", out _)
               from framework in project.GetProperty("frameworks").EnumerateArray()
               from kind in framework.EnumerateObject()
               where kind.Value.ValueKind is JsonValueKind.Array
               from package in kind.Value.EnumerateArray()
               where package.TryGetProperty("vulnerabilities", out _)
               select $"{Path.GetFileName(project.GetProperty("path").GetString())}: {package}",
        ];
        Assert.Empty(found);
    }

    /// <returns>Addresses of the registries that are set up; folders are left out.</returns>
    private static async Task<IEnumerable<string>> SourcesAsync() =>
        from line in (await DotnetAsync("nuget", "list", "source", "--format", "short")).Split('\n')
        where line.StartsWith("E ", StringComparison.Ordinal)
        let address = line[2..].Trim()
        where address.StartsWith("http", StringComparison.OrdinalIgnoreCase)
        select address;

    /// <returns>The address of a registry that tells of vulnerabilities; null for one that does not, or is away.</returns>
    private static async Task<string?> TellingAsync(string address)
    {
        using HttpClient client = new() { Timeout = AnswerMax };
        try
        {
            using JsonDocument index = JsonDocument.Parse(await client.GetStringAsync(new Uri(address)));
            return index.RootElement.GetProperty("resources").EnumerateArray()
                .Any(one => one.GetProperty("@type").ToString().StartsWith("VulnerabilityInfo", StringComparison.Ordinal)) ? address : null;
        }
        catch (Exception away) when (away is HttpRequestException or TaskCanceledException or JsonException or KeyNotFoundException)
        {
            return null;
        }
    }

    private static async Task<string> DotnetAsync(params string[] words)
    {
        using Process dotnet = Process.Start(new ProcessStartInfo("dotnet", words)
        {
            WorkingDirectory = Repository.Root,
            RedirectStandardOutput = true,
        })!;
        string text = await dotnet.StandardOutput.ReadToEndAsync();
        await dotnet.WaitForExitAsync();
        Assert.True(dotnet.ExitCode == 0, $"dotnet {string.Join(' ', words)}: {text}");
        return text;
    }
}
