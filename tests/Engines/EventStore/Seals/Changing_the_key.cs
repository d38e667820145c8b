using Events.EventStore.Seals;
using Events.EventStore.Seals.Notes;
using Events.EventStore.Seals.Sealing;
using Events.Tests.Engines.Postgres;
using Xunit;

namespace Events.Tests.Engines.EventStore.Seals;

/// <summary>One key comes after another: a fact says so, the next head is signed by both, later ones by the new one alone.</summary>
public sealed class Changing_the_key : IAsyncLifetime
{
    private const AuditLevels All = AuditLevels.Heads | AuditLevels.Tiles | AuditLevels.Events;

    private SealedLog _log = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _log = await SealedLog.StartAsync();
        await _log.AppendAsync(300);
        await _log.SealAllAsync();
    }

    public async ValueTask DisposeAsync() => await _log.DisposeAsync();

    [Fact]
    public async Task is_signed_by_both_once_and_leaves_no_old_key_behind()
    {
        (string old, string next) = await _log.AnnounceNextKeyAsync();
        byte[] before = await File.ReadAllBytesAsync(Path.Combine(_log.Folder, "seal-key.pem"), Token);
        await _log.SealAllAsync();
        await _log.AppendAsync(1);
        await _log.SealAllAsync();

        int[][] signed = [.. (await _log.HeadsAsync()).Select(head => new[] { old, next }.Select(key => Has(head, key) ? 1 : 0).ToArray())];
        Assert.Equal([[1, 0], [1, 1], [0, 1]], signed);
        Assert.NotEqual(before, await File.ReadAllBytesAsync(Path.Combine(_log.Folder, "seal-key.pem"), Token));
        Assert.False(File.Exists(Path.Combine(_log.Folder, "seal-key-next.pem")));
        Assert.Equal(old, Assert.Single(_log.Keys.RetiredKeys()).ToString());
        Assert.Equal(
            [$"{next}|active||300", $"{old}|active||0", $"{old}|retired|301|0"],
            (await _log.Store.QueryAsync<string>(
                "select vkey || '|' || state || '|' || coalesce(to_size::text, '') || '|' || from_size from events_own.audit_key"))
                .Order(Comparer<string>.Create((a, b) => string.CompareOrdinal(Rank(a), Rank(b)))));

        string Rank(string row) => (row.StartsWith(next, StringComparison.Ordinal) ? "0" : "1") + row.Split('|')[1];
    }

    /// <summary>A key that no fact announces, as a crash before the fact leaves it, signs nothing.</summary>
    [Fact]
    public async Task waits_for_the_fact_that_announces_it()
    {
        using NoteSigner next = _log.Keys.NextKey(_log.Keys.ReadState()!.Origin);
        using NoteSigner again = _log.Keys.NextKey(_log.Keys.ReadState()!.Origin);
        Assert.Equal(next.Key.ToString(), again.Key.ToString());
        await _log.AppendAsync(10);
        await _log.SealAllAsync();
        Assert.False(Has((await _log.HeadsAsync())[^1], next.Key.ToString()));
        await _log.AnnounceNextKeyAsync();
        await _log.SealAllAsync();
        Assert.True(Has((await _log.HeadsAsync())[^1], next.Key.ToString()));
    }

    /// <summary>Over two rotations: whoever holds any of the keys proves all of it, and nobody else does.</summary>
    [Fact]
    public async Task is_followed_by_an_audit_from_any_of_the_keys()
    {
        (string first, string second) = await _log.AnnounceNextKeyAsync();
        await _log.SealAllAsync();
        await _log.AppendAsync(300);
        await _log.SealAllAsync();
        (_, string third) = await _log.AnnounceNextKeyAsync();
        await _log.SealAllAsync();
        await _log.AppendAsync(10);
        await _log.SealAllAsync();
        string[] shown = [.. (await _log.HeadsAsync()).Select(head => head.Note)];
        foreach (string[] keys in new[] { [], [first], [second], [third], [first, third], new[] { first, second, third } })
        {
            AuditReport report = await AuditAsync(All | AuditLevels.Anchors, keys, shown);
            Assert.Empty(report.Findings);
            Assert.Equal(shown.Length, report.Anchors);
            Assert.Equal(2, report.Notices.Count(text => text.Contains("Once a year", StringComparison.Ordinal)));
        }

        using NoteSigner other = NoteSigner.Create(_log.Keys.ReadState()!.Origin);
        Assert.Equal("forged", (await AuditAsync(All, [other.Key.ToString()], [])).Findings[0].What);
        AuditReport heads = await AuditAsync(AuditLevels.Heads, [first], []);
        Assert.Contains(heads.NotChecked, text => text.Contains("lead from the key", StringComparison.Ordinal));

        // A restart knows which key it has.
        await _log.OpenAsync();
        await _log.AppendAsync(1);
        await _log.SealAllAsync();
        Assert.Empty((await AuditAsync(All, [first], [])).Findings);
    }

    /// <summary>A key that was replaced and then stolen signs no more.</summary>
    [Fact]
    public async Task takes_the_old_key_its_word()
    {
        using NoteSigner stolen = _log.Keys.ReadKey(_log.Keys.ReadState()!.Origin);
        await _log.AnnounceNextKeyAsync();
        await _log.SealAllAsync();
        await _log.AppendAsync(10);
        await _log.SealAllAsync();
        await _log.CloseAsync();
        StoredHead newest = (await _log.HeadsAsync())[^1];
        string forged = new TreeHead(_log.Keys.ReadState()!.Origin, newest.Size, newest.Root).Sign(stolen).ToString();
        await _log.TamperAsync($"update events_own.audit_head set note = '{forged}' where size = {newest.Size}");
        Assert.Equal("forged", (await AuditAsync(All, [stolen.Key.ToString()], [])).Findings[0].What);
        Assert.Contains(
            "not what our key signed", (await Assert.ThrowsAsync<SealRefusedException>(() => _log.OpenAsync())).Message, StringComparison.Ordinal);
    }

    /// <summary>Whoever owns the database, and no key, cannot lead an audit to a key of his own.</summary>
    [Fact]
    public async Task cannot_be_feigned_without_the_old_key()
    {
        string held = _log.Keys.ReadKey(_log.Keys.ReadState()!.Origin).Key.ToString();
        string origin = _log.Keys.ReadState()!.Origin;
        using NoteSigner forger = NoteSigner.Create(origin);
        await _log.CloseAsync();
        StoredHead head = (await _log.HeadsAsync())[0];
        SignedNote note = SignedNote.Parse(StrictText.Encode(head.Note));
        string both = (note with { Signatures = [.. note.Signatures, forger.Sign(note.Text)] }).ToString();
        await _log.TamperAsync(
            $$"""
            update events.mt_events set type = 'log_key_rotated', stream_id = 'logbook-all', data = jsonb_build_object(
              'oldKey', '{{held}}', 'newKey', '{{forger.Key}}', 'reason', 'x') where seq_id = 300;
            update events_own.audit_head set note = '{{both}}' where size = 300
            """);
        AuditReport report = await AuditAsync(All, [held], []);
        Assert.Contains(report.Findings, one => (one.Level, one.What, one.Position) == (AuditLevels.Events, "changed", 300L));
    }

    /// <summary>The sealer signs whatever anybody wrote. So a head over such a fact says nothing, with however many signatures.</summary>
    [Fact]
    public async Task cannot_be_feigned_by_a_fact_that_the_sealer_signs()
    {
        string origin = _log.Keys.ReadState()!.Origin;
        using NoteSigner ours = _log.Keys.ReadKey(origin);
        using NoteSigner forger = NoteSigner.Create(origin);
        await _log.AppendRotationAsync(ours.Key, forger.Key, KeyRotation.Sign(forger, forger.Key));
        await _log.SealAllAsync();
        await _log.AppendAsync(1);
        await _log.SealAllAsync();
        await _log.CloseAsync();
        StoredHead[] heads = [.. (await _log.HeadsAsync()).TakeLast(2)];
        SignedNote over = SignedNote.Parse(StrictText.Encode(heads[0].Note));
        string both = (over with { Signatures = [.. over.Signatures, forger.Sign(over.Text)] }).ToString();
        string his = new TreeHead(origin, heads[1].Size, heads[1].Root).Sign(forger).ToString();
        await _log.TamperAsync(
            $"""
            update events_own.audit_head set note = '{both}' where size = {heads[0].Size};
            update events_own.audit_head set note = '{his}' where size = {heads[1].Size}
            """);

        string held = ours.Key.ToString();
        AuditReport report = await AuditAsync(All, [held], []);
        Assert.Contains(report.Findings, one => (one.Level, one.What) == (AuditLevels.Heads, "forged"));
        Assert.Contains(report.Notices, text => text.Contains("it was not followed", StringComparison.Ordinal));

        string file = Path.Combine(_log.Folder, "bundle.zip");
        await using (FileStream zip = File.Create(file))
        {
            await LogExport.RunAsync(
                _log.Store.ConnectionString,
                new ExportQuestion(null, 1, 5, IsRange: true)
                {
                    By = "somebody", Reason = "a case", At = DateTimeOffset.UnixEpoch, Program = "tests",
                },
                zip,
                _ => { },
                Token);
        }

        await using FileStream bundle = File.OpenRead(file);
        Assert.NotEmpty((await BundleAudit.RunAsync(bundle, [held], [], _ => { }, Token)).Contradictions);
        string verifier = Path.Combine(AppContext.BaseDirectory, "verify_bundle.py");
        Assert.Contains(
            "ended with 1",
            (await Assert.ThrowsAsync<InvalidOperationException>(() => Commands.RunAsync("python3", verifier, file, "--key", held))).Message,
            StringComparison.Ordinal);
    }

    /// <summary>Who holds a later key has an earlier one by a fact alone, so it is good for no head that nothing later is above.</summary>
    [Fact]
    public async Task is_believed_backwards_only_below_a_head_of_the_later_key()
    {
        using NoteSigner ours = _log.Keys.ReadKey(_log.Keys.ReadState()!.Origin);
        using NoteSigner later = NoteSigner.Create(_log.Keys.ReadState()!.Origin);
        await _log.AppendRotationAsync(ours.Key, later.Key, KeyRotation.Sign(ours, later.Key));
        await _log.SealAllAsync();
        AuditFinding found = Assert.Single((await AuditAsync(All, [later.Key.ToString()], [])).Findings);
        Assert.Equal("forged", found.What);
        Assert.Contains("yours has signed no head since", found.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task goes_on_after_a_crash_at_any_step()
    {
        (string old, string next) = await _log.AnnounceNextKeyAsync();
        string nextFile = Path.Combine(_log.Folder, "seal-key-next.pem");
        string keyFile = Path.Combine(_log.Folder, "seal-key.pem");
        byte[] nextBytes = await File.ReadAllBytesAsync(nextFile, Token);
        byte[] oldBytes = await File.ReadAllBytesAsync(keyFile, Token);

        // Between the state and the head: the head that is made at the next start is signed by both.
        await _log.SealAllAsync();
        await _log.CloseAsync();
        await _log.TamperAsync("delete from events_own.audit_head where size = 301");
        await File.WriteAllBytesAsync(nextFile, nextBytes, Token);
        await File.WriteAllBytesAsync(keyFile, oldBytes, Token);
        await _log.OpenAsync();
        Assert.True(Has((await _log.HeadsAsync())[^1], old) && Has((await _log.HeadsAsync())[^1], next));

        // Between the head and the files: one more head is signed by both.
        await _log.CloseAsync();
        await File.WriteAllBytesAsync(nextFile, nextBytes, Token);
        await File.WriteAllBytesAsync(keyFile, oldBytes, Token);
        await _log.AppendAsync(10);
        await _log.SealAllAsync();
        await _log.AppendAsync(10);
        await _log.SealAllAsync();
        Assert.Equal(
            [(true, false), (true, true), (true, true), (false, true)],
            (await _log.HeadsAsync()).Select(head => (Has(head, old), Has(head, next))));
        Assert.Empty((await AuditAsync(All, [old], [])).Findings);
        Assert.Empty((await AuditAsync(All, [next], [])).Findings);
    }

    /// <summary>Whoever has it can sign, and announce a key of his own; what somebody else kept he cannot change.</summary>
    [Fact]
    public async Task that_others_have_proves_what_was_kept_outside_alone()
    {
        await _log.AppendAsync(10);
        await _log.SealAllAsync();
        string key = Assert.Single(await _log.KeyTextsAsync());
        string[] shown = [.. (await _log.HeadsAsync()).Select(head => head.Note)];
        Assert.Null((await StolenAsync(310, [key], [])).Undecided);
        Assert.Null((await StolenAsync(0, [key], shown)).Undecided);
        foreach ((long above, string[] anchors, string words) in new[]
        {
            (0L, Array.Empty<string>(), "up to 0 facts"), (309, [], "up to 309 facts"), (0, shown[..1], "hold the log up to 300;"),
        })
        {
            AuditReport report = await StolenAsync(above, [key], anchors);
            Assert.Empty(report.Findings);
            Assert.Contains(words, report.Undecided!, StringComparison.Ordinal);
        }

        (_, string next) = await _log.AnnounceNextKeyAsync();
        await _log.SealAllAsync();
        await _log.AppendAsync(10);
        await _log.SealAllAsync();
        Assert.NotNull((await StolenAsync(0, [key], [])).Undecided);
        Assert.NotNull((await StolenAsync(0, [], [])).Undecided);
        Assert.Null((await StolenAsync(0, [key, next], [])).Undecided);
        Assert.NotNull((await StolenAsync(0, [key], [], "no key")).Undecided);

        Task<AuditReport> StolenAsync(long above, string[] keys, string[] anchors, string? stolen = null) => LogAudit.RunAsync(
            _log.Store.ConnectionString,
            new AuditQuestion(All | AuditLevels.Anchors, keys, _log.Folder)
            {
                Anchors = anchors, Stolen = new StolenKey(stolen ?? key, above),
            },
            _ => { },
            Token);
    }

    private static bool Has(StoredHead head, string vkey)
    {
        using NoteKey key = NoteKey.Parse(vkey);
        try
        {
            return TreeHead.Open(StrictText.Encode(head.Note), [key]).Size == head.Size;
        }
        catch (NoteRefusedException)
        {
            return false;
        }
    }

    private Task<AuditReport> AuditAsync(AuditLevels levels, string[] keys, string[] anchors) =>
        LogAudit.RunAsync(
            _log.Store.ConnectionString, new AuditQuestion(levels, keys, _log.Folder) { Anchors = anchors }, _ => { }, Token);
}
