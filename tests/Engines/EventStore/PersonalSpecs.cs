using Events.Application;
using Events.Application.Contracts;
using Events.Domain.Kernel;
using Events.EventStore;
using Events.EventStore.Appending;
using Events.EventStore.Reading;
using Events.Tests.Engines.Postgres;
using Xunit;

namespace Events.Tests.Engines.EventStore;

public sealed class What_is_personal : IAsyncLifetime
{
    private static readonly EventCatalogue _catalogue = new(TallyTypes.Catalogue.Types.Select(type => type.Alias == "tally_started"
        ? type with { Personal = [new PersonalMember("label", PersonalKind.Text, body => $"tally {body["key"]}")] }
        : type));

    private readonly Keys _keys = new();
    private Store _store = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() =>
        _store = await Store.StartPersonalAsync(await PostgresFixture.NewDatabaseAsync(), _keys, _catalogue, TallyViews.Rows);

    public async ValueTask DisposeAsync() => await _store.DisposeAsync();

    [Fact]
    public async Task is_sealed_in_the_log_and_clear_to_whoever_reads_it_through_the_store()
    {
        await _store.TellAsync("a", new TallyCommand.Start("Ada's"));
        await _store.TellAsync("a", new TallyCommand.Add(5));

        string stored = Assert.Single(await _store.QueryAsync<string>("select data->>'label' from events.mt_events where version = 1"));
        Assert.StartsWith("sealed:1:tally a:", stored, StringComparison.Ordinal);
        List<string> log = await _store.QueryAsync<string>("select t::text from events.mt_events t");
        Assert.All(log, row => Assert.DoesNotContain("Ada", row, StringComparison.Ordinal));
        StoredFact first = (await _store.Log.ReadAsync(0, 10, Token))[0];
        Assert.Equal("Ada's", ((TallyStarted)first.Fact!).Label);
        Assert.Contains("Ada's", first.Data!.Replace("\\u0027", "'", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Equal("Ada's", (await _store.Streams.LoadAsync(Tally.For("a"), "a", Token)).Label);
        await _store.CaughtUpAsync();
        Assert.Equal("Ada's", (await _store.ReadModels.FindAsync(TallyViews.Rows, "a", Token))!.Label);
    }

    [Fact]
    public async Task is_a_word_once_its_key_is_gone_in_a_view_that_is_built_anew_too()
    {
        await _store.TellAsync("a", new TallyCommand.Start("Ada's"));
        await _store.TellAsync("b", new TallyCommand.Start("Bea's"));
        await _store.CaughtUpAsync();

        _keys.Gone.Add("tally a");
        await _store.Get<IRebuilds>().RebuildAsync(TallyViews.Rows, Token);

        Assert.Equal(
            [PersonalMember.Erased, "Bea's"],
            (await _store.ReadModels.ListAsync(TallyViews.Rows, ViewQuery.All, Token)).Rows.Select(row => row.Label));
        Assert.Equal(PersonalMember.Erased, (await _store.Streams.LoadAsync(Tally.For("a"), "a", Token)).Label);

        // What comes after is not sealed under a key that nobody has, and not written in clear.
        await _store.TellAsync("c", new TallyCommand.Start("Cleo's"));
        _keys.Gone.Add("tally d");
        await _store.TellAsync("d", new TallyCommand.Start("Dora's"));
        Assert.Equal(
            PersonalMember.Erased,
            Assert.Single(await _store.QueryAsync<string>("select data->>'label' from events.mt_events where stream_id = 'tally-d'")));
    }

    [Fact]
    public async Task of_before_it_was_sealed_stays_readable()
    {
        await _store.AppendAsync("tally-a", ExpectedVersion.NewStream, new TallyStarted("a", "sealed:of old", default));
        await _store.AppendAsync("tally-b", ExpectedVersion.NewStream, new TallyStarted("b", "Bea's", default));
        await _store.TellAsync("c", new TallyCommand.Start("Cleo's"));

        Assert.Equal(
            ["sealed:of old", "Bea's", "Cleo's"],
            (await _store.Log.ReadAsync(0, 10, Token)).Select(stored => ((TallyStarted)stored.Fact!).Label));
    }

    [Fact]
    public async Task is_not_remembered_of_a_long_stream()
    {
        Decider<Tally, TallyCommand, TallyEvent> decider = Tally.For("a");
        await _store.TellAsync("a", new TallyCommand.Start("Ada's"));
        for (int i = 0; i < RememberedStates.VersionMin; i++)
        {
            await _store.TellAsync("a", new TallyCommand.Add(1));
        }

        Assert.Equal("Ada's", (await _store.Streams.LoadAsync(decider, "a", Token)).Label);
        _keys.Gone.Add("tally a");

        Assert.Equal(PersonalMember.Erased, (await _store.Streams.LoadAsync(decider, "a", Token)).Label);
    }

    [Fact]
    public async Task in_another_fact_s_place_is_unreadable_and_says_where()
    {
        await _store.TellAsync("a", new TallyCommand.Start("Ada's"));
        await _store.TellAsync("b", new TallyCommand.Start("Bea's"));
        await _store.ExecuteAsync(
            """
            alter table events.mt_events disable trigger all;
            update events.mt_events e set data = jsonb_set(e.data, '{label}', o.data->'label')
            from events.mt_events o where e.stream_id = 'tally-b' and o.stream_id = 'tally-a';
            alter table events.mt_events enable trigger all;
            """);

        UnreadableFactException unreadable = await Assert.ThrowsAsync<UnreadableFactException>(() => _store.Log.ReadAsync(0, 10, Token));

        Assert.Equal("tally_started", unreadable.Type);
        Assert.Contains("does not belong to this key, or not to this fact", unreadable.Message, StringComparison.Ordinal);
    }

    /// <summary>Whoever asks for facts whatever their bodies are gets those behind it.</summary>
    [Fact]
    public async Task in_a_body_that_is_no_object_is_unreadable()
    {
        await _store.ExecuteAsync(
            """
            insert into events.mt_events (seq_id, id, version, data, type, timestamp)
            values (nextval('events.mt_events_sequence'), gen_random_uuid(), 1, '["sealed:1:tally a:x"]', 'tally_started', now())
            """);
        await _store.AppendAsync("noise-a", ExpectedVersion.Any, new NoiseHeard("x"));

        await Assert.ThrowsAsync<UnreadableFactException>(() => _store.Log.ReadAsync(0, 10, Token));
        FactsFound found = await _store.Get<IFacts>().FindAsync(new FactQuery(), Token);
        Assert.Equal([false, true], found.Facts.Select(fact => fact.Fact is not null));
    }

    [Fact]
    public async Task in_the_headers_is_sealed_for_the_request_and_the_account_stays()
    {
        var origin = new Origin("user-0199a000-0000-7000-8000-0000000000f3", "request-1", null, new Dictionary<string, string>
        {
            ["way"] = "graphql",
            ["from"] = "10.0.0.7",
        });
        await _store.Get<IEventStore>().For(origin).TransactAsync(Tally.For("a"), "a", new TallyCommand.Start("one"), Token);

        string[] row = Assert.Single(await _store.QueryAsync<string>(
            "select user_name || '|' || (headers->>'way') || '|' || (headers->>'from') from events.mt_events")).Split('|');

        Assert.Equal(["user-0199a000-0000-7000-8000-0000000000f3", "graphql"], row[..2]);
        Assert.Equal(
            "10.0.0.7",
            Events.EventStore.Personal.SealedText.Open(Keys.Of("user-0199a000-0000-7000-8000-0000000000f3"), row[2], "request-1", "from"));
    }

    /// <summary>A key for every subject that is not gone.</summary>
    private sealed class Keys : IPersonalData
    {
        public HashSet<string> Gone { get; } = [];

        public static byte[] Of(string subject) =>
            System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(subject));

        public byte[]? Find(string subject) => Gone.Contains(subject) ? null : Of(subject);

        public ValueTask<SubjectKey?> FindOrMakeAsync(string subject, CancellationToken cancellationToken) =>
            new(Find(subject) is { } key ? new SubjectKey(subject, key) : null);

        public ValueTask<string?> PseudonymAsync(PersonalKind kind, string value, CancellationToken cancellationToken) => new((string?)null);
    }
}
