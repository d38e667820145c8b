using System.Diagnostics;
using System.Text.Json;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.GraphQL;

/// <summary>The graphql-ws client from npm; the test command fetches it.</summary>
public sealed class A_subscription
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task survives_a_kill_and_restart_of_the_host_and_misses_nothing()
    {
        string clients = Path.Combine(Repository.Root, "tests", "tools", "graphql-clients");
        Assert.True(
            Directory.Exists(Path.Combine(clients, "node_modules")), "The clients are not there: ./events test fetches them with npm.");
        await using RunningHost host = await RunningHost.StartAsync();
        string token = await host.TokenAsync("admin");
        var admin = new GraphQLClient(host, token);
        await AddAsync(admin, "first");
        using Process node = Process.Start(
            new ProcessStartInfo("node", ["resume.mjs", $"http://127.0.0.1:{host.Port}/graphql", token, "last"])
            {
                RedirectStandardOutput = true,
                WorkingDirectory = clients,
            })!;
        try
        {
            Assert.Equal("following", await node.StandardOutput.ReadLineAsync(Cancel).AsTask().WaitAsync(Limit, Cancel));
            for (int i = 0; i < 5; i++)
            {
                await AddAsync(admin, $"before {i}");
            }

            await host.KillAsync();
            await host.StartAgainAsync();
            for (int i = 0; i < 5; i++)
            {
                await AddAsync(admin, $"behind {i}");
            }

            await AddAsync(admin, "last");
            JsonElement told = JsonElement.Parse((await node.StandardOutput.ReadLineAsync(Cancel).AsTask().WaitAsync(Limit, Cancel))!);
            string[] got = [.. told.GetProperty("positions").EnumerateArray().Select(one => one.GetString()!)];
            string[] log = (await host.SqlAsync(
                $"select seq_id from events.mt_events where seq_id <= {got[^1]} order by seq_id")).Split('\n');
            Assert.Equal(log, got);
            Assert.True(told.GetProperty("connections").GetInt32() >= 2, "It connected once only.");
        }
        finally
        {
            if (!node.HasExited)
            {
                node.Kill();
            }
        }
    }

    private static async Task AddAsync(GraphQLClient client, string name) =>
        await client.AskAsync(
            "mutation($name: String!) { addCamera(input: {name: $name, source: \"rtsp://127.0.0.1:9/x\"}) { position } }", new { name });
}
