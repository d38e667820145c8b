using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Security;

/// <summary>A person is forgotten: nothing on the machine names her any more, and what is proved stays proved.</summary>
public sealed class Erasing_a_person
{
    private const string Name = "wilhelmina-quastenflosser";
    private const string Password = "a long walk in rain";
    private const string Address = "127.83.61.97";

    private const string Clock =
        "select to_char(clock_timestamp() at time zone 'utc', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')";

    private static readonly string _verifier = Path.Combine(AppContext.BaseDirectory, "verify_bundle.py");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task leaves_the_facts_and_no_trace_of_whom_they_are_about()
    {
        string folder = Directory.CreateTempSubdirectory("erasing").FullName;
        string before = Path.Combine(folder, "before.zip");
        string after = Path.Combine(folder, "after.zip");
        await using RunningHost host = await RunningHost.StartAsync();
        await ActAsync(host);
        var audit = new GraphQLClient(host, await host.TokenAsync("auditor"));
        await Until.TrueAsync(
            async () => (await EventsAsync(audit)).Contains($"\"from\":\"{Address}\"", StringComparison.Ordinal),
            TimeSpan.FromSeconds(20),
            "the address to be told");
        Assert.Contains($"\"who\":\"{Name}\"", await EventsAsync(audit), StringComparison.Ordinal);
        Assert.Contains($"\"name\":\"{Name}\"", await EventsAsync(audit), StringComparison.Ordinal);
        Assert.Contains(
            "camera_renamed", (await host.CliAsync("audit", "trail", "--user", Name)).Ok(), StringComparison.Ordinal);
        var traces = new Planted(Name, Address);
        Assert.Empty(traces.In("the log", await TextOfAsync(host, "events.mt_events") + await TextOfAsync(host, "events.mt_streams")));
        await SealedAsync(host);
        (await host.CliAsync("audit", "export", "--from", "1", "--to", "1000", "--out", before)).Ok();
        string account = await host.SqlAsync("select stream_id from events.mt_events where type = 'user_disabled'");

        CliResult early = await host.CliAsync("users", "erase", "--name", Name, "--reason", "two\nlines");
        Assert.Contains("one line", early.Errors, StringComparison.Ordinal);
        JsonElement erased = JsonElement.Parse(
            (await host.CliAsync("users", "erase", "--name", Name, "--reason", "Asked for by the person", "--format", "json")).Ok());
        Assert.Equal(account, erased.Text("account"));
        await GoneAsync(host, audit, traces, account);

        await SealedAsync(host);
        Assert.Equal(0, (await host.CliAsync("audit", "verify")).ExitCode);
        (await host.CliAsync("audit", "export", "--from", "1", "--to", "1000", "--out", after)).Ok();
        foreach (string bundle in new[] { before, after })
        {
            Assert.EndsWith("PROVEN\n", (await Tool.RunAsync("python3", [_verifier, bundle])).Ok(), StringComparison.Ordinal);
            Assert.Equal(0, (await RunningHost.RunAsync(["audit", "verify-bundle", bundle], [])).ExitCode);
            Assert.Empty(traces.In(bundle, await TextInAsync(bundle)));
        }

        // A start anew reads all of it again, and the name is free for somebody else.
        await host.StopAsync();
        await host.StartAgainAsync();
        await AddAsync(host, Name);
        Assert.NotEqual(
            account, await host.SqlAsync("select stream_id from events.mt_events where type = 'user_created' order by seq_id desc limit 1"));
        Directory.Delete(folder, recursive: true);
    }

