using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Events.EventStore.Seals;
using Events.EventStore.Seals.Notes;
using Events.EventStore.Seals.Outside;
using Events.EventStore.Seals.Tree;
using Events.Tests.Engines.Postgres;
using Xunit;

namespace Events.Tests.Engines.EventStore.Seals;

/// <summary>
/// Two programs that share no code, the product's check and the single Python file, say the same of whatever somebody made of a
/// bundle. A random case that parts them is repeated by its number.
/// </summary>
public sealed class Tampering_with_bundles : IAsyncLifetime
{
    /// <summary>Each costs the second program some starts of openssl.</summary>
    private const int Cases = 250;

    /// <summary>No verdict of either program.</summary>
    private const int Crashed = 99;

    private const int Seed = 20_261_130;

    /// <summary>One start of Python for all cases: a line each, with the words for it, and exit code and path come back.</summary>
    private const string Driver =
        """
        import contextlib, hashlib, io, sys, traceback
        sys.path.insert(0, sys.argv[1])
        import verify_bundle
        for line in sys.stdin.read().splitlines():
            path = line.split()[0]
            sys.argv = ['verify_bundle.py'] + line.split()
            said = io.StringIO()
            try:
                with contextlib.redirect_stdout(said):
                    code = verify_bundle.main()
            except BaseException:
                code, said = 99, io.StringIO(traceback.format_exc())
            found = '-'
            if code == 0:
                bundle = verify_bundle.Bundle(path)
                found = hashlib.sha256('\n'.join(sorted(name + ' ' + bundle.sha256(name) for name in bundle.names)).encode()).hexdigest()
            print(code, found, ' / '.join(said.getvalue().split('\n'))[-4000:])
        """;

