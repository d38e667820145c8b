using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Events.JsonRpc;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Events.Benchmarks;

/// <summary>
/// Rate, latency and memory of JSON-RPC pings. The server is a child process with nothing but this library, so that its
/// memory is measured alone. <c>ping [NAME...]</c> runs the named memory settings, without names all of them.
/// </summary>
internal static class PingBench
{
    private const int IdleSockets = 1000;
    private const string Call = """{"jsonrpc":"2.0","id":1,"method":"ping"}""";
    private static readonly TimeSpan Run = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(3);

    /// <summary>Beside these the server always runs without a background collector, unless they say otherwise.</summary>
    private static readonly Dictionary<string, Dictionary<string, string>> Settings = new()
    {
        ["concurrent"] = new() { ["DOTNET_gcConcurrent"] = "1" },
        ["default"] = [],
        ["gen0-2M"] = new() { ["DOTNET_GCGen0MaxBudget"] = "0x200000" },
        ["gen0-4M"] = new() { ["DOTNET_GCGen0MaxBudget"] = "0x400000" },
        ["gen0-8M"] = new() { ["DOTNET_GCGen0MaxBudget"] = "0x800000" },
        ["gen0-4M+conserve-7"] = new() { ["DOTNET_GCGen0MaxBudget"] = "0x400000", ["DOTNET_GCConserveMemory"] = "7" },
        ["gen0-4M+nopgo"] = new() { ["DOTNET_GCGen0MaxBudget"] = "0x400000", ["DOTNET_TieredPGO"] = "0" },
        ["gen0-4M+notiers"] = new() { ["DOTNET_GCGen0MaxBudget"] = "0x400000", ["DOTNET_TieredCompilation"] = "0" },
        ["server-datas"] = new() { ["DOTNET_gcServer"] = "1", ["DOTNET_GCDynamicAdaptationMode"] = "1" },
    };

    /// <param name="args">Names of settings; none for all of them.</param>
    internal static async Task RunAsync(BenchContext context, string[] args)
    {
        context.AddRow(
            "| settings | idle MB | 1,000 sockets MB | after pings MB | after 1 MiB messages MB | 10 s later MB "
            + "| after a collection MB | GC heap MB | 1 conn /s | p50 us | p95 us | p99 us "
            + "| 32 conn /s | p50 us | p95 us | p99 us |");
        context.AddRow("|---|" + string.Concat(Enumerable.Repeat("---|", 15)));
        foreach (string name in args.Length > 0 ? args : [.. Settings.Keys])
        {
            context.AddRow(await MeasureAsync(name, Settings[name]));
        }
    }

    private static async Task<string> MeasureAsync(string name, Dictionary<string, string> settings)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        if (Path.GetFileName(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add(Environment.GetCommandLineArgs()[0]);
        }

        start.ArgumentList.Add("ping");
        start.ArgumentList.Add("serve");
        start.Environment["DOTNET_gcConcurrent"] = "0";
        foreach ((string key, string value) in settings)
        {
            start.Environment[key] = value;
        }

        using Process server = Process.Start(start)!;
        int port = int.Parse((await server.StandardOutput.ReadLineAsync())!, CultureInfo.InvariantCulture);
        await Task.Delay(Settle);
        double idle = ResidentMegabytes(server.Id);
        double many = await WithIdleSocketsAsync(port, server.Id);
        Rate one = await LoadAsync(port, 1);
        Rate crowd = await LoadAsync(port, 32);
        double loaded = ResidentMegabytes(server.Id);
        await SendLargeAsync(port);
        double large = ResidentMegabytes(server.Id);
        await Task.Delay(TimeSpan.FromSeconds(10));
        double later = ResidentMegabytes(server.Id);
        await server.StandardInput.WriteLineAsync("heap");
        string heap = (await server.StandardOutput.ReadLineAsync())!;
        double collected = ResidentMegabytes(server.Id);
        server.StandardInput.Close();
        await server.WaitForExitAsync();
        return string.Create(
            CultureInfo.InvariantCulture,
            $"| {name} | {idle:F0} | {many:F0} | {loaded:F0} | {large:F0} | {later:F0} "
                + $"| {collected:F0} | {heap} | {one} | {crowd} |");
    }

    private static async Task<double> WithIdleSocketsAsync(int port, int processId)
    {
        var clients = new List<Client>();
        for (int i = 0; i < IdleSockets; i++)
        {
            Client client = await Client.ConnectAsync(port);
            await client.PingAsync();
            clients.Add(client);
        }

        await Task.Delay(Settle);
        double resident = ResidentMegabytes(processId);
        clients.ForEach(client => client.Dispose());
        return resident;
    }

