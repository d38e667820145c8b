using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Events.Tests.Integration.Faults;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Contract;

/// <summary>Both families, while all is well and while PostgreSQL hangs.</summary>
public sealed class Health_addresses
{
    private const string Level = "\"healthy\"|\"degraded\"|\"unhealthy\"";
    private const string Part = "{status: " + Level + ", details: text, timestamp: instant}";

    private static readonly TimeSpan AnswerTimeMax = TimeSpan.FromMilliseconds(100);

    private static readonly Dictionary<string, string> Shapes = new(StringComparer.Ordinal)
    {
        ["/health"] = "{status: " + Level + ", timestamp: instant, version: text, uptime: span}",
        ["/health/detailed"] =
            "{status: " + Level + ", timestamp: instant, version: text, uptime: span, components: [{name: text, status: " + Level
            + ", message: text, last_checked: instant, details: {last_change: instant}}], metrics: {*: count}, environment: text}",
        ["/health/ready"] = "{ready: bool, status: \"ready\"|\"not_ready\", timestamp: instant, message: text}",
        ["/health/live"] = "{alive: true, timestamp: instant, message: text}",
        ["/health/system"] = "{status: " + Level + ", timestamp: instant, components: {*: " + Part + "}}",
        ["/health/cameras"] = "{status: " + Level + ", timestamp: instant, details: text}",
        ["/health/mediamtx"] = "{status: " + Level + ", timestamp: instant, details: text}",
        ["/api/cameras"] =
            "{status: " + Level + ", timestamp: instant, cameras: [{device: camera, status: \"CONNECTED\"|\"DISCONNECTED\", "
            + "name: text, resolution: size, fps: count}], total: count, connected: count}",
    };

    [Fact]
    public async Task answer_in_shape_at_once_and_without_login()
    {
        await using RunningHost host = await RunningHost.StartAsync();
        await using RpcClient client = await host.ConnectAsync();
        await Scene.AddAsync(host, Scene.Pattern);
        await Scene.ConnectedAsync(client);
        await Until.TrueAsync(
            async () => (await AskAsync(host, "/health")).Body.Text("status") == "healthy", TimeSpan.FromSeconds(10), "all to be well");

        foreach ((string path, string shape) in Shapes)
        {
            Answer answer = await AskAsync(host, path);
            Assert.Equal(HttpStatusCode.OK, answer.Status);
            Assert.Equal([], Shape.Parse(shape, ContractTable.Named).FaultsOf(answer.Body));
            Assert.Equal(("no-store", "*"), (answer.CacheControl, answer.AllowOrigin));
            await AssertFastAsync(host, path);
            using HttpRequestMessage head = new(HttpMethod.Head, $"http://127.0.0.1:{host.HealthPort}{path}");
            using HttpResponseMessage alone = await host.Http.SendAsync(head, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.OK, alone.StatusCode);
        }

        JsonElement ready = (await AskAsync(host, "/health/ready")).Body;
        Assert.Equal((true, "ready"), (ready.GetProperty("ready").GetBoolean(), ready.Text("status")));
        Assert.Equal(
            ["postgresql", "seals", "projections", "storage", "media", "cameras"],
            (await AskAsync(host, "/health/detailed")).Body.GetProperty("components").EnumerateArray().Select(part => part.Text("name")));
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(host, "/Health/ready")).Status);
        foreach (string path in new[] { "/health", "/Health/detailed", "/API/cameras", "/METRICS" })
        {
            using HttpResponseMessage wrong = await host.Http.GetAsync(
                new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.NotFound, wrong.StatusCode);
        }
    }

    [Fact]
    public async Task say_what_is_broken_at_once_while_the_database_hangs()
    {
        await using RunningHost host = await RunningHost.StartAsync();
        DateTimeOffset before = await LastChangeAsync(host);
        int postmaster = Scene.PostmasterOf(host);
        int[] all = [postmaster, .. await Scene.ChildrenAsync(postmaster)];
        await Scene.SignalAsync("-STOP", all);
        try
        {
            await Until.TrueAsync(
                async () => (await AskAsync(host, "/health/ready")).Status == HttpStatusCode.ServiceUnavailable,
                TimeSpan.FromSeconds(20),
                "the host not to be ready");
            foreach (string path in new[] { "/health", "/health/detailed", "/health/ready", "/health/live", "/health/system" })
            {
                await AssertFastAsync(host, path);
            }

            Answer health = await AskAsync(host, "/health");
            Assert.Equal((HttpStatusCode.InternalServerError, "unhealthy"), (health.Status, health.Body.Text("status")));
            Assert.Contains("postgresql", health.Body.Text("error"), StringComparison.Ordinal);
            Assert.False((await AskAsync(host, "/health/ready")).Body.GetProperty("ready").GetBoolean());
            Assert.Equal(HttpStatusCode.OK, (await AskAsync(host, "/health/live")).Status);
            Answer system = await AskAsync(host, "/health/system");
            Assert.Equal("unhealthy", system.Body.GetProperty("components").GetProperty("postgresql").Text("status"));
        }
        finally
        {
            await Scene.SignalAsync("-CONT", all);
        }

        await Until.TrueAsync(
            async () => (await AskAsync(host, "/health/ready")).Status == HttpStatusCode.OK, TimeSpan.FromSeconds(30), "the host to be ready again");
        Assert.True(await LastChangeAsync(host) > before);
    }

    private static async Task<DateTimeOffset> LastChangeAsync(RunningHost host) =>
        (await AskAsync(host, "/health/detailed")).Body.GetProperty("components")[0].GetProperty("details")
            .GetProperty("last_change").GetDateTimeOffset();

    /// <summary>The best of a few: what the machine does meanwhile is not the host's fault.</summary>
    private static async Task AssertFastAsync(RunningHost host, string path)
    {
        TimeSpan best = TimeSpan.MaxValue;
        for (int i = 0; i < 5; i++)
        {
            long start = Stopwatch.GetTimestamp();
            await AskAsync(host, path);
            TimeSpan took = Stopwatch.GetElapsedTime(start);
            best = took < best ? took : best;
        }

        Assert.True(best < AnswerTimeMax, $"{path} took {best.TotalMilliseconds} ms.");
    }

    private static async Task<Answer> AskAsync(RunningHost host, string path)
    {
        using HttpResponseMessage response = await host.Http.GetAsync(new Uri($"http://127.0.0.1:{host.HealthPort}{path}"));
        return new Answer(
            response.StatusCode,
            JsonSerializer.Deserialize<JsonElement>(await response.Content.ReadAsStringAsync()),
            response.Headers.CacheControl?.ToString() ?? string.Empty,
            response.Headers.TryGetValues("Access-Control-Allow-Origin", out var origins) ? string.Join(',', origins) : string.Empty);
    }

    private sealed record Answer(HttpStatusCode Status, JsonElement Body, string CacheControl, string AllowOrigin);
}
