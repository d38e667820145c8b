using System.Net;
using System.Text;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Security;

/// <summary>What pages of other origins can do, which is nothing unless they are in the settings.</summary>
public sealed class Browsers(House house) : IClassFixture<House>
{
    private const string Good = "http://localhost:3000";
    private const string Bad = "https://evil.example";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/graphql")]
    [InlineData("/auth/sign-in")]
    public async Task of_a_known_origin_may_ask(string path)
    {
        using HttpResponseMessage preflight = await SendAsync(HttpMethod.Options, path, Good, ("Access-Control-Request-Method", "POST"));
        Assert.Equal(HttpStatusCode.NoContent, preflight.StatusCode);
        Assert.Equal(Good, One(preflight, "Access-Control-Allow-Origin"));
        Assert.Contains("Authorization", One(preflight, "Access-Control-Allow-Headers"), StringComparison.Ordinal);
        Assert.Contains("X-API-Key", One(preflight, "Access-Control-Allow-Headers"), StringComparison.Ordinal);
        Assert.False(preflight.Headers.Contains("Access-Control-Allow-Credentials"));
        using HttpResponseMessage asked = await SendAsync(HttpMethod.Post, path, Good);
        Assert.Equal(Good, One(asked, "Access-Control-Allow-Origin"));
        Assert.NotEqual(HttpStatusCode.Forbidden, asked.StatusCode);
    }

    [Theory]
    [InlineData(Bad)]
    [InlineData("null")]
    [InlineData("http://localhost:3000.evil.example")]
    [InlineData("http://localhost:3001")]
    public async Task of_another_origin_may_not(string origin)
    {
        foreach (string path in new[] { "/graphql", "/auth/sign-in", "/auth/refresh" })
        {
            using HttpResponseMessage preflight =
                await SendAsync(HttpMethod.Options, path, origin, ("Access-Control-Request-Method", "POST"));
            Assert.Equal(HttpStatusCode.Forbidden, preflight.StatusCode);
            using HttpResponseMessage asked = await SendAsync(HttpMethod.Post, path, origin);
            Assert.Equal(HttpStatusCode.Forbidden, asked.StatusCode);
            Assert.False(asked.Headers.Contains("Access-Control-Allow-Origin"));
        }

        using HttpResponseMessage read = await SendAsync(HttpMethod.Get, "/graphql?query={__typename}", origin);
        Assert.False(read.Headers.Contains("Access-Control-Allow-Origin"));
        Assert.Contains("Origin", read.Headers.Vary);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("multipart/form-data")]
    public async Task cannot_post_a_form_as_a_question(string type)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/graphql")
        {
            Content = new StringContent("{\"query\":\"{__typename}\"}", Encoding.UTF8, type),
        };
        using HttpResponseMessage answer = await house.Host.Http.SendAsync(request, Cancel);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, answer.StatusCode);
    }

    [Theory]
    [InlineData("/graphql?query={__typename}")]
    [InlineData("/live/camera0")]
    [InlineData("/nothing")]
    [InlineData("/.well-known/jwks.json")]
    public async Task are_told_to_keep_pages_apart(string path)
    {
        using HttpResponseMessage answer = await SendAsync(HttpMethod.Get, path, null);
        Assert.Equal("nosniff", One(answer, "X-Content-Type-Options"));
        Assert.Equal("SAMEORIGIN", One(answer, "X-Frame-Options"));
        Assert.Equal("no-referrer", One(answer, "Referrer-Policy"));
        Assert.False(answer.Headers.Contains("Server"));
        Assert.False(answer.Headers.Contains("Strict-Transport-Security"));
    }

    [Fact]
    public async Task and_programs_cannot_name_a_source_that_is_no_camera()
    {
        CliResult refused = await house.Host.CliAsync(
            "camera", "add", "--name", "Cloud", "--source", "http://169.254.169.254/latest/meta-data/");
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("camera.source_not_allowed", refused.Errors, StringComparison.Ordinal);
    }

    private static string One(HttpResponseMessage answer, string name) => Assert.Single(answer.Headers.GetValues(name));

    private async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string path, string? origin, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        if (origin is not null)
        {
            request.Headers.TryAddWithoutValidation("Origin", origin);
        }

        foreach ((string name, string value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        if (method == HttpMethod.Post)
        {
            request.Content = new StringContent("{}", Encoding.UTF8, "application/json");
        }

        return await house.Host.Http.SendAsync(request, Cancel);
    }
}
