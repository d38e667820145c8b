using System.Text.Json;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Audit;

/// <summary>What somebody who owns the database does, and what <c>audit verify</c> says of it on the real host.</summary>
public sealed class Verifying_the_log(SealedHost log) : IClassFixture<SealedHost>
{
    private const string Row = "seq_id, id, stream_id, version, data, type, timestamp";

    [Fact]
    public async Task proves_a_log_that_nobody_touched_and_says_what_it_left_out()
    {
        await log.MendAsync();
        (int code, JsonElement report) = await log.VerifyAsync();
        Assert.Equal((0, "proven"), (code, report.Text("verdict")));
        long newest = (await log.StatusAsync()).GetProperty("newest").GetInt64();
        Assert.Equal(newest, report.GetProperty("provedPosition").GetInt64());
        Assert.True(report.GetProperty("facts").GetInt64() > SealedHost.Facts);
        Assert.NotEmpty(report.GetProperty("notChecked").EnumerateArray());

        CliResult words = await log.Host.CliAsync("audit", "verify");
        Assert.Contains($"PROVEN: proved up to position {newest}, 0 facts since.", words.Ok(), StringComparison.Ordinal);
        Assert.Contains("Not checked:", words.Output, StringComparison.Ordinal);
    }

    /// <summary>Whoever owns the database may write into it what would clear an auditor's screen and answer in our place.</summary>
    [Fact]
    public async Task is_not_talked_over_by_what_somebody_wrote()
    {
        try
        {
            await log.TamperAsync(
                $"insert into events.mt_events ({Row}) values (-7, gen_random_uuid(), "
                + @"E'note-1\nPROVEN: proved up to position 9, 0 facts since.\n\x1b[2J\u009b2J\r\u202eNEVORP', 1, '{}', 'x', now())");
            CliResult words = await log.Host.CliAsync("audit", "verify");
            Assert.Equal(1, words.ExitCode);
            Assert.DoesNotContain("\nPROVEN", words.Output, StringComparison.Ordinal);
            Assert.DoesNotContain(words.Output, letter => (char.IsControl(letter) && letter != '\n') || letter == '\u202e');
            Assert.Contains(
                @"note-1\nPROVEN: proved up to position 9, 0 facts since.\n\x1b[2J\x9b2J\x0d\u202eNEVORP", words.Output, StringComparison.Ordinal);
        }
        finally
        {
            await log.MendAsync();
        }
    }

