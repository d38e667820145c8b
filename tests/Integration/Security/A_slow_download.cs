using System.Text.Json;
using Events.Tests.Integration.Faults;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Security;

/// <summary>
/// A host with one recording, which is too large for the kernel to take it all for a slow reader. To make it takes longer than the
/// tests that share it, each of which has a key or account of its own.
/// </summary>
public sealed class LongRecording : IAsyncLifetime
{
    internal RunningHost Host { get; private set; } = null!;

    internal string Name { get; private set; } = "";

    internal string Path => $"/files/recordings/{Name}.fmp4";

    public async ValueTask InitializeAsync()
    {
        Host = await RunningHost.StartAsync();
        await using RpcClient admin = await Host.ConnectAsync();
        await Scene.AddAsync(Host, "test:pattern?size=1920x1080&fps=30");
        await Scene.ConnectedAsync(admin);
        Name = (await admin.CallAsync("start_recording", new { device = "camera0" })).Text("filename");
        await Until.RecordedAsync(16);
        await admin.CallAsync("stop_recording", new { device = "camera0" });
    }

    public ValueTask DisposeAsync() => Host?.DisposeAsync() ?? default;
}

/// <summary>Of a file that is not encrypted, so that nothing but the access can end it.</summary>
[Trait("pace", "slow")]
public sealed class A_slow_download(LongRecording recording) : IClassFixture<LongRecording>
{
    private const string Why = "The key, session or token behind it is good no longer.";

    private RunningHost Host => recording.Host;

    [Fact]
    public async Task ends_with_the_key_or_session_that_it_was_begun_with()
    {
        (string secret, Func<Task> revokeAsync) = await KeyAsync("One");
        await IsCutOffAsync(recording.Path, revokeAsync, secret);

        (secret, revokeAsync) = await KeyAsync("Two");
        await IsCutOffAsync(await LinkAsync(secret), revokeAsync);

        await using RpcClient admin = await Host.ConnectAsync();
        await using Person ada = await Person.MakeAsync(Host, admin, "viewer");
        await IsCutOffAsync(
            recording.Path,
            async () => (await Host.CliAsync("users", "disable", "--name", ada.Name, "--reason", "Has left")).Ok(),
            ada.Token);
    }

    [Fact]
    public async Task ends_when_the_time_of_its_token_is_over()
    {
        string secret = (await Host.CliAsync("keys", "issue", "--role", "viewer", "--name", "Brief", "--expires", "20s")).Ok().Trim();
        long issuedAt = TimeProvider.System.GetTimestamp();

        // The whole file, once at full speed and once slowly, comes in much less than its time.
        await IsCutOffAsync(
            recording.Path,
            () => Task.Delay(
                TimeSpan.FromSeconds(20) - TimeProvider.System.GetElapsedTime(issuedAt), TestContext.Current.CancellationToken),
            secret);
    }

    /// <summary>The host has said the same of downloads before, so its words are counted.</summary>
    private async Task IsCutOffAsync(string url, Func<Task> endAsync, string? token = null)
    {
        int before = CutCount();
        await SlowReader.IsCutOffAsync(Host, url, endAsync, token, Why);
        await Until.TrueAsync(() => Task.FromResult(CutCount() > before), TimeSpan.FromSeconds(10), "a word about this cut");
    }

    private int CutCount() => Host.Output.Split($"was cut off: {Why}").Length - 1;

    private async Task<(string Secret, Func<Task> RevokeAsync)> KeyAsync(string name)
    {
        string secret = (await Host.CliAsync("keys", "issue", "--role", "viewer", "--name", name)).Ok().Trim();
        JsonElement keys = JsonElement.Parse((await Host.CliAsync("keys", "list", "--format", "json")).Ok());
        string id = keys.EnumerateArray().Single(key => key.Text("name") == name).Text("id");
        return (secret, async () => (await Host.CliAsync("keys", "revoke", "--key-id", id)).Ok());
    }

    private async Task<string> LinkAsync(string secret)
    {
        await using RpcClient rpc = await RpcClient.ConnectAsync(new Uri($"ws://127.0.0.1:{Host.Port}/ws"));
        await rpc.CallAsync("authenticate", new { auth_token = secret });
        return (await rpc.CallAsync("get_recording_info", new { filename = recording.Name })).Text("download_url");
    }
}
