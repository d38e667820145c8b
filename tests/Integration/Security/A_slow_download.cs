using System.Text.Json;
using Events.Tests.Integration.Faults;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Security;

/// <summary>Of a file that is not encrypted, so that nothing but the access can end it.</summary>
[Trait("pace", "slow")]
public sealed class A_slow_download
{
    private const string Why = "The key, session or token behind it is good no longer.";

    [Fact]
    public async Task ends_with_the_key_or_session_that_it_was_begun_with()
    {
        await using RunningHost host = await RunningHost.StartAsync();
        await using RpcClient admin = await host.ConnectAsync();
        string name = await RecordMuchAsync(host, admin);
        string path = $"/files/recordings/{name}.fmp4";

        (string secret, Func<Task> revokeAsync) = await KeyAsync(host, "One");
        await SlowReader.IsCutOffAsync(host, path, revokeAsync, secret, Why);

        (secret, revokeAsync) = await KeyAsync(host, "Two");
        await SlowReader.IsCutOffAsync(host, await LinkAsync(host, secret, name), revokeAsync, why: Why);

        await using Person ada = await Person.MakeAsync(host, admin, "viewer");
        await SlowReader.IsCutOffAsync(
            host,
            path,
            async () => (await host.CliAsync("users", "disable", "--name", ada.Name, "--reason", "Has left")).Ok(),
            ada.Token,
            Why);
    }

    [Fact]
    public async Task ends_when_the_time_of_its_token_is_over()
    {
        await using RunningHost host = await RunningHost.StartAsync();
        await using RpcClient admin = await host.ConnectAsync();
        string name = await RecordMuchAsync(host, admin);
        string secret = (await host.CliAsync("keys", "issue", "--role", "viewer", "--name", "Brief", "--expires", "20s")).Ok().Trim();
        long issuedAt = TimeProvider.System.GetTimestamp();

        // The whole file, once at full speed and once slowly, comes in much less than its time.
        await SlowReader.IsCutOffAsync(
            host,
            $"/files/recordings/{name}.fmp4",
            () => Task.Delay(
                TimeSpan.FromSeconds(20) - TimeProvider.System.GetElapsedTime(issuedAt), TestContext.Current.CancellationToken),
            secret,
            Why);
    }

    private static async Task<string> RecordMuchAsync(RunningHost host, RpcClient admin)
    {
        await Scene.AddAsync(host, "test:pattern?size=1920x1080&fps=30");
        await Scene.ConnectedAsync(admin);
        string name = (await admin.CallAsync("start_recording", new { device = "camera0" })).Text("filename");
        await Until.RecordedAsync(16);
        await admin.CallAsync("stop_recording", new { device = "camera0" });
        return name;
    }

    private static async Task<(string Secret, Func<Task> RevokeAsync)> KeyAsync(RunningHost host, string name)
    {
        string secret = (await host.CliAsync("keys", "issue", "--role", "viewer", "--name", name)).Ok().Trim();
        JsonElement keys = JsonElement.Parse((await host.CliAsync("keys", "list", "--format", "json")).Ok());
        string id = keys.EnumerateArray().Single(key => key.Text("name") == name).Text("id");
        return (secret, async () => (await host.CliAsync("keys", "revoke", "--key-id", id)).Ok());
    }

    private static async Task<string> LinkAsync(RunningHost host, string secret, string filename)
    {
        await using RpcClient rpc = await RpcClient.ConnectAsync(new Uri($"ws://127.0.0.1:{host.Port}/ws"));
        await rpc.CallAsync("authenticate", new { auth_token = secret });
        return (await rpc.CallAsync("get_recording_info", new { filename })).Text("download_url");
    }
}
