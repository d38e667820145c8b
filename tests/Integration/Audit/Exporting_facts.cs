using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Audit;

/// <summary>Bundles, checked by the product and by the independent verifier, which must always agree.</summary>
public sealed class Exporting_facts(SealedHost log) : IClassFixture<SealedHost>
{
    private static readonly string _verifier = Path.Combine(AppContext.BaseDirectory, "verify_bundle.py");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task proves_a_stream_and_is_a_fact_itself()
    {
        (string file, JsonElement export) = await ExportAsync("--stream", "note-3", "--reason", "Case 2026-17");
        long versions = long.Parse(
            await log.Host.SqlAsync("select count(*) from events.mt_events where stream_id = 'note-3'"), CultureInfo.InvariantCulture);
        Assert.Equal(versions, export.GetProperty("facts").GetInt64());
        string manifest = Convert.ToHexStringLower(SHA256.HashData(Read(file)["manifest.json"]));
        Assert.Equal(export.Text("manifestSha256"), manifest);
        await CheckedAsync(file, 0, report =>
        {
            Assert.Equal(versions, report.GetProperty("proven").GetInt64());
            Assert.Equal(manifest, report.Text("manifestSha256"));
        });
        string noted = await log.Host.SqlAsync(
            "select data->>'scope' || '|' || (data->>'reason') || '|' || (data->>'manifestSha256') from events.mt_events "
            + $"where seq_id = {export.GetProperty("position").GetInt64()} and type = 'log_exported'");
        Assert.Equal($"stream note-3|Case 2026-17|{export.Text("manifestSha256")}", noted);
    }

    [Fact]
    public async Task proves_a_range_without_a_hole_and_withholds_the_rest()
    {
        (string range, _) = await ExportAsync("--from", "50", "--to", "320");
        await CheckedAsync(range, 0, report => Assert.Equal(271, report.GetProperty("proven").GetInt64()));
        (string some, JsonElement export) = await ExportAsync("--from", "50", "--to", "320", "--stream", "note-1");
        await CheckedAsync(some, 0, report =>
        {
            Assert.Equal(271, report.GetProperty("proven").GetInt64() + report.GetProperty("withheld").GetInt64());
            Assert.Equal(export.GetProperty("hidden").GetInt64(), report.GetProperty("withheld").GetInt64());
        });
    }

    [Fact]
    public async Task is_checked_with_the_key_and_the_heads_that_the_auditor_holds()
    {
        string anchors = Path.GetTempFileName();
        await File.WriteAllTextAsync(
            anchors, await log.Host.SqlAsync("select string_agg(note, E'\\n') from events_own.audit_head") + "\n", Token);
        string key = (await log.StatusAsync()).GetProperty("keys")[0].GetString()!;
        (string file, _) = await ExportAsync("--stream", "note-2", "--anchors", anchors);
        string[] product = ["audit", "verify-bundle", file, "--key", key, "--anchors", anchors, "--format", "json"];
        JsonElement report = JsonElement.Parse((await RunningHost.RunAsync(product, [])).Ok());
        Assert.DoesNotContain(report.GetProperty("notChecked").EnumerateArray(), one => one.GetString()!.Contains("key", StringComparison.Ordinal));
        CliResult python = await Tool.RunAsync("python3", [_verifier, file, "--key", key, "--anchor", anchors]);
        Assert.EndsWith("PROVEN\n", python.Ok(), StringComparison.Ordinal);
        Assert.DoesNotContain("kept elsewhere", python.Output, StringComparison.Ordinal);

        // Somebody else's key proves nothing here.
        string other = (await OtherKeyAsync()).Trim();
        Assert.Equal(1, (await Tool.RunAsync("python3", [_verifier, file, "--key", other])).ExitCode);
        Assert.Equal(1, (await RunningHost.RunAsync(["audit", "verify-bundle", file, "--key", other], [])).ExitCode);

        // A key as other programs write it is no text of ours, and says nothing against the bundle.
        string der = Path.ChangeExtension(file, ".der");
        await File.WriteAllBytesAsync(der, Convert.FromBase64String(key.Split('+', 3)[2])[1..], Token);
        Assert.Equal(2, (await Tool.RunAsync("python3", [_verifier, file, "--key", der])).ExitCode);
        Assert.Equal(2, (await RunningHost.RunAsync(["audit", "verify-bundle", file, "--key", der], [])).ExitCode);

        // A file without any key is not a reason to take the one in the bundle.
        await File.WriteAllTextAsync(der, "# The key of the log\n\n", Token);
        CliResult noKey = await Tool.RunAsync("python3", [_verifier, file, "--key", der]);
        CliResult noneHere = await RunningHost.RunAsync(["audit", "verify-bundle", file, "--key", der], []);
        Assert.Equal((2, 2), (noKey.ExitCode, noneHere.ExitCode));
        Assert.Contains("there is no key in", noKey.Output, StringComparison.Ordinal);
        Assert.Contains("There is no key in", noneHere.Errors, StringComparison.Ordinal);
        Assert.Equal(3, (await Tool.RunAsync("python3", [_verifier, file, "--key", ""])).ExitCode);
        File.Delete(anchors);
    }