    [Trait("pace", "slow")]
    [Fact]
    public async Task is_not_undone_by_a_backup_of_before()
    {
        string folder = Directory.CreateTempSubdirectory("erasing").FullName;
        File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        string kept = Path.Combine(folder, "kept");
        string passphrase = Path.Combine(folder, "passphrase");
        await SecretFile.WriteAsync(passphrase, "correct horse battery staple\n", Cancel);
        await using RunningHost host = await RunningHost.StartAsync();
        await ActAsync(host);
        await SealedAsync(host);
        await RestoredHost.SignedAsync(host);
        (await host.CliAsync("backup", "--to", kept, "--passphrase-file", passphrase)).Ok();
        string moment = await host.SqlAsync(Clock);
        await Until.TrueAsync(
            async () => string.CompareOrdinal(await host.SqlAsync(Clock), moment) > 0, TimeSpan.FromSeconds(5), "the clock");
        (await host.CliAsync("users", "erase", "--name", Name, "--reason", "Asked for by the person")).Ok();
        string wal = await host.SqlAsync("select pg_walfile_name(pg_switch_wal())");
        await Until.TrueAsync(
            () => Task.FromResult(File.Exists(Path.Combine(kept, "wal", wal))), TimeSpan.FromSeconds(60), "the archive");
        await host.KillAsync();

        string restored = Path.Combine(folder, "restored");
        JsonElement row = JsonElement.Parse((await RunningHost.RunAsync(
            [
                "restore", "--from", kept, "--to", moment, "--data", restored, "--passphrase-file", passphrase, "--format", "json",
            ],
            [])).Ok());
        Assert.Empty(row.GetProperty("viewsDifferent").EnumerateArray());
        Assert.Contains("1 people are erased", row.GetProperty("notes").ToString(), StringComparison.Ordinal);

        // She is unreadable from the first moment on, and the log comes to say so again.
        await using (RunningHost again = await RestoredHost.StartAsync(restored))
        {
            Assert.Empty(new Planted(Name, Address).In("the database", await TextOfAllAsync(again)));
            Assert.Equal(HttpStatusCode.Unauthorized, await SignInAsync(again.Http));
            await Until.TrueAsync(
                async () => await again.SqlAsync("select count(*) from events.mt_events where type = 'user_erased'") == "1",
                TimeSpan.FromSeconds(30),
                "the erasure to be a fact again");
            await Until.TrueAsync(
                async () => !(await again.CliAsync("users", "list")).Ok().Contains("[erased]", StringComparison.Ordinal),
                TimeSpan.FromSeconds(10),
                "the list to lack her");
        }

        Directory.Delete(folder, recursive: true);
    }

