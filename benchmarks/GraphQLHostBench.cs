using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

namespace Events.Benchmarks;

/// <summary>
/// GraphQL over its transports: the engine alone over HTTP, then the host's own API over HTTP, and facts from their commit to
/// their subscribers.
/// </summary>
internal static class GraphQLHostBench
{
    private const int Connections = 32;
    private const int Facts = 50;
    private const int Recordings = 60;
    private const double LatencyMsMax = 20;
    private const double EngineMbMax = 219;

    private const string Page =
        "query { recordings(first: 50, where: { status: { eq: STOPPED } }, order: [{ requestedAt: DESC }]) "
        + "{ nodes { id name status startedAt endedAt fileBytes camera { name } } pageInfo { hasNextPage endCursor } } }";

    private const string Cameras = "query { cameras { nodes { id number name status openRecording { id } } } }";
    private static readonly TimeSpan Warm = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Measured = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static async Task RunAsync(BenchContext context)
    {
        context.Say($"HTTP requests come from {Connections} connections that each wait for their answer, from one process beside it.");
        await EngineAsync(context);
        string program = Environment.GetEnvironmentVariable("BENCH_HOST") ?? Path.Combine(AppContext.BaseDirectory, "Events.Host.dll");
        await using HostUnderTest host = await HostUnderTest.StartAsync(Path.GetFullPath(program));
        context.PostgresVersion = (await host.SqlAsync("show server_version"))[0];
        string token = await HostBench.AddCameraAsync(host);
        using HostSocket caller = await HostSocket.ConnectAsync(host.Port, token);
        for (int i = 0; i < Recordings; i++)
        {
            await StartAndStopAsync(caller);
        }

        var cpu = host.CpuMicroseconds;
        await LoadAsync(context, "host: cameras with their recording", host.Port, Cameras, token, cpu);
        await LoadAsync(context, "host: a filtered connection of 50 recordings", host.Port, Page, token, cpu);
        await FanOutAsync(context, host, caller, token, 200, LatencyMsMax);
        await FanOutAsync(context, host, caller, token, 1_000, null);
        ProcessMemory memory = host.Memory();
        context.Add(new BenchFigure("host: memory after all of it", "MB", memory.ResidentMb, null, null, null, "1,000 sockets just closed"));
    }

    /// <summary>The program that other people's suites run against, so that nothing but the engine and its transports is measured.</summary>
    private static async Task EngineAsync(BenchContext context)
    {
        using Process server = Process.Start(new ProcessStartInfo(
            "dotnet", [Path.Combine(AppContext.BaseDirectory, "Events.GraphQLHost.dll"), "--port", "0"]) { RedirectStandardOutput = true })!;
        try
        {
            string line = await server.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The engine did not start.");
            int port = new Uri(line.Split(' ')[^1]).Port;
            double Cpu() => Process.GetProcessById(server.Id).TotalProcessorTime.TotalMicroseconds;
            await LoadAsync(context, "engine: hello world", port, "{ hello }", null, Cpu);
            await LoadAsync(context, "engine: 100 objects of 3 fields", port, "{ items(first: 100) { id name size } }", null, Cpu);
            using Process now = Process.GetProcessById(server.Id);
            context.Add(new BenchFigure("engine: memory after it", "MB", now.WorkingSet64 / 1e6, null, null, EngineMbMax, "resident"));
        }
        finally
        {
            server.Kill();
            await server.WaitForExitAsync();
        }
    }

    private static async Task LoadAsync(
        BenchContext context, string what, int port, string query, string? token, Func<double> cpuMicroseconds)
    {
        byte[] request = Request(query, token);
        using Connection probe = await Connection.OpenAsync(port);
        string answer = Encoding.UTF8.GetString((await probe.AskAsync(request)).Span);
        if (!answer.StartsWith("{\"data\":{", StringComparison.Ordinal) || answer.Contains("\"errors\"", StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"{what}: {answer}");
        }

        await RunAsync(port, request, Warm);
        double before = cpuMicroseconds();
        long began = Stopwatch.GetTimestamp();
        List<double> took = await RunAsync(port, request, Measured);
        double seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        double cpu = (cpuMicroseconds() - before) / took.Count;
        took.Sort();
        context.Add(new BenchLine(
            what, took.Count / seconds, took[took.Count / 2], took[(int)(took.Count * 0.95)], null, cpu, $"{answer.Length} characters each"));
    }

