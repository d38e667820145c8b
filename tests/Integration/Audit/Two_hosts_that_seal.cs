using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Events.Host.Audit;
using Events.Host.Cli;
using Events.Tests.Integration.Faults;
using Events.Tests.Integration.Kit;
using Npgsql;
using Xunit;

namespace Events.Tests.Integration.Audit;

/// <summary>
/// Two hosts on one PostgreSQL and one folder of keys: one seals, the other one waits to take over. Each has an account of its own
/// in PostgreSQL, by which the test sees who does what.
/// </summary>
[Trait("pace", "slow")]
public sealed class Two_hosts_that_seal : IAsyncLifetime
{
    private const string FirstUser = "ada";
    private const string SecondUser = "bob";
    private const string Elsewhere = "Another host seals this log.";

    /// <summary>As our own appenders hold it: "evappend".</summary>
    private const string AppendersLock = "x'6576617070656e64'::bigint";

    /// <summary>What somebody who seals has besides the sealer's lock: "evsealok".</summary>
    private const string Sealing =
        """
        select a.usename::text from pg_locks l join pg_stat_activity a using (pid)
        where l.locktype = 'advisory' and l.granted
          and l.classid::bigint << 32 | l.objid::bigint = x'65767365616c6f6b'::bigint
        """;

    /// <summary>Who is being sent facts: nobody but a sealer here.</summary>
    private const string Reading =
        "select usename::text from pg_stat_activity where state = 'active' and query like 'copy (select seq_id%' limit 1";

    /// <summary>Origin, size, root, a blank line, one signature, a blank line.</summary>
    private const int NoteLines = 6;

    /// <summary>Long for all that is waited for here: the longest is a sealer's lease of 15 s, and the other one's look behind it.</summary>
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(60);

    private readonly string _anchors = Directory.CreateTempSubdirectory("anchors").FullName;
    private GivenPostgres _postgres = null!;
    private NpgsqlConnection _connection = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _postgres = await GivenPostgres.StartAsync();
        await _postgres.RunAsync($"create role {SecondUser} superuser login password '{GivenPostgres.Password}'");
        _connection = new NpgsqlConnection(_postgres.ConnectionString() + ";Pooling=false");
        await _connection.OpenAsync(Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync();
        await _postgres.DisposeAsync();
        Directory.Delete(_anchors, recursive: true);
    }

    [Fact]
    public async Task both_go_on_when_one_of_two_administrators_has_adopted_a_late_row()
    {
        await using RunningHost first = await StartAsync(FirstUser, null);
        await using RunningHost second = await StartAsync(SecondUser, first);
        await AddAsync(first, "One");
        long late = await AskAsync<long>("select nextval('events.mt_events_sequence')");
        await AddAsync(second, "Two");
        await SealedAsync();
        await RunAsync(
            $$"""
            insert into events.mt_events (seq_id, id, version, data, type, timestamp)
            values ({{late}}, gen_random_uuid(), 1, '{}', 'imported', now())
            """);

        // Who takes over reads the last facts anew and refuses, and so does who begins anew.
        RunningHost[] hosts = [first, second];
        RunningHost sealing = await AskAsync<string>(Sealing) == FirstUser ? first : second;
        await sealing.KillAsync();
        await sealing.StartAgainAsync();
        foreach (RunningHost host in hosts)
        {
            await Until.TrueAsync(
                async () => (await TroubleAsync(host)).Contains("put between", StringComparison.Ordinal), _limit, "each host to refuse");
        }

        (AdoptedRow row, string refused) = await AdoptAtOnceAsync(hosts, late);
        Assert.Equal(
            $"The row at position {late} was adopted before, by the fact at position {row.By}. Nothing was changed. (seals.no_adoption)",
            refused);
        CliResult again = await second.CliAsync("audit", "adopt", "--position", $"{late}", "--reason", "Once more");
        Assert.Equal(1, again.ExitCode);
        Assert.Contains(refused, again.Errors, StringComparison.Ordinal);
        Assert.Equal(row.By, await AskAsync<long>("select min(seq_id) from events.mt_events where type = 'fact_adopted' having count(*) = 1"));

        // Nobody told the host whose administrator was refused.
        await Until.TrueAsync(
            async () => (await Task.WhenAll(hosts.Select(TroubleAsync))).Order(StringComparer.Ordinal) is var troubles
                && troubles.SequenceEqual(["", Elsewhere]),
            _limit,
            "one host to seal and the other one to wait");
        sealing = await AskAsync<string>(Sealing) == FirstUser ? first : second;
        await sealing.KillAsync();
        RunningHost left = sealing == first ? second : first;
        await AddAsync(left, "Three");
        await SealedAsync();
        JsonElement report = await ProvenAsync(left);
        Assert.Contains(
            report.GetProperty("notices").EnumerateArray(),
            one => one.GetString()!.Contains($"at position {late}, by the fact at position {row.By}", StringComparison.Ordinal));
    }