    /// <summary>Whoever takes them out hears it at once, and has the bundle as evidence.</summary>
    [Fact]
    public async Task tells_at_once_which_facts_are_not_what_was_sealed_and_writes_them_all_the_same()
    {
        string file = Path.Combine(Directory.CreateTempSubdirectory("bundle").FullName, "bundle.zip");
        try
        {
            await log.TamperAsync("update events.mt_events set data = jsonb_set(data, '{number}', '7') where seq_id = 100");
            CliResult export = await log.Host.CliAsync("audit", "export", "--from", "99", "--to", "101", "--out", file, "--format", "json");
            Assert.Equal(1, export.ExitCode);
            Assert.Equal([100L], JsonElement.Parse(export.Output).GetProperty("contradicted").EnumerateArray().Select(one => one.GetInt64()));
            Assert.Contains("The fact at position 100 is not what was sealed", export.Errors, StringComparison.Ordinal);
        }
        finally
        {
            await log.TamperAsync(
                "update events.mt_events set data = (select data from public.mt_events_kept where seq_id = 100) where seq_id = 100");
        }

        await CheckedAsync(file, 1, report => Assert.Single(report.GetProperty("contradictions").EnumerateArray()));
    }

    public static TheoryData<string> Corruptions =>
    [
        "a byte of a fact", "a byte of a fact, manifest mended", "a fact left out, manifest mended", "two facts exchanged, manifest mended",
        "a number written otherwise, manifest mended", "a column changed, manifest mended", "a proof missing", "a proof missing, manifest mended",
        "a proof exchanged, manifest mended", "an older head, manifest mended", "a file too many", "a file that leads elsewhere",
        "no manifest", "a manifest of another version", "a manifest written otherwise", "the head's signature, manifest mended", "cut off",
    ];

    [Theory]
    [MemberData(nameof(Corruptions))]
    public async Task is_refused_when(string what)
    {
        string file = Path.Combine(Directory.CreateTempSubdirectory("bundle").FullName, "bundle.zip");
        File.Copy(await log.BundleAsync(), file);
        bool isMended = what.EndsWith(", manifest mended", StringComparison.Ordinal);
        if (what == "cut off")
        {
            byte[] whole = await File.ReadAllBytesAsync(file, Token);
            await File.WriteAllBytesAsync(file, whole[..(whole.Length / 2)], Token);
        }
        else
        {
            Dictionary<string, byte[]> files = Read(file);
            Corrupt(files, what.Split(',')[0]);
            if (isMended)
            {
                Mend(files);
            }

            Write(file, files);
        }

        // A number that is written otherwise is the same number: jsonb and the canonical form both say so.
        int code = what.StartsWith("a number", StringComparison.Ordinal) ? 0 : what == "a manifest of another version" ? 2 : 1;
        await CheckedAsync(file, code, _ => { });
    }

    [Fact]
    public async Task agrees_with_the_published_cases() =>
        Assert.EndsWith(
            ", 0 wrong\n",
            (await Tool.RunAsync("python3", [_verifier, "--vectors", Path.Combine(AppContext.BaseDirectory, "vectors.json")])).Ok(),
            StringComparison.Ordinal);

    [Fact]
    public async Task carries_the_verifier_and_words_for_whoever_finds_it()
    {
        string file = await log.BundleAsync();
        Dictionary<string, byte[]> files = Read(file);
        Assert.Equal(await File.ReadAllBytesAsync(_verifier, Token), files["verify.py"]);
        Assert.Contains("python3 verify.py", Encoding.UTF8.GetString(files["READ-ME-FIRST.txt"]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task says_what_is_missing_on_the_command_line()
    {
        Assert.Equal(3, (await log.Host.CliAsync("audit", "export")).ExitCode);
        CliResult nothing = await log.Host.CliAsync("audit", "export", "--stream", "no-such", "--out", Path.Combine(Path.GetTempPath(), "none.zip"));
        Assert.Equal(2, nothing.ExitCode);
        Assert.Contains("There is no such fact", nothing.Errors, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(Path.GetTempPath(), "none.zip")));
    }

    private async Task<(string File, JsonElement Export)> ExportAsync(params string[] words)
    {
        string file = Path.Combine(Directory.CreateTempSubdirectory("bundle").FullName, "bundle.zip");
        CliResult result = await log.Host.CliAsync(["audit", "export", "--out", file, "--format", "json", .. words]);
        return (file, JsonElement.Parse(result.Ok()));
    }

    private static async Task CheckedAsync(string file, int code, Action<JsonElement> more)
    {
        CliResult product = await RunningHost.RunAsync(["audit", "verify-bundle", file, "--format", "json"], []);
        CliResult python = await Tool.RunAsync("python3", [_verifier, file, "--json"]);
        Assert.Equal((code, code), (product.ExitCode, python.ExitCode));
        more(JsonElement.Parse(product.Output));
        more(JsonElement.Parse(python.Output));
        Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
    }

    private static async Task<string> OtherKeyAsync()
    {
        using JsonDocument vectors = JsonDocument.Parse(
            await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "vectors.json"), Token));
        return vectors.RootElement.GetProperty("keys").GetProperty("a").Text("vkey");
    }