    /// <summary>She signs in from her address, renames a camera, and leaves.</summary>
    private static async Task ActAsync(RunningHost host)
    {
        (await host.CliAsync("camera", "add", "--name", "Gate", "--source", "rtsp://127.0.0.1:9/none")).Ok();
        await AddAsync(host, Name);
        using HttpClient client = From(host, Address);
        using HttpResponseMessage signed = await client.PostAsJsonAsync("/auth/sign-in", new { user = Name, password = Password }, Cancel);
        string token = JsonElement.Parse(await signed.Content.ReadAsStringAsync(Cancel)).Text("accessToken");
        client.DefaultRequestHeaders.Add("Authorization", $"Bearer {token}");
        string id = await host.SqlAsync("select data->>'cameraId' from events.mt_events where type = 'camera_registered' limit 1");
        using HttpResponseMessage renamed = await client.PostAsJsonAsync(
            "/graphql",
            new
            {
                query = "mutation($id: ID!) { renameCamera(input: { id: $id, name: \"Yard\" }) { position } }",
                variables = new { id = await NodeIdAsync(host, id) },
            },
            Cancel);
        Assert.Contains("position", await renamed.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        Assert.Contains(
            "Disable the user first", (await host.CliAsync("users", "erase", "--name", Name, "--reason", "x")).Errors, StringComparison.Ordinal);
        (await host.CliAsync("users", "disable", "--name", Name, "--reason", $"{Name} has left")).Ok();
    }

    private static async Task GoneAsync(RunningHost host, GraphQLClient audit, Planted traces, string account)
    {
        await Until.TrueAsync(
            async () => (await audit.AskAsync("query($n: String!) { user(name: $n) { name } }", new { n = Name }))
                .GetProperty("user").ValueKind is JsonValueKind.Null,
            TimeSpan.FromSeconds(10),
            "the user to be gone");
        Assert.Equal(HttpStatusCode.Unauthorized, await SignInAsync(host.Http));
        string events = await EventsAsync(audit);
        Assert.Contains("\"name\":\"[erased]\"", events, StringComparison.Ordinal);
        Assert.Contains("\"from\":\"[erased]\"", events, StringComparison.Ordinal);
        Assert.Contains($"\"who\":\"{account}\"", events, StringComparison.Ordinal);
        Assert.Empty(traces.In("GraphQL", events));
        Assert.Empty(traces.In("users", (await host.CliAsync("users", "list")).Ok()));
        Assert.Equal("There is no such fact.", (await host.CliAsync("audit", "trail", "--user", Name)).Ok().Trim());
        Assert.Contains("camera_renamed", (await host.CliAsync("audit", "trail", "--user", account)).Ok(), StringComparison.Ordinal);
        foreach (string view in new[] { "UserView", "SessionView", "CameraView" })
        {
            (await host.CliAsync("projections", "rebuild", view)).Ok();
        }

        Assert.Empty(traces.In("the database", await TextOfAllAsync(host)));
        await host.SqlAsync("checkpoint");
        string[] left = [];
        await Until.TrueAsync(
            () => Task.FromResult((left = [.. traces.InFolder(host.Data).Where(IsLasting)]).Length == 0),
            TimeSpan.FromSeconds(20),
            () => $"files without her; {string.Join("\n", left)}");
        Assert.Empty(traces.In("output", host.Output));
    }

    /// <summary>The write-ahead log holds what was written to views for a while; it is recycled.</summary>
    private static bool IsLasting(string trace) => !trace.Contains("/pg_wal/", StringComparison.Ordinal);

    private static async Task AddAsync(RunningHost host, string name) =>
        (await host.CliReadingAsync(Password + "\n", "users", "add", "--name", name, "--role", "admin", "--password-stdin")).Ok();

    private static async Task<HttpStatusCode> SignInAsync(HttpClient client)
    {
        using HttpResponseMessage answer = await client.PostAsJsonAsync("/auth/sign-in", new { user = Name, password = Password }, Cancel);
        return answer.StatusCode;
    }

    private static async Task<string> NodeIdAsync(RunningHost host, string id)
    {
        JsonElement cameras = await new GraphQLClient(host, await host.TokenAsync("admin")).AskAsync("{ cameras { nodes { id stream } } }");
        return cameras.GetProperty("cameras").GetProperty("nodes").EnumerateArray()
            .Single(node => node.Text("stream").EndsWith(id, StringComparison.Ordinal)).Text("id");
    }

    private static async Task<string> EventsAsync(GraphQLClient audit) =>
        (await audit.AskAsync("{ events(first: 500) { nodes { type user stream data } } }")).ToString()
            .Replace(" ", string.Empty, StringComparison.Ordinal);

    private static Task SealedAsync(RunningHost host) => Until.TrueAsync(
        async () => JsonElement.Parse((await host.CliAsync("audit", "status", "--format", "json")).Ok())
            .GetProperty("factsSince").GetInt64() == 0,
        TimeSpan.FromSeconds(30),
        "all facts to be sealed");

    private static Task<string> TextOfAsync(RunningHost host, string table) => host.SqlAsync($"select t::text from {table} t");

    /// <summary>Every row of every table of ours, as text.</summary>
    private static async Task<string> TextOfAllAsync(RunningHost host)
    {
        string tables = await host.SqlAsync(
            "select schemaname || '.' || tablename from pg_tables where schemaname in ('events', 'events_own', 'views', 'public')");
        string all = string.Empty;
        foreach (string table in tables.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            all += await TextOfAsync(host, table);
        }

        return all;
    }

    private static async Task<string> TextInAsync(string bundle)
    {
        await using var zip = await System.IO.Compression.ZipFile.OpenReadAsync(bundle, Cancel);
        string all = string.Empty;
        foreach (System.IO.Compression.ZipArchiveEntry entry in zip.Entries)
        {
            using var reader = new StreamReader(await entry.OpenAsync(Cancel));
            all += await reader.ReadToEndAsync(Cancel);
        }

        return all;
    }

    /// <summary>A client whose connections come from an address of its own.</summary>
    private static HttpClient From(RunningHost host, string address) =>
        new(new SocketsHttpHandler
        {
            ConnectCallback = async (context, cancellationToken) =>
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                socket.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
                await socket.ConnectAsync(IPAddress.Loopback, host.Port, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            },
        })
        {
            BaseAddress = new Uri($"http://127.0.0.1:{host.Port}"),
        };
}
