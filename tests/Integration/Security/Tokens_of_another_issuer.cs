using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Events.Tests.Integration.Faults;
using Events.Tests.Integration.Kit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Xunit;

namespace Events.Tests.Integration.Security;

/// <summary>An issuer that is always there and keeps its key, and a host that trusts it, for all tests that ask no more of them.</summary>
public sealed class TrustedIssuer : IAsyncLifetime
{
    internal Tokens_of_another_issuer.Issuer Issuer { get; private set; } = null!;

    internal RunningHost Host { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Issuer = await Tokens_of_another_issuer.Issuer.StartAsync();
        Host = await Tokens_of_another_issuer.StartAsync(Issuer.Authority);
    }

    public async ValueTask DisposeAsync()
    {
        await (Host?.DisposeAsync() ?? default);
        await (Issuer?.DisposeAsync() ?? default);
    }
}

/// <summary>Access tokens of an OpenID Connect issuer elsewhere, which publishes its keys and gives roles its own names.</summary>
public sealed class Tokens_of_another_issuer(TrustedIssuer trusted) : IClassFixture<TrustedIssuer>
{
    private const string Audience = "https://events.example";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    /// <summary>The host asks for 5 s; the rest is for a busy machine, and less than two questions take.</summary>
    private static readonly TimeSpan AnswerMax = TimeSpan.FromSeconds(9.5);

    [Fact]
    public async Task open_every_way_in_with_the_role_they_name()
    {
        (Issuer issuer, RunningHost host) = (trusted.Issuer, trusted.Host);
        string token = issuer.Token(["events-viewer", "events-operator", "somebody-else"]);

        await using RpcClient rpc = await RpcClient.ConnectAsync(new Uri($"ws://127.0.0.1:{host.Port}/ws"));
        Assert.Equal("operator", (await rpc.CallAsync("authenticate", new { auth_token = token })).Text("role"));
        string large = issuer.Token([.. Enumerable.Range(0, 250).Select(i => $"another-group-{i}"), "events-viewer"]);
        Assert.InRange(large.Length, 5_000, 8_000);
        Assert.Equal("viewer", (await rpc.CallAsync("authenticate", new { auth_token = large })).Text("role"));
        var graph = new GraphQLClient(host, token);
        Assert.Equal(0, (await graph.AskAsync("{ cameras { totalCount } }")).GetProperty("cameras").Number("totalCount"));
        await using GraphQLSocket socket = await graph.OpenAsync();
        Assert.Equal("connection_ack", await socket.GreetedAsync());
        Assert.Equal("AUTH_NOT_AUTHORIZED", await graph.CodeAsync("{ users { totalCount } }"));

        string admin = issuer.Token(["events-admin"]);
        await new GraphQLClient(host, admin).AskAsync(
            "mutation { addCamera(input: { name: \"Gate\", source: \"rtsp://127.0.0.1:9/x\" }) { position } }");
        Assert.Equal(
            "oidc:ada", await host.SqlAsync("select user_name from events.mt_events where type = 'camera_registered'"));
        Assert.DoesNotContain(admin, host.Output, StringComparison.Ordinal);

        // Its links name its user, too, and end with it. There is nothing to see at that address, but who looked is told.
        DateTime end = DateTime.UtcNow.AddMinutes(3);
        JsonElement streams = (await new GraphQLClient(host, issuer.Token(["events-viewer"], until: end)).AskAsync(
            "{ camera(number: 0) { streams { jpeg } } }")).GetProperty("camera").GetProperty("streams");
        var link = new Uri(streams.Text("jpeg"));
        Assert.Contains($"exp={new DateTimeOffset(end).ToUnixTimeSeconds()}&user=", link.Query, StringComparison.Ordinal);
        using HttpResponseMessage nothing = await host.Http.GetAsync(link.PathAndQuery, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, nothing.StatusCode);
        await Until.TrueAsync(
            async () => await host.SqlAsync("select data->>'who' from events.mt_events where type = 'pictures_seen'") == "oidc:ada",
            Limit,
            "who looked to be told");
    }