    /// <summary>
    /// Both take facts all the time. Who seals is stopped for longer than its lease, woken when the other one has sealed more, and
    /// then the other one is killed: once just behind a head, once amid the facts of the next.
    /// </summary>
    [Fact]
    public async Task sign_one_history_however_they_are_stopped_and_killed()
    {
        await using RunningHost first = await StartAsync(FirstUser, null);
        await using RunningHost second = await StartAsync(SecondUser, first);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(Token);
        Writer[] writers = [await WriterOfAsync(first, "Gate"), await WriterOfAsync(second, "Yard")];
        var writing = Task.WhenAll(writers.Select(one => one.RunAsync(enough.Token)));
        foreach (bool isReading in new[] { false, true })
        {
            RunningHost stopped = await AtWorkAsync(isReading);
            await Scene.SignalAsync("-STOP", [stopped.ProcessId]);
            try
            {
                await SealsFurtherAsync(Other(stopped));
            }
            finally
            {
                await Scene.SignalAsync("-CONT", [stopped.ProcessId]);
            }

            await GoesOnAsync(writers[stopped == first ? 0 : 1]);
            RunningHost killed = await AtWorkAsync(isReading);
            await killed.KillAsync();
            await SealsFurtherAsync(Other(killed));
            await killed.StartAgainAsync();
            await GoesOnAsync(writers[killed == first ? 0 : 1]);
        }

        await enough.CancelAsync();
        await writing;
        await SealedAsync();
        JsonElement report = await ProvenAsync(first);
        Assert.Equal(await AskAsync<long>("select count(*) from events.mt_events"), report.GetProperty("facts").GetInt64());
        foreach (Writer writer in writers)
        {
            Assert.Equal(writer.Told.Count, await AskAsync<long>(
                $"select count(*) from events.mt_events where type = 'camera_renamed' and seq_id in ({string.Join(',', writer.Told)})"));
        }

        Assert.True(report.GetProperty("anchors").GetInt64() > 4, report.GetRawText());
        await HeadsAreOfOneHistoryAsync();
        Assert.All(new[] { first, second }, host => Assert.DoesNotContain("no longer sealed", host.Output, StringComparison.Ordinal));

        RunningHost Other(RunningHost host) => host == first ? second : first;

        async Task<RunningHost> AtWorkAsync(bool isReading) =>
            await (isReading ? ReaderOfManyAsync() : SignerOfTheNextAsync()) == FirstUser ? first : second;

        Task SealsFurtherAsync(RunningHost host) => FurtherAsync(host == first ? FirstUser : SecondUser);
    }

    private async Task<RunningHost> StartAsync(string user, RunningHost? other)
    {
        string data = Directory.CreateTempSubdirectory("events-it-").FullName;
        if (other is not null)
        {
            Directory.CreateSymbolicLink(Path.Combine(data, "keys"), Path.Combine(other.Data, "keys"));
        }

        return await RunningHost.StartAsync(
            new()
            {
                ["EVENTS__PostgreSql__ConnectionString"] = _postgres.ConnectionString(user: user),
                ["EVENTS__Anchors__Folder"] = _anchors,
                ["EVENTS__Anchors__IntervalS"] = "1",
            },
            data: data);
    }

