using Events.EventStore.Seals;
using Events.EventStore.Seals.Sealing;
using Events.EventStore.Seals.Tree;
using Xunit;

namespace Events.Tests.Engines.EventStore.Seals;

/// <summary>
/// Rows that appear below what is sealed, in places where no fact is: 101 to 110 lie in the first tile, 411 to 420 among the last
/// facts, which are in no whole one.
/// </summary>
public sealed class Adopting_a_row : IAsyncLifetime
{
    private const int Size = 450;
    private const long LastSeq = 470;
    private const AuditLevels All = AuditLevels.Heads | AuditLevels.Tiles | AuditLevels.Events;
    private const string Next = "nextval('events.mt_events_sequence')";

    /// <summary>Whether somebody asks for the sealer's lock.</summary>
    private const string Asking =
        """
        select exists (
          select from pg_stat_activity
          where datname = current_database() and query not like '%pg_stat_activity%'
            and (query like '%pg_try_advisory_lock%' or query like '%from pg_locks%having%'))
        """;

    /// <summary>Whether somebody has it.</summary>
    private static readonly string Looking =
        $"""
        select exists (
          select from pg_locks
          where locktype = 'advisory' and granted and classid::bigint << 32 | objid::bigint = {SealedLog.SealerLock}
            and database = (select oid from pg_database where datname = current_database()))
        """;

    private SealedLog _log = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _log = await SealedLog.StartAsync();
        await _log.AppendAsync(100);
        await GapAsync();
        await _log.AppendAsync(300);
        await GapAsync();
        await _log.AppendAsync(50);
        await _log.SealAllAsync();
        StoredHead head = (await _log.HeadsAsync())[^1];
        Assert.Equal((Size, LastSeq), (head.Size, head.LastSeq));

