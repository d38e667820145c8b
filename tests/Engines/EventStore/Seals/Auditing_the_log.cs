using Events.EventStore.Seals;
using Events.EventStore.Seals.Checking;
using Events.EventStore.Seals.Notes;
using Events.EventStore.Seals.Sealing;
using Events.EventStore.Seals.Tree;
using Xunit;

namespace Events.Tests.Engines.EventStore.Seals;

/// <summary>What somebody who owns the database can do, and where the audit finds it.</summary>
public sealed class Auditing_the_log : IAsyncLifetime
{
    private SealedLog _log = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _log = await SealedLog.StartAsync();
        foreach (int more in new[] { 300, 400, 300 })
        {
            await _log.AppendAsync(more);
            await _log.SealAllAsync();
        }

        await _log.AppendAsync(7, "tally-since");
    }

    public async ValueTask DisposeAsync() => await _log.DisposeAsync();

    [Fact]
    public async Task finds_nothing_in_a_log_that_nobody_touched_and_says_what_it_left_out()
    {
        List<AuditProgress> steps = [];
        AuditReport report = await AuditAsync(progress: steps.Add);
        Assert.Empty(report.Findings);
        Assert.Null(report.Undecided);
        Assert.Equal((3, 3, 1_000, 1_000, 7), (report.Heads, report.Tiles, report.Facts, report.ProvedPosition, report.FactsSince));
        Assert.Equal(new AuditProgress(1_000, 1_000), steps[^1]);
        Assert.Contains(report.NotChecked, text => text.Contains("own folder keys", StringComparison.Ordinal));
        Assert.Contains(report.NotChecked, text => text.Contains("anchors", StringComparison.Ordinal));
        Assert.DoesNotContain(report.NotChecked, text => text.Contains("the facts themselves", StringComparison.Ordinal));
        AuditReport heads = await AuditAsync(AuditLevels.Heads);
        Assert.Contains(heads.NotChecked, text => text.Contains("the facts themselves", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("update events.mt_events set data = jsonb_set(data, '{amount}', '5') where seq_id = 100", "changed", 99L, 100L)]
    [InlineData("update events.mt_events set user_name = 'x' where seq_id = 768", "changed", 767L, 768L)]
    [InlineData("update events.mt_events set timestamp = timestamp + interval '1 microsecond' where seq_id = 1", "changed", 0L, 1L)]
    [InlineData("update events.mt_events set correlation_id = null where seq_id = 400", "changed", 399L, 400L)]
    [InlineData("update events.mt_events set headers = null where seq_id = 400", "changed", 399L, 400L)]
    [InlineData("update events.mt_events set bdata = '' where seq_id = 400", "changed", 399L, 400L)]
    [InlineData("update events.mt_events set mt_dotnet_type = 'x' where seq_id = 257", "changed", 256L, 257L)]
    [InlineData("delete from events.mt_events where seq_id = 500", "missing", 499, null)]
    public async Task finds_a_fact_and_what_became_of_it(string tampering, string what, long index, long? position)
    {
        await _log.TamperAsync(tampering);
        AuditFinding first = (await AuditAsync()).Findings[0];
        Assert.Equal((AuditLevels.Events, what, index, position), (first.Level, first.What, first.Index!.Value, first.Position));
        Assert.Contains(
            index switch
            {
                < 300 => "There is no good head before.",
                < 700 => "The newest good head before has 300 facts, up to position 300,",
                _ => "The newest good head before has 700 facts, up to position 700,",
            },
            first.Message,
            StringComparison.Ordinal);
        Assert.NotNull(first.Expected);
        if (what == "changed")
        {
            Assert.Equal(("tally-one", index + 1), (first.Stream, first.Version));
        }
    }

    [Fact]
    public async Task finds_a_fact_that_was_put_in_between()
    {
        await _log.CloseAsync();
        await _log.Store.ExecuteAsync("select setval('events.mt_events_sequence', 5000)");
        await _log.AppendAsync(300);
        await _log.SealAllAsync();
        Assert.Empty((await AuditAsync()).Findings);
        await _log.TamperAsync(
            """
            insert into events.mt_events (seq_id, id, stream_id, version, data, type, timestamp)
            values (3000, gen_random_uuid(), 'tally-one', 100000, '{}', 'tally_added', now())
            """);
        AuditFinding only = Assert.Single((await AuditAsync()).Findings);
        Assert.Equal(("inserted", 1_007, 3_000, 100_000), (only.What, only.Index, only.Position, only.Version));
        Assert.Null(only.Expected);
    }

    [Fact]
    public async Task finds_two_facts_that_were_exchanged()
    {
        await _log.TamperAsync(
            """
            update events.mt_events set seq_id = -1 where seq_id = 20; update events.mt_events set seq_id = 20 where seq_id = 30;
            update events.mt_events set seq_id = 30 where seq_id = -1
            """);
        Assert.Equal([("reordered", 20L), ("reordered", 30L)], (await AuditAsync()).Findings.Select(one => (one.What, one.Position!.Value)));
    }

    [Theory]
    [InlineData("update events.mt_events set data = '{}' where seq_id = 990", AuditLevels.Events, "changed", "position 990 (index 989, ")]
    [InlineData("delete from events.mt_events where seq_id = 990", AuditLevels.Events, "missing", "index 989 is missing")]
    [InlineData("delete from events.mt_events where seq_id > 990", AuditLevels.Events, "truncated", "ends at position 990")]
    [InlineData("delete from events.mt_events where seq_id > 990", AuditLevels.Events, "missing", "10 facts at index 990 to 999")]
    [InlineData("delete from events.mt_events where seq_id > 400", AuditLevels.Events, "missing", "facts at index 400 to 767")]
    [InlineData("insert into events.mt_events (seq_id, id, stream_id, version, data, type, timestamp) values (-3, gen_random_uuid(), "
        + "'tally-one', 9999, '{}', 'tally_added', now())", AuditLevels.Events, "inserted", "position -3")]
    [InlineData("update events_own.audit_head set leaves = set_byte(leaves, 40, 1 # get_byte(leaves, 40)) where size = 1000",
        AuditLevels.Tiles, "changed", "something from index 700 to 999")]
    [InlineData("update events_own.audit_head set leaves = null; update events.mt_events set data = '{}' where seq_id = 990",
        AuditLevels.Tiles, "changed", "something from index 700 to 999")]
    [InlineData("update events_own.audit_head set leaves = null; delete from events.mt_events where seq_id = 990",
        AuditLevels.Events, "missing", "231 facts up to position 1000; 232 were signed")]
    [InlineData("delete from events.mt_events where seq_id > 700; delete from events_own.audit_head where size > 700; "
        + "delete from events_own.audit_tile where n = 2", AuditLevels.Heads, "truncated", "The log was set back")]
    [InlineData("update events_own.audit_tile set hashes = set_byte(hashes, 40, 1 # get_byte(hashes, 40)) where n = 1; update events.mt_events "
        + "set data = '{}' where seq_id = 258", AuditLevels.Events, "changed", "position 258")]
    [InlineData("delete from events_own.audit_tile where n = 1", AuditLevels.Tiles, "missing", "tile/0/001 is missing")]
    [InlineData("update events_own.audit_head set root = sha256('') where size = 700", AuditLevels.Heads, "forged", "head of 700 facts")]
    [InlineData("update events_own.audit_head set size = 701 where size = 700", AuditLevels.Heads, "forged", "head of 701 facts")]
    [InlineData("update events_own.audit_head h set note = o.note, root = o.root from events_own.audit_head o where h.size = 1000 and o.size = 700",
        AuditLevels.Heads, "forged", "head of 1000 facts")]
    [InlineData("update events_own.audit_head set frontier = '' where size = 700", AuditLevels.Heads, "forged", "head of 700 facts")]
    [InlineData("update events_own.audit_head set signed_at = signed_at + interval '1 day' where size = 300",
        AuditLevels.Heads, "forged", "do not rise")]
    [InlineData("update events_own.audit_head set signed_at = '20000-01-01' where size = 1000",
        AuditLevels.Heads, "forged", "a time that no head has")]
    public async Task finds_what_was_done_to_the_tail_or_to_the_seals(string tampering, AuditLevels level, string what, string words)
    {
        await _log.TamperAsync(tampering);
        Assert.Contains(
            (await AuditAsync()).Findings,
            one => (one.Level, one.What) == (level, what) && one.Message.Contains(words, StringComparison.Ordinal));
    }

    /// <summary>Who rewrites everything in the database still lacks the key.</summary>
    [Fact]
    public async Task finds_a_history_that_was_rewritten_and_signed_with_another_key()
    {
        string key = Assert.Single(await _log.KeyTextsAsync());
        await _log.CloseAsync();
        await _log.TamperAsync(
            "update events.mt_events set data = '{}' where seq_id = 5; delete from events_own.audit_head; delete from events_own.audit_tile");
        await using (var forged = await _log.TryOpenAsync(Path.Combine(Path.GetDirectoryName(_log.Folder)!, "forged")))
        {
            await forged!.SealAsync(Token);
        }

        AuditReport report = await AuditAsync(keys: [key]);
        Assert.Equal("forged", report.Findings[0].What);
        Assert.Contains("No trusted key has signed", report.Findings[0].Message, StringComparison.Ordinal);

        // The installation itself knows its key, and what it signed.
        AuditReport own = await AuditAsync();
        Assert.Contains(own.Findings, one => one.Message.Contains("No trusted key has signed", StringComparison.Ordinal));
        Assert.Contains(own.Findings, one => one.Message.Contains("another history up to there", StringComparison.Ordinal));

        // A restore goes by its keys, and not by its state file, which knows of more than the backup.
        AuditReport restored = await LogAudit.RunAsync(
            _log.Store.ConnectionString, new AuditQuestion(All, [], _log.Folder) { IsRestored = true }, _ => { }, Token);
        Assert.Contains(restored.Findings, one => one.Message.Contains("No trusted key has signed", StringComparison.Ordinal));
        Assert.DoesNotContain(restored.Findings, one => one.Message.Contains("another history up to there", StringComparison.Ordinal));

        // Somebody who holds nothing is told whose word it is.
        AuditReport nothing = await LogAudit.RunAsync(
            _log.Store.ConnectionString, new AuditQuestion(All, [], null), _ => { }, Token);
        Assert.Contains(nothing.NotChecked, text => text.Contains("taken from the database itself", StringComparison.Ordinal));
    }

    /// <summary>The signature covers size and root alone; a range is looked for by columns beside them.</summary>
    [Theory]
    [InlineData("update events_own.audit_tile set first_seq = 9000000000000000000 where level = 0 and n = 1")]
    [InlineData("update events_own.audit_tile set last_seq = 299 where level = 0 and n = 1")]
    public async Task finds_a_fact_of_a_range_whose_tile_was_put_elsewhere(string hiding)
    {
        await _log.TamperAsync("update events.mt_events set data = '{}' where seq_id = 300");
        await _log.TamperAsync(hiding);
        AuditReport report = await LogAudit.RunAsync(
            _log.Store.ConnectionString, new AuditQuestion(All, [], _log.Folder, From: 300, To: 300), _ => { }, Token);
        Assert.NotEmpty(report.Findings);
    }

    [Fact]
    public async Task gives_no_verdict_on_a_range_without_a_fact()
    {
        AuditReport report = await LogAudit.RunAsync(
            _log.Store.ConnectionString, new AuditQuestion(All, [], _log.Folder, From: 5_000), _ => { }, Token);
        Assert.Contains("No fact lies in the range", report.Undecided, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(long.MinValue)]
    [InlineData(-long.MaxValue)]
    public async Task finds_a_row_before_all_positions(long position)
    {
        await _log.TamperAsync(
            "insert into events.mt_events (seq_id, id, stream_id, version, data, type, timestamp) values "
            + $"('{position}'::bigint, gen_random_uuid(), 'tally-one', 9999, '{{}}', 'tally_added', now())");
        AuditFinding first = (await AuditAsync()).Findings[0];
        Assert.Equal(("inserted", (long?)position), (first.What, first.Position));
    }

    /// <summary>What no program expects in a table costs the verdict of the rest, not what was found.</summary>
    [Theory]
    [InlineData("alter table events_own.audit_key disable trigger all; update events_own.audit_key set vkey = 'x'", true)]
    [InlineData("alter table events.mt_events alter column version drop not null; "
        + "update events.mt_events set version = null where seq_id = 900", false)]
    [InlineData("alter table events_own.audit_tile rename column hashes to others", false)]
    public async Task keeps_what_it_found_whatever_else_was_done(string tampering, bool hasVerdict)
    {
        await _log.TamperAsync("update events_own.audit_head set root = sha256('') where size = 700");
        await _log.TamperAsync(tampering);
        AuditReport report = await AuditAsync();
        Assert.Contains(report.Findings, one => one.Message.Contains("head of 700 facts", StringComparison.Ordinal));
        Assert.Equal(hasVerdict, report.Undecided is null);
    }

    /// <summary>Whoever adds a row that cannot be read hides no change by it.</summary>
    [Theory]
    [InlineData("insert into events.mt_events (seq_id, id, stream_id, version, data, type, timestamp) values "
        + "(-3, gen_random_uuid(), 'tally-one', 9999, '{\"lostSize\": \"x\"}', 'log_forked', now())")]
    [InlineData("insert into events.mt_events (seq_id, id, stream_id, version, data, type, timestamp) values "
        + "(-3, gen_random_uuid(), 'logbook-all', 1, '{\"lostSize\": \"x\", \"size\": []}', 'log_forked', now())")]
    [InlineData("update events_own.audit_head set signed_at = '20000-01-01' where size = 1000")]
    [InlineData("update events_own.audit_head set signed_at = 'infinity' where size = 700")]
    [InlineData("update events_own.audit_head set signed_at = '-infinity' where size = 300")]
    public async Task finds_a_change_beside_a_row_that_cannot_be_read(string hiding)
    {
        await _log.TamperAsync("update events.mt_events set data = '{}' where seq_id = 100");
        await _log.TamperAsync(hiding);
        AuditReport report = await AuditAsync();
        Assert.Null(report.Undecided);
        Assert.Contains(report.Findings, one => (one.What, one.Position) == ("changed", 100L));
        Assert.Contains(report.Findings, one => one.What is "inserted" or "forged");
    }

    /// <summary>What was signed last is not known then, so there is no verdict; all else is looked at.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task looks_at_the_rest_when_the_state_file_is_damaged_or_cannot_be_read(bool isDamaged)
    {
        string state = Path.Combine(_log.Folder, "seal-state.json");
        File.Delete(state);
        if (isDamaged)
        {
            await File.WriteAllTextAsync(state, "{", Token);
        }
        else
        {
            File.CreateSymbolicLink(state, Path.GetFileName(state));
        }

        AuditReport report = await AuditAsync();
        Assert.Empty(report.Findings);
        Assert.Equal((3, 1_000), (report.Tiles, report.Facts));
        Assert.Contains(state, report.Undecided, StringComparison.Ordinal);
        Assert.Contains(
            report.NotChecked,
            text => text.StartsWith("the sealer's state file: ", StringComparison.Ordinal) && text.Contains(state, StringComparison.Ordinal));

        await _log.TamperAsync("update events.mt_events set data = '{}' where seq_id = 100");
        Assert.Equal(100, Assert.Single((await AuditAsync()).Findings).Position);
    }

    /// <summary>An append goes by the table of streams, which no leaf holds.</summary>
    [Theory]
    [InlineData("update events.mt_streams set version = version - 1 where id = 'tally-one'")]
    [InlineData("insert into events.mt_streams (id, type, version) values ('tally-none', 'tally', 3)")]
    public async Task lists_streams_whose_version_is_not_that_of_their_facts(string tampering)
    {
        Assert.Empty((await AuditAsync(All | AuditLevels.Side)).Findings);
        await _log.TamperAsync(tampering);
        AuditFinding only = Assert.Single((await AuditAsync(All | AuditLevels.Side)).Findings);
        Assert.Equal((AuditLevels.Side, "changed"), (only.Level, only.What));
        Assert.Contains(only.Stream!, only.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task looks_at_the_asked_facts_alone_and_says_so()
    {
        await _log.TamperAsync("update events.mt_events set data = '{}' where seq_id = 5");
        AuditReport report = await LogAudit.RunAsync(
            _log.Store.ConnectionString, new AuditQuestion(All, [], _log.Folder, From: 600, To: 700), _ => { }, Token);
        Assert.Empty(report.Findings);
        Assert.Contains(report.NotChecked, text => text.Contains("before position 600", StringComparison.Ordinal));
        Assert.InRange(report.Facts, 101, 512);
    }

    [Theory]
    [InlineData("")]
    [InlineData("default 'x'")]
    public async Task names_columns_that_no_seal_covers(string value)
    {
        await _log.TamperAsync($"alter table events.mt_events add column note text {value}");
        AuditReport report = await AuditAsync();
        Assert.Empty(report.Findings);
        Assert.Contains(report.NotChecked, text => text.Contains("the column note", StringComparison.Ordinal));
    }

    [Fact]
    public async Task gives_no_verdict_without_a_database()
    {
        AuditReport report = await LogAudit.RunAsync(
            "Host=127.0.0.1;Port=1;Username=x;Timeout=2", new AuditQuestion(All, [], null), _ => { }, Token);
        Assert.NotNull(report.Undecided);
        Assert.True(report.IsUnreached);
    }

    [Fact]
    public async Task ends_after_a_hundred_findings()
    {
        await _log.TamperAsync("update events.mt_events set user_name = 'x'");
        Assert.Equal(Findings.CountMax, (await AuditAsync()).Findings.Count);
    }

    /// <summary>Random edits of a row of hashes are told back as at least as simple a row of differences.</summary>
    [Fact]
    public void tells_how_two_rows_of_hashes_differ()
    {
        Random random = new(4);
        TreeHash[] some = [.. Enumerable.Range(0, 2_000).Select(number => TreeHash.OfLeaf(BitConverter.GetBytes(number)))];
        for (int round = 0; round < 300; round++)
        {
            TreeHash[] expected = some[..random.Next(1, 200)];
            List<TreeHash> actual = [.. expected];
            int edits = random.Next(4);
            for (int i = 0; i < edits; i++)
            {
                int at = random.Next(actual.Count);
                TreeHash fresh = some[random.Next(200, 2_000)];
                switch (random.Next(3))
                {
                    case 0: actual[at] = fresh; break;
                    case 1: actual.Insert(at, fresh); break;
                    default:
                        if (actual.Count > 1)
                        {
                            actual.RemoveAt(at);
                        }

                        break;
                }
            }

            HashDifference[] told = [.. HashDifferences.Between(expected, actual)];
            List<TreeHash> repaired = [.. actual];
            foreach (HashDifference one in told.Reverse())
            {
                switch (one.Kind)
                {
                    case DifferenceKind.Changed: repaired[one.Actual] = expected[one.Expected]; break;
                    case DifferenceKind.Inserted: repaired.RemoveAt(one.Actual); break;
                    default: repaired.Insert(one.Actual, expected[one.Expected]); break;
                }
            }

            Assert.Equal(expected, repaired);
            Assert.InRange(told.Length, edits == 0 ? 0 : Math.Min(1, edits - 1), 2 * edits);
        }
    }

    [Fact]
    public async Task finds_another_history_than_the_one_that_was_shown_outside()
    {
        string[] shown = [.. (await _log.HeadsAsync()).Select(head => head.Note)];
        AuditReport good = await WithAnchorsAsync(shown);
        Assert.Empty(good.Findings);
        Assert.Equal(3, good.Anchors);

        // Whoever has the key and the database signs another history, state file and all.
        await _log.CloseAsync();
        await _log.TamperAsync(
            "update events.mt_events set data = '{}' where seq_id = 5; delete from events_own.audit_head; delete from events_own.audit_tile");
        string state = Path.Combine(_log.Folder, "seal-state.json");
        SignedState old = _log.Keys.ReadState()!;
        _log.Keys.WriteState(old with { Size = 0, Root = TreeHash.Empty.ToBase64() });
        await _log.SealAllAsync();
        Assert.Empty((await AuditAsync()).Findings);
        AuditFinding first = (await WithAnchorsAsync(shown)).Findings[0];
        Assert.Equal((AuditLevels.Anchors, "forked", 300L), (first.Level, first.What, first.Index!.Value));
        Assert.True(File.Exists(state));
    }

    [Fact]
    public async Task finds_a_log_that_was_set_back_behind_what_was_shown_outside()
    {
        string shown = (await _log.HeadsAsync())[^1].Note;
        await _log.TamperAsync(
            "delete from events.mt_events where seq_id > 700; delete from events_own.audit_head where size > 700; "
            + "delete from events_own.audit_tile where n = 2");
        AuditReport report = await WithAnchorsAsync([shown], folder: null);
        Assert.Contains(report.Findings, one => (one.Level, one.What) == (AuditLevels.Anchors, "truncated"));
        AuditReport forged = await WithAnchorsAsync([shown.Replace("\n1000\n", "\n1001\n", StringComparison.Ordinal)], folder: null);
        Assert.Contains(forged.Findings, one => (one.Level, one.What) == (AuditLevels.Anchors, "forged"));
    }

    /// <summary>A witness prints heads of all logs that it knows. Only what claims to be of this one, and is not, is forged.</summary>
    [Fact]
    public async Task takes_heads_of_other_logs_for_no_forgeries()
    {
        string origin = _log.Keys.ReadState()!.Origin;
        using NoteSigner other = NoteSigner.Create("elsewhere/1");
        using NoteSigner forger = NoteSigner.Create(origin);
        string[] shown = [.. (await _log.HeadsAsync()).Select(head => head.Note)];
        string[] strangers =
            [.. new[] { 300, 5_000 }.Select(size => new TreeHead("elsewhere/1", size, TreeHash.OfLeaf("x"u8)).Sign(other).ToString())];
        AuditReport report = await WithAnchorsAsync([.. strangers, .. shown]);
        Assert.Empty(report.Findings);
        Assert.Null(report.Undecided);
        Assert.Equal(3, report.Anchors);
        Assert.Contains("2 heads of another log, elsewhere/1, among what was kept outside", report.NotChecked);

        // With nothing else there is nothing to hold the log against: one that was replaced, name and all, looks the same.
        AuditReport alone = await WithAnchorsAsync(strangers);
        Assert.Empty(alone.Findings);
        Assert.Contains("None of the heads", alone.Undecided, StringComparison.Ordinal);

        string forged = new TreeHead(origin, 300, TreeHash.OfLeaf("x"u8)).Sign(forger).ToString();
        AuditFinding found = Assert.Single((await WithAnchorsAsync([.. strangers, forged, .. shown])).Findings);
        Assert.Equal((AuditLevels.Anchors, "forged"), (found.Level, found.What));
    }

    /// <summary>Marten marks archived facts in place, so the mark is in no leaf; level side asks which fact says so.</summary>
    [Fact]
    public async Task lists_facts_that_are_marked_as_archived_without_a_fact()
    {
        await _log.TamperAsync("update events.mt_events set is_archived = true where seq_id = 40");
        Assert.Empty((await AuditAsync()).Findings);
        AuditFinding only = Assert.Single((await AuditAsync(All | AuditLevels.Side)).Findings);
        Assert.Equal((AuditLevels.Side, 40L, "tally-one", 40L), (only.Level, only.Position, only.Stream, only.Version));

        // With a fact that says so it is in order.
        await _log.Store.ExecuteAsync(
            """
            insert into events.mt_events (seq_id, id, stream_id, version, data, type, timestamp)
            values (nextval('events.mt_events_sequence'), gen_random_uuid(), 'tally-one', 100001, '{}', 'archived', now());
            update events.mt_streams set version = 100001 where id = 'tally-one'
            """);
        Assert.Empty((await AuditAsync(All | AuditLevels.Side)).Findings);
    }

    [Fact]
    public async Task says_that_numbers_were_given_out_which_no_fact_has()
    {
        Assert.Empty((await AuditAsync()).Notices);
        await _log.TamperAsync("delete from events.mt_events where seq_id > 1004");
        Assert.StartsWith("3 numbers", Assert.Single((await AuditAsync()).Notices), StringComparison.Ordinal);
    }

    private Task<AuditReport> WithAnchorsAsync(string[] anchors, string? folder = "") =>
        LogAudit.RunAsync(
            _log.Store.ConnectionString,
            new AuditQuestion(All | AuditLevels.Anchors, [], folder is null ? null : _log.Folder) { Anchors = anchors },
            _ => { },
            Token);

    private const AuditLevels All = AuditLevels.Heads | AuditLevels.Tiles | AuditLevels.Events;

    private Task<AuditReport> AuditAsync(
        AuditLevels levels = All, IReadOnlyList<string>? keys = null, Action<AuditProgress>? progress = null) =>
        LogAudit.RunAsync(
            _log.Store.ConnectionString, new AuditQuestion(levels, keys ?? [], _log.Folder), progress ?? (_ => { }), Token);
}