    /// <summary>
    /// Both have looked at the row before either may append: who comes second finds it adopted. The words are the same if one of
    /// them is so late that its look does.
    /// </summary>
    private async Task<(AdoptedRow Row, string Refused)> AdoptAtOnceAsync(IEnumerable<RunningHost> hosts, long late)
    {
        Task<AdoptedRow>[] asked;
        await using (var holder = new NpgsqlConnection(_postgres.ConnectionString() + ";Pooling=false"))
        {
            await holder.OpenAsync(Token);
            await using var hold = new NpgsqlCommand($"select pg_advisory_lock({AppendersLock})", holder);
            await hold.ExecuteNonQueryAsync(Token);
            asked = [.. hosts.Select(host => AdoptAsync(host, late))];
            await Until.TrueAsync(
                () => AskAsync<bool>(
                    $"""
                    select count(distinct a.usename) = 2 from pg_locks l join pg_stat_activity a using (pid)
                    where l.locktype = 'advisory' and not l.granted and l.classid::bigint << 32 | l.objid::bigint = {AppendersLock}
                    """),
                _limit,
                "both to wait for their turn");
        }

        List<AdoptedRow> done = [];
        List<string> refused = [];
        foreach (Task<AdoptedRow> one in asked)
        {
            try
            {
                done.Add(await one);
            }
            catch (CommandFailedException e)
            {
                refused.Add(e.Message);
            }
        }

        return (Assert.Single(done), Assert.Single(refused));
    }

    private static async Task<AdoptedRow> AdoptAsync(RunningHost host, long late)
    {
        using var client = ControlClient.For(host.Data);
        return await client.PostAsync(
            "/control/audit/adoptions",
            new AdoptionWish(late, "An importer ended late"),
            AuditJson.Default.AdoptionWish,
            AuditJson.Default.AdoptedRow,
            Token);
    }

    private static async Task AddAsync(RunningHost host, string name) =>
        (await host.CliAsync("camera", "add", "--name", name, "--source", "rtsp://127.0.0.1:9/none")).Ok();

    private static async Task<string> TroubleAsync(RunningHost host) =>
        JsonElement.Parse((await host.CliAsync("audit", "status", "--format", "json")).Ok()).TryGetProperty("trouble", out JsonElement why)
            ? why.GetString()! : "";

    private static async Task<Writer> WriterOfAsync(RunningHost host, string name)
    {
        var client = new GraphQLClient(host, await host.TokenAsync("admin"));
        JsonElement added = await client.AskAsync(
            "mutation($name: String!) { addCamera(input: { name: $name, source: \"rtsp://127.0.0.1:9/x\" }) { camera { id } } }",
            new { name });
        return new Writer(client, name, added.GetProperty("addCamera").GetProperty("camera").Text("id"));
    }

    private static Task GoesOnAsync(Writer writer)
    {
        int before = writer.Told.Count;
        return Until.TrueAsync(() => Task.FromResult(writer.Told.Count > before), _limit, () => $"a fact more; the last answer: {writer.Last}");
    }

    /// <returns>Whose head it was, just after it was there.</returns>
    private async Task<string> SignerOfTheNextAsync()
    {
        long before = await SizeAsync();
        await Until.TrueAsync(async () => await SizeAsync() > before, _limit, "the next head");
        return await AskAsync<string>(Sealing);
    }

    /// <summary>So many facts at once that reading them takes a while, put there under the lock that our own appenders take.</summary>
    /// <returns>Who is being sent them.</returns>
    private async Task<string> ReaderOfManyAsync()
    {
        await RunAsync(
            $"""
            begin;
            select pg_advisory_xact_lock({AppendersLock});
            insert into events.mt_streams (id, version) values ('note-1', 0) on conflict do nothing;
            insert into events.mt_events (seq_id, id, stream_id, version, data, type, timestamp, mt_dotnet_type)
            select nextval('events.mt_events_sequence'), gen_random_uuid(), 'note-1',
                   (select coalesce(max(version), 0) from events.mt_events where stream_id = 'note-1') + n,
                   jsonb_build_object('text', repeat('note ', 200), 'number', n), 'note_written', now(), 'Notes.NoteWritten, Notes'
            from generate_series(1, 40000) n;
            commit;
            """);
        string? who = null;
        await Until.TrueAsync(
            async () => (who = await AskAsync<string?>(Reading)) is not null, _limit, "a sealer to read");
        return who!;
    }

