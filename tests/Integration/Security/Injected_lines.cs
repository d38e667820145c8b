using System.Net.Http.Json;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Security;

/// <summary>What strangers send stays within its line: in the log of the host, on the terminal of who reads it, in headers.</summary>
public sealed class Injected_lines
{
    /// <summary>Clears a screen, goes back in the line, makes one of its own, turns it round.</summary>
    private const string Escape = "\u001b[2J\u009b1A\r\nroot was let in\u202e";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task are_shown_for_what_they_are()
    {
        await using RunningHost host = await RunningHost.StartAsync();
        string[] upgrade =
        [
            "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        ];
        foreach (string path in new[] { "/ws?token=planted-secret-in-an-address", "/graphql?token=planted-secret-in-an-address" })
        {
            // A control character, and one that turns a line round, as UTF-8, which a header may hold; and one that it may not.
            (int refused, _) = await RawHttp.AskAsync(
                host.Port, "GET", path, [.. upgrade, "Origin: http://evil\u00c2\u009b2J\u00e2\u0080\u00ae"]);
            Assert.Equal(403, refused);
            (int bad, _) = await RawHttp.AskAsync(host.Port, "GET", path, [.. upgrade, "Origin: http://evil\u001b[2J"]);
            Assert.Contains(bad, new[] { 400, 403 });
        }

        using HttpResponseMessage signIn = await host.Http.PostAsJsonAsync("/auth/sign-in", new { user = Escape, password = Escape }, Token);
        Assert.False(signIn.IsSuccessStatusCode);
        await using (RpcClient client = await host.ConnectAsync("admin"))
        {
            await Assert.ThrowsAsync<RpcException>(() => client.CallAsync(Escape, new { device = Escape }));
            await Assert.ThrowsAsync<RpcException>(() => client.CallAsync("get_camera_status", new { device = Escape }));
            await Assert.ThrowsAsync<RpcException>(() => client.CallAsync("authenticate", new { auth_token = Escape }));
        }

        (int found, string answer) = await RawHttp.AskAsync(
            host.Port, "GET", "/files/recordings/x%0d%0aX-Injected:%20yes%0d%0a%0d%0a<script>", ["Origin: http://127.0.0.1"]);
        Assert.InRange(found, 400, 499);
        Assert.DoesNotContain("\nX-Injected", answer, StringComparison.OrdinalIgnoreCase);

        string[][] verbs = [["audit", "trail", "--user", Escape], ["camera", "add", "--name", Escape, "--source", "test:pattern"]];
        foreach (string[] words in verbs)
        {
            CliResult shown = await host.CliAsync(words);
            Assert.Equal(words[0] == "camera" ? 1 : 0, shown.ExitCode);
            Assert.DoesNotContain(shown.Output + shown.Errors, IsUnsafe);
        }

        await host.StopAsync();
        Assert.Contains(@"Origin http://evil\x9b2J\u202e was refused at /ws", host.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(host.Output, IsUnsafe);
        Assert.DoesNotContain("planted-secret-in-an-address", host.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(host.Output.Split('\n'), line => line.StartsWith("root", StringComparison.Ordinal));
    }

    private static bool IsUnsafe(char letter) => (char.IsControl(letter) && letter is not ('\n' or '\t')) || letter == '\u202e';
}
