using System.Text.Json;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Faults;

/// <summary>Whatever comes over plain HTTP, on either port, gets a status that says whose fault it is, and never ours.</summary>
public sealed class Hostile_requests(Ground ground) : IClassFixture<Ground>, IAsyncLifetime
{
    private int _saidBefore;

    private RunningHost Host => ground.Host;

    private string[] AsViewer => [$"Authorization: Bearer {ground.Viewer}"];

    private string ControlToken =>
        JsonSerializer.Deserialize<JsonElement>(File.ReadAllText(Path.Combine(Host.Data, "run", "host.json"))).Text("token");

    public ValueTask InitializeAsync()
    {
        _saidBefore = Host.Output.Length;
        return ValueTask.CompletedTask;
    }

    /// <summary>After each of them the host still runs, serves others, and has found nothing worth a complaint.</summary>
    public async ValueTask DisposeAsync()
    {
        Assert.False(Host.Process.HasExited, Host.Output);
        Assert.Equal(200, (await RawHttp.AskAsync(Host.HealthPort, "GET", "/health/ready")).Status);
        Assert.Equal(200, (await RawHttp.AskAsync(Host.Port, "GET", "/files/snapshots/gate.jpg", AsViewer)).Status);
        string said = Host.Output[_saidBefore..];
        Assert.DoesNotContain("Exception", said, StringComparison.Ordinal);
        Assert.DoesNotContain("fail:", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/files/recordings/../../keys/tokens.key", "400")]
    [InlineData("/files/snapshots/..", "400")]
    [InlineData("/files/snapshots/..?exp=1", "400")]
    [InlineData("/files/snapshots/x/../gate.jpg", "400")]
    [InlineData("/files/snapshots/../../../../../etc/passwd", "400")]
    [InlineData("/files/snapshots/%2e%2e/%2e%2e/keys/tokens.key", "400")]
    [InlineData("/files/snapshots/.%2E/%2e./keys/tokens.key", "400")]
    [InlineData("/files/snapshots/%2e%2e%2fkeys%2ftokens.key", "400")]
    [InlineData("/files/snapshots/..%5c..%5ckeys", "400")]
    [InlineData("/files/snapshots/%252e%252e%252fkeys", "400")]
    [InlineData("/files/snapshots/%c0%ae%c0%ae/keys", "400 404")]
    [InlineData("/files/snapshots/gate.jpg%00.png", "400")]
    [InlineData("/files/snapshots//etc/passwd", "400")]
    [InlineData("/files/snapshots/", "400 404")]
    [InlineData("/files/snapshots/%20", "400")]
    [InlineData("/files/snapshots/a%0d%0aX-Evil:%201", "400")]
    [InlineData("/files/snapshots/.events-storage", "400")]
    [InlineData("/files/snapshots/gate.jpg/", "400 404")]
    [InlineData("/files/keys/tokens.key", "404")]
    [InlineData("/hls/camera0/../../keys/tokens.key", "400 404")]
    [InlineData("/hls/camera0/segment-99999999999999999999.m4s", "404")]
    [InlineData("/hls/camera0/segment--1.m4s", "404")]
    [InlineData("/hls/camera0/header-4294967297.mp4", "404")]
    [InlineData("/hls/camera0/segment-1.m4s.m4s", "404")]
    [InlineData("/hls/camera99.m3u8", "404")]
    [InlineData("/hls/%63amera0x.m3u8", "400")]
    [InlineData("/live/camera00.jpg", "400")]
    [InlineData("/live/..%2fcamera0.jpg", "400 404")]
    public async Task for_files_that_are_none_of_theirs(string target, string statuses)
    {
        foreach (int port in new[] { Host.Port, Host.HealthPort })
        {
            (int status, string text) = await RawHttp.AskAsync(port, "GET", target, AsViewer);

            // Files are on both ports, what is live only on the main one.
            bool isElsewhere = port == Host.HealthPort && status == 404 && !target.StartsWith("/files/", StringComparison.Ordinal);
            Assert.True(statuses.Contains($"{status}", StringComparison.Ordinal) || isElsewhere, Start(text));
            Assert.DoesNotContain("root:", text, StringComparison.Ordinal);
            Assert.DoesNotContain("X-Evil", text.Split("\r\n\r\n")[0], StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("n", 255, 404)]
    [InlineData("n", 256, 400)]
    [InlineData("n", 7_000, 400)]
    [InlineData("n", 20_000, 414)]
    [InlineData("%C3%A9", 300, 400)]
    public async Task for_files_with_long_names(string letter, int count, int status)
    {
        string name = string.Concat(Enumerable.Repeat(letter, count));

        Assert.Equal(status, (await RawHttp.AskAsync(Host.Port, "GET", "/files/recordings/" + name, AsViewer)).Status);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Authorization: Bearer")]
    [InlineData("Authorization: Bearer ")]
    [InlineData("Authorization: Bearer e30.e30.e30")]
    [InlineData("Authorization: Basic YWRhOmxvdmVsYWNl")]
    [InlineData("Authorization: Bearer eyJhbGciOiJub25lIn0.eyJ1c2VyX2lkIjoiYSIsInJvbGUiOiJhZG1pbiIsImlhdCI6MSwiZXhwIjo5OTk5OTk5OTk5fQ.")]
    [InlineData("Authorization: \u00ff\u00fe\u0001")]
    public async Task without_a_right_to_them(string header)
    {
        string[] headers = header.Length == 0 ? [] : [header];
        foreach (string target in new[]
        {
            "/files/snapshots/gate.jpg", "/files/snapshots/gate.jpg?exp=99999999999&sig=x", "/files/snapshots/gate.jpg?exp=-1&sig=",
            "/files/snapshots/gate.jpg?exp=1&exp=2&sig=a&sig=b", "/files/snapshots/none.jpg", "/hls/camera0.m3u8", "/hls/camera0/segment-0.m4s",
            "/live/camera0.jpg", "/live/camera99.jpg?exp=99999999999999999999999&sig=%00",
        })
        {
            (int status, string text) = await RawHttp.AskAsync(Host.Port, "GET", target, headers);
            Assert.True(status is 401 or 400, Start(text));
        }
    }

    /// <summary>Some clients send both headers always, and leave the one empty that they have nothing for.</summary>
    [Theory]
    [InlineData("X-API-Key:")]
    [InlineData("X-API-Key:  ")]
    public async Task with_an_empty_key_beside_a_good_token(string header)
    {
        (int status, string text) = await RawHttp.AskAsync(Host.Port, "GET", "/files/snapshots/gate.jpg", [.. AsViewer, header]);

        Assert.True(status == 200, Start(text));
    }

    [Theory]
    [InlineData("bytes=0-0", 206)]
    [InlineData("bytes=-1", 206)]
    [InlineData("bytes=99999999-", 416)]
    [InlineData("bytes=99999999999999999999-", 200)]
    [InlineData("bytes=5-1", 200)]
    [InlineData("bytes=0-0,2-2,4-4", 200)]
    [InlineData("bytes=-", 200)]
    [InlineData("lines=1-2", 200)]
    [InlineData("\u00e9", 400)]
    public async Task with_odd_ranges(string range, int status)
    {
        (int got, string text) = await RawHttp.AskAsync(
            Host.Port, "GET", "/files/snapshots/gate.jpg", [.. AsViewer, $"Range: {range}"]);

        Assert.True(got == status, Start(text));
    }

    [Fact]
    public async Task for_things_that_are_not_done_here()
    {
        foreach (string method in new[] { "POST", "PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", "PROPFIND" })
        {
            (int status, string text) = await RawHttp.AskAsync(Host.Port, method, "/files/snapshots/gate.jpg", AsViewer);
            Assert.True(status is 405 or 400, Start(text));
        }

        foreach (string target in new[] { "/", "/ws", "/admin", "/control", "/graphql/../control/database", "/health", "/.git/config" })
        {
            Assert.InRange((await RawHttp.AskAsync(Host.Port, "GET", target, AsViewer)).Status, 400, 499);
        }

        foreach (string target in new[] { "/", "/ws", "/control/database", "/hls/camera0.m3u8", "/live/camera0.jpg", "/health/../control/database" })
        {
            Assert.Equal(404, (await RawHttp.AskAsync(Host.HealthPort, "GET", target, AsViewer)).Status);
        }
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400)]
    [InlineData("GET / HTTP/9.9\r\nHost: a\r\n\r\n", 505)]
    [InlineData("GET http://127.0.0.1/ HTTP/1.1\r\nHost: evil\r\n\r\n", 400)]
    [InlineData("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nX\0: 1\r\n\r\n", 400)]
    [InlineData("POST /control/cameras HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 401)]
    [InlineData("POST /control/cameras HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n", 400)]
    [InlineData("POST /control/cameras HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 6\r\n\r\n", 400)]
    [InlineData("CONNECT evil:80 HTTP/1.1\r\nHost: evil\r\n\r\n", 400)]
    [InlineData("\u0016\u0003\u0001\u0002\0\u0001\0\u0001\u00fc\u0003\u0003", 400)]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 0)]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\r\n\r\n", 400)]
    public async Task that_are_no_HTTP(string text, int status)
    {
        foreach (int port in new[] { Host.Port, Host.HealthPort })
        {
            await using RawHttp raw = await RawHttp.ConnectAsync(port);
            await raw.SendAsync(text);
            (int got, string answer) = await raw.AnswerAsync();
            bool isElsewhere = port == Host.HealthPort && status == 401 && got == 404;
            Assert.True(got == status || isElsewhere || (status == 0 && got is 400 or 505), $"{got} {Start(answer)}");
        }
    }

    [Theory]
    [InlineData("GET /health HTTP/1.1\r\nHost: a\r\nX: ")]
    [InlineData("GET /ws HTT")]
    public async Task that_never_end_are_ended(string start)
    {
        await using RawHttp one = await RawHttp.ConnectAsync(Host.Port);
        await using RawHttp other = await RawHttp.ConnectAsync(Host.HealthPort);
        await one.SendAsync(start);
        await other.SendAsync(start);

        Assert.Equal(408, (await one.AnswerAsync(TimeSpan.FromSeconds(30))).Status);
        Assert.Equal(408, (await other.AnswerAsync(TimeSpan.FromSeconds(30))).Status);
    }

    [Fact]
    public async Task with_too_many_headers()
    {
        string[] many = [.. Enumerable.Range(0, 200).Select(n => $"X-{n}: 1")];
        Assert.Equal(431, (await RawHttp.AskAsync(Host.Port, "GET", "/ws", many)).Status);
        Assert.Equal(431, (await RawHttp.AskAsync(Host.Port, "GET", "/ws", [$"X: {new string('x', 100_000)}"])).Status);
    }

    [Fact]
    public async Task to_the_command_lines_door()
    {
        string[] good = [$"Authorization: Bearer {ControlToken}"];
        (string Method, string Target, string Body, int[] Statuses)[] cases =
        [
            ("POST", "/control/cameras", "", [400]),
            ("POST", "/control/cameras", "nonsense", [400]),
            ("POST", "/control/cameras", "{}", [400]),
            ("POST", "/control/cameras", "{\"name\":null,\"source\":null}", [400]),
            ("POST", "/control/cameras", "{\"name\":7,\"source\":[]}", [400]),
            ("POST", "/control/cameras", "{\"name\":\"\\ud800\",\"source\":\"test:pattern\"}", [400, 409]),
            ("POST", "/control/cameras", "{\"name\":\"a\\u0000\",\"source\":\"test:pattern\"}", [409]),
            ("POST", "/control/cameras", "{\"name\":\"a\",\"source\":\"nowhere\"}", [409]),
            ("POST", "/control/cameras", new string('[', 50_000), [400]),
            ("POST", "/control/cameras", "{\"name\":\"" + new string('n', 60_000) + "\",\"source\":\"test:pattern\"}", [409]),
            ("POST", "/control/cameras", new string(' ', 70_000), [413]),
            ("POST", "/control/cameras/camera99/name", "{\"name\":\"a\"}", [404]),
            ("POST", "/control/cameras/%00/name", "{\"name\":\"a\"}", [400]),
            ("POST", "/control/cameras/" + new string('c', 5_000) + "/name", "{\"name\":\"a\"}", [404]),
            ("POST", "/control/cameras/camera0/source", "{\"source\":\"\"}", [409]),
            ("POST", "/control/tokens", "{\"role\":\"root\",\"user\":\"a\"}", [400]),
            ("POST", "/control/tokens", "{\"role\":\"viewer\",\"user\":\"\"}", [400]),
            ("POST", "/control/tokens", "{\"role\":\"viewer\",\"user\":\"a\",\"ttlSeconds\":0}", [400]),
            ("POST", "/control/tokens", "{\"role\":\"viewer\",\"user\":\"a\",\"ttlSeconds\":9223372036854775807}", [400]),
            ("POST", "/control/tokens", "{\"role\":\"viewer\",\"user\":\"a\",\"ttlSeconds\":-9223372036854775808}", [400]),
            ("POST", "/control/tokens", "{\"role\":\"viewer\",\"user\":\"a\",\"ttlSeconds\":1e300}", [400]),
            ("GET", "/control/recordings?limit=x", "", [400]),
            ("GET", "/control/recordings?limit=-5&offset=-5", "", [200]),
            ("GET", "/control/recordings?limit=99999999999", "", [400]),
            ("GET", "/control/recordings?camera=%00", "", [400, 404]),
            ("GET", "/control/cameras?retired=perhaps", "", [400]),
        ];
        foreach ((string method, string target, string body, int[] statuses) in cases)
        {
            string[] headers = [.. good, $"Content-Length: {body.Length}", "Content-Type: application/json"];
            (int status, string text) = await RawHttp.AskAsync(Host.Port, method, target, headers, body);
            string told = $"{method} {target[..Math.Min(60, target.Length)]} {body[..Math.Min(60, body.Length)]}: {Start(text)}";
            Assert.True(statuses.Contains(status), told);
            bool isRead = !target.Contains("%00/", StringComparison.Ordinal);
            Assert.True(status is 200 || !isRead || text.Contains("\"message\"", StringComparison.Ordinal), told);
            Assert.InRange((await RawHttp.AskAsync(Host.Port, method, target, headers[1..], body)).Status, 400, 413);
        }

        Assert.Equal(["camera_registered"], (await Host.FactsAsync("camera")).Where(fact => fact.EndsWith("registered", StringComparison.Ordinal)));
    }

    private static string Start(string answer) => answer[..Math.Min(500, answer.Length)];
}