    private static void Corrupt(Dictionary<string, byte[]> files, string what)
    {
        string[] lines = Encoding.UTF8.GetString(files["events.jsonl"]).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string[] proofs = [.. files.Keys.Where(name => name.StartsWith("proofs/", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
        switch (what)
        {
            case "a byte of a fact": lines[1] = lines[1].Replace("note ", "mote ", StringComparison.Ordinal); break;
            case "a fact left out": lines = [.. lines[..2], .. lines[3..]]; break;
            case "two facts exchanged": (lines[1], lines[2]) = (lines[2], lines[1]); break;
            case "a number written otherwise": lines[1] = Renumbered(lines[1]); break;
            case "a column changed": lines[1] = lines[1].Replace("note_written", "note_changed", StringComparison.Ordinal); break;
            case "a proof missing": files.Remove(proofs[0]); break;
            case "a proof exchanged": (files[proofs[0]], files[proofs[1]]) = (files[proofs[1]], files[proofs[0]]); break;
            case "an older head": files["checkpoint"] = Replaced(files["checkpoint"], "\n4", "\n3"); break;
            case "a file too many": files["more.txt"] = "more"u8.ToArray(); break;
            case "a file that leads elsewhere": files["../more.txt"] = "more"u8.ToArray(); break;
            case "no manifest": files.Remove("manifest.json"); break;
            case "a manifest of another version":
                files["manifest.json"] = Replaced(files["manifest.json"], "events-bundle/1", "events-bundle/9");
                break;
            case "a manifest written otherwise": files["manifest.json"] = [.. files["manifest.json"], (byte)' ']; break;
            case "the head's signature": files["checkpoint"] = Resigned(files["checkpoint"]); break;
            default: throw new ArgumentOutOfRangeException(nameof(what), what, "No such corruption.");
        }

        files["events.jsonl"] = Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line + "\n")));
    }

    private static string Renumbered(string line)
    {
        const string Number = "\\\"number\\\": ";
        int at = line.IndexOf(Number, StringComparison.Ordinal) + Number.Length;
        int end = line.IndexOfAny(['}', ','], at);
        return $"{line[..at]}{line[at..end]}.000{line[end..]}";
    }

    private static byte[] Resigned(byte[] note)
    {
        byte[] other = [.. note];
        other[^10] = (byte)(other[^10] == 'A' ? 'B' : 'A');
        return other;
    }

    private static byte[] Replaced(byte[] text, string from, string to)
    {
        string all = Encoding.UTF8.GetString(text);
        Assert.Contains(from, all, StringComparison.Ordinal);
        return Encoding.UTF8.GetBytes(all.Replace(from, to, StringComparison.Ordinal));
    }

    /// <summary>As a forger does: the manifest is made to fit what was changed.</summary>
    private static void Mend(Dictionary<string, byte[]> files)
    {
        using JsonDocument manifest = JsonDocument.Parse(files["manifest.json"]);
        string text = Encoding.UTF8.GetString(files["manifest.json"]);
        foreach (JsonElement file in manifest.RootElement.GetProperty("files").EnumerateArray())
        {
            string entry = file.GetRawText();
            string mended = files.TryGetValue(file.Text("path"), out byte[]? bytes)
                ? $"{{\"length\":{bytes.Length},\"path\":\"{file.Text("path")}\",\"sha256\":\"{Convert.ToHexStringLower(SHA256.HashData(bytes))}\"}}"
                : string.Empty;
            text = text.Replace(entry, mended, StringComparison.Ordinal);
        }

        files["manifest.json"] = Encoding.UTF8.GetBytes(
            text.Replace("[,", "[", StringComparison.Ordinal).Replace(",,", ",", StringComparison.Ordinal)
                .Replace(",]", "]", StringComparison.Ordinal));
    }

    private static Dictionary<string, byte[]> Read(string file)
    {
        using ZipArchive archive = ZipFile.OpenRead(file);
        return archive.Entries.ToDictionary(entry => entry.FullName, entry =>
        {
            using Stream stream = entry.Open();
            using MemoryStream copy = new();
            stream.CopyTo(copy);
            return copy.ToArray();
        });
    }

    private static void Write(string file, Dictionary<string, byte[]> files)
    {
        File.Delete(file);
        using ZipArchive archive = ZipFile.Open(file, ZipArchiveMode.Create);
        foreach ((string name, byte[] content) in files)
        {
            using Stream stream = archive.CreateEntry(name).Open();
            stream.Write(content);
        }
    }
}
