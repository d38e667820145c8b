using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using Events.Application;
using Events.EventStore;
using Events.Host.Security;
using Events.Tests.Integration.Faults;
using Events.Tests.Integration.Kit;
using Events.Tests.Integration.Operations;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Xunit;

namespace Events.Tests.Integration.Security;

/// <summary>All secrets under another key, with a real PostgreSQL, and wherever it breaks off.</summary>
[Trait("pace", "slow")]
public sealed class Changing_the_key_of_secrets
{
    private const string Password = "a-long-password-of-the-tests";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>More rows than a page has: it breaks off behind the first page, and both halves stay readable.</summary>
    [Fact]
    public async Task breaks_off_and_goes_on_without_losing_one()
    {
        Assert.SkipUnless(GivenPostgres.Binaries is not null, "There is no PostgreSQL on this machine.");
        await using GivenPostgres postgres = await GivenPostgres.StartAsync();
        using var folder = new TemporaryFolder();
        await using NpgsqlDataSource database = await WithSchemaAsync(postgres);
        var rows = new ProtectedValues(database);
        SecretsKeys first = SecretsKeys.Open(folder.PathOf(""));
        byte[] old = first.Reading[0];
        var secrets = new SealedValues(rows, first);
        for (int i = 0; i < 450; i++)
        {
            await secrets.SetAsync(NameOf(i), ValueOf(i), Token);
        }

        await rows.SetAsync("of-nobody", RandomNumberGenerator.GetBytes(60), Token);

        // Somebody holds a row of the last page: the first two are done, then it waits, and the process is gone.
        using (var limit = CancellationTokenSource.CreateLinkedTokenSource(Token))
        {
            await using NpgsqlConnection holder = await database.OpenConnectionAsync(Token);
            await using NpgsqlTransaction held = await holder.BeginTransactionAsync(Token);
            await using var hold = new NpgsqlCommand(
                $"select 1 from events_own.protected_value where name = '{NameOf(449)}' for update", holder, held);
            await hold.ExecuteNonQueryAsync(Token);
            Task<SecretsRotated> broken = RotationOf(rows, first).RunAsync(limit.Token);
            await Until.TrueAsync(
                async () => first.IsChanging && await ReadableAsync(rows, first.Reading[0]) == 399,
                TimeSpan.FromSeconds(30),
                "two pages, of which one row is of nobody");
            await secrets.SetAsync("written-meanwhile", ValueOf(1_000), Token);
            await limit.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => broken);
        }

        SecretsKeys second = SecretsKeys.Open(folder.PathOf(""));
        Assert.True(second.IsChanging);
        Assert.Equal(old, second.Reading[1]);
        Assert.Equal(51, await ReadableAsync(rows, old));
        await AllAreReadableAsync(new SealedValues(rows, second));

        SecretsRotated done = await RotationOf(rows, second).RunAsync(Token);

