using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using System.Text.RegularExpressions;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Audit;

/// <summary>Programs that other people wrote for other logs read ours: heads, tiles, leaves and proofs.</summary>
public sealed class Other_peoples_verifiers(SealedHost log) : IClassFixture<SealedHost>
{
    private static readonly string _tools = Path.Combine(Repository.Root, "tests", "tools");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Sigstore's, as npm itself uses it for packages, with its words for each thing that is wrong.</summary>
    [Fact]
    public async Task of_Sigstore_take_our_proofs_and_refuse_altered_ones()
    {
        string program = Path.Combine(_tools, "sigstore-client");
        Assert.True(
            Directory.Exists(Path.Combine(program, "node_modules", "@sigstore")),
            $"Its packages are not installed. ./events test does that; by hand: npm ci in {program}");
        string folder = Directory.CreateTempSubdirectory("sigstore").FullName;
        string bundle = await log.BundleAsync();
        await ZipFile.ExtractToDirectoryAsync(bundle, folder, Token);
        CliResult result = await Tool.RunAsync(
            "node", [Path.Combine(program, "verify.mjs"), folder, Url, await log.Host.TokenAsync("auditor"), await KeyAsync()]);
        JsonElement got = JsonElement.Parse(result.Ok());

        Assert.Equal(Directory.GetFiles(Path.Combine(folder, "proofs")).Length, got.GetProperty("proven").GetInt32());
        Assert.True(got.GetProperty("size").GetInt32() > SealedHost.Facts);
        const string Root = "calculated root hash does not match inclusion proof";
        const string Signature = "invalid checkpoint signature";
        Dictionary<string, string> words = new()
        {
            ["leafChanged"] = Root, ["leafOfAnother"] = Root, ["otherIndex"] = Root, ["indexBehindTheEnd"] = "invalid index: 1000000",
            ["hashChanged"] = Root, ["hashMissing"] = "invalid hash count", ["hashesExchanged"] = Root,
            ["sizeChanged"] = Signature, ["rootChanged"] = Signature, ["signatureChanged"] = Signature,
            ["signatureMissing"] = "no signatures found in checkpoint", ["otherKey"] = Signature, ["otherName"] = Signature,
        };
        Assert.Equal(
            words, got.GetProperty("refused").EnumerateObject().ToDictionary(one => one.Name, one => one.Value.GetString()!));
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>Those that Go has for its checksum database; <c>./events test sumdb</c> brings Go for it.</summary>
    [Fact]
    [Trait("needs", "go")]
    public async Task of_Go_follow_our_tiles_and_refuse_altered_ones()
    {
        await log.MendAsync();
        string program = Path.Combine(_tools, "sumdb-client", "main.go");
        CliResult result = await Tool.RunAsync(
            "env",
            [
                "GO111MODULE=off", "GOPATH=/usr/share/gocode", "go", "run", program, $"{Url}/audit", await log.Host.TokenAsync("auditor"),
                await KeyAsync(),
            ]);
        TestContext.Current.TestOutputHelper!.WriteLine(result.Ok());

        // The log goes on meanwhile; what the program was given is a head of its own.
        Match head = Regex.Match(result.Output, ", (?<size>[0-9]+) facts, 1 good signature\n");
        string size = head.Groups["size"].Value;
        Assert.InRange(int.Parse(size, CultureInfo.InvariantCulture), SealedHost.Facts, SealedHost.Facts * 2);
        Assert.Contains($"records    {size} proved, {size} refused", result.Output, StringComparison.Ordinal);
        Assert.Contains($"trees      {size} older ones proved, {size} refused", result.Output, StringComparison.Ordinal);
        Assert.EndsWith("PROVEN\n", result.Output, StringComparison.Ordinal);
    }

    private string Url => $"http://127.0.0.1:{log.Host.Port}";

    private async Task<string> KeyAsync() => (await log.StatusAsync()).GetProperty("keys")[0].GetString()!;
}
