using System.Net;
using System.Net.Sockets;
using Events.EventStore.Appending;
using Events.EventStore.Seals;
using Xunit;

namespace Events.Tests.Engines.EventStore.Seals;

/// <summary>
/// Whoever owns the database can make anything of a row. Showing heads outside outlives that, each place by itself: a loop that
/// ended would take the host along, recordings included.
/// </summary>
public sealed class Spoilt_rows : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("outside").FullName;
    private readonly UdpClient _receiver = new(new IPEndPoint(IPAddress.Loopback, 0));
    private SealedLog _log = null!;

    public async ValueTask InitializeAsync()
    {
        _log = await SealedLog.StartAsync();
        await _log.AppendAsync(10);
        await _log.SealAllAsync();
        await _log.CloseAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _log.DisposeAsync();
        _receiver.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task hold_up_the_places_that_cannot_take_them_until_they_are_repaired_and_no_other()
    {
        await using Store store = await StartAsync();
        IAnchors anchors = store.Get<IAnchors>();
        await UntilAsync(anchors, AnchorStatus.Done, AnchorStatus.Done, 10);
        string note = (await _log.HeadsAsync())[^1].Note;

        // A line of syslog is made of what the note says; a file takes any text.
        await _log.TamperAsync("update events_own.audit_head set note = note || 'x'");
        await UntilAsync(anchors, AnchorStatus.Done, AnchorStatus.Failed, 10);
        Assert.Contains("is no signed note", anchors.All[1].Trouble, StringComparison.Ordinal);
        await _log.TamperAsync($"update events_own.audit_head set note = '{note}'");
        await UntilAsync(anchors, AnchorStatus.Done, AnchorStatus.Done, 10);
        Assert.Null(anchors.All[1].Trouble);

        await _log.Store.ExecuteAsync("alter table events_own.audit_head rename column note to words");
        await UntilAsync(anchors, AnchorStatus.Failed, AnchorStatus.Failed, 10);
        Assert.All(anchors.All, one => Assert.Contains("42703", one.Trouble, StringComparison.Ordinal));
        await _log.Store.ExecuteAsync("alter table events_own.audit_head rename column words to note");
        await UntilAsync(anchors, AnchorStatus.Done, AnchorStatus.Done, 10);
        await _log.AppendAsync(5);
        await UntilAsync(anchors, AnchorStatus.Done, AnchorStatus.Done, 15);
    }

    /// <summary>Nor a fact from being taken: the sealer, which cannot look any more, says so.</summary>
    [Fact]
    public async Task keep_no_head_from_going_out_when_they_are_of_what_went_out_before()
    {
        await _log.Store.ExecuteAsync("alter table events_own.audit_anchor rename column sent_at to moment");
        await using Store store = await StartAsync();
        await UntilAsync(store.Get<IAnchors>(), AnchorStatus.Done, AnchorStatus.Done, 10);
        ISeals seals = store.Get<ISeals>();
        await Store.UntilAsync(() => Task.FromResult(
            seals.Status.Trouble is { } why && why.Contains("sent_at", StringComparison.Ordinal)));
        AppendOutcome outcome = await store.AppendAsync("tally-new", ExpectedVersion.Any, new TallyAdded("new", 1));
        Assert.Equal(11, outcome.Position);
        await _log.Store.ExecuteAsync("alter table events_own.audit_anchor rename column moment to sent_at");
        await Store.UntilAsync(() => Task.FromResult(seals.Status is { Size: 11, Trouble: null }));
    }

    /// <summary>No signature is over the time of a head, and none can come behind the last one there is.</summary>
    [Fact]
    public async Task are_named_when_sealing_cannot_go_on_from_them_and_facts_are_taken()
    {
        await _log.TamperAsync("update events_own.audit_head set signed_at = 'infinity'");
        await using Store store = await StartAsync();
        ISeals seals = store.Get<ISeals>();
        AppendOutcome outcome = await store.AppendAsync("tally-new", ExpectedVersion.Any, new TallyAdded("new", 1));
        Assert.Equal(11, outcome.Position);
        await Store.UntilAsync(() => Task.FromResult(
            seals.Status.Trouble is { } why && why.Contains("signed_at", StringComparison.Ordinal)));
        await _log.TamperAsync("update events_own.audit_head set signed_at = now()");
        await Store.UntilAsync(() => Task.FromResult(seals.Status is { Size: 11, Trouble: null }));
    }

    private Task<Store> StartAsync() => Store.StartSealingAsync(
        _log.Store.ConnectionString,
        new SealOptions(_log.Folder, SealedLog.HostName)
        {
            Anchors = new AnchorOptions(_folder, null, null, TimeSpan.FromSeconds(1))
            {
                Syslog = new Uri($"udp://127.0.0.1:{((IPEndPoint)_receiver.Client.LocalEndPoint!).Port}"),
            },
        });

    private static Task UntilAsync(IAnchors anchors, string file, string syslog, long size) =>
        Store.UntilAsync(() => Task.FromResult(
            anchors.All is [var first, var second]
            && (first.State, first.Size, second.State, second.Size) == (file, size, syslog, size)));
}
