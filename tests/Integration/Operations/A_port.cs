using System.Net;
using System.Net.Sockets;

using Events.Host.Operations;

using Xunit;

namespace Events.Tests.Integration.Operations;

public sealed class A_port
{
    [Fact]
    public void that_is_busy_is_refused_by_its_name()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;

        var refused = Assert.Throws<StartRefusedException>(() => Ports.RequireFree("127.0.0.1", port, "Server.Port", "--port"));

        Assert.Equal(
            $"Port {port} on 127.0.0.1 is in use by another program. "
            + "End that one, or choose another port with --port (setting Server.Port).",
            refused.Message);
        Assert.Throws<StartRefusedException>(() => Ports.RequireFree("0.0.0.0", port, "Server.Port", "--port"));
    }

    [Fact]
    public void that_is_free_is_left_free()
    {
        Ports.RequireFree("localhost", 0, "Health.Port", "--health-port");
    }

    [Fact]
    public void of_another_machine_is_refused()
    {
        var refused = Assert.Throws<StartRefusedException>(
            () => Ports.RequireFree("192.0.2.1", 0, "Server.Port", "--port"));

        Assert.Contains("Server.Host", refused.Message, StringComparison.Ordinal);
    }
}
