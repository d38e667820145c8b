using System.Net;
using System.Net.Sockets;
using Events.Application.Contracts;
using Events.EventStore.Appending;
using Events.EventStore.Postgres;
using Events.EventStore.Seals;
using Events.EventStore.Seals.Notes;
using Events.EventStore.Seals.Outside;
using Events.EventStore.Seals.Sealing;
using Events.EventStore.Seals.Witnessing;
using Npgsql;
using Xunit;

namespace Events.Tests.Engines.EventStore.Seals;

/// <summary>Facts, seals, key and state are set back together: only somebody outside still knows, and the sealer asks him first.</summary>
public sealed class Asking_the_places_outside : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("outside").FullName;
    private SealedLog _log = null!;
    private Witness _witness = null!;
    private string _newest = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _log = await SealedLog.StartAsync();
        await _log.AppendAsync(10);
        await _log.SealAllAsync();
        string state = await File.ReadAllTextAsync(Path.Combine(_log.Folder, "seal-state.json"), Token);
        await _log.AppendAsync(10);
        await _log.SealAllAsync();
        _newest = (await _log.HeadsAsync())[^1].Note;
        string log = Assert.Single(await _log.KeyTextsAsync());
        _witness = new Witness(new WitnessOptions(Path.Combine(_folder, "witness"), "witness.example/one", [log]), TimeProvider.System);

        await _log.CloseAsync();
        await _log.TamperAsync("delete from events.mt_events where seq_id > 10; delete from events_own.audit_head where size > 10");
        await File.WriteAllTextAsync(Path.Combine(_log.Folder, "seal-state.json"), state, Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _log.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task finds_nothing_where_nobody_knows() => await SealsAsync(null, seals =>
    {
        Assert.Equal((10, null, false), (seals.Status.Size, seals.Status.Trouble, seals.Status.IsRefused));
        return Task.CompletedTask;
    });

    [Fact]
    public async Task finds_what_only_the_witness_knows_and_takes_no_fact()
    {
        Assert.Equal(200, _witness.Add(Shown(_newest)).Status);
        using HttpListener server = Serve(out Uri address);
        await SealsAsync(address, async seals =>
        {
            await Store.UntilAsync(() => Task.FromResult(seals.Status.IsRefused));
            Assert.Contains("The witness witness.example/one has it", seals.Status.Trouble, StringComparison.Ordinal);
            Assert.Contains("A head of 20 facts", seals.Status.Trouble, StringComparison.Ordinal);
            Assert.Equal(10, (await _log.HeadsAsync())[^1].Size);

            // Whoever goes on in spite of that says so, and what was lost is told.
            SealFork fork = await seals.ForkAsync(Token);
            Assert.Equal((20, string.Empty, 10), (fork.LostSize, fork.LostRoot, fork.Size));
            await Store.UntilAsync(() => Task.FromResult(seals.Status.Trouble is null));
        });
        Assert.Equal([20], _witness.Heads().Select(head => head.Size));
    }

    [Fact]
    public async Task goes_by_a_log_of_which_the_witness_knows_less()
    {
        Assert.Equal(200, _witness.Add(Shown((await _log.HeadsAsync())[^1].Note)).Status);
        using HttpListener server = Serve(out Uri address);
        await SealsAsync(address, async seals =>
        {
            await Store.UntilAsync(() => Task.FromResult(seals.Status is { Size: 10, Trouble: null }));
        });
    }

    /// <summary>The database is set back under a running host, which has shown the witness more than there is now.</summary>
    [Fact]
    public async Task hears_from_the_witness_that_the_log_is_behind_what_this_host_showed_it()
    {
        using HttpListener server = Serve(out Uri address);
        using AnchorHttp http = new();
        WitnessSink sink = new(
            http, address, WitnessKey.Parse(_witness.Key), TimeSpan.FromHours(1), _log.Store.Get<Database>());
        StoredHead left = (await _log.HeadsAsync())[^1];
        Assert.NotNull(await sink.ShowAsync(left with { Size = 20, Note = _newest }, Token));
        AnchorContradictedException behind = await Assert.ThrowsAsync<AnchorContradictedException>(
            () => sink.ShowAsync(left, Token));
        Assert.Contains("has cosigned a head of 20 facts; ours has 10", behind.Message, StringComparison.Ordinal);
    }

    /// <summary>Recordings must go on while a witness is away: it says its word with the next head that it is shown.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task holds_nobody_up_when_no_witness_answers(bool isSilent)
    {
        using TcpListener silent = new(IPAddress.Loopback, 0);
        silent.Start();
        Uri address = new($"http://127.0.0.1:{((IPEndPoint)silent.LocalEndpoint).Port}/");
        if (!isSilent)
        {
            silent.Stop();
        }

        await SealsAsync(address, async seals =>
        {
            await Store.UntilAsync(() => Task.FromResult(seals.Status is { Size: 10, Trouble: null }));
        });
    }

    [Fact]
    public async Task finds_what_a_stamp_is_kept_of()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "stamp-20.note"), _newest, Token);
        await File.WriteAllTextAsync(Path.Combine(_folder, "stamp-9.note"), (await _log.HeadsAsync())[^1].Note, Token);
        await RefusedAsync("Anchors.Folder has it", _folder);
    }

    /// <summary>A clock that was a day ahead has left the newest file by name, and the newest head is in another one.</summary>
    [Fact]
    public async Task finds_what_was_shown_after_the_clock_had_been_ahead()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "heads-20260301.txt"), _newest, Token);
        await File.WriteAllTextAsync(Path.Combine(_folder, "heads-20260302.txt"), (await _log.HeadsAsync())[^1].Note, Token);
        await RefusedAsync("Anchors.Folder has it", _folder);
    }

    /// <summary>A crash while the key was changed leaves the present one in the list of earlier ones.</summary>
    [Fact]
    public async Task finds_it_also_with_the_present_key_among_the_earlier_ones()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "heads-20260301.txt"), _newest, Token);
        await File.WriteAllLinesAsync(Path.Combine(_log.Folder, "seal-keys-retired.txt"), await _log.KeyTextsAsync(), Token);
        await RefusedAsync("Anchors.Folder has it", _folder);
    }

    [Fact]
    public async Task finds_what_a_receipt_is_of()
    {
        await AddReceiptAsync(_newest, 20);
        await RefusedAsync("A receipt in the database has it", null);
    }

    /// <summary>A log that was forked may come to the size of a head of before: both receipts are kept.</summary>
    [Fact]
    public async Task keeps_what_came_back_for_two_heads_of_one_size()
    {
        string before = _newest.Split('\n')[0];
        await AddReceiptAsync(_newest, 20);
        using NoteSigner signer = NoteSigner.Create("events.example/another");
        string later = new TreeHead("events.example/another", 20, TreeHead.Parse(SignedNote.Parse(StrictText.Encode(_newest)).Text).Root)
            .Sign(signer).ToString();
        await AddReceiptAsync(later, 20);
        await AddReceiptAsync(later, 20);
        Assert.Equal(
            [before, "events.example/another"],
            await _log.Store.QueryAsync<string>(
                "select split_part(convert_from(receipt, 'UTF8'), E'\\n', 1) from events_own.audit_anchor order by sent_at"));
        await using NpgsqlConnection connection = new(_log.Store.ConnectionString);
        await connection.OpenAsync(Token);
        Assert.Equal(2, (await AnchorRows.ReceiptsAsync(connection, Token)).Count);
    }

    private async Task RefusedAsync(string words, string? folder)
    {
        SealOptions options = new(_log.Folder, SealedLog.HostName) { Anchors = new AnchorOptions(folder, null, null, TimeSpan.FromHours(1)) };
        await using Store store = await Store.StartSealingAsync(_log.Store.ConnectionString, options);
        ISeals seals = store.Get<ISeals>();
        await Store.UntilAsync(() => Task.FromResult(seals.Status.IsRefused));
        Assert.Contains(words, seals.Status.Trouble, StringComparison.Ordinal);
        DependencyUnavailableException refused = await Assert.ThrowsAsync<DependencyUnavailableException>(
            () => store.AppendAsync("tally-late", ExpectedVersion.Any, new TallyAdded("late", 1)));
        Assert.Equal("seals", refused.Dependency);
    }

    private async Task SealsAsync(Uri? witness, Func<ISeals, Task> hold)
    {
        SealOptions options = new(_log.Folder, SealedLog.HostName)
        {
            Anchors = new AnchorOptions(null, null, null, TimeSpan.FromHours(1))
            {
                Witness = witness is null ? null : new WitnessedBy(witness, _witness.Key),
            },
        };
        await using Store store = await Store.StartSealingAsync(_log.Store.ConnectionString, options);
        ISeals seals = store.Get<ISeals>();
        await Store.UntilAsync(() => Task.FromResult(seals.Status.Size == 10 || seals.Status.IsRefused));
        await hold(seals);
    }

    private async Task AddReceiptAsync(string note, long size)
    {
        await using NpgsqlConnection connection = new(_log.Store.ConnectionString);
        await connection.OpenAsync(Token);
        await AnchorRows.AddAsync(connection, note.Split('\n')[0], size, AnchorRows.Witness, StrictText.Encode(note), Token);
    }

    private static byte[] Shown(string note) => StrictText.Encode(new ExtensionFile(0, [], StrictText.Encode(note)).ToString());

    private HttpListener Serve(out Uri address)
    {
        using TcpListener free = new(IPAddress.Loopback, 0);
        free.Start();
        address = new Uri($"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}/");
        free.Stop();
        HttpListener server = new();
        server.Prefixes.Add(address.ToString());
        server.Start();
        _ = AnswerAsync(server);
        return server;
    }

    private async Task AnswerAsync(HttpListener server)
    {
        while (server.IsListening)
        {
            try
            {
                HttpListenerContext context = await server.GetContextAsync();
                using MemoryStream body = new();
                await context.Request.InputStream.CopyToAsync(body, Token);
                WitnessAnswer answer = _witness.Add(body.ToArray());
                context.Response.StatusCode = answer.Status;
                context.Response.ContentType = answer.Type;
                await context.Response.OutputStream.WriteAsync(StrictText.Encode(answer.Text), Token);
                context.Response.Close();
            }
            catch (Exception ended) when (ended is HttpListenerException or ObjectDisposedException or OperationCanceledException)
            {
                return;
            }
        }
    }
}
