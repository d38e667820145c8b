using System.Text;
using System.Text.Json;
using Events.Host.Security;
using Events.Tests.Integration.Faults;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Contract;

/// <summary>
/// A host that lets in as many as come, knows a secret that tokens can be forged with, pings often, and has a limit for each account
/// that hardly fills up again. Tests share it since each has accounts of its own, and only one comes to that limit.
/// </summary>
public sealed class WideDoor : IAsyncLifetime
{
    internal const int CallsOfAccount = 150;

    internal RunningHost Host { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Host = await RunningHost.StartAsync(new()
    {
        ["EVENTS__Security__JwtSecretKey"] = RunningHost.Secret,
        ["EVENTS__Server__PingInterval"] = "1s",
        ["EVENTS__Security__RateLimitRequests"] = "1000000",
        ["EVENTS__Security__RateLimitAccountRequests"] = $"{CallsOfAccount}",
        ["EVENTS__Security__RateLimitWindow"] = "3600s",
    });

    public ValueTask DisposeAsync() => Host?.DisposeAsync() ?? default;
}

/// <summary>A host with two places and few calls for each socket. Tests share it since each begins with both places free.</summary>
public sealed class NarrowDoor : IAsyncLifetime
{
    private RunningHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await RunningHost.StartAsync(new()
    {
        ["EVENTS__Server__MaxConnections"] = "2",
        ["EVENTS__Security__RateLimitRequests"] = "10",
        ["EVENTS__Security__RateLimitBurst"] = "25",
    });

    public ValueTask DisposeAsync() => _host?.DisposeAsync() ?? default;

    /// <summary>The host, once the sockets of the test before have left their places.</summary>
    internal async Task<RunningHost> EmptyAsync()
    {
        var metrics = new Uri($"http://127.0.0.1:{_host.HealthPort}/metrics");
        await Until.TrueAsync(
            async () => (await _host.Http.GetStringAsync(metrics)).Split('\n').Contains("events_jsonrpc_sockets 0"),
            TimeSpan.FromSeconds(20),
            "both places to be free");
        return _host;
    }
}

/// <summary>What every socket is held to, whoever is behind it.</summary>
public sealed class The_door(WideDoor wide, NarrowDoor narrow) : IClassFixture<WideDoor>, IClassFixture<NarrowDoor>
{
    private const int RateLimited = -32040;
    private const int Unauthenticated = -32001;
    private const string Ping = """{"jsonrpc":"2.0","id":1,"method":"ping"}""";

    private RunningHost Host => wide.Host;

    [Fact]
    public async Task limits_each_socket_and_says_how_long_to_wait()
    {
        RunningHost host = await narrow.EmptyAsync();
        await using RpcClient hasty = await host.ConnectAsync(null);
        RpcException?[] answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => TryAsync(hasty, "ping")));
        int passed = answers.Count(answer => answer is null);
        Assert.InRange(passed, 25, 60);
        Assert.All(answers.OfType<RpcException>(), refused =>
        {
            Assert.Equal(RateLimited, refused.Code);
            Assert.InRange(refused.Data.Number("retry_after_ms"), 1, 100);
            Assert.True(refused.Data.GetProperty("retry_after_ms").TryGetInt32(out _));
        });

