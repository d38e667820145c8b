using System.Globalization;
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