    /// <summary>16 clients that send 40 messages of 1 MiB each: the most that the bounds allow.</summary>
    private static async Task SendLargeAsync(int port) => await Task.WhenAll(Enumerable.Range(0, 16).Select(async _ =>
    {
        using Client client = await Client.ConnectAsync(port);
        for (int i = 0; i < 40; i++)
        {
            await client.PingAsync(Client.LargeFrame);
        }
    }));

    private static async Task<Rate> LoadAsync(int port, int connections)
    {
        await PingAllAsync(port, connections, Run / 2);
        long before = Stopwatch.GetTimestamp();
        List<long> took = await PingAllAsync(port, connections, Run);
        TimeSpan all = Stopwatch.GetElapsedTime(before);
        took.Sort();
        return new Rate(took.Count / all.TotalSeconds, At(0.5), At(0.95), At(0.99));

        double At(double part) => took[(int)(took.Count * part)] * 1e6 / Stopwatch.Frequency;
    }

    private static async Task<List<long>> PingAllAsync(int port, int connections, TimeSpan run)
    {
        long end = Stopwatch.GetTimestamp() + (long)(run.TotalSeconds * Stopwatch.Frequency);
        List<long>[] parts = await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => Task.Run(async () =>
        {
            using Client client = await Client.ConnectAsync(port);
            var took = new List<long>();
            long now = Stopwatch.GetTimestamp();
            while (now < end)
            {
                await client.PingAsync();
                long then = now;
                now = Stopwatch.GetTimestamp();
                took.Add(now - then);
            }

            return took;
        })));
        return [.. parts.SelectMany(part => part)];
    }

    /// <summary>The server's side: runs until its input ends.</summary>
    internal static async Task<int> ServeAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBufferSize = 64 * 1024;
            kestrel.Listen(IPAddress.Loopback, 0);
        });
        JsonRpcAnswer pong = JsonRpcAnswer.Raw("\"pong\""u8.ToArray());
        builder.Services.AddJsonRpc(_ => new JsonRpcOptions { Methods = [new("ping", _ => new(pong))] });
        await using WebApplication app = builder.Build();
        app.MapJsonRpc("/ws");
        await app.StartAsync();
        string address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        Console.WriteLine(new Uri(address).Port);
        while (await Console.In.ReadLineAsync() is not null)
        {
            GC.Collect(2, GCCollectionMode.Aggressive, true, true);
            double megabytes = GC.GetGCMemoryInfo().HeapSizeBytes / 1048576.0;
            Console.WriteLine(megabytes.ToString("F1", CultureInfo.InvariantCulture));
        }

        await app.StopAsync();
        return 0;
    }

    private static double ResidentMegabytes(int processId)
    {
        string line = File.ReadLines($"/proc/{processId}/status")
            .First(text => text.StartsWith("VmRSS", StringComparison.Ordinal));
        return int.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024.0;
    }

    private readonly record struct Rate(double PerSecond, double P50, double P95, double P99)
    {
        public override string ToString() =>
            string.Create(CultureInfo.InvariantCulture, $"{PerSecond:F0} | {P50:F0} | {P95:F0} | {P99:F0}");
    }

    /// <summary>A bare socket that sends one ready frame, so that the client costs as little as it can.</summary>
    private sealed class Client : IDisposable
    {
        private static readonly byte[] Frame = [0x81, (byte)(0x80 | Call.Length), 0, 0, 0, 0, .. Encoding.ASCII.GetBytes(Call)];

        /// <summary>The same call, filled with blanks up to 1 MiB.</summary>
        internal static readonly byte[] LargeFrame =
        [
            0x81, 0x80 | 127, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0,
            .. Encoding.ASCII.GetBytes(Call.PadRight(1024 * 1024)),
        ];

        private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        private readonly byte[] _answer = new byte[512];

        internal static async Task<Client> ConnectAsync(int port)
        {
            var client = new Client();
            await client._socket.ConnectAsync(IPAddress.Loopback, port);
            await client._socket.SendAsync(Encoding.ASCII.GetBytes("GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                + "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"));
            string head = "";
            while (!head.EndsWith("\r\n\r\n", StringComparison.Ordinal))
            {
                head += Encoding.ASCII.GetString(client._answer, 0, await client._socket.ReceiveAsync(client._answer));
            }

            return client;
        }

        internal ValueTask PingAsync() => PingAsync(Frame);

        internal async ValueTask PingAsync(byte[] frame)
        {
            await _socket.SendAsync(frame);
            int got = 0;
            do
            {
                int part = await _socket.ReceiveAsync(_answer.AsMemory(got));
                got += part > 0 ? part : throw new InvalidOperationException("The server has gone.");
            }
            while (got < 2 || got < _answer[1] + 2);
        }

        public void Dispose() => _socket.Dispose();
    }
}