    /// <summary>Packs an archive anew, by one of zip's ways.</summary>
    private const string Repacker =
        """
        import sys, zipfile
        with zipfile.ZipFile(sys.argv[1]) as old, zipfile.ZipFile(sys.argv[2], 'w', int(sys.argv[3])) as new:
            for name in old.namelist():
                new.writestr(name, old.read(name))
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("tampering").FullName;
    private SealedLog _log = null!;
    private string _key = string.Empty;
    private string[] _heads = [];
    private ExportMedia[] _media = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _log = await SealedLog.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _log.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task is_told_the_same_way_by_both_programs()
    {
        (BundleFiles range, BundleFiles stream) = await BundlesAsync();
        Random random = new(Seed);
        List<(string What, byte[] Zip)> cases = [("nothing", range.ToZip()), ("nothing", stream.ToZip()), ("nothing", range.Copy().Mended().ToZip())];
        BundleTampering[] ways = [new(random, range, stream), new(random, stream, range)];
        cases.AddRange(Enumerable.Range(0, Cases).Select(number => ways[number % 2].Next()));

        // Who holds a key from before and kept heads goes other ways through both programs than who holds nothing.
        Held held = await HoldAsync("kept.txt", Encoding.UTF8.GetBytes(string.Join('\n', _heads.Append(Stranger()).Append("torn\n"))));
        List<Told> ours = await OursAsync(cases, number => number / 2 % 2 == 0 ? null : held);
        List<Told> theirs = await TheirsAsync(cases, number => number / 2 % 2 == 0 ? null : held);

        Assert.Equal([0, 0, 0], ours.Take(3).Select(one => one.Code));
        string[] parted =
        [
            .. Enumerable.Range(0, cases.Count).Where(number => ours[number].Code == Crashed || ours[number].Code != theirs[number].Code)
                .Select(number => $"{number}: {cases[number].What}\n  ours   {ours[number]}\n  theirs {theirs[number]}"),
        ];
        Assert.True(parted.Length == 0, $"{parted.Length} of {cases.Count}:\n{string.Join('\n', parted)}");
        Assert.InRange(ours.Count(one => one.Code == 1), Cases * 2 / 3, Cases);
    }

    /// <summary>What random cases have found, and what an archive can hold that no random case makes.</summary>
    [Fact]
    public async Task is_told_the_same_way_when_it_is_small_or_large()
    {
        (BundleFiles range, BundleFiles stream) = await BundlesAsync();
        string leaf = Encoding.UTF8.GetString(range["hidden.jsonl"]).Split('"')[5];
        string key = Encoding.UTF8.GetString(range["keys.txt"]).Split('\n')[^2];
        string deep = new string('[', 100) + new string(']', 100);
        (string What, byte[] Zip, int Code)[] cases =
        [
            With("events.jsonl", "\"seq_id\":\"3\"", "\"seq_id\":\"03\"", 1), With("events.jsonl", "\"version\":\"3\"", "\"version\":\"+3\"", 1),
            With("events.jsonl", "\"bdata\":\"00ff\"", "\"bdata\":\"00FF\"", 1), With("events.jsonl", "\"bdata\":\"00ff\"", "\"bdata\":\"00 ff\"", 1),
            With("events.jsonl", ",\"type\"", ",\t\"type\"", 1), With("hidden.jsonl", $"\"{leaf}\"", "null", 1),
            With("hidden.jsonl", leaf, leaf.ToUpperInvariant(), 1), With("hidden.jsonl", leaf, leaf[..62], 1),
            With("hidden.jsonl", $"\"{leaf}\"", $"\"{leaf}\",\"x\":NaN", 1), With("manifest.json", "\"kind\":\"range\"", "\"kind\":\"other\"", 1),
            With("manifest.json", "\"from\":\"2\"", "\"from\":\"02\"", 1), With("manifest.json", "\"to\":\"12\"", "\"to\":12", 1),
            With("manifest.json", "\"from\":\"2\"", "\"from\":\"-9223372036854775809\"", 1),
            With("manifest.json", "\"from\":\"2\",", "", 1), With("manifest.json", "[\"tally-one\"]", "[\"tally-one\",null]", 1),
            With("manifest.json", "[\"tally-one\"]", "null", 1), With("manifest.json", "[\"tally-one\"]", "[\"tally-one\",\"tally-none\"]", 0),
            With("manifest.json", "\"included\":true", "\"included\":1", 1), With("manifest.json", "events-bundle/1", "events-bundle/2", 2),
            With("manifest.json", "\"format\":\"events-bundle/1\"", "\"format\":1", 1), With("manifest.json", "\"by\":", $"\"aa\":{deep},\"by\":", 1),
            With("keys.txt", key, $"{key}\n{key}", 0), With("keys.txt", key, key[..^8], 1),
            With("keys.txt", "+AjBZMBMGByqGSM49AgEG", "+AjBZMBMGByqGSN49AgEG", 1),
            Added("READ-ME-FIRST.txt", [1], 1), Added("more.txt", [], 0), Added("bomb.txt", new byte[50_000_000], 1), Added("more//less.txt", [], 1),
        ];
        List<Told> ours = await OursAsync([.. cases.Select(one => (one.What, one.Zip))]);
        List<Told> theirs = await TheirsAsync([.. cases.Select(one => (one.What, one.Zip))]);
        for (int number = 0; number < cases.Length; number++)
        {
            Assert.True(
                (ours[number].Code, theirs[number].Code) == (cases[number].Code, cases[number].Code),
                $"{cases[number].What}\n  ours   {ours[number]}\n  theirs {theirs[number]}");
        }

        (string What, byte[] Zip, int Code) With(string name, string old, string value, int code)
        {
            BundleFiles files = range.Copy();
            string text = Encoding.UTF8.GetString(files[name]);
            Assert.Contains(old, text, StringComparison.Ordinal);
            files[name] = Encoding.UTF8.GetBytes(text.Replace(old, value, StringComparison.Ordinal));
            return ($"{name}: {value[..Math.Min(value.Length, 60)]}", files.Mended().ToZip(), code);
        }

        (string What, byte[] Zip, int Code) Added(string name, byte[] bytes, int code)
        {
            BundleFiles files = stream.Copy();
            files.All.Add((name, bytes));
            return ($"{name} of {bytes.Length} bytes", files.Mended().ToZip(), code);
        }
    }

    /// <summary>No signature covers the manifest. So what was cut off together with it is said to be not checked, or is found.</summary>
    [Fact]
    public async Task that_cuts_something_off_together_with_the_manifest_is_told()
    {
        (BundleFiles range, BundleFiles stream) = await BundlesAsync();
        BundleFiles both = await ExportAsync(["tally-one", "tally-two"], 0, long.MaxValue, isRange: false);
        BundleFiles open = await ExportAsync(["tally-one"], 2, 100, isRange: true);
        const string Ends = "not checked: whether the range ends where it was asked to";
        const string Begins = "not checked: whether the range begins where it was asked to";
        (string What, byte[] Zip, int Code, string Words)[] cases =
        [
            ("the end of a range", Cut(range, row => IndexOf(row) >= 9, _ => { }), 0, Ends),
            ("the end of a range without an end", Cut(open, row => IndexOf(row) >= 9, _ => { }), 0, Ends),
            ("its beginning", Cut(range, row => IndexOf(row) == 1, manifest => manifest["scope"]!["allFrom"] = 2), 0, Begins),
            ("a stream", Cut(both, row => StreamOf(row) == "tally-two", _ => { }), 0, "1 streams that were asked for and have no fact"),
            ("a file", Cut(stream, _ => false, manifest => manifest["media"] = new JsonArray()), 0, "not checked: 1 files that facts describe"),
            ("all that is behind", Cut(range, _ => false, manifest => manifest["scope"]!["to"] = "7"), 1, "fact 8 lies outside of the range"),
            ("all before", Cut(range, _ => false, manifest => manifest["scope"]!["from"] = "3"), 1, "fact 2 lies outside of the range"),
            ("a name", Cut(both, _ => false, manifest => manifest["scope"]!["streams"] = new JsonArray("tally-one")), 1, "of the stream tally-two"),
        ];
        byte[][] whole = [range.ToZip(), open.ToZip(), both.ToZip()];
        List<(string, byte[])> all = [.. cases.Select(one => (one.What, one.Zip)), .. whole.Select(zip => ("nothing", zip))];
        string[] unsaid = ["whether the range", "have no fact", "files that facts describe"];
        foreach (List<Told> told in new[] { await OursAsync(all), await TheirsAsync(all) })
        {
            foreach ((int number, (string what, byte[] zip, int code, string words)) in cases.Index())
            {
                Assert.True(
                    told[number].Code == code && told[number].Said.Contains(words, StringComparison.Ordinal), $"{what}: {told[number]}");
                Assert.Contains(Hash(BundleFiles.Of(zip)["manifest.json"]), told[number].Said, StringComparison.Ordinal);
            }

            foreach (Told one in told.TakeLast(whole.Length))
            {
                Assert.Equal(0, one.Code);
                Assert.DoesNotContain(unsaid, words => one.Said.Contains(words, StringComparison.Ordinal));
            }
        }
    }

    /// <summary>Files of heads come from witnesses, receivers of syslog, mail and full disks: none of that makes a bundle untrue.</summary>
    [Fact]
    public async Task is_not_told_by_heads_of_others_or_parts_of_heads()
    {
        (BundleFiles range, _) = await BundlesAsync();
        string origin = _log.Keys.ReadState()!.Origin;
        using NoteSigner ours = _log.Keys.ReadKey(origin);
        using NoteSigner forger = NoteSigner.Create(origin);
        string kept = string.Join('\n', _heads);
        string lines = string.Join('\n', _heads.Select(head => "Nov 29 gate " + SyslogLine.Of(head, DateTimeOffset.UnixEpoch, "gate")));
        string forged = new TreeHead(origin, 8, TreeHash.OfLeaf("x"u8)).Sign(forger).ToString();
        string another = new TreeHead(origin, 8, TreeHash.OfLeaf("x"u8)).Sign(ours).ToString();
        const string None = "no head that was kept elsewhere could be held against it";
        (byte[] Heads, int Code, string Words)[] cases =
        [
            (Encoding.UTF8.GetBytes(kept), 0, ""),
            (Encoding.UTF8.GetBytes($"{_heads[0][..60]}\n\n\n{Stranger()}\n{kept}"), 0, "of another log, elsewhere"),
            (Encoding.UTF8.GetBytes(kept.ReplaceLineEndings("\r\n")), 0, ""), ([0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes(kept)], 0, ""),
            ([0xFF, 0xFE, .. Encoding.Unicode.GetBytes(kept.ReplaceLineEndings("\r\n"))], 0, ""),
            (Encoding.Latin1.GetBytes($"T\u00fcr ge\u00f6ffnet\n{lines}\nthe end"), 0, ""), (Encoding.UTF8.GetBytes(Stranger()), 0, None),
            ([0, 1, 2, 0xFF], 0, None), ([], 0, "no head was given"), (Encoding.UTF8.GetBytes($"x\n\n\n{Stranger()}\n{forged}"), 1, "as a head of"),
            (Encoding.UTF8.GetBytes($"{Stranger()}\n{another}"), 1, "does not go on from it"),
            (Encoding.UTF8.GetBytes(lines.Replace("size=\"8\"", "size=\"7\"", StringComparison.Ordinal)), 1, "as a head of"),
            (Encoding.UTF8.GetBytes($"{kept}\n{lines}\nthe end"), 0, ""), (Encoding.UTF8.GetBytes($"{another}{lines}"), 1, "does not go on from it"),
            (Encoding.UTF8.GetBytes($"{lines}\n\n\n{another}\n"), 1, "does not go on from it"),
            (Encoding.UTF8.GetBytes($"{kept}\n\n\n{lines}\n"), 0, "no signed head"),
        ];
        List<Held> held = [];
        foreach ((byte[] heads, _, _) in cases)
        {
            held.Add(await HoldAsync($"heads-{held.Count}.txt", heads));
        }

        List<(string, byte[])> all = [.. cases.Select(_ => ("nothing", range.ToZip()))];
        foreach (List<Told> told in new[] { await OursAsync(all, number => held[number]), await TheirsAsync(all, number => held[number]) })
        {
            for (int number = 0; number < cases.Length; number++)
            {
                bool isSaid = cases[number].Words.Length == 0
                    ? !told[number].Said.Contains("kept elsewhere", StringComparison.Ordinal)
                    : told[number].Said.Contains(cases[number].Words, StringComparison.Ordinal);
                Assert.True(isSaid && told[number].Code == cases[number].Code, $"{number}: {told[number]}");
            }
        }
    }

    /// <summary>How an archive is packed, and which kinds of keys there are, is the libraries' to know: both allow the same.</summary>
    [Fact]
    public async Task is_told_the_same_way_however_it_is_packed_and_whatever_the_key_is()
    {
        (BundleFiles range, _) = await BundlesAsync();
        byte[] good = range.ToZip();
        using ECDsa large = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using RSA rsa = RSA.Create(2_048);
        byte[] aside = Convert.FromBase64String(_key.Split('+', 3)[2])[1..];
        aside[^1] ^= 1;
        string[] keys = [VkeyOf(large.ExportSubjectPublicKeyInfo()), VkeyOf(rsa.ExportSubjectPublicKeyInfo()), VkeyOf(aside), "x"];
        byte[] encrypted = [.. good];
        encrypted[BitConverter.ToInt32(good, good.Length - 6) + 8] |= 1;
        BundleFiles spelled = range.Copy();
        spelled["events.jsonl"] = Encoding.UTF8.GetBytes(
            Encoding.UTF8.GetString(range["events.jsonl"]).Replace("\\\"sha256\\\"", "\\\"\\\\u0073ha256\\\"", StringComparison.Ordinal));
        Assert.NotEqual(range["events.jsonl"], spelled["events.jsonl"]);
        BundleFiles unknown = range.Copy();
        unknown["keys.txt"] = Encoding.UTF8.GetBytes(keys[0] + "\n");
        List<(string What, byte[] Zip)> cases =
        [
            ("stored", await RepackedAsync(good, 0)), ("deflated", await RepackedAsync(good, 8)), ("by bzip2", await RepackedAsync(good, 12)),
            ("by LZMA", await RepackedAsync(good, 14)), ("encrypted", encrypted), ("spelled otherwise", spelled.Mended().ToZip()),
            ("another key", unknown.Mended().ToZip()), .. keys.Select(key => (key, good)),
        ];
        int[] expected = [0, 0, 1, 1, 1, 0, 1, .. keys.Select(_ => 2)];
        Held? KeyOf(int number) => number < cases.Count - keys.Length ? null : new Held(cases[number].What, null);
        List<Told> ours = await OursAsync(cases, KeyOf);
        List<Told> theirs = await TheirsAsync(cases, KeyOf);
        Assert.True(expected.SequenceEqual(ours.Select(one => one.Code)), string.Join('\n', ours));
        Assert.True(expected.SequenceEqual(theirs.Select(one => one.Code)), string.Join('\n', theirs));
    }

    /// <summary>
    /// What damages the archive around the files may be noticed by one program and not by the other; neither may call other files
    /// proven, or end in any other way than with a verdict.
    /// </summary>
    [Fact]
    public async Task of_the_archive_itself_never_proves_other_facts()
    {
        (BundleFiles range, BundleFiles stream) = await BundlesAsync();
        BundleTampering way = new(new Random(Seed), range, stream);
        List<(string What, byte[] Zip)> cases = [.. Enumerable.Range(0, Cases).Select(_ => way.NextOfTheArchive())];
        List<Told> ours = await OursAsync(cases);
        List<Told> theirs = await TheirsAsync(cases);
        string good = FilesOf(range);
        for (int number = 0; number < cases.Count; number++)
        {
            foreach (Told told in new[] { ours[number], theirs[number] })
            {
                Assert.True(told.Code is 1 or 2 || (told.Code, told.Files) == (0, good), $"{number}: {cases[number].What}: {told}");
            }
        }
    }

    /// <summary>Nothing but the archive's own checksums covers the manifest's words about who exported it and why.</summary>
    [Fact]
    public async Task with_a_file_that_has_another_checksum_is_damaged()
    {
        (BundleFiles range, _) = await BundlesAsync();
        byte[] good = range.ToZip();
        List<(string What, byte[] Zip)> cases = [];
        for (int at = BitConverter.ToInt32(good, good.Length - 6); at + 46 < good.Length; at++)
        {
            if (good.AsSpan(at, 4).SequenceEqual("PK\u0001\u0002"u8))
            {
                byte[] zip = [.. good];
                zip[at + 16] ^= 1;
                cases.Add(($"the checksum at {at + 16}", zip));
            }
        }

        Assert.Equal(range.All.Count, cases.Count);
        Assert.All(await OursAsync(cases), told => Assert.Equal(1, told.Code));
        Assert.All(await TheirsAsync(cases), told => Assert.Equal(1, told.Code));
    }

    private static string FilesOf(BundleFiles bundle) => Hash(Encoding.UTF8.GetBytes(string.Join(
        '\n', bundle.All.Select(file => $"{file.Name} {Hash(file.Bytes)}").Order(StringComparer.Ordinal))));

    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private static async Task<List<Told>> OursAsync(List<(string What, byte[] Zip)> cases, Func<int, Held?>? heldOf = null)
    {
        List<Told> told = [];
        foreach ((_, byte[] zip) in cases)
        {
            told.Add(await OneAsync(zip, heldOf?.Invoke(told.Count)));
        }

        return told;
    }

    private static async Task<Told> OneAsync(byte[] zip, Held? held)
    {
        try
        {
            string[] keys = held is null ? [] : [held.Key];
            IReadOnlyList<string> anchors = held?.File is { } file ? SealNotes.In(await File.ReadAllTextAsync(file, Token)) : [];
            BundleReport report = await BundleAudit.RunAsync(new MemoryStream(zip), keys, anchors, _ => { }, Token);
            int code = report.Contradictions.Count > 0 ? 1 : report.Undecided is not null ? 2 : 0;
            string[] said =
            [
                .. report.Contradictions, .. report.NotChecked.Select(line => $"not checked: {line}"), $"{report.Undecided}",
                $"{report.ManifestSha256}",
            ];
            return new Told(code, code == 0 ? FilesOf(BundleFiles.Of(zip)) : "-", string.Join(" / ", said));
        }
        catch (Exception none) when (none is not OperationCanceledException)
        {
            return new Told(Crashed, "-", none.ToString());
        }
    }

    private async Task<List<Told>> TheirsAsync(List<(string What, byte[] Zip)> cases, Func<int, Held?>? heldOf = null)
    {
        StringBuilder paths = new();
        for (int number = 0; number < cases.Count; number++)
        {
            string path = Path.Combine(_folder, $"{number}.zip");
            await File.WriteAllBytesAsync(path, cases[number].Zip, Token);
            paths.Append(path);
            if (heldOf?.Invoke(number) is { } held)
            {
                paths.Append(CultureInfo.InvariantCulture, $" --key {held.Key}{(held.File is null ? string.Empty : $" --anchor {held.File}")}");
            }

            paths.Append('\n');
        }

        using Process python = Process.Start(new ProcessStartInfo("python3", ["-c", Driver, AppContext.BaseDirectory])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true,
        })!;
        await python.StandardInput.WriteAsync(paths, Token);
        python.StandardInput.Close();
        string output = await python.StandardOutput.ReadToEndAsync(Token);
        await python.WaitForExitAsync(Token);
        string[] lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(cases.Count, lines.Length);
        return
        [
            .. lines.Select(line => line.Split(' ', 3))
                .Select(parts => new Told(int.Parse(parts[0], CultureInfo.InvariantCulture), parts[1], parts[2])),
        ];
    }

    /// <param name="Files">Hash over all names and contents, as the program read them; a dash if it did not prove them.</param>
    private sealed record Told(int Code, string Files, string Said);

    /// <summary>What an auditor has from elsewhere.</summary>
    /// <param name="Key">A vkey, or what somebody took for one; without blanks.</param>
    /// <param name="File">Of heads; null for none.</param>
    private sealed record Held(string Key, string? File);

    /// <summary>The key from before the change, and a file of heads.</summary>
    private async Task<Held> HoldAsync(string name, byte[] heads)
    {
        string file = Path.Combine(_folder, name);
        await File.WriteAllBytesAsync(file, heads, Token);
        return new Held(_key, file);
    }

    /// <summary>As a witness of several logs has one.</summary>
    private static string Stranger()
    {
        using NoteSigner signer = NoteSigner.Create("elsewhere/1");
        return new TreeHead("elsewhere/1", 8, TreeHash.OfLeaf("x"u8)).Sign(signer).ToString();
    }

    /// <summary>Of type 2, whatever the key is.</summary>
    private static string VkeyOf(byte[] info) =>
        $"elsewhere/1+{Convert.ToHexStringLower(SHA256.HashData(info))[..8]}+{Convert.ToBase64String([2, .. info])}";

    private async Task<byte[]> RepackedAsync(byte[] zip, int way)
    {
        string from = Path.Combine(_folder, "from.zip");
        string to = Path.Combine(_folder, $"packed-{way}.zip");
        await File.WriteAllBytesAsync(from, zip, Token);
        await Commands.RunAsync("python3", "-c", Repacker, from, to, way.ToString(CultureInfo.InvariantCulture));
        return await File.ReadAllBytesAsync(to, Token);
    }

    /// <summary>As a forger does: facts, their proofs and files are away, and the manifest says nothing else.</summary>
    private static byte[] Cut(BundleFiles whole, Func<JsonNode, bool> isCut, Action<JsonNode> change)
    {
        BundleFiles files = whole.Copy();
        JsonNode manifest = JsonNode.Parse(files["manifest.json"])!;
        foreach ((string name, string count) in new[] { ("events.jsonl", "factCount"), ("hidden.jsonl", "hiddenCount") })
        {
            if (files.All.Any(one => one.Name == name))
            {
                string[] lines = Encoding.UTF8.GetString(files[name]).Split('\n', StringSplitOptions.RemoveEmptyEntries);
                string[] cut = [.. lines.Where(line => isCut(JsonNode.Parse(line)!))];
                Array.ForEach(cut, line => files.All.RemoveAll(one => one.Name == $"proofs/{IndexOf(JsonNode.Parse(line)!)}.tlog-proof"));
                files[name] = Encoding.UTF8.GetBytes(string.Concat(lines.Except(cut).Select(line => line + "\n")));
                manifest[count] = lines.Length - cut.Length;
            }
        }

        change(manifest);
        if (manifest["media"]!.AsArray().Count == 0)
        {
            files.All.RemoveAll(one => one.Name.StartsWith("media/", StringComparison.Ordinal));
        }

        files["manifest.json"] = Encoding.UTF8.GetBytes(manifest.ToJsonString());
        return files.Mended().ToZip();
    }

    private static long IndexOf(JsonNode row) => row["index"]!.GetValue<long>();

    private static string? StreamOf(JsonNode row) => row["stream_id"]?.GetValue<string>();

    /// <summary>A range with withheld facts, and a stream; both with a file and a key that was changed.</summary>
    private async Task<(BundleFiles Range, BundleFiles Stream)> BundlesAsync()
    {
        byte[] file = "a recording"u8.ToArray();
        await _log.AppendAsync(4);
        await _log.AppendAsync(3, "tally-two");
        await _log.Store.ExecuteAsync(
            $$"""
            insert into events.mt_events (seq_id, id, stream_id, version, data, bdata, type, timestamp, headers, user_name)
            values (nextval('events.mt_events_sequence'), gen_random_uuid(), 'tally-one', 5,
                    '{"sha256": "{{Hash(file)}}", "n": 9007199254740993, "a": [1.50, "\u00e9\ud83d\ude00"]}',
                    '\x00ff', 'filed', now(), '{"via": "x"}', 'somebody')
            """);
        await _log.SealAllAsync();
        (_key, _) = await _log.AnnounceNextKeyAsync();
        await _log.SealAllAsync();
        await _log.AppendAsync(3, "tally-two");
        await _log.SealAllAsync();
        _heads = [.. (await _log.HeadsAsync()).Select(head => head.Note)];
        _media = [new(8, "one.mp4", Hash(file), () => new MemoryStream(file))];
        return (await ExportAsync(["tally-one"], 2, 12, isRange: true), await ExportAsync(["tally-one"], 0, long.MaxValue, isRange: false));
    }

    private async Task<BundleFiles> ExportAsync(string[] streams, long from, long to, bool isRange)
    {
        using MemoryStream zip = new();
        ExportQuestion question = new(streams, from, to, isRange)
        {
            By = "somebody", Reason = "a case", At = DateTimeOffset.UnixEpoch, Program = "tests", Media = _media, Anchors = _heads,
        };
        await LogExport.RunAsync(_log.Store.ConnectionString, question, zip, _ => { }, Token);
        return BundleFiles.Of(zip.ToArray());
    }
}