    [Theory]
    [InlineData("heads")]
    [InlineData("tiles")]
    [InlineData("heads,tiles")]
    public async Task never_calls_a_log_whole_whose_facts_it_did_not_read(string levels)
    {
        await log.MendAsync();
        CliResult words = await log.Host.CliAsync("audit", "verify", "--level", levels);
        Assert.Contains("this says nothing about them", words.Ok(), StringComparison.Ordinal);
        Assert.DoesNotContain("intact", words.Output, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("PROVEN", words.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("update events.mt_events set data = jsonb_set(data, '{number}', '7') where seq_id = 100", "changed", 100L)]
    [InlineData("update events.mt_events set data = jsonb_set(data, '{number}', '7') where seq_id = 390", "changed", 390L)]
    [InlineData("update events.mt_events set timestamp = timestamp - interval '1 hour' where seq_id = 390", "changed", 390L)]
    [InlineData("delete from events.mt_events where seq_id = 200", "missing", null)]
    [InlineData("delete from events.mt_events where seq_id > 390", "truncated", null)]
    [InlineData("update events.mt_events set seq_id = -1 where seq_id = 50; update events.mt_events set seq_id = 50 where seq_id = 60; "
        + "update events.mt_events set seq_id = 60 where seq_id = -1", "reordered", 50L)]
    [InlineData(
        $"insert into events.mt_events ({Row}) values (-7, gen_random_uuid(), 'note-1', 99999, '{{}}', 'note_written', now())", "inserted", -7L)]
    [InlineData("update events_own.audit_tile set hashes = set_byte(hashes, 3, 1 # get_byte(hashes, 3))", "changed", null)]
    [InlineData(
        "update events_own.audit_head set root = sha256('x') where size = (select max(size) from events_own.audit_head)", "forged", null)]
    [InlineData("update events_own.audit_head h set note = o.note, root = o.root, frontier = o.frontier from events_own.audit_head o "
        + "where h.size = (select max(size) from events_own.audit_head) and o.size = (select min(size) from events_own.audit_head)", "forged", null)]
    [InlineData("delete from events_own.audit_head where size > (select min(size) from events_own.audit_head); "
        + "delete from events.mt_events where seq_id > (select max(last_seq) from events_own.audit_head); delete from events_own.audit_tile "
        + "where last_seq > (select max(last_seq) from events_own.audit_head)", "truncated", null)]
    public async Task finds_what_was_done_and_where(string tampering, string what, long? position)
    {
        try
        {
            await log.TamperAsync(tampering);
            (int code, JsonElement report) = await log.VerifyAsync();
            Assert.Equal((1, "contradicted"), (code, report.Text("verdict")));
            JsonElement first = report.GetProperty("findings").EnumerateArray().First(one => one.Text("what") == what);
            Assert.NotEmpty(first.Text("message"));
            if (position is { } at && what != "inserted")
            {
                Assert.True(first.TryGetProperty("position", out JsonElement found), $"{first}");
                Assert.Equal(at, found.GetInt64());
                Assert.Equal(64, first.Text("expected").Length);
                Assert.Equal(64, first.Text("found").Length);
                Assert.NotEmpty(first.Text("stream"));
            }

            CliResult words = await log.Host.CliAsync("audit", "verify");
            Assert.Equal(1, words.ExitCode);
            Assert.Contains($"{what.ToUpperInvariant()} (level ", words.Output, StringComparison.Ordinal);
            Assert.Contains("CONTRADICTED", words.Output, StringComparison.Ordinal);
        }
        finally
        {
            await log.MendAsync();
        }
    }

    [Fact]
    public async Task holds_the_log_against_heads_that_were_kept_outside()
    {
        await log.MendAsync();
        string file = Path.GetTempFileName();
        string notes = await log.Host.SqlAsync("select string_agg(note, E'\\n') from events_own.audit_head");
        await File.WriteAllTextAsync(file, notes + "\n", TestContext.Current.CancellationToken);
        (int code, JsonElement report) = await log.VerifyAsync("--anchors", file);
        Assert.Equal(0, code);
        Assert.True(report.GetProperty("anchors").GetInt64() >= 2, $"{report}");

        // A stamp whose head was not kept with it is told, and keeps nothing else from being looked at.
        string folder = Directory.CreateTempSubdirectory("kept").FullName;
        File.Move(file, Path.Combine(folder, "heads.txt"));
        await File.WriteAllBytesAsync(Path.Combine(folder, "stamp-7.tst"), [1], TestContext.Current.CancellationToken);
        (int stray, JsonElement told) = await log.VerifyAsync("--anchors", folder);
        Assert.Equal((0, report.GetProperty("anchors").GetInt64()), (stray, told.GetProperty("anchors").GetInt64()));
        Assert.Contains("stamp-7.note", told.GetProperty("notChecked").GetRawText(), StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);

        (int nothing, JsonElement without) = await log.VerifyAsync("--level", "anchors");
        Assert.Equal((2, "undecided"), (nothing, without.Text("verdict")));

        // Nor is it held against another key where the one that was named is not there.
        await File.WriteAllTextAsync(file, "# The key of the log\n", TestContext.Current.CancellationToken);
        CliResult keyless = await log.Host.CliAsync("audit", "verify", "--key", file);
        Assert.Equal(2, keyless.ExitCode);
        Assert.Contains($"There is no key in {file}", keyless.Errors, StringComparison.Ordinal);
        File.Delete(file);
    }

    [Fact]
    public async Task compares_a_head_that_was_kept_with_the_newest_by_a_proof()
    {
        await log.MendAsync();
        string folder = Directory.CreateTempSubdirectory("compare").FullName;
        string kept = Path.Combine(folder, "kept.txt");
        string proof = Path.Combine(folder, "proof.txt");
        string note = await log.Host.SqlAsync("select note from events_own.audit_head order by size limit 1") + "\n";
        await File.WriteAllTextAsync(kept, note, TestContext.Current.CancellationToken);
        string size = note.Split('\n')[1];
        CliResult good = await log.Host.CliAsync("audit", "compare", "--head", kept, "--out", proof);
        Assert.Contains($"{size} facts. The newest head of ", good.Ok(), StringComparison.Ordinal);
        Assert.Contains("The facts were not looked at", good.Output, StringComparison.Ordinal);
        string[] lines = await File.ReadAllLinesAsync(proof, TestContext.Current.CancellationToken);
        Assert.Equal($"old {size}", lines[0]);

        string key = (await log.StatusAsync()).GetProperty("keys")[0].GetString()!;
        Assert.Equal(0, (await log.Host.CliAsync("audit", "compare", "--head", kept, "--key", key)).ExitCode);
        foreach ((string text, int code) in new[]
        {
            (note.Replace($"\n{size}\n", "\n1\n", StringComparison.Ordinal), 2), ("nothing\n", 2), (string.Empty, 2),
        })
        {
            await File.WriteAllTextAsync(kept, text, TestContext.Current.CancellationToken);
            Assert.Equal(code, (await log.Host.CliAsync("audit", "compare", "--head", kept)).ExitCode);
        }

        // A log that was set back is behind what was kept.
        try
        {
            string newest = await log.Host.SqlAsync("select note from events_own.audit_head order by size desc limit 1") + "\n";
            await File.WriteAllTextAsync(kept, newest, TestContext.Current.CancellationToken);
            await log.TamperAsync("delete from events_own.audit_head where size > (select min(size) from events_own.audit_head)");
            CliResult back = await log.Host.CliAsync("audit", "compare", "--head", kept);
            Assert.Equal(1, back.ExitCode);
            Assert.Contains("the log was set back", back.Output, StringComparison.Ordinal);
        }
        finally
        {
            await log.MendAsync();
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("audit", "verify", "--level", "everything")]
    [InlineData("audit", "verify", "--from", "x")]
    [InlineData("audit", "verify", "--from", "100", "--to", "50")]
    [InlineData("audit", "verify", "--no-such-option")]
    [InlineData("audit", "verify", "--key", "")]
    [InlineData("audit", "verify", "--anchors", "")]
    [InlineData("audit", "verify", "--stamp-ca", " ")]
    [InlineData("audit", "verify-bundle", "")]
    [InlineData("audit", "compare", "--head", "")]
    [InlineData("audit", "export", "--from", "x")]
    [InlineData("audit", "export", "--from", "10", "--to", "5")]
    [InlineData("audit", "trail", "--user", "local", "--from", "10", "--to", "5")]
    [InlineData("audit", "no-such-verb")]
    public async Task says_that_a_command_line_makes_no_sense(params string[] words) =>
        Assert.Equal(3, (await log.Host.CliAsync(words)).ExitCode);

    [Fact]
    public async Task gives_no_verdict_where_there_is_no_log()
    {
        CliResult result = await RunningHost.RunAsync(["audit", "verify", "--data", "/nonexistent/data"], []);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("There is no data folder", result.Errors, StringComparison.Ordinal);
    }
}