        // First of all checks: before it is known whether there is such a method.
        RpcException?[] unknown = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => TryAsync(hasty, "no_such_method")));
        Assert.Contains(unknown, answer => answer?.Code == RateLimited);
        await using RpcClient other = await host.ConnectAsync(null);
        Assert.Null(await TryAsync(other, "ping"));
        await Until.TrueAsync(
            async () => await TryAsync(hasty, "ping") is null, TimeSpan.FromSeconds(10), "the hasty socket to be let through again");
    }

    [Fact]
    public async Task limits_an_account_over_all_its_sockets()
    {
        await using RpcClient first = await LoggedInAsync(Host, "ada");
        await using RpcClient second = await LoggedInAsync(Host, "ada");
        await using RpcClient other = await LoggedInAsync(Host, "eve");
        RpcException?[] answers = await Task.WhenAll(
            Enumerable.Range(0, 2 * WideDoor.CallsOfAccount).Select(i => TryAsync(i % 2 == 0 ? first : second, "get_server_info")));
        Assert.InRange(answers.Count(answer => answer is null), WideDoor.CallsOfAccount - 5, WideDoor.CallsOfAccount + 2);
        Assert.All(answers.OfType<RpcException>(), refused => Assert.Equal(RateLimited, refused.Code));
        Assert.Null(await TryAsync(other, "get_server_info"));
        await using RpcClient third = await LoggedInAsync(Host, "ada", isLimited: true);
        Assert.Equal(RateLimited, (await TryAsync(third, "get_server_info"))?.Code);
    }

    [Fact]
    public async Task has_so_many_places_and_lets_in_only_pages_that_may()
    {
        RunningHost host = await narrow.EmptyAsync();
        using RawSocket stranger = await RawSocket.ConnectAsync(host.Port, "Origin: http://evil.example\r\n");
        Assert.StartsWith("HTTP/1.1 403 ", stranger.Head, StringComparison.Ordinal);
        using RawSocket page = await RawSocket.ConnectAsync(host.Port, "Origin: http://localhost:3000\r\n");
        using RawSocket program = await RawSocket.ConnectAsync(host.Port);
        Assert.All([page, program], one => Assert.StartsWith("HTTP/1.1 101 ", one.Head, StringComparison.Ordinal));

        using RawSocket late = await RawSocket.ConnectAsync(host.Port);
        Assert.StartsWith("HTTP/1.1 503 ", late.Head, StringComparison.Ordinal);
        page.Dispose();
        await Until.TrueAsync(
            async () =>
            {
                using RawSocket next = await RawSocket.ConnectAsync(host.Port);
                return next.Head.StartsWith("HTTP/1.1 101 ", StringComparison.Ordinal);
            },
            TimeSpan.FromSeconds(10),
            "the place to be free again");
    }

    /// <summary>Strangers that hold all places, and answer pings, keep nobody out.</summary>
    [Fact]
    public async Task takes_the_place_of_one_who_has_not_logged_in_for_a_newcomer()
    {
        RunningHost host = await narrow.EmptyAsync();
        await using RpcClient known = await LoggedInAsync(host, "ada");
        using RawSocket stranger = await RawSocket.ConnectAsync(host.Port);
        await Until.TrueAsync(
            async () =>
            {
                using RawSocket next = await RawSocket.ConnectAsync(host.Port);
                return next.Head.StartsWith("HTTP/1.1 101 ", StringComparison.Ordinal);
            },
            TimeSpan.FromSeconds(20),
            "the place of a stranger of ten seconds");
        (byte first, byte[] payload) = (await stranger.ReceiveAsync())!.Value;
        Assert.Equal((0x88, 1013), (first, (payload[0] << 8) | payload[1]));
        await known.CallAsync("get_camera_list");
    }

    [Fact]
    public async Task pings_silent_sockets_and_leaves_them_open()
    {
        using RawSocket silent = await RawSocket.ConnectAsync(Host.Port);
        for (int i = 0; i < 3; i++)
        {
            (byte first, byte[] payload) = (await silent.ReceiveAsync())!.Value;
            Assert.Equal(RawSocket.Ping, first);
            await silent.SendAsync(RawSocket.Pong, payload);
        }

        await silent.SendAsync(Ping);
        string answer = Encoding.UTF8.GetString(await NextAsync(silent, RawSocket.Text));
        Assert.Contains("pong", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task tells_a_socket_whose_token_expires_to_log_in_again_and_keeps_it()
    {
        await using RpcClient client = await Host.ConnectAsync(null);
        string brief = (await Host.CliAsync("token", "--role", "admin", "--ttl", "3s")).Ok().Trim();
        await client.CallAsync("authenticate", new { auth_token = brief });
        await client.CallAsync("subscribe_events", new { topics = new[] { "camera_status_update" } });
        Assert.Null(await TryAsync(client, "get_camera_list"));

        await Until.TrueAsync(
            async () => await TryAsync(client, "get_camera_list") is not null, TimeSpan.FromSeconds(10), "the token to expire");
        RpcException expired = (await TryAsync(client, "get_camera_list"))!;
        Assert.Equal((Unauthenticated, "auth_required"), (expired.Code, expired.Data.Text("reason")));
        await Scene.AddAsync(Host, Scene.Pattern);
        Assert.Null(await TryAsync(client, "ping"));
        Assert.Empty(client.Notifications);

        await client.CallAsync("authenticate", new { auth_token = await Host.TokenAsync("admin") });
        Assert.Null(await TryAsync(client, "get_camera_list"));
        Assert.Equal(["camera_status_update"], (await client.CallAsync("get_subscription_stats"))
            .GetProperty("client_topics").EnumerateArray().Select(topic => topic.GetString()!));
    }

    [Theory]
    [InlineData("")]
    [InlineData("not.a.token")]
    [InlineData("expired")]
    [InlineData("signed by another")]
    [InlineData("of a user who signs in")]
    public async Task takes_no_bad_token(string kind)
    {
        await using RpcClient client = await Host.ConnectAsync(null);
        object given = kind switch
        {
            "" => new { },
            "expired" => new { auth_token = Forged(RunningHost.Secret, DateTimeOffset.UtcNow.AddMinutes(-1)) },
            "of a user who signs in" => new
            {
                auth_token = Forged(
                    RunningHost.Secret, DateTimeOffset.UtcNow.AddHours(1), "user-0199a000-0000-7000-8000-0000000000f3"),
            },
            "signed by another" => new { auth_token = Forged(new string('k', 40), DateTimeOffset.UtcNow.AddHours(1)) },
            _ => new { auth_token = kind },
        };

        RpcException refused = await Assert.ThrowsAsync<RpcException>(() => client.CallAsync("authenticate", given));

        Assert.Equal((Unauthenticated, "auth_failed"), (refused.Code, refused.Data.Text("reason")));
        Assert.Equal(Unauthenticated, (await TryAsync(client, "get_camera_list"))?.Code);
    }

    /// <summary>As who counts in milliseconds makes it: no token, and no error of ours.</summary>
    [Theory]
    [InlineData(253_402_300_800)]
    [InlineData(1_900_000_000_000)]
    [InlineData(long.MaxValue)]
    public async Task takes_no_token_that_ends_beyond_the_calendar(long exp)
    {
        var tokens = new AccessTokens(RunningHost.Secret, TimeProvider.System);

        Assert.NotNull(await tokens.ReadAsync(Forged(RunningHost.Secret, 253_402_300_799)));
        Assert.Null(await tokens.ReadAsync(Forged(RunningHost.Secret, exp)));
    }

    private static string Forged(string secret, DateTimeOffset expiresAt, string user = "ada") =>
        Forged(secret, expiresAt.ToUnixTimeSeconds(), user);

    private static string Forged(string secret, long exp, string user = "ada")
    {
        string head = Base64Url("""{"alg":"HS256","typ":"JWT"}""");
        string body = Base64Url(JsonSerializer.Serialize(new
        {
            user_id = user,
            role = "admin",
            iat = DateTimeOffset.UtcNow.AddHours(-1).ToUnixTimeSeconds(),
            exp,
        }));
        byte[] signature = System.Security.Cryptography.HMACSHA256.HashData(
            Encoding.UTF8.GetBytes(secret), Encoding.ASCII.GetBytes($"{head}.{body}"));
        return $"{head}.{body}.{System.Buffers.Text.Base64Url.EncodeToString(signature)}";
    }

    private static string Base64Url(string text) => System.Buffers.Text.Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));

    private static async Task<RpcClient> LoggedInAsync(RunningHost host, string user, bool isLimited = false)
    {
        string token = (await host.CliAsync("token", "--role", "viewer", "--user", user)).Ok().Trim();
        RpcClient client = await host.ConnectAsync(null);
        await client.CallAsync("authenticate", new { auth_token = token });
        Assert.True(isLimited || await TryAsync(client, "ping") is null);
        return client;
    }

    /// <returns>Null when the call succeeded.</returns>
    private static async Task<RpcException?> TryAsync(RpcClient client, string method)
    {
        try
        {
            await client.CallAsync(method);
            return null;
        }
        catch (RpcException e)
        {
            return e;
        }
    }

    private static async Task<byte[]> NextAsync(RawSocket socket, byte first)
    {
        while (await socket.ReceiveAsync() is { } frame)
        {
            if (frame.First == first)
            {
                return frame.Payload;
            }
        }

        throw new InvalidOperationException("The server has gone.");
    }
}
