using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Audit;

/// <summary>
/// Syslog receivers, a time-stamp authority and a witness, all real, and somebody who owns database and key and writes the log
/// anew: what he cannot take back finds him.
/// </summary>
public sealed partial class Showing_heads_outside : IAsyncLifetime
{
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(40);

    private readonly string _folder = Directory.CreateTempSubdirectory("outside").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Trait("pace", "slow")]
    [Theory]
    [InlineData("udp")]
    [InlineData("tcp")]
    [InlineData("unix")]
    public async Task sends_lines_to_syslog_that_an_audit_reads(string scheme)
    {
        using SyslogReceiver receiver = new(scheme);
        await using RunningHost host = await RunningHost.StartAsync(Anchored("Syslog", receiver.Url));
        await AddAsync(host, "One");
        await ShownAsync(host, "syslog");
        string line = receiver.Lines[^1];
        Assert.Matches(Rfc5424(), line);
        Assert.InRange(Encoding.UTF8.GetByteCount(line), 200, 480);

        // A receiver's file has other lines, too, and a header of its own.
        string file = Path.Combine(_folder, "audit.log");
        await File.WriteAllLinesAsync(
            file, ["Nov 29 22:00:01 gate sshd[12]: session opened", $"Nov 29 22:00:02 {line}", "the end"], Token);
        JsonElement report = await VerifyAsync(host, 0, "--anchors", file);
        Assert.Equal(1, report.GetProperty("anchors").GetInt64());

        await File.WriteAllTextAsync(file, SizeAttribute().Replace(line, "size=\"9999\""), Token);
        Assert.Equal("forged", WhatOf(await VerifyAsync(host, 1, "--anchors", file)));
    }

    [Trait("pace", "slow")]
    [Fact]
    public async Task goes_on_sealing_while_no_place_answers()
    {
        int port = RunningHost.FreePort();
        using SyslogReceiver silent = new("unix");
        Dictionary<string, string> settings = Anchored("Syslog", $"tcp://127.0.0.1:{port}");
        settings["EVENTS__Anchors__TimeStampUrl"] = $"http://127.0.0.1:{port}/stamps";
        settings["EVENTS__Anchors__WitnessUrl"] = $"http://127.0.0.1:{port}/witness";
        settings["EVENTS__Anchors__WitnessKey"] = WitnessKeyOfNobody();
        settings["EVENTS__Anchors__Folder"] = "/dev/null/nowhere";
        await using RunningHost host = await RunningHost.StartAsync(settings);
        await AddAsync(host, "One");
        await Until.TrueAsync(
            async () => await StatusAsync(host) is var status
                && status.GetProperty("factsSince").GetInt64() == 0
                && status.GetProperty("anchors").EnumerateArray().Count(one => one.Text("state") == "failed") >= 3,
            _limit,
            "the places to fail and the log to be sealed");
        foreach (JsonElement one in (await StatusAsync(host)).GetProperty("anchors").EnumerateArray())
        {
            Assert.True(one.GetProperty("lag").GetInt64() > 0, $"{one}");
        }

        using HttpClient http = new();
        string metrics = await http.GetStringAsync(new Uri($"http://127.0.0.1:{host.HealthPort}/metrics"), Token);
        Assert.Contains("events_anchors_failing{anchor=\"syslog\"} 1\n", metrics, StringComparison.Ordinal);
        Assert.Contains("events_anchors_lag{anchor=\"witness\"} ", metrics, StringComparison.Ordinal);

        // All that there is, without anything from outside, is proven; not so where somebody names something, and it is empty.
        await VerifyAsync(host, 0, "--level", "all");
        string empty = Path.Combine(_folder, "empty.txt");
        await File.WriteAllTextAsync(empty, string.Empty, Token);
        JsonElement undecided = await VerifyAsync(host, 2, "--level", "all", "--anchors", empty);
        Assert.Contains("No head was given", undecided.Text("undecided"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task has_an_authority_stamp_them_that_openssl_and_an_audit_believe()
    {
        await using TimeStampAuthority authority = await TimeStampAuthority.StartAsync();
        authority.Instead = "no stamp"u8.ToArray();
        string kept = Path.Combine(_folder, "kept");
        Dictionary<string, string> settings = Anchored("Folder", kept);
        settings["EVENTS__Anchors__TimeStampUrl"] = authority.Url;
        settings["EVENTS__Anchors__TimeStampCaFile"] = authority.CaFile;
        await using RunningHost host = await RunningHost.StartAsync(settings);
        await AddAsync(host, "One");
        await Until.TrueAsync(
            async () => AnchorOf(await StatusAsync(host), "timestamp").TryGetProperty("trouble", out JsonElement why)
                && why.GetString()!.Contains("no stamp of this head", StringComparison.Ordinal),
            _limit,
            "a wrong answer to be refused");

        // A failure is tried again after a minute; a start tries at once.
        authority.Instead = null;
        Assert.Equal(0, await host.StopAsync());
        await host.StartAgainAsync();
        await ShownAsync(host, "timestamp");
        string stamp = Directory.GetFiles(kept, "stamp-*.tst").Single();
        string note = Path.ChangeExtension(stamp, ".note");
        string[] check = ["ts", "-verify", "-token_in", "-in", stamp, "-CAfile", authority.CaFile, "-data"];
        (await Tool.RunAsync("openssl", [.. check, note])).Ok();

        JsonElement good = await VerifyAsync(host, 0, "--anchors", kept, "--stamp-ca", authority.CaFile);
        Assert.Contains("have a time stamp by CN=Stamps of the test", Notices(good), StringComparison.Ordinal);
        Assert.DoesNotContain("who made the time stamps", good.GetProperty("notChecked").GetRawText(), StringComparison.Ordinal);
        JsonElement unnamed = await VerifyAsync(host, 0, "--anchors", kept);
        Assert.Contains("who made the time stamps", unnamed.GetProperty("notChecked").GetRawText(), StringComparison.Ordinal);

        await using TimeStampAuthority other = await TimeStampAuthority.StartAsync();
        Assert.Equal("forged", WhatOf(await VerifyAsync(host, 1, "--anchors", kept, "--stamp-ca", other.CaFile)));

        // A stamp of something else.
        string newest = await host.SqlAsync("select note from events_own.audit_head order by size limit 1");
        await AddAsync(host, "Two");
        await SealedAsync(host);
        string later = await host.SqlAsync("select note from events_own.audit_head order by size desc limit 1");
        Assert.NotEqual(newest, later);
        await File.WriteAllTextAsync(note, later + "\n", Token);
        Assert.NotEqual(0, (await Tool.RunAsync("openssl", [.. check, note])).ExitCode);
        Assert.Equal("forged", WhatOf(await VerifyAsync(host, 1, "--anchors", note[..^5] + ".tst")));
    }

    [Fact]
    public async Task finds_a_log_that_was_written_anew_by_somebody_with_the_key()
    {
        using SyslogReceiver receiver = new("tcp");
        await using TimeStampAuthority authority = await TimeStampAuthority.StartAsync();
        RunningHost first = await RunningHost.StartAsync();
        await AddAsync(first, "Gate");
        await SealedAsync(first);
        string logs = Path.Combine(_folder, "logs.txt");
        await File.WriteAllTextAsync(
            logs, "# The other one\n" + (await StatusAsync(first)).GetProperty("keys")[0].GetString() + "\n", Token);
        await first.EndAsync();
        await using RunningHost witness = await RunningHost.StartAsync(
            new() { ["EVENTS__Witness__LogsFile"] = logs, ["EVENTS__Witness__Name"] = "witness.example/one" });
        string key = await WitnessKeyOfAsync(witness);
        Dictionary<string, string> settings = Anchored("Syslog", receiver.Url);
        settings["EVENTS__Anchors__TimeStampUrl"] = authority.Url;
        settings["EVENTS__Anchors__WitnessUrl"] = $"http://127.0.0.1:{witness.Port}/witness";
        settings["EVENTS__Anchors__WitnessKey"] = key;
        await using RunningHost host = await RunningHost.StartAsync(settings, data: first.Data);

        // That somebody got the database's address is a fact, too, and is not to come while the log is written anew.
        await host.SqlAsync("select 1");
        await AddAsync(host, "Yard");
        await ShownAsync(host, "witness");
        await AddAsync(host, "Barn");
        await ShownAsync(host, "witness");
        await ShownAsync(host, "syslog");
        await ShownAsync(host, "timestamp", isNewest: false);

        string lines = Path.Combine(_folder, "syslog.log");
        await File.WriteAllLinesAsync(lines, receiver.Lines, Token);
        string heads = Path.Combine(_folder, "witnessed.txt");
        await File.WriteAllTextAsync(heads, (await witness.CliAsync("audit", "witness")).Ok(), Token);
        await CheckCosignatureAsync(await File.ReadAllTextAsync(heads, Token), key);
        JsonElement good = await VerifyAsync(host, 0, "--anchors", lines, "--witness-key", key, "--stamp-ca", authority.CaFile);
        Assert.Contains("cosigned by witness.example/one", Notices(good), StringComparison.Ordinal);

        // The host would ask it at its start, and refuse: it is kept away meanwhile.
        await witness.KillAsync();
        await RewriteAsync(host);
        await witness.StartAgainAsync();
        Assert.Equal("proven", (await VerifyAsync(host, 0)).Text("verdict"));
        Assert.Equal("forked", WhatOf(await VerifyAsync(host, 1, "--anchors", lines)));
        Assert.Equal("forked", WhatOf(await VerifyAsync(host, 1, "--anchors", heads)));
        Assert.Equal("forked", WhatOf(await VerifyAsync(host, 1, "--stamp-ca", authority.CaFile)));
        Assert.Equal("forked", WhatOf(await VerifyAsync(host, 1, "--level", "all")));
        CliResult compared = await host.CliAsync("audit", "compare", "--head", heads);
        Assert.Equal(1, compared.ExitCode);
        Assert.Contains("another history was signed", compared.Output, StringComparison.Ordinal);

        // The witness cosigns nothing of the new history, and says that the old one went another way. It was killed meanwhile: what
        // it knows is on its disk.
        await Until.TrueAsync(
            async () => AnchorOf(await StatusAsync(host), "witness").Text("state") == "contradicted", _limit, "the witness to refuse");
        Assert.Equal(await File.ReadAllTextAsync(heads, Token), (await witness.CliAsync("audit", "witness")).Ok());
        Assert.Equal(key, await WitnessKeyOfAsync(witness));
        Assert.Contains("The witness contradicts the log", host.Output, StringComparison.Ordinal);
        CliResult words = await host.CliAsync("audit", "status");
        Assert.Contains("(contradicted)", words.Ok(), StringComparison.Ordinal);

        // With the receipts thrown away, too, whoever asks for the witness gets no verdict instead of a good one.
        await host.SqlAsync(
            "alter table events_own.audit_anchor disable trigger all; delete from events_own.audit_anchor; "
            + "alter table events_own.audit_anchor enable trigger all");
        Assert.Contains("No head was found", (await VerifyAsync(host, 2, "--witness-key", key)).Text("undecided"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task answers_a_witness_call_that_is_none()
    {
        const string head = "\n\nlog.example\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n\u2014 log.example AAAAAAAA\n";
        string logs = Path.Combine(_folder, "logs.txt");
        await File.WriteAllTextAsync(logs, string.Empty, Token);
        await using RunningHost host = await RunningHost.StartAsync(new() { ["EVENTS__Witness__LogsFile"] = logs });
        foreach ((string sent, HttpStatusCode expected) in new[]
        {
            (string.Empty, HttpStatusCode.BadRequest),
            ("old 0\n\n", HttpStatusCode.BadRequest),
            ("old -1" + head, HttpStatusCode.BadRequest),
            ("old 0" + head, HttpStatusCode.NotFound),
            (new string('x', 16 * 1024), HttpStatusCode.RequestEntityTooLarge),
        })
        {
            using StringContent content = new(sent);
            using HttpResponseMessage answer = await host.Http.PostAsync(new Uri("/witness/add-checkpoint", UriKind.Relative), content, Token);
            Assert.Equal(expected, answer.StatusCode);
            Assert.NotEmpty(await answer.Content.ReadAsStringAsync(Token));
        }
    }

    [Theory]
    [InlineData("Anchors__WitnessUrl", "http://127.0.0.1:9/witness", "needs Anchors.WitnessKey")]
    [InlineData("Anchors__Syslog", "http://127.0.0.1:9", "is no syslog receiver")]
    [InlineData("Witness__LogsFile", "/nonexistent/logs.txt", "Witness.LogsFile")]
    public async Task says_what_is_wrong_with_a_setting(string name, string value, string words)
    {
        CliResult result = await RunningHost.RunAsync(
            ["up", "--data", Path.Combine(_folder, "data"), "--no-demo", "--port", "0", "--health-port", "0", "--rtsp-port", "0"],
            new() { [$"EVENTS__{name}"] = value });
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains(words, result.Errors + result.Output, StringComparison.Ordinal);
    }

    /// <summary>As somebody does who owns the machine: another name in an old fact, all seals made anew with the right key.</summary>
    private static async Task RewriteAsync(RunningHost host)
    {
        await host.SqlAsync(
            """
            begin;
            alter table events.mt_events disable trigger all; alter table events_own.audit_head disable trigger all;
            alter table events_own.audit_tile disable trigger all;
            update events.mt_events set data = jsonb_set(data, '{name}', '"Another"') where type = 'camera_registered' and data->>'name' = 'Gate';
            delete from events_own.audit_head; delete from events_own.audit_tile;
            alter table events_own.audit_anchor disable trigger all;
            create table public.anchors_kept as select * from events_own.audit_anchor; delete from events_own.audit_anchor;
            alter table events.mt_events enable trigger all; alter table events_own.audit_head enable trigger all;
            alter table events_own.audit_tile enable trigger all;
            alter table events.mt_events enable always trigger events_append_only;
            alter table events_own.audit_head enable always trigger audit_append_only;
            alter table events_own.audit_tile enable always trigger audit_append_only;
            commit;
            """);
        await host.KillAsync();
        string state = Path.Combine(host.Data, "keys", "seal-state.json");
        string text = await File.ReadAllTextAsync(state, Token);
        text = Regex.Replace(text, "\"size\":\\d+", "\"size\":0");
        await File.WriteAllTextAsync(
            state, Regex.Replace(text, "\"root\":\"[^\"]*\"", "\"root\":\"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\""), Token);
        await host.StartAgainAsync();
        await SealedAsync(host);

        // Receipts were out of the host's sight while it began anew; the auditor finds them.
        await host.SqlAsync(
            "insert into events_own.audit_anchor select * from public.anchors_kept on conflict do nothing; "
            + "alter table events_own.audit_anchor enable trigger all");
    }

    /// <summary>With openssl and none of our code: what is signed, and by which key.</summary>
    private async Task CheckCosignatureAsync(string note, string vkey)
    {
        string[] parts = note.Split("\n\n", 2);
        string line = parts[1].Split('\n').Single(one => one.StartsWith("\u2014 witness.example/one ", StringComparison.Ordinal));
        byte[] signature = Convert.FromBase64String(line.Split(' ')[2]);
        Assert.Equal(vkey.Split('+')[1], Convert.ToHexStringLower(signature[..4]));
        ulong time = BinaryPrimitives.ReadUInt64BigEndian(signature.AsSpan(4));
        byte[] key = Convert.FromBase64String(vkey.Split('+', 3)[2]);
        Assert.Equal(4, key[0]);
        string pem = Path.Combine(_folder, "witness.pem");
        byte[] der = [0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0x00, .. key[1..]];
        await File.WriteAllTextAsync(
            pem, $"-----BEGIN PUBLIC KEY-----\n{Convert.ToBase64String(der)}\n-----END PUBLIC KEY-----\n", Token);
        string signed = Path.Combine(_folder, "signed");
        await File.WriteAllTextAsync(
            signed, string.Create(CultureInfo.InvariantCulture, $"cosignature/v1\ntime {time}\n{parts[0]}\n"), Token);
        await File.WriteAllBytesAsync(Path.Combine(_folder, "signature"), signature[12..], Token);
        (await Tool.RunAsync(
            "openssl",
            [
                "pkeyutl", "-verify", "-pubin", "-inkey", pem, "-rawin", "-in", signed, "-sigfile", Path.Combine(_folder, "signature"),
            ])).Ok();
    }

    private static Dictionary<string, string> Anchored(string name, string value) =>
        new() { [$"EVENTS__Anchors__{name}"] = value, ["EVENTS__Anchors__IntervalS"] = "1" };

    /// <summary>A good one of a witness that there is not: with the public key of RFC 8032, section 7.1, test 1.</summary>
    private static string WitnessKeyOfNobody()
    {
        const string name = "witness.example/nobody";
        byte[] key = [4, .. Convert.FromHexString("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")];
        byte[] named = [.. Encoding.ASCII.GetBytes(name + "\n"), .. key];
        return $"{name}+{Convert.ToHexStringLower(SHA256.HashData(named)[..4])}+{Convert.ToBase64String(key)}";
    }

    private static async Task<string> WitnessKeyOfAsync(RunningHost witness) =>
        JsonElement.Parse((await witness.CliAsync("audit", "witness", "--format", "json")).Ok()).Text("key");

    private static async Task AddAsync(RunningHost host, string name) =>
        (await host.CliAsync("camera", "add", "--name", name, "--source", "rtsp://127.0.0.1:9/none")).Ok();

    private static async Task<JsonElement> StatusAsync(RunningHost host) =>
        JsonElement.Parse((await host.CliAsync("audit", "status", "--format", "json")).Ok());

    private static JsonElement AnchorOf(JsonElement status, string sink) =>
        status.GetProperty("anchors").EnumerateArray().Single(one => one.Text("sink") == sink);

    private static Task SealedAsync(RunningHost host) => Until.TrueAsync(
        async () => (await StatusAsync(host)).GetProperty("factsSince").GetInt64() == 0, _limit, "all facts to be sealed");

    private static Task ShownAsync(RunningHost host, string sink, bool isNewest = true) => Until.TrueAsync(
        async () => await StatusAsync(host) is var status
            && status.GetProperty("factsSince").GetInt64() == 0
            && AnchorOf(status, sink) is var anchor
            && anchor.Text("state") == "done"
            && (!isNewest || anchor.GetProperty("lag").GetInt64() == 0),
        _limit,
        () => $"the newest head to reach the {sink}; the host printed:\n{host.Output}");

    private static async Task<JsonElement> VerifyAsync(RunningHost host, int code, params string[] more)
    {
        CliResult result = await host.CliAsync(["audit", "verify", "--format", "json", .. more]);
        Assert.True(result.ExitCode == code, $"{result.ExitCode}: {result.Errors}{result.Output}");
        return JsonElement.Parse(result.Output);
    }

    private static string WhatOf(JsonElement report) => report.GetProperty("findings")[0].Text("what");

    private static string Notices(JsonElement report) => report.GetProperty("notices").GetRawText();

    [GeneratedRegex(
        """^<109>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \S+ events - head \[head@32473 origin="\S+" size="\d+" root="\S{44}" sig="\S+"\]$""")]
    private static partial Regex Rfc5424();

    [GeneratedRegex("size=\"\\d+\"")]
    private static partial Regex SizeAttribute();
}
