using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Contract;

/// <summary>As long as nobody has switched discovery on, there is none of it.</summary>
public sealed class External_streams_switched_off
{
    [Fact]
    public async Task are_unsupported()
    {
        await using RunningHost host = await RunningHost.StartAsync();
        await using RpcClient client = await host.ConnectAsync();
        (string Method, object Given)[] calls =
        [
            ("discover_external_streams", new { }),
            ("add_external_stream", new { stream_url = "rtsp://127.0.0.9:9/x", stream_name = "Drone" }),
            ("remove_external_stream", new { stream_url = "rtsp://127.0.0.9:9/x" }),
            ("get_external_streams", new { }),
            ("set_discovery_interval", new { scan_interval = 60 }),
        ];
        foreach ((string method, object given) in calls)
        {
            RpcException refused = await Assert.ThrowsAsync<RpcException>(() => client.CallAsync(method, given));
            Assert.Equal(
                (-32030, "feature_disabled", "external_stream_discovery"),
                (refused.Code, refused.Data.Text("reason"), refused.Data.Text("feature")));
        }

        Assert.Empty(await host.FactsAsync("camera"));
        Assert.Empty(await host.FactsAsync("discovery"));
        Assert.False((await client.CallAsync("get_system_status")).GetProperty("discovery_active").GetBoolean());
    }
}
