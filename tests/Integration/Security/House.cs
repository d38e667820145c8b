using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Events.Tests.Integration.Faults;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Security;

/// <summary>One host with two cameras, a recording and a snapshot of each; what every test of access needs.</summary>
public sealed class House : IAsyncLifetime
{
    internal RunningHost Host { get; private set; } = null!;

    internal RpcClient Admin { get; private set; } = null!;

    /// <summary>By camera number, UUIDs.</summary>
    internal string[] Cameras { get; private set; } = [];

    /// <summary>By camera number, names.</summary>
    internal string[] Recordings { get; } = new string[2];

    internal string[] Snapshots { get; } = new string[2];

    /// <summary>Of keys that more than one test shows, by role and scope; null for all that the role may.</summary>
    internal Dictionary<(Role Role, string? Scope), string> Secrets { get; } = [];

    public async ValueTask InitializeAsync()
    {
        Host = await RunningHost.StartAsync(new() { ["EVENTS__Security__UseReportPause"] = "1s" });
        Admin = await Host.ConnectAsync();
        Cameras = [await Scene.AddAsync(Host, Scene.Pattern), await Scene.AddAsync(Host, Scene.Pattern, "Yard")];
        for (int i = 0; i < 2; i++)
        {
            string device = $"camera{i}";
            await Scene.ConnectedAsync(Admin, device);
            await LiveAsync(device);
            Recordings[i] = (await Admin.CallAsync("start_recording", new { device })).Text("filename");
            Snapshots[i] = (await Admin.CallAsync("take_snapshot", new { device })).Text("filename");
            await Admin.CallAsync("stop_recording", new { device });
        }

        // A playlist takes a few groups of pictures, which is longer than any of the steps above.
        var graph = new GraphQLClient(Host, await Host.TokenAsync("admin"));
        await Until.TrueAsync(
            async () => (await graph.AskAsync("{ cameras { nodes { streams { isReady } } } }")).GetProperty("cameras").GetProperty("nodes")
                .EnumerateArray().All(camera => camera.GetProperty("streams").GetProperty("isReady").GetBoolean()),
            TimeSpan.FromSeconds(30),
            "playlists of both cameras");
    }

    public async ValueTask DisposeAsync()
    {
        // One that did not start has neither, and that is what is to be read in the report.
        await (Admin?.DisposeAsync() ?? default);
        await (Host?.DisposeAsync() ?? default);
    }

    internal Task LiveAsync(string device) => Until.TrueAsync(
        async () => (await Admin.CallAsync("get_stream_url", new { device })).GetProperty("available").GetBoolean(),
        TimeSpan.FromSeconds(30),
        "live pictures");

    /// <returns>The secret, and the key's id.</returns>
    internal async Task<(string Secret, string Id)> KeyAsync(params string[] more)
    {
        string name = $"key {Guid.NewGuid():n}";
        string secret = (await Host.CliAsync(["keys", "issue", "--name", name, .. more])).Ok().Trim();
        JsonElement keys = JsonElement.Parse((await Host.CliAsync("keys", "list", "--format", "json")).Ok());
        return (secret, keys.EnumerateArray().Single(key => key.Text("name") == name).Text("id"));
    }

    internal async Task<bool> HasFactAsync(string stream, string type) =>
        await Host.SqlAsync($"select count(*) > 0 from events.mt_events where stream_id = '{stream}' and type = '{type}'") == "t";

    internal async Task<RpcClient> RpcAsync(string secret)
    {
        var client = await RpcClient.ConnectAsync(new Uri($"ws://127.0.0.1:{Host.Port}/ws"));
        await client.CallAsync("authenticate", new { auth_token = secret });
        return client;
    }

    internal async Task<HttpStatusCode> GetAsync(string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        foreach ((string name, string value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using HttpResponseMessage response = await Host.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return response.StatusCode;
    }

    internal Task<HttpStatusCode> GetWithAsync(string secret, string path) => GetAsync(path, ("X-API-Key", secret));

    /// <returns>The status of a DESCRIBE.</returns>
    internal async Task<int> DescribeAsync(string camera, string secret)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, Host.RtspPort);
        string login = Convert.ToBase64String(Encoding.ASCII.GetBytes($"token:{secret}"));
        string text = $"DESCRIBE rtsp://127.0.0.1:{Host.RtspPort}/{camera} RTSP/1.0\r\nCSeq: 1\r\nAuthorization: Basic {login}\r\n\r\n";
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(text));
        using var reader = new StreamReader(client.GetStream());
        return int.Parse((await reader.ReadLineAsync())!.Split(' ')[1], CultureInfo.InvariantCulture);
    }

    internal async Task<ClientWebSocket> WatchAsync(string camera, string secret)
    {
        var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("X-API-Key", secret);
        await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{Host.Port}/live/{camera}"), CancellationToken.None);
        return socket;
    }

    /// <summary>Reads until the other side closes.</summary>
    internal static async Task ClosedAsync(ClientWebSocket socket)
    {
        byte[] buffer = new byte[64 * 1024];
        try
        {
            while ((await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None)).MessageType != WebSocketMessageType.Close)
            {
                // Pictures.
            }
        }
        catch (WebSocketException)
        {
            // Cut off: closed all the same.
        }
    }

    internal static async Task<TimeSpan> TimeOfAsync(Task task)
    {
        long start = Stopwatch.GetTimestamp();
        await task.WaitAsync(TimeSpan.FromSeconds(20));
        return Stopwatch.GetElapsedTime(start);
    }
}
