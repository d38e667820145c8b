using System.Net;
using Events.Application.Access;
using Events.Host.Health;
using Events.Host.JsonRpc;
using Events.Host.Security;
using Events.JsonRpc;
using Events.Tests.Integration.Kit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Events.Tests.Integration.Contract;

/// <summary>Who is let through in which order while the host is still starting: the real gate, at a server of its own.</summary>
public sealed class The_gate
{
    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task lets_through_what_is_ready(bool areCamerasReady, bool isReady)
    {
        await using Server server = await Server.StartAsync(new Start(areCamerasReady, isReady));
        await using RpcClient client = await RpcClient.ConnectAsync(server.Address);
        Assert.Equal(-32001, await CodeOfAsync(client, "of_cameras"));
        await client.CallAsync("login");

        Assert.Equal(0, await CodeOfAsync(client, "at_any_time"));
        Assert.Equal(areCamerasReady ? 0 : -32050, await CodeOfAsync(client, "of_cameras"));
        Assert.Equal(isReady ? 0 : -32050, await CodeOfAsync(client, "of_footage"));
        Assert.Equal(-32002, await CodeOfAsync(client, "of_administrators"));
        Assert.Equal(-32601, await CodeOfAsync(client, "of_nobody"));
    }

    [Fact]
    public async Task says_what_is_not_ready()
    {
        await using Server server = await Server.StartAsync(new Start(false, false));
        await using RpcClient client = await RpcClient.ConnectAsync(server.Address);
        await client.CallAsync("login");
        RpcException early = await Assert.ThrowsAsync<RpcException>(() => client.CallAsync("of_cameras"));

        Assert.Equal("service_initializing", early.Data.Text("reason"));
        Assert.Equal("controller", early.Data.Text("dependency"));
        Assert.NotEmpty(early.Data.Text("detail"));
        Assert.Contains("Dependency", early.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task says_that_a_start_waits_for_a_log_that_takes_no_facts()
    {
        await using Server server = await Server.StartAsync(new Start(true, false) { AppendsRefused = "The log was set back." });
        await using RpcClient client = await RpcClient.ConnectAsync(server.Address);
        await client.CallAsync("login");
        await client.CallAsync("of_cameras");
        RpcException early = await Assert.ThrowsAsync<RpcException>(() => client.CallAsync("of_footage"));

        Assert.Equal(("dependency_failed", "seals"), (early.Data.Text("reason"), early.Data.Text("dependency")));
        Assert.Equal("The log was set back.", early.Data.Text("detail"));
    }

    /// <returns>0 when the call succeeded.</returns>
    private static async Task<int> CodeOfAsync(RpcClient client, string method)
    {
        try
        {
            await client.CallAsync(method);
            return 0;
        }
        catch (RpcException e)
        {
            return e.Code;
        }
    }

    private sealed record Start(bool AreCamerasReady, bool IsReady) : IReadiness
    {
        public string? AppendsRefused { get; init; }
    }

    private sealed class Server(WebApplication app) : IAsyncDisposable
    {
        public Uri Address
        {
            get
            {
                string http = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
                return new Uri($"ws://127.0.0.1:{new Uri(http).Port}/ws");
            }
        }

        public static async Task<Server> StartAsync(IReadiness readiness)
        {
            WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
            var sessions = new ClientSessions();
            var gate = new LegacyGate(
                sessions,
                readiness,
                new AccessLedger(new AccessTimes("node1", TimeSpan.FromMinutes(5)), TimeProvider.System),
                TimeProvider.System);
            JsonRpcHandler done = _ => ValueTask.FromResult(JsonRpcAnswer.Raw("true"u8.ToArray()));
            builder.Services.AddJsonRpc(_ => new JsonRpcOptions
            {
                Methods =
                [
                    new("login", call => Login(sessions, call), new MethodRule(null, NeedsCameras: false)),
                    new("at_any_time", done, new MethodRule(Right.SeePictures, NeedsCameras: false)),
                    new("of_cameras", done, new MethodRule(Right.SeePictures)),
                    new("of_footage", done, new MethodRule(Right.Control, NeedsFootage: true)),
                    new("of_administrators", done, new MethodRule(Right.Administer)),
                ],
                Gate = gate.Check,
            });
            WebApplication app = builder.Build();
            app.MapJsonRpc("/ws");
            await app.StartAsync();
            return new Server(app);
        }

        public async ValueTask DisposeAsync()
        {
            await app.StopAsync();
            await app.DisposeAsync();
        }

        private static ValueTask<JsonRpcAnswer> Login(ClientSessions sessions, JsonRpcCall call)
        {
            sessions.Of(call.Connection).Identity = new AccessIdentity("ada", Role.Operator, DateTimeOffset.MaxValue);
            return ValueTask.FromResult(JsonRpcAnswer.Raw("true"u8.ToArray()));
        }
    }
}
