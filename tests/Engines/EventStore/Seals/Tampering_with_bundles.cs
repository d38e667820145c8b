using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Events.EventStore.Seals;
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

    /// <summary>One start of Python for all cases: a line each, exit code and path.</summary>
    private const string Driver =
        """
        import contextlib, hashlib, io, sys, traceback
        sys.path.insert(0, sys.argv[1])
        import verify_bundle
        for path in sys.stdin.read().split():
            sys.argv = ['verify_bundle.py', path]
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
            print(code, found, ' / '.join(said.getvalue().split('\n'))[-400:])
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("tampering").FullName;
    private SealedLog _log = null!;

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
        List<Told> ours = await OursAsync(cases);
        List<Told> theirs = await TheirsAsync(cases);

        Assert.Equal([0, 0, 0], ours.Take(3).Select(one => one.Code));
        string[] parted =
        [
            .. Enumerable.Range(0, cases.Count).Where(number => ours[number].Code == Crashed || ours[number].Code != theirs[number].Code)
                .Select(number => $"{number}: {cases[number].What}\n  ours   {ours[number]}\n  theirs {theirs[number]}"),
        ];
        Assert.True(parted.Length == 0, $"{parted.Length} of {cases.Count}:\n{string.Join('\n', parted)}");
        Assert.InRange(ours.Count(one => one.Code == 1), Cases * 3 / 4, Cases);
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

    private static async Task<List<Told>> OursAsync(List<(string What, byte[] Zip)> cases)
    {
        List<Told> told = [];
        foreach ((_, byte[] zip) in cases)
        {
            told.Add(await OneAsync(zip));
        }

        return told;
    }

    private static async Task<Told> OneAsync(byte[] zip)
    {
        try
        {
            BundleReport report = await BundleAudit.RunAsync(new MemoryStream(zip), [], [], _ => { }, Token);
            int code = report.Contradictions.Count > 0 ? 1 : report.Undecided is not null ? 2 : 0;
            return new Told(
                code, code == 0 ? FilesOf(BundleFiles.Of(zip)) : "-", string.Join(" / ", report.Contradictions.Append(report.Undecided)));
        }
        catch (Exception none) when (none is not OperationCanceledException)
        {
            return new Told(Crashed, "-", none.ToString());
        }
    }

    private async Task<List<Told>> TheirsAsync(List<(string What, byte[] Zip)> cases)
    {
        StringBuilder paths = new();
        for (int number = 0; number < cases.Count; number++)
        {
            string path = Path.Combine(_folder, $"{number}.zip");
            await File.WriteAllBytesAsync(path, cases[number].Zip, Token);
            paths.AppendLine(path);
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
        await _log.AnnounceNextKeyAsync();
        await _log.SealAllAsync();
        await _log.AppendAsync(3, "tally-two");
        await _log.SealAllAsync();
        ExportMedia[] media = [new(8, "one.mp4", Hash(file), () => new MemoryStream(file))];
        return (await ExportAsync(2, 12, isRange: true, media), await ExportAsync(0, long.MaxValue, isRange: false, media));
    }

    private async Task<BundleFiles> ExportAsync(long from, long to, bool isRange, ExportMedia[] media)
    {
        using MemoryStream zip = new();
        ExportQuestion question = new(["tally-one"], from, to, isRange)
        {
            By = "somebody", Reason = "a case", At = DateTimeOffset.UnixEpoch, Program = "tests", Media = media,
        };
        await LogExport.RunAsync(_log.Store.ConnectionString, question, zip, _ => { }, Token);
        return BundleFiles.Of(zip.ToArray());
    }
}
