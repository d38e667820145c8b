using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Security;

/// <summary>What is not encrypted is open to this machine alone, unless somebody said otherwise.</summary>
public sealed class Plain_listeners
{
    /// <summary>127.0.0.1 as the kernel prints it.</summary>
    private const string Loopback = "0100007F";

    [Theory]
    [InlineData("Server", "Tls.PlainOutside")]
    [InlineData("Health", "Health.PlainOutside")]
    [InlineData("Rtsp", "Rtsp.PlainOutside")]
    public async Task at_an_address_that_others_reach_stop_the_start(string section, string consent)
    {
        string folder = Path.Combine(Path.GetTempPath(), $"events-it-{Guid.NewGuid():n}");

        CliResult refused = await RunningHost.RunAsync(
            ["up", "--data", folder], new() { [$"EVENTS__{section}__Host"] = "0.0.0.0" });

        Assert.Equal(2, refused.ExitCode);
        Assert.Contains(
            $"{section}.Host (EVENTS__{section}__Host): 0.0.0.0 lets other machines in, and {section}.Port is not encrypted.",
            refused.Errors,
            StringComparison.Ordinal);
        Assert.Contains($"set {consent} to true", refused.Errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder), "Nothing is made by a start that is refused.");
    }

    [Fact]
    public async Task are_at_this_machine_alone_when_nothing_is_set()
    {
        await using RunningHost host = await RunningHost.StartAsync();

        string[] listening = await ListeningAsync();

        foreach (int port in new[] { host.Port, host.HealthPort, host.RtspPort })
        {
            string suffix = string.Create(CultureInfo.InvariantCulture, $":{port:X4}");
            Assert.Equal([Loopback + suffix], listening.Where(one => one.EndsWith(suffix, StringComparison.Ordinal)));
        }
    }

    /// <summary>Who consents to health in the clear has not consented to pictures in the clear.</summary>
    [Fact]
    public async Task of_health_hand_out_files_to_this_machine_alone()
    {
        IPAddress? outside = NetworkInterface.GetAllNetworkInterfaces()
            .SelectMany(one => one.GetIPProperties().UnicastAddresses)
            .Select(one => one.Address)
            .FirstOrDefault(address => address.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(address));
        Assert.SkipWhen(outside is null, "This machine has no address but its own.");
        await using RunningHost host = await RunningHost.StartAsync(new()
        {
            ["EVENTS__Health__Host"] = "0.0.0.0",
            ["EVENTS__Health__PlainOutside"] = "true",
        });
        async Task<(HttpStatusCode Status, string Text)> GetAsync(IPAddress? address, string path)
        {
            var url = new Uri($"http://{address}:{host.HealthPort}{path}");
            using HttpResponseMessage answer = await host.Http.GetAsync(url, TestContext.Current.CancellationToken);
            return (answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }

        Assert.Equal(HttpStatusCode.OK, (await GetAsync(outside, "/health/ready")).Status);
        (HttpStatusCode status, string text) = await GetAsync(outside, "/files/recordings/camera0_2026-01-01_00-00-00.fmp4");
        Assert.Equal(HttpStatusCode.Forbidden, status);
        Assert.Contains("Health.Tls", text, StringComparison.Ordinal);
        Assert.Equal(
            HttpStatusCode.Unauthorized, (await GetAsync(IPAddress.Loopback, "/files/recordings/camera0_2026-01-01_00-00-00.fmp4")).Status);
    }

    /// <summary>Addresses and ports of all sockets of this machine that listen (state 0A), of both families.</summary>
    private static async Task<string[]> ListeningAsync()
    {
        string[] lines =
        [
            .. await File.ReadAllLinesAsync("/proc/net/tcp"),
            .. File.Exists("/proc/net/tcp6") ? await File.ReadAllLinesAsync("/proc/net/tcp6") : [],
        ];
        return
        [
            .. lines.Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Where(words => words is [_, _, _, "0A", ..])
                .Select(words => words[1]),
        ];
    }
}
