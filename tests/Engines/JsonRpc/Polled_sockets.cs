using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Events.JsonRpc;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Events.Tests.Engines.JsonRpc;

/// <summary>The transport under the web server, with clients that take their time, or go.</summary>
public sealed class Polled_sockets : IAsyncLifetime
{
    private const int LongBytes = 24 * 1024 * 1024;

    private readonly byte[] _long = RandomNumberGenerator.GetBytes(LongBytes);
    private readonly TaskCompletionSource _aborted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim _release = new(0);
    private WebApplication _app = null!;
    private int _port;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddPolledSockets();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = LongBytes;
            kestrel.Listen(IPAddress.Loopback, 0);
        });
        _app = builder.Build();
        _app.Run(ServeAsync);
        await _app.StartAsync(Token);
        string address = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        _port = new Uri(address).Port;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(Token);
        await _app.DisposeAsync();
        _release.Dispose();
    }

    [Fact]
    public async Task carry_long_bodies_both_ways_to_readers_of_any_pace()
    {
        using HttpClient client = new() { BaseAddress = new Uri($"http://127.0.0.1:{_port}") };
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            using HttpResponseMessage answer = await client.PostAsync("/echo", new ByteArrayContent(_long), Token);
            Assert.Equal(_long, await answer.Content.ReadAsByteArrayAsync(Token));
        }));

        using Socket slow = await ConnectAsync(receiveBytes: 4096);
        await slow.SendAsync("GET /long HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"u8.ToArray(), Token);
        byte[] all = await ReadToEndAsync(slow);
        Assert.Equal(_long, all[^LongBytes..]);
    }

    /// <summary>It is read no further than to the pipe's bound, and takes all once it is read on.</summary>
    [Fact]
    public async Task hold_a_sender_up_whose_bytes_nobody_reads()
    {
        using Socket eager = await ConnectAsync();
        eager.SendBufferSize = 16 * 1024;
        await eager.SendAsync(
            Encoding.ASCII.GetBytes($"POST /held HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {LongBytes}\r\n\r\n"), Token);
        Task<int> sending = SendAllAsync(eager, _long);
        await Task.WhenAny(sending, Task.Delay(TimeSpan.FromMilliseconds(300), Token));
        Assert.False(sending.IsCompleted);
        _release.Release();
        Assert.Equal(LongBytes, await sending.WaitAsync(TimeSpan.FromSeconds(20), Token));
        Assert.EndsWith(Convert.ToHexString(SHA256.HashData(_long)), Encoding.ASCII.GetString(await ReadToEndAsync(eager)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task tell_a_request_that_its_client_has_gone()
    {
        Socket gone = await ConnectAsync();
        await gone.SendAsync("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray(), Token);
        await _release.WaitAsync(Token);
        gone.LingerState = new LingerOption(true, 0);
        gone.Dispose();
        await _aborted.Task.WaitAsync(TimeSpan.FromSeconds(10), Token);
    }

    [Fact]
    public async Task are_given_back_when_crowds_vanish()
    {
        int before = Descriptors();
        for (int round = 0; round < 5; round++)
        {
            Socket[] crowd = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => ConnectAsync()));
            for (int i = 0; i < crowd.Length; i++)
            {
                await (i % 3 == 0 ? crowd[i].SendAsync("GET /sho"u8.ToArray(), Token) : ValueTask.FromResult(0));
                crowd[i].LingerState = new LingerOption(true, i % 2);
                crowd[i].Dispose();
            }
        }

        await RpcServer.UntilAsync(() => Descriptors() <= before + 10);
        using Socket other = await ConnectAsync();
        await other.SendAsync("GET /short HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"u8.ToArray(), Token);
        Assert.EndsWith("short", Encoding.ASCII.GetString(await ReadToEndAsync(other)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task say_that_an_address_is_taken()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddPolledSockets();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, _port));
        await using WebApplication second = builder.Build();
        IOException taken = await Assert.ThrowsAsync<IOException>(() => second.StartAsync(Token));
        Assert.IsType<AddressInUseException>(taken.InnerException);
    }

    private static int Descriptors() => Directory.GetFiles("/proc/self/fd").Length;

    private static async Task<int> SendAllAsync(Socket socket, byte[] bytes)
    {
        int sent = 0;
        while (sent < bytes.Length)
        {
            sent += await socket.SendAsync(bytes.AsMemory(sent, Math.Min(64 * 1024, bytes.Length - sent)), Token);
        }

        return sent;
    }

    private static async Task<byte[]> ReadToEndAsync(Socket socket)
    {
        using MemoryStream all = new();
        byte[] part = new byte[8 * 1024];
        while (await socket.ReceiveAsync(part, Token) is > 0 and var count)
        {
            all.Write(part, 0, count);
        }

        return all.ToArray();
    }

    private static async Task AnswerAsync(HttpContext context, byte[] body)
    {
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }

    private async Task<Socket> ConnectAsync(int? receiveBytes = null)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.ReceiveBufferSize = receiveBytes ?? socket.ReceiveBufferSize;
        await socket.ConnectAsync(IPAddress.Loopback, _port, Token);
        return socket;
    }

    private async Task ServeAsync(HttpContext context)
    {
        switch (context.Request.Path.Value)
        {
            case "/echo":
                using (MemoryStream all = new())
                {
                    await context.Request.Body.CopyToAsync(all, context.RequestAborted);
                    await AnswerAsync(context, all.ToArray());
                }

                break;
            case "/long":
                await AnswerAsync(context, _long);
                break;
            case "/held":
                await _release.WaitAsync(context.RequestAborted);
                byte[] hash = await SHA256.HashDataAsync(context.Request.Body, context.RequestAborted);
                await AnswerAsync(context, Encoding.ASCII.GetBytes(Convert.ToHexString(hash)));
                break;
            case "/wait":
                context.RequestAborted.Register(() => _aborted.TrySetResult());
                _release.Release();
                await _aborted.Task;
                break;
            default:
                await AnswerAsync(context, "short"u8.ToArray());
                break;
        }
    }
}