        Task GapAsync() => _log.Store.ExecuteAsync($"select {Next} from generate_series(1, 10)");
    }

    public async ValueTask DisposeAsync() => await _log.DisposeAsync();

    [Theory]
    [InlineData(105)]
    [InlineData(415)]
    public async Task proves_the_log_once_the_fact_that_names_it_is_sealed_and_says_so(long late)
    {
        await LateAsync(late);
        Assert.Equal([("inserted", late)], await FoundAsync());
        AdoptableRow row = await _log.AdoptAsync(late);
        Assert.Equal((late, "tally-one", 100_000 + late), (row.Position, row.Stream, row.Version));
        AuditReport unsealed = await AuditAsync();
        Assert.Equal("inserted", Assert.Single(unsealed.Findings).What);
        Assert.Contains(unsealed.Notices, text => text.Contains("is not sealed yet", StringComparison.Ordinal));

        await _log.SealAllAsync();
        AuditReport report = await AuditAsync();
        Assert.Empty(report.Findings);
        Assert.Equal(Size + 1, report.Facts);
        Assert.Contains(
            $"1 row adopted later, in no tree and unchanged since: at position {late}, by the fact at position {LastSeq + 1} "
            + "(An importer ended late).",
            report.Notices);

        await _log.AppendAsync(300);
        await _log.OpenAsync();
        await _log.SealAllAsync();
        Assert.Equal(Size + 301, (await _log.HeadsAsync())[^1].Size);
        Assert.Empty(await FoundAsync());
        AuditReport part = await AuditAsync(upTo: LastSeq);
        Assert.Empty(part.Findings);
        Assert.Contains(part.NotChecked, text => text.StartsWith("the facts that adopt rows", StringComparison.Ordinal));
    }

    [Fact]
    public async Task lets_a_sealer_go_on_that_found_it_among_the_last_facts()
    {
        await _log.CloseAsync();
        await LateAsync(415);
        await using Store store = await Store.StartSealingAsync(
            _log.Store.ConnectionString, new SealOptions(_log.Folder, SealedLog.HostName));
        ISeals seals = store.Get<ISeals>();
        ISealedTree tree = store.Get<ISealedTree>();
        await Store.UntilAsync(() => Task.FromResult(seals.Status.IsRefused));
        Assert.Contains("put between", seals.Status.Trouble!, StringComparison.Ordinal);
        Assert.Equal(TileOutcome.Broken, (await tree.EntriesAsync("tile/entries/001.p/194", Token)).Outcome);

        await _log.AdoptAsync(415);
        seals.LookAgain();
        await Store.UntilAsync(() => Task.FromResult(seals.Status.Size == Size + 1));
        Assert.Equal((null, false), (seals.Status.Trouble, seals.Status.IsRefused));
        Assert.Equal(TileOutcome.Found, (await tree.EntriesAsync("tile/entries/001.p/195", Token)).Outcome);
        Assert.Empty(await FoundAsync());
    }

    /// <summary>
    /// As on another host, where nobody says that it should. The sealer's lock is the test's meanwhile, so that a look is seen.
    /// </summary>
    [Fact]
    public async Task on_another_host_has_a_sealer_look_again_which_signs_only_when_all_is_adopted()
    {
        await _log.CloseAsync();
        await LateAsync(415);
        await LateAsync(416);
        await using Store store = await Store.StartSealingAsync(
            _log.Store.ConnectionString, new SealOptions(_log.Folder, SealedLog.HostName));
        ISeals seals = store.Get<ISeals>();
        await Store.UntilAsync(() => Task.FromResult(seals.Status.IsRefused));
        await using (await _log.HoldAsync(SealedLog.SealerLock))
        {
            await _log.AdoptAsync(415);
            await Store.UntilAsync(() => HoldsAsync(Asking));
        }

        await Store.UntilAsync(async () => !await HoldsAsync(Asking) && !await HoldsAsync(Looking));
        Assert.True(seals.Status.IsRefused);
        Assert.Equal(Size, (await _log.HeadsAsync())[^1].Size);

        await _log.AdoptAsync(416);
        await Store.UntilAsync(() => Task.FromResult(seals.Status.Size == Size + 2));
        Assert.Equal((null, false), (seals.Status.Trouble, seals.Status.IsRefused));
        Assert.Empty(await FoundAsync());

        async Task<bool> HoldsAsync(string sql) => Assert.Single(await _log.Store.QueryAsync<bool>(sql));
    }

    [Fact]
    public async Task leaves_entries_as_they_were_sealed()
    {
        await LateAsync(105);
        await LateAsync(415);
        await _log.AdoptAsync(105);
        await _log.AdoptAsync(415);
        await _log.SealAllAsync();
        await _log.CloseAsync();
        await using Store store = await Store.StartSealingAsync(
            _log.Store.ConnectionString, new SealOptions(_log.Folder, SealedLog.HostName));
        ISealedTree tree = store.Get<ISealedTree>();
        foreach (string name in new[] { "000", "000.p/101", "001.p/144", "001.p/196" })
        {
            TileAnswer answer = await tree.EntriesAsync($"tile/entries/{name}", Token);
            Assert.True(answer.Outcome == TileOutcome.Found, $"{name}: {answer.Why}");
        }
    }

    [Theory]
    [InlineData("update events.mt_events set data = '{\"a\": 1}' where seq_id = 105", "changed", 105)]
    [InlineData("update events.mt_events set user_name = 'x' where seq_id = 105", "changed", 105)]
    [InlineData("delete from events.mt_events where seq_id = 105", "missing", 105)]
    [InlineData("update events.mt_events set data = data || '{\"reason\": \"another\"}' where type = 'fact_adopted'", "changed", 471)]
    [InlineData("update events.mt_events set data = data || '{\"position\": 106}' where type = 'fact_adopted'", "inserted", 105)]
    [InlineData("update events.mt_events set type = 'fact_parked' where type = 'fact_adopted'", "inserted", 105)]
    public async Task holds_it_to_what_it_was_then(string tampering, string what, long position)
    {
        await LateAsync(105);
        await _log.AdoptAsync(105);
        await _log.SealAllAsync();
        Assert.Empty(await FoundAsync());
        await _log.TamperAsync(tampering);
        Assert.Contains((what, position), await FoundAsync());
    }

    [Fact]
    public async Task is_refused_for_what_is_no_row_below_what_is_sealed_and_in_no_tree()
    {
        await RefusedAsync(105, "There is no row");
        await RefusedAsync(50, "sealed at its place");
        await RefusedAsync(430, "sealed at its place");
        await RefusedAsync(LastSeq + 1, "not below what is sealed");
        foreach (long late in new long[] { 105, 106, 415, 416 })
        {
            await LateAsync(late);
        }

        await _log.AdoptAsync(105);
        await RefusedAsync(105, "adopted before");
        await _log.AdoptAsync(415);

        // A fact that was changed is not to be excused, and what stands beside it may stand in its place.
        await _log.TamperAsync("update events.mt_events set data = '{}' where seq_id in (90, 440)");
        await RefusedAsync(90, "changed or missing");
        await RefusedAsync(106, "changed or missing");
        await RefusedAsync(440, "changed or missing");
        await RefusedAsync(416, "changed or missing");

        async Task RefusedAsync(long position, string words) => Assert.Contains(
            words,
            (await Assert.ThrowsAsync<AdoptionRefusedException>(
                () => LogAdoption.FindAsync(_log.Store.ConnectionString, position, Token))).Message,
            StringComparison.Ordinal);
    }

    /// <summary>Somebody who may write to the log has such a fact sealed; it excuses nothing, and holds nothing up.</summary>
    [Fact]
    public async Task of_a_fact_that_was_sealed_at_its_place_is_a_forgery()
    {
        IReadOnlyList<TreeHash> leaves = await _log.EdgeAsync(410);
        await _log.NoteAdoptionAsync(Next, 50, leaves[49].ToString());
        await _log.NoteAdoptionAsync(Next, 430, leaves[409].ToString());
        await _log.NoteAdoptionAsync(Next, 10_000, leaves[49].ToString());
        await _log.NoteAdoptionAsync(Next, 60, "no hash");
        await _log.SealAllAsync();
        await _log.OpenAsync();
        await _log.AppendAsync(10);
        await _log.SealAllAsync();
        Assert.Equal([("forged", 50L), ("forged", 430L), ("forged", 10_000L)], await FoundAsync());
    }

    /// <summary>Every word rests on a fact in the tree: rows outside cannot vouch for each other.</summary>
    [Fact]
    public async Task by_a_fact_that_is_in_no_tree_itself_is_none()
    {
        await LateAsync(105);
        string leaf = (await LogAdoption.FindAsync(_log.Store.ConnectionString, 105, Token)).Leaf;
        await _log.NoteAdoptionAsync("106", 105, leaf);
        Assert.Contains(("inserted", 106L), await FoundAsync());
        await _log.AdoptAsync(106);
        await _log.SealAllAsync();
        Assert.Equal([("inserted", 105L)], await FoundAsync());
        await _log.AdoptAsync(105);
        await _log.SealAllAsync();
        Assert.Empty(await FoundAsync());
    }

    [Fact]
    public async Task gives_it_no_proof_and_leaves_those_of_others_right()
    {
        await LateAsync(105);
        await LateAsync(415);
        await _log.AdoptAsync(105);
        await _log.AdoptAsync(415);
        await _log.SealAllAsync();
        ProvedFacts proved = await ProofsAsync();
        Assert.Equal(
            [(100L, 99L), (111L, 100L), (410L, 399L), (421L, 400L), (470L, 449L), (471L, 450L)],
            proved.Facts.Select(fact => (fact.Position, fact.Index)));
        Assert.Equal([(105L, 471L), (415L, 472L)], proved.Adopted.Select(one => (one.Key, one.Value)));

        await RefusedAsync(null, 1, 200);
        await RefusedAsync(["tally-one"], 414, 470);
        Assert.Equal((300, 0), await ProvenAsync(null, 111, 410));
        Assert.Equal((52, 0), await ProvenAsync(null, 421, 472));

        // Among what is withheld it has no place either: the range is whole without it.
        Assert.Equal((2, 450), await ProvenAsync(["logbook-all"], 1, 472));

        await _log.TamperAsync("update events.mt_events set data = '[]' where seq_id = 105");
        ExportRefusedException changed = await Assert.ThrowsAsync<ExportRefusedException>(ProofsAsync);
        Assert.Contains("not the one that was adopted", changed.Message, StringComparison.Ordinal);

        Task<ProvedFacts> ProofsAsync() => LogProofs.OfAsync(
            _log.Store.ConnectionString, [100, 105, 111, 410, 415, 421, 470, 471], Token);

        async Task RefusedAsync(string[]? streams, long from, long to) => Assert.Contains(
            "is in no tree",
            (await Assert.ThrowsAsync<ExportRefusedException>(() => ExportAsync(streams, from, to, new MemoryStream()))).Message,
            StringComparison.Ordinal);
    }

    private async Task<(long Proven, long Withheld)> ProvenAsync(string[]? streams, long from, long to)
    {
        using MemoryStream zip = new();
        await ExportAsync(streams, from, to, zip);
        zip.Position = 0;
        BundleReport report = await BundleAudit.RunAsync(zip, await _log.KeyTextsAsync(), [], _ => { }, Token);
        Assert.Empty(report.Contradictions);
        Assert.Null(report.Undecided);
        return (report.Proven, report.Withheld);
    }

    private Task<ExportReport> ExportAsync(string[]? streams, long from, long to, Stream zip) => LogExport.RunAsync(
        _log.Store.ConnectionString,
        new ExportQuestion(streams, from, to, IsRange: true)
        {
            By = "somebody", Reason = "a case", At = DateTimeOffset.UnixEpoch, Program = "tests",
        },
        zip,
        _ => { },
        Token);

    /// <summary>As a writer adds it that took its number long ago.</summary>
    private Task LateAsync(long position) => _log.Store.ExecuteAsync(
        $$"""
        insert into events.mt_events (seq_id, id, stream_id, version, data, type, timestamp)
        values ({{position}}, gen_random_uuid(), 'tally-one', {{100_000 + position}}, '{}', 'late', now())
        """);

    private async Task<(string What, long Position)[]> FoundAsync() =>
        [.. (await AuditAsync()).Findings.Select(one => (one.What, one.Position ?? 0))];

    private Task<AuditReport> AuditAsync(long upTo = long.MaxValue) => LogAudit.RunAsync(
        _log.Store.ConnectionString, new AuditQuestion(All, [], _log.Folder, 0, upTo), _ => { }, Token);
}