    private static async Task<List<double>> RunAsync(int port, byte[] request, TimeSpan time)
    {
        long began = Stopwatch.GetTimestamp();
        List<double>[] all = await Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => Task.Run(async () =>
        {
            using Connection connection = await Connection.OpenAsync(port);
            List<double> took = [];
            while (Stopwatch.GetElapsedTime(began) < time)
            {
                long sent = Stopwatch.GetTimestamp();
                await connection.AskAsync(request);
                took.Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
            }

            return took;
        })));
        return [.. all.SelectMany(took => took)];
    }

    private static byte[] Request(string query, string? token)
    {
        string body = JsonSerializer.Serialize(new { query });
        string authorization = token is null ? "" : $"Authorization: Bearer {token}\r\n";
        return Encoding.UTF8.GetBytes(
            $"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAccept: application/json\r\n{authorization}"
            + string.Create(CultureInfo.InvariantCulture, $"Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}"));
    }

    /// <summary>Every subscriber gets each start of a recording, over a socket of its own.</summary>
    private static async Task FanOutAsync(
        BenchContext context, HostUnderTest host, HostSocket caller, string token, int subscribers, double? msMax)
    {
        List<Subscriber> all = [];
        try
        {
            for (int i = 0; i < subscribers; i++)
            {
                all.Add(await Subscriber.StartAsync(host.Port, token));
            }

            List<double> took = [];
            List<double> first = [];
            double cpu = host.CpuMicroseconds();
            for (int i = 0; i < Facts; i++)
            {
                Task<(long Position, DateTimeOffset At)[]> received = Task.WhenAll(all.Select(one => one.NextAsync()));
                await StartAndStopAsync(caller);
                (long Position, DateTimeOffset At)[] got = await received.WaitAsync(Patience);
                string row = (await host.SqlAsync(string.Create(
                    CultureInfo.InvariantCulture,
                    $"select extract(epoch from timestamp) from events.mt_events where seq_id = {got[0].Position}")))[0];
                double committed = double.Parse(row, CultureInfo.InvariantCulture) * 1000;
                double[] ages = [.. got.Select(one => (one.At - DateTimeOffset.UnixEpoch).TotalMilliseconds - committed)];
                took.AddRange(ages);
                first.Add(ages.Min());
            }

            cpu = (host.CpuMicroseconds() - cpu) / (Facts * subscribers);
            took.Sort();
            first.Sort();
            context.Add(new BenchFigure(
                $"host: a fact to the first of {subscribers} subscribers", "ms", first[first.Count / 2],
                first[(int)(first.Count * 0.95)], first[^1], null, "the same facts: commit, views and feed, without the fan-out"));
            context.Add(new BenchFigure(
                $"host: a fact to {subscribers} subscribers", "ms", took[took.Count / 2], took[(int)(took.Count * 0.95)],
                took[(int)(took.Count * 0.99)], msMax,
                string.Create(CultureInfo.InvariantCulture, $"{Facts} facts to each, from mt_events.timestamp (the host's clock before ")
                + string.Create(CultureInfo.InvariantCulture, $"the commit) to receipt; {cpu:0} us of the host's CPU for each")));
        }
        finally
        {
            all.ForEach(one => one.Dispose());
        }
    }

    private static async Task StartAndStopAsync(HostSocket caller)
    {
        await caller.CallAsync("start_recording", new { device = "camera0" });
        await caller.CallAsync("stop_recording", new { device = "camera0" });
    }

    /// <summary>HTTP/1.1 with as little of the client's CPU as it takes.</summary>
    private sealed class Connection(Socket socket) : IDisposable
    {
        private byte[] _buffer = new byte[64 * 1024];

        public static async Task<Connection> OpenAsync(int port)
        {
            Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(IPAddress.Loopback, port);
            return new Connection(socket);
        }

        /// <returns>The answer's body, good until the next call.</returns>
        public async ValueTask<ReadOnlyMemory<byte>> AskAsync(byte[] request)
        {
            await socket.SendAsync(request);
            int length = 0;
            int head = -1;
            int whole = int.MaxValue;
            while (length < whole)
            {
                if (length == _buffer.Length)
                {
                    Array.Resize(ref _buffer, 2 * length);
                }

                int got = await socket.ReceiveAsync(_buffer.AsMemory(length));
                length += got > 0 ? got : throw new InvalidOperationException("The server closed.");
                if (head < 0 && (head = _buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8)) >= 0)
                {
                    whole = head + 4 + LengthIn(Encoding.ASCII.GetString(_buffer, 0, head));
                }
            }

            return _buffer.AsMemory(head + 4, whole - head - 4);
        }

        public void Dispose() => socket.Dispose();

        private static int LengthIn(string head)
        {
            string line = head.Split("\r\n").First(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase));
            return int.Parse(line.Split(':')[1], CultureInfo.InvariantCulture);
        }
    }

    /// <summary>A socket of graphql-transport-ws with one subscription.</summary>
    private sealed class Subscriber : IDisposable
    {
        private readonly ClientWebSocket _socket = new();
        private readonly byte[] _buffer = new byte[4 * 1024];

        public static async Task<Subscriber> StartAsync(int port, string token)
        {
            var one = new Subscriber();
            one._socket.Options.AddSubProtocol("graphql-transport-ws");
            await one._socket.ConnectAsync(new Uri($"ws://127.0.0.1:{port}/graphql"), CancellationToken.None);
            await one.SendAsync(new { type = "connection_init", payload = new { authToken = token } });
            await one.ReceiveAsync("connection_ack");
            const string Query = "subscription { events(types: [\"recording_started\"]) { position type } }";
            await one.SendAsync(new { id = "1", type = "subscribe", payload = new { query = Query } });
            return one;
        }

        public async Task<(long Position, DateTimeOffset At)> NextAsync()
        {
            JsonElement message = await ReceiveAsync("next");
            DateTimeOffset now = TimeProvider.System.GetUtcNow();
            string position = message.GetProperty("payload").GetProperty("data").GetProperty("events").GetProperty("position").GetString()!;
            return (long.Parse(position, CultureInfo.InvariantCulture), now);
        }

        public void Dispose() => _socket.Dispose();

        private Task SendAsync(object message) =>
            _socket.SendAsync(JsonSerializer.SerializeToUtf8Bytes(message), WebSocketMessageType.Text, true, CancellationToken.None);

        private async Task<JsonElement> ReceiveAsync(string type)
        {
            while (true)
            {
                ValueWebSocketReceiveResult part = await _socket.ReceiveAsync(_buffer.AsMemory(), CancellationToken.None);
                JsonElement message = JsonElement.Parse(_buffer.AsSpan(0, part.Count));
                string? told = message.GetProperty("type").GetString();
                if (told == type)
                {
                    return message;
                }

                if (told == "ping")
                {
                    await SendAsync(new { type = "pong" });
                }
                else
                {
                    throw new InvalidOperationException(message.ToString());
                }
            }
        }
    }
}