    [Fact]
    public async Task are_refused_when_they_are_not_its_own_not_for_us_not_of_now_or_name_no_role()
    {
        (Issuer issuer, RunningHost host) = (trusted.Issuer, trusted.Host);
        DateTime now = DateTime.UtcNow;
        string good = issuer.Token(["events-viewer"]);
        Assert.Equal(HttpStatusCode.OK, await AskAsync(host, good));
        string[] parts = good.Split('.');
        using RSA other = RSA.Create(2048);
        (string What, string Token)[] bad =
        [
            ("another audience", issuer.Token(["events-viewer"], audience: "https://other.example")),
            ("another issuer", issuer.Token(["events-viewer"], issuer: "https://other.example")),
            ("over", issuer.Token(["events-viewer"], until: now.AddSeconds(-1))),
            ("not yet", issuer.Token(["events-viewer"], from: now.AddMinutes(5))),
            ("no role", issuer.Token([])),
            ("no role of ours", issuer.Token(["viewer", "events-root"])),
            ("no signature", $"{Text("""{"alg":"none","typ":"at+jwt"}""")}.{parts[1]}."),
            ("another key by the same name", issuer.Token(["events-admin"], key: new RsaSecurityKey(other) { KeyId = issuer.KeyId })),
            ("its public key as a secret", issuer.ConfusedToken(["events-admin"])),
            ("changed", $"{parts[0]}.{Text(Encoding.UTF8.GetString(Base64UrlEncoder.DecodeBytes(parts[1]))
                .Replace("events-viewer", "events-admin", StringComparison.Ordinal))}.{parts[2]}"),
            ("endless", good + new string('x', 10_000)),
        ];

        foreach ((string what, string token) in bad)
        {
            HttpStatusCode status = await AskAsync(host, token);
            Assert.True(status == HttpStatusCode.Unauthorized, $"{what}: {status}");
        }

        Assert.Equal(HttpStatusCode.OK, await AskAsync(host, good));
    }

    [Fact]
    public async Task are_good_over_a_change_of_its_keys_and_while_it_is_away()
    {
        Issuer issuer = await Issuer.StartAsync();
        await using RunningHost host = await StartAsync(issuer.Authority);
        string token;
        try
        {
            Assert.Equal(HttpStatusCode.OK, await AskAsync(host, issuer.Token(["events-viewer"])));
            issuer.ChangeKey();
            token = issuer.Token(["events-viewer"]);
            await Until.TrueAsync(async () => await AskAsync(host, token) == HttpStatusCode.OK, Limit, "the new key to be read");
        }
        finally
        {
            await issuer.DisposeAsync();
        }

        Assert.Equal(HttpStatusCode.OK, await AskAsync(host, token));
    }

    [Fact]
    public async Task wait_for_an_issuer_that_was_never_there_and_hinder_nobody_else()
    {
        await using Issuer issuer = await Issuer.StartAsync();
        string token = issuer.Token(["events-viewer"], issuer: "http://127.0.0.1:9/realm");
        await using RunningHost host = await StartAsync("http://127.0.0.1:9/realm");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, await AskAsync(host, token));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(host, await host.TokenAsync("viewer")));
        await using RpcClient rpc = await RpcClient.ConnectAsync(new Uri($"ws://127.0.0.1:{host.Port}/ws"));
        Assert.Equal(-32050, (await Scene.RefusedAsync(rpc, "authenticate", new { auth_token = token })).Code);
    }

    [Fact]
    public async Task are_answered_together_and_soon_when_the_issuer_hangs()
    {
        await using Issuer issuer = await Issuer.StartAsync();
        issuer.Hangs = true;
        await using RunningHost host = await StartAsync(issuer.Authority);
        string own = await host.TokenAsync("viewer");

        // Its keys were never read: all wait for one question, and nobody else does.
        Stopwatch clock = Stopwatch.StartNew();
        Task<HttpStatusCode>[] waiting = [.. Enumerable.Range(0, 12).Select(_ => AskAsync(host, issuer.Token(["events-viewer"])))];
        Assert.Equal(HttpStatusCode.OK, await AskAsync(host, own));
        Assert.DoesNotContain(waiting, one => one.IsCompleted);
        Assert.All(await Task.WhenAll(waiting), status => Assert.Equal(HttpStatusCode.ServiceUnavailable, status));
        Assert.InRange(clock.Elapsed, TimeSpan.FromSeconds(4), AnswerMax);

        issuer.Hangs = false;
        await Until.TrueAsync(async () => await AskAsync(host, issuer.Token(["events-viewer"])) == HttpStatusCode.OK, Limit, "its keys");

        // Its keys are known: tokens of these go on, also while somebody makes up keys that it would have to be asked for.
        issuer.Hangs = true;
        using RSA other = RSA.Create(2048);
        string made = issuer.Token(["events-admin"], key: new RsaSecurityKey(other) { KeyId = "made up" });
        await Task.Delay(TimeSpan.FromSeconds(5.5), TestContext.Current.CancellationToken);
        clock.Restart();
        waiting = [.. Enumerable.Range(0, 12).Select(_ => AskAsync(host, made))];
        Assert.Equal(HttpStatusCode.OK, await AskAsync(host, issuer.Token(["events-viewer"])));
        Assert.DoesNotContain(waiting, one => one.IsCompleted);
        Assert.All(await Task.WhenAll(waiting), status => Assert.Equal(HttpStatusCode.Unauthorized, status));
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, AnswerMax);
    }

    private static string Text(string json) => Base64UrlEncoder.Encode(json);

    internal static Task<RunningHost> StartAsync(string authority) => RunningHost.StartAsync(new()
    {
        ["EVENTS__Oidc__Authority"] = authority,
        ["EVENTS__Oidc__Audience"] = Audience,
        ["EVENTS__Oidc__RoleClaim"] = "realm_access.roles",
        ["EVENTS__Oidc__RolePrefix"] = "events-",
    });

    private static async Task<HttpStatusCode> AskAsync(RunningHost host, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/graphql")
        {
            Content = new StringContent("""{"query":"{ cameras { totalCount } }"}""", Encoding.UTF8, "application/json"),
        };
        request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
        using HttpResponseMessage answer = await host.Http.SendAsync(request, TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }

    /// <summary>What an issuer of the field publishes, and tokens as it signs them.</summary>
    internal sealed class Issuer : IAsyncDisposable
    {
        private readonly WebApplication _app;
        private readonly JsonWebTokenHandler _handler = new() { SetDefaultTimesOnTokenCreation = false };
        private RSA _key = RSA.Create(2048);

        private Issuer(WebApplication app) => _app = app;

        public string Authority => $"{_app.Urls.First()}/realm";

        public string KeyId { get; private set; } = "first";

        /// <summary>Whether it takes connections and questions, and never answers.</summary>
        public bool Hangs { get; set; }

        public static async Task<Issuer> StartAsync()
        {
            WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            var issuer = new Issuer(builder.Build());
            issuer._app.Use(async (context, next) =>
            {
                if (issuer.Hangs)
                {
                    await Task.Delay(Timeout.Infinite, context.RequestAborted);
                }

                await next(context);
            });
            issuer._app.MapGet("/realm/.well-known/openid-configuration", () => Results.Json(new
            {
                issuer = issuer.Authority,
                jwks_uri = issuer.Authority + "/keys",
                authorization_endpoint = issuer.Authority + "/auth",
                token_endpoint = issuer.Authority + "/token",
                response_types_supported = new[] { "code" },
                subject_types_supported = new[] { "public" },
                id_token_signing_alg_values_supported = new[] { "RS256" },
            }));
            issuer._app.MapGet("/realm/keys", () => Results.Json(new { keys = new[] { issuer.PublicKey() } }));
            await issuer._app.StartAsync();
            return issuer;
        }

        public async ValueTask DisposeAsync()
        {
            await _app.DisposeAsync();
            _key.Dispose();
        }

        public void ChangeKey() => (_key, KeyId) = (RSA.Create(2048), "second");

        public string Token(
            string[] roles, string? issuer = null, string audience = Audience, DateTime? from = null, DateTime? until = null,
            SecurityKey? key = null) =>
            Sign(
                roles, issuer, audience, from, until,
                new SigningCredentials(key ?? new RsaSecurityKey(_key) { KeyId = KeyId }, SecurityAlgorithms.RsaSha256));

        /// <summary>Signed with what everybody may read, by an algorithm for which that is the secret.</summary>
        public string ConfusedToken(string[] roles) =>
            Sign(
                roles, null, Audience, null, null,
                new SigningCredentials(
                    new SymmetricSecurityKey(Encoding.ASCII.GetBytes(_key.ExportSubjectPublicKeyInfoPem())) { KeyId = KeyId },
                    SecurityAlgorithms.HmacSha256));

        private string Sign(
            string[] roles, string? issuer, string audience, DateTime? from, DateTime? until, SigningCredentials credentials) =>
            _handler.CreateToken(new SecurityTokenDescriptor
            {
                TokenType = "at+jwt",
                Issuer = issuer ?? Authority,
                Audience = audience,
                NotBefore = from ?? DateTime.UtcNow.AddMinutes(-1),
                Expires = until ?? DateTime.UtcNow.AddMinutes(5),
                Claims = new Dictionary<string, object>
                {
                    ["sub"] = "ada",
                    ["realm_access"] = new Dictionary<string, object> { ["roles"] = roles },
                },
                SigningCredentials = credentials,
            });

        private object PublicKey()
        {
            RSAParameters shown = _key.ExportParameters(includePrivateParameters: false);
            return new
            {
                kty = "RSA",
                use = "sig",
                alg = "RS256",
                kid = KeyId,
                n = Base64UrlEncoder.Encode(shown.Modulus),
                e = Base64UrlEncoder.Encode(shown.Exponent),
            };
        }
    }
}