    private async Task FurtherAsync(string user)
    {
        long before = await SizeAsync();
        await Until.TrueAsync(
            async () => await SizeAsync() > before && await AskAsync<string?>(Sealing) == user, _limit, $"{user} to seal further");
    }

    private Task<long> SizeAsync() => AskAsync<long>("select coalesce(max(size), 0) from events_own.audit_head");

    private Task SealedAsync() => Until.TrueAsync(
        () => AskAsync<bool>(
            "select max(seq_id) <= coalesce((select max(last_seq) from events_own.audit_head), 0) from events.mt_events"),
        _limit,
        "all facts to be sealed");

    private static async Task<JsonElement> ProvenAsync(RunningHost host)
    {
        CliResult result = await host.CliAsync("audit", "verify", "--format", "json");
        Assert.True(result.ExitCode == 0, $"{result.Output}{result.Errors}");
        JsonElement report = JsonElement.Parse(result.Output);
        Assert.Equal(("proven", 0L), (report.Text("verdict"), report.GetProperty("factsSince").GetInt64()));
        return report;
    }

    /// <summary>Whoever was shown a head of some size was shown the one that is in the database, under the log's one name.</summary>
    private async Task HeadsAreOfOneHistoryAsync()
    {
        string[][] shown =
        [
            .. Directory.GetFiles(_anchors).SelectMany(File.ReadAllLines).Chunk(NoteLines).Select(note => note[..3]),
        ];
        foreach (string[] head in shown)
        {
            Assert.Equal(
                $"{head[0]} {head[2]}",
                await AskAsync<string?>(
                    "select concat(split_part(note, E'\\n', 1), ' ', encode(root, 'base64')) from events_own.audit_head "
                    + $"where size = {long.Parse(head[1], CultureInfo.InvariantCulture)}"));
        }

        Assert.Single(shown.Select(head => head[0]).Distinct());
    }

    private async Task RunAsync(string sql)
    {
        await using var command = new NpgsqlCommand(sql, _connection);
        await command.ExecuteNonQueryAsync(Token);
    }

    private async Task<T> AskAsync<T>(string sql)
    {
        await using var command = new NpgsqlCommand(sql, _connection);
        return (T)(await command.ExecuteScalarAsync(Token))!;
    }

    /// <summary>Has a camera renamed over and over, and keeps what it was told of it; a host that is away is asked again.</summary>
    private sealed class Writer(GraphQLClient client, string name, string camera)
    {
        private const string Rename =
            "mutation($id: ID!, $name: String!) { renameCamera(input: { id: $id, name: $name }) { position } }";

        private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(50);

        /// <summary>Positions of facts that are in the log, by the host's word.</summary>
        public ConcurrentQueue<string> Told { get; } = new();

        public string Last { get; private set; } = "";

        public async Task RunAsync(CancellationToken enough)
        {
            for (int i = 0; !enough.IsCancellationRequested; i++)
            {
                try
                {
                    JsonElement answer = await client.AnswerAsync(Rename, new { id = camera, name = $"{name} {i}" });
                    Last = answer.GetRawText();
                    if (!answer.TryGetProperty("errors", out _)
                        && answer.GetProperty("data").GetProperty("renameCamera").GetProperty("position").GetString() is { } position)
                    {
                        Told.Enqueue(position);
                    }
                }
                catch (Exception away) when (away is HttpRequestException or IOException or TaskCanceledException or JsonException)
                {
                    Last = away.Message;
                }

                await Task.Delay(_pause, CancellationToken.None);
            }
        }
    }
}
