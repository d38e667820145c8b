using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Events.Host.Cli;
using Events.Tests.Integration.Kit;
using Events.Tests.Integration.Security;
using Xunit;

namespace Events.Tests.Integration.Operations;

/// <summary>What people type who come from the older service's key tool, or who have their data folder in a settings file.</summary>
public sealed class Words(House house) : IClassFixture<House>
{
    [Theory]
    [InlineData("-format json keys list", "keys list --format json")]
    [InlineData("--format=json -verbose keys list --role viewer", "keys list --role viewer --format json")]
    [InlineData("-config gate.yaml -format table keys stats", "keys stats --config gate.yaml --format table")]
    [InlineData("version", "--version")]
    [InlineData("help keys rotate", "keys rotate --help")]
    [InlineData("help", "--help")]
    [InlineData("--data here camera list", "--data here camera list")]
    [InlineData("keys list -format", "keys list -format")]
    [InlineData("-format", "-format")]
    [InlineData("-format json", "-format json")]
    [InlineData("", "")]
    public void of_the_older_key_tool_are_understood(string typed, string understood) =>
        Assert.Equal(understood, string.Join(' ', GivenWords.Translate(typed.Split(' ', StringSplitOptions.RemoveEmptyEntries))));

    [Theory]
    [InlineData("90s", 90)]
    [InlineData("0d", 0)]
    [InlineData("24h", 86_400)]
    [InlineData("36525d", 3_155_760_000L)]
    public void of_spans_are_understood(string typed, long seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), Spans.Parse(typed, "--expires"));

    [Theory]
    [InlineData("999999999d")]
    [InlineData("3000000d")]
    [InlineData("36526d")]
    [InlineData("99999999999999999999s")]
    [InlineData("-1s")]
    [InlineData("1w")]
    [InlineData("d")]
    [InlineData("")]
    public void of_spans_that_are_none_are_told_so(string typed)
    {
        var refused = Assert.Throws<CommandFailedException>(() => Spans.Parse(typed, "--expires"));
        Assert.StartsWith("--expires takes a span like 90s", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task name_the_data_folder_by_the_settings()
    {
        string file = Path.Combine(house.Host.Data, "words.yaml");
        await File.WriteAllTextAsync(file, $"Data:\n  Folder: {house.Host.Data}\n", TestContext.Current.CancellationToken);

        string secret = (await RunningHost.RunAsync(
            ["-config", file, "-format", "json", "keys", "generate", "--role", "viewer", "--description", "By a file"], [])).Ok();
        Dictionary<string, string> environment = new() { ["EVENTS__Data__Folder"] = house.Host.Data };
        JsonElement keys = JsonElement.Parse((await RunningHost.RunAsync(["keys", "list", "--format", "json"], environment)).Ok());

        JsonElement made = JsonElement.Parse(secret);
        Assert.StartsWith("csk_", made.Text("secret"), StringComparison.Ordinal);
        Assert.Equal("By a file", keys.EnumerateArray().Single(key => key.Text("id") == made.Text("id")).Text("name"));
        string gone = Path.Combine(house.Host.Data, "gone.yaml");
        CliResult nowhere = await RunningHost.RunAsync(["keys", "list", "--config", gone], environment);
        Assert.Equal(1, nowhere.ExitCode);
        Assert.Contains(gone, nowhere.Errors, StringComparison.Ordinal);
        CliResult other = await RunningHost.RunAsync(["keys", "list", "--data", Path.GetTempPath()], environment);
        Assert.Equal(1, other.ExitCode);
        Assert.Contains("No host serves the data folder", other.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task of_a_host_that_hangs_say_so()
    {
        using TcpListener silent = new(IPAddress.Loopback, 0);
        silent.Start();
        using TemporaryFolder folder = new();
        string file = ControlClient.PathOf(folder.PathOf("data"));
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        await File.WriteAllTextAsync(
            file,
            $$"""{"url":"http://{{silent.LocalEndpoint}}","token":"none","processId":1}""",
            TestContext.Current.CancellationToken);
        using ControlClient client = ControlClient.For(folder.PathOf("data"), TimeSpan.FromMilliseconds(200));

        var away = await Assert.ThrowsAsync<HostAwayException>(() => client.GetAsync(
            "/control/status", Events.Host.Control.ControlJson.Default.StatusReport, TestContext.Current.CancellationToken));

        Assert.StartsWith("The host has not answered for 0.2 s.", away.Message, StringComparison.Ordinal);
    }

    /// <summary>As the older generator of tokens took them.</summary>
    [Fact]
    public async Task of_the_older_token_generator_are_understood()
    {
        string printed = (await house.Host.CliAsync(
            "token", "--role", "viewer", "--user-id", "ada", "--expiry-hours", "2", "--format", "json")).Ok();
        JsonElement issued = JsonElement.Parse(printed);
        Assert.Equal(2, issued.Text("token").Count(letter => letter == '.'));
        Assert.InRange(
            issued.GetProperty("expiresAt").GetDateTimeOffset(), DateTimeOffset.UtcNow.AddMinutes(110), DateTimeOffset.UtcNow.AddMinutes(121));
        await LivesAsync(TimeSpan.FromHours(48), "--user-id", "ada");
        await LivesAsync(TimeSpan.FromHours(24), "--user", "ada");
        CliResult signed = await LivesAsync(TimeSpan.FromHours(48), "--secret-key", "s3cr3tM4rk");
        Assert.Contains("--secret-key is passed over", signed.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cr3tM4rk", signed.Output + signed.Errors, StringComparison.Ordinal);
        CliResult wrong = await house.Host.CliAsync("token", "--role", "viewer", "--expiry-hours", "0");
        Assert.Equal((1, true), (wrong.ExitCode, wrong.Errors.Contains("1 to 8784", StringComparison.Ordinal)));
    }

    private async Task<CliResult> LivesAsync(TimeSpan life, params string[] more)
    {
        CliResult made = await house.Host.CliAsync(["token", "--role", "viewer", "--format", "json", .. more]);
        DateTimeOffset end = JsonElement.Parse(made.Ok()).GetProperty("expiresAt").GetDateTimeOffset();
        Assert.InRange(end - DateTimeOffset.UtcNow, life - TimeSpan.FromMinutes(10), life + TimeSpan.FromMinutes(1));
        return made;
    }

    [Fact]
    public async Task name_the_database_by_the_settings_when_no_host_runs()
    {
        await using GivenPostgres given = await GivenPostgres.StartAsync();
        using TemporaryFolder folder = new();
        string connection = given.ConnectionString();
        await using RunningHost host = await RunningHost.StartAsync(
            new() { ["EVENTS__PostgreSql__ConnectionString"] = connection }, data: folder.PathOf("data"));
        await Until.TrueAsync(
            async () => (await host.CliAsync("audit", "verify")).ExitCode == 0, TimeSpan.FromSeconds(40), "a signed head");
        Assert.Equal(0, await host.StopAsync());

        CliResult known = await VerifyAsync(connection);
        CliResult missing = await VerifyAsync(given.ConnectionString(database: "missing"));

        Assert.Equal(0, known.ExitCode);
        Assert.Equal(2, missing.ExitCode);
        Assert.Contains("missing", missing.Errors, StringComparison.Ordinal);

        async Task<CliResult> VerifyAsync(string database)
        {
            string file = folder.PathOf("words.yaml");
            await SecretFile.WriteAsync(
                file,
                $"Data:\n  Folder: {folder.PathOf("data")}\nPostgreSql:\n  ConnectionString: {database}\n",
                TestContext.Current.CancellationToken);
            return await RunningHost.RunAsync(["audit", "verify", "--config", file], []);
        }
    }
}
