using Events.EventStore.Seals;
using Events.EventStore.Seals.Notes;
using Events.EventStore.Seals.Tree;
using Xunit;

namespace Events.Tests.Engines.EventStore.Seals;

/// <summary>
/// Whoever exports facts is told at once what the program of whoever gets them would say. Nobody has the positions 101 to 110; the
/// first tile ends at position 266.
/// </summary>
public sealed class Exporting_what_was_changed : IAsyncLifetime
{
    private SealedLog _log = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _log = await SealedLog.StartAsync();
        await _log.AppendAsync(100);
        await _log.Store.ExecuteAsync("select nextval('events.mt_events_sequence') from generate_series(1, 10)");
        await _log.AppendAsync(160);
        await _log.AppendAsync(60, "tally-two");
        await _log.SealAllAsync();
    }

    public async ValueTask DisposeAsync() => await _log.DisposeAsync();

    [Fact]
    public async Task names_each_fact_that_is_not_what_was_sealed_shown_or_withheld()
    {
        await _log.TamperAsync("update events.mt_events set data = '{}' where seq_id in (50, 200)");
        Assert.Equal([50, 200], await ContradictedAsync(null, 40, 300));
        Assert.Equal([200], await ContradictedAsync(["tally-one"], 150, 250));
        Assert.Equal([200], await ContradictedAsync(["tally-two"], 150, 300));
        Assert.Empty(await ContradictedAsync(null, 51, 199));
        Assert.Empty(await ContradictedAsync(null, 201, long.MaxValue));
    }

    [Fact]
    public async Task names_those_whose_place_a_row_took_that_was_put_between()
    {
        await _log.TamperAsync(
            """
            insert into events.mt_events (seq_id, id, stream_id, version, data, type, timestamp)
            values (105, gen_random_uuid(), 'tally-late', 1, '{}', 'late', now())
            """);
        Assert.Equal([105, 111, 112], await ContradictedAsync(null, 99, 112));
        Assert.Empty(await ContradictedAsync(null, 90, 100));
        ExportRefusedException refused = await Assert.ThrowsAsync<ExportRefusedException>(() => ExportAsync(null, 260, 270, []));
        Assert.Contains("position 266 has no place in the tree", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task names_a_fact_that_leads_to_another_key()
    {
        await _log.AnnounceNextKeyAsync();
        await _log.AppendAsync(300, "tally-two");
        await _log.SealAllAsync();
        Assert.Empty(await ContradictedAsync(null, 1, 10));
        await _log.TamperAsync("update events.mt_events set user_name = 'x' where type = 'log_key_rotated'");
        Assert.Equal([331], await ContradictedAsync(null, 1, 10));
    }

    /// <summary>They contradict nothing, so they keep nobody from an export.</summary>
    [Fact]
    public async Task passes_over_heads_of_other_logs_and_parts_of_heads_and_says_so()
    {
        string own = (await _log.HeadsAsync())[0].Note;
        await _log.AppendAsync(10);
        await _log.SealAllAsync();
        using NoteSigner other = NoteSigner.Create("elsewhere/1");
        string[] strangers =
            [.. new[] { 8, 9 }.Select(size => new TreeHead("elsewhere/1", size, TreeHash.OfLeaf("x"u8)).Sign(other).ToString())];
        string part = $"{own.Split('\n')[0]}\n32";
        IReadOnlyList<string> kept = SealNotes.In($"{part}\n\n\n{strangers[0]}\n{strangers[1]}\n{own}");
        Assert.Equal(4, kept.Count);
        (ExportReport told, BundleReport found) = await ExportAsync(null, 1, 5, kept);
        Assert.Equal(2, told.Notices.Count);
        Assert.Contains("begins with \"elsewhere/1\" (2 of that)", told.Notices[1], StringComparison.Ordinal);
        Assert.Empty(found.Contradictions);
        Assert.DoesNotContain(found.NotChecked, text => text.Contains("the only history", StringComparison.Ordinal));
    }

    /// <returns>What the exporter is told; the receiver is told of as many facts.</returns>
    private async Task<IReadOnlyList<long>> ContradictedAsync(string[]? streams, long from, long to)
    {
        (ExportReport told, BundleReport found) = await ExportAsync(streams, from, to, []);
        Assert.True(told.Contradicted.Count == found.Contradictions.Count, string.Join('\n', found.Contradictions));
        return told.Contradicted;
    }

    private async Task<(ExportReport Told, BundleReport Found)> ExportAsync(
        string[]? streams, long from, long to, IReadOnlyList<string> kept)
    {
        using MemoryStream zip = new();
        ExportReport told = await LogExport.RunAsync(
            _log.Store.ConnectionString,
            new ExportQuestion(streams, from, to, IsRange: true)
            {
                By = "somebody", Reason = "a case", At = DateTimeOffset.UnixEpoch, Program = "tests", Anchors = kept,
            },
            zip,
            _ => { },
            Token);
        zip.Position = 0;
        return (told, await BundleAudit.RunAsync(zip, await _log.KeyTextsAsync(), kept, _ => { }, Token));
    }
}
