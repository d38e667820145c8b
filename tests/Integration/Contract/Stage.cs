using System.Globalization;
using System.Text.Json;
using Events.Tests.Integration.Faults;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Contract;

/// <summary>
/// One host for all tests of the contract: a camera that shows pictures, one on this machine that never will, an RTSP camera to
/// be discovered, and a socket of each role.
/// </summary>
public sealed class Stage : IAsyncLifetime
{
    public const string Device = "camera0";

    private readonly Dictionary<string, RpcClient> _clients = [];
    private readonly Dictionary<string, string> _tokens = [];
    private string? _recorded;
    private int _lastAddress;

    internal RunningHost Host { get; private set; } = null!;

    internal RtspCamera Rtsp { get; private set; } = null!;

    internal RpcClient Admin => _clients["admin"];

    /// <param name="role">Empty for one that has not logged in.</param>
    internal RpcClient Of(string role) => _clients[role];

    public async ValueTask InitializeAsync()
    {
        Rtsp = await RtspCamera.StartAsync("--size", "320x180");
        Host = await RunningHost.StartAsync(new()
        {
            ["EVENTS__Discovery__Enabled"] = "true",
            ["EVENTS__Discovery__SkydioRanges"] = "127.0.0.1",
            ["EVENTS__Discovery__GenericRanges"] = "127.0.0.1",
            ["EVENTS__Discovery__GenericPorts"] = $"{Rtsp.Port}",
            ["EVENTS__Discovery__GenericPaths"] = "/cam0,/nothing",
        });
        foreach (string role in ContractTable.Roles)
        {
            _tokens[role] = role.Length == 0 ? string.Empty : await Host.TokenAsync(role);
            _clients[role] = await ConnectAsync(role);
        }

        await Scene.AddAsync(Host, Scene.Pattern);
        await Scene.AddAsync(Host, "v4l2:/dev/video9", "Door");
        await Scene.ConnectedAsync(Admin);
        await Until.TrueAsync(
            async () => (await Admin.CallAsync("get_stream_url", new { device = Device })).GetProperty("available").GetBoolean(),
            TimeSpan.FromSeconds(30),
            "live pictures");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (RpcClient client in _clients.Values)
        {
            await client.DisposeAsync();
        }

        await Host.DisposeAsync();
        await Rtsp.DisposeAsync();
    }

    internal Task<string> TokenAsync(string role) => Task.FromResult(_tokens[role]);

    /// <summary>A socket of its own, for tests that change what their socket is.</summary>
    internal async Task<RpcClient> ConnectAsync(string role)
    {
        var client = await RpcClient.ConnectAsync(new Uri($"ws://127.0.0.1:{Host.Port}/ws"));
        if (role.Length > 0)
        {
            await client.CallAsync("authenticate", new { auth_token = _tokens[role] });
        }

        return client;
    }

    internal async Task<string> RecordingAsync()
    {
        await NotRecordingAsync();
        return (await Admin.CallAsync("start_recording", new { device = Device })).Text("filename");
    }

    internal async Task NotRecordingAsync()
    {
        try
        {
            await Admin.CallAsync("stop_recording", new { device = Device });
        }
        catch (RpcException e) when (e.Code == -32020)
        {
            // It was not.
        }
    }

    /// <returns>The name of a recording that has ended; the same one again unless it is to be deleted.</returns>
    internal async Task<string> RecordedAsync(bool isToGo = false)
    {
        if (isToGo || _recorded is null)
        {
            string name = await RecordingAsync();
            await Until.TrueAsync(
                async () => (await Admin.CallAsync("get_stream_url", new { device = Device })).GetProperty("available").GetBoolean(),
                TimeSpan.FromSeconds(30),
                "live pictures");
            JsonElement stopped = await Admin.CallAsync("stop_recording", new { device = Device });
            Assert.Equal(name, stopped.Text("filename"));
            if (isToGo)
            {
                return name;
            }

            _recorded = name;
        }

        return _recorded;
    }

    internal async Task<string> SnapshotAsync() =>
        (await Admin.CallAsync("take_snapshot", new { device = Device })).Text("filename");

    /// <summary>Where nobody is.</summary>
    internal string NewAddress() =>
        string.Create(CultureInfo.InvariantCulture, $"rtsp://127.0.0.9:9/stream{++_lastAddress}");

    internal async Task<string> ExternalAsync()
    {
        string address = NewAddress();
        await Admin.CallAsync("add_external_stream", new { stream_url = address, stream_name = "Drone" });
        return address;
    }
}