        Assert.Equal(new SecretsRotated(51, 1), done);
        Assert.False(SecretsKeys.Open(folder.PathOf("")).IsChanging);
        Assert.Equal(0, await ReadableAsync(rows, old));
        await AllAreReadableAsync(new SealedValues(rows, SecretsKeys.Open(folder.PathOf(""))));
        Assert.Equal(["sources.key"], Directory.GetFiles(folder.PathOf("")).Select(path => Path.GetFileName(path)));
    }

    [Fact]
    public async Task is_finished_by_the_next_start_when_the_host_is_killed()
    {
        await using RunningHost host = await RunningHost.StartAsync(new() { ["EVENTS__Security__EncryptRecordings"] = "true" });
        await Scene.AddAsync(host, Scene.Pattern);
        (await host.CliReadingAsync(Password + "\n", "users", "add", "--name", "ada", "--role", "viewer", "--password-stdin")).Ok();
        string name = await RecordAsync(host);
        byte[] whole = await host.DownloadAsync($"/files/recordings/{name}", await host.TokenAsync("admin"));
        string present = Path.Combine(host.Data, "keys", "sources.key");
        string next = Path.Combine(host.Data, "keys", "sources.next.key");
        string old = await File.ReadAllTextAsync(present, Token);

        // Rows can be read and not be changed: the change of the key has begun and cannot go on.
        string url = (await host.CliAsync("db", "url")).Ok().Trim();
        Task<CliResult> holding = Tool.RunAsync(
            "psql", ["-X", "-q", url, "-c", "begin; lock table events_own.protected_value in share mode; select pg_sleep(60)"]);
        await Until.TrueAsync(
            async () => await host.SqlAsync(
                "select count(*) from pg_locks where relation = 'events_own.protected_value'::regclass and mode = 'ShareLock'") == "1",
            TimeSpan.FromSeconds(20),
            "the table to be held");
        Task<CliResult> rotating = host.CliAsync("secrets", "rotate-key", "--reason", "Once a year");
        await Until.TrueAsync(() => Task.FromResult(File.Exists(next)), TimeSpan.FromSeconds(20), "the next key");
        await host.KillAsync();
        await rotating;
        Assert.NotEqual(0, (await holding).ExitCode);
        Assert.Equal(old, await File.ReadAllTextAsync(present, Token));
        string made = await File.ReadAllTextAsync(next, Token);

        await host.StartAgainAsync();
        await Until.TrueAsync(() => Task.FromResult(!File.Exists(next)), TimeSpan.FromSeconds(30), () => $"the end: {host.Output}");

        Assert.Equal(made, await File.ReadAllTextAsync(present, Token));
        await OpensAllAsync(host, name, whole);
        (await host.CliAsync("secrets", "rotate-key", "--reason", "Ada has left")).Ok();
        string third = await File.ReadAllTextAsync(present, Token);
        Assert.NotEqual(made, third);
        await OpensAllAsync(host, name, whole);

        // Who people are is under that key, too, and nothing of it is in memory any more.
        Assert.Equal(0, await host.StopAsync());
        await host.StartAgainAsync();
        (await host.CliAsync("projections", "rebuild", "UserView")).Ok();
        Assert.Contains("\"ada\"", (await host.CliAsync("users", "list", "--format", "json")).Ok(), StringComparison.Ordinal);
        await OpensAllAsync(host, name, whole);
        Assert.Equal("2", await host.SqlAsync("select count(*) from events.mt_events where type = 'secrets_rotation_requested'"));
        Assert.All(
            new[] { old, made, third },
            key => Assert.DoesNotContain(key.Trim(), host.Output, StringComparison.Ordinal));
        CliResult refused = await host.CliAsync("secrets", "rotate-key", "--reason", "two\nlines");
        Assert.Contains("A reason is one line", refused.Errors, StringComparison.Ordinal);
        Assert.Equal(third, await File.ReadAllTextAsync(present, Token));
    }

    private static async Task<string> RecordAsync(RunningHost host)
    {
        await using RpcClient client = await host.ConnectAsync();
        await Scene.ConnectedAsync(client);
        string name = (await client.CallAsync("start_recording", new { device = "camera0" })).Text("filename");
        await Until.RecordedAsync(2);
        await client.CallAsync("stop_recording", new { device = "camera0" });
        return name;
    }

    private static async Task OpensAllAsync(RunningHost host, string name, byte[] whole)
    {
        Assert.Equal(whole, await host.DownloadAsync($"/files/recordings/{name}", await host.TokenAsync("admin")));
        using HttpResponseMessage signedIn = await host.Http.PostAsJsonAsync(
            "/auth/sign-in", new { user = "ada", password = Password }, Token);
        signedIn.EnsureSuccessStatusCode();
    }

    private static string NameOf(int i) => $"secret-{i:d4}";

    private static byte[] ValueOf(int i) => Encoding.UTF8.GetBytes($"The secret number {i}");

    private static SecretsRotation RotationOf(ProtectedValues rows, SecretsKeys keys) =>
        new(rows, new SealedValues(rows, keys), keys, new NoOthers(), TimeProvider.System, NullLogger<SecretsRotation>.Instance);

    /// <returns>How many rows one key alone opens.</returns>
    private static async Task<int> ReadableAsync(ProtectedValues rows, byte[] key)
    {
        using var folder = new TemporaryFolder();
        KeyFiles.WriteOwnerOnly(folder.PathOf("sources.key"), Microsoft.IdentityModel.Tokens.Base64UrlEncoder.Encode(key));
        var secrets = new SealedValues(rows, SecretsKeys.Open(folder.PathOf("")));
        return (await rows.PageAsync("", 1_000, Token)).Count(row => secrets.TryRenew(row.Name, row.Value, out _));
    }

    private static async Task AllAreReadableAsync(SealedValues secrets)
    {
        for (int i = 0; i < 450; i++)
        {
            Assert.Equal(ValueOf(i), await secrets.FindAsync(NameOf(i), Token));
        }

        Assert.Equal(ValueOf(1_000), await secrets.FindAsync("written-meanwhile", Token));
        await Assert.ThrowsAnyAsync<CryptographicException>(() => secrets.FindAsync("of-nobody", Token));
    }

    private static async Task<NpgsqlDataSource> WithSchemaAsync(GivenPostgres postgres)
    {
        await using ServiceProvider services = new ServiceCollection()
            .AddLogging()
            .AddSingleton(EventTypes.Catalogue)
            .AddEventStore(new EventStoreOptions(() => postgres.ConnectionString()))
            .BuildServiceProvider();
        await services.GetRequiredService<EventStoreSchema>().ApplyAsync(Token);
        return NpgsqlDataSource.Create(postgres.ConnectionString());
    }

    private sealed class NoOthers : IConnectedHosts
    {
        public Task<int> CountOthersAsync(CancellationToken cancellationToken) => Task.FromResult(0);
    }
}
