using System.Text.RegularExpressions;
using Xunit;

namespace Events.Tests.Engines.GraphQL.Http;

/// <summary>What browsers get. That it works in one is for <see cref="Other_peoples_clients"/>.</summary>
public sealed partial class The_GraphiQL_page
{
    /// <summary>What Chromium and Firefox send when somebody opens an address.</summary>
    private const string Browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8";

    [Theory]
    [InlineData("/graphql")]
    [InlineData("/graphql?query={hello}")]
    public async Task is_what_a_browser_gets(string address)
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync(o => o with { GraphiQLFolder = Libraries() });
        Reply page = await server.SendAsync(HttpMethod.Get, address, Browser, null);
        Assert.Equal((200, "text/html; charset=utf-8"), (page.Status, page.Type));
        Assert.Equal("Accept", page.Headers.Vary.ToString());
        string[] files = [.. Address().Matches(page.Body).Select(match => match.Groups[1].Value).Where(file => file != "data:,")];
        Assert.Equal(6, files.Length);
        foreach (string file in files)
        {
            Reply one = await server.SendAsync(HttpMethod.Get, file, "*/*", null);
            Assert.Equal(200, one.Status);
            Assert.Contains(file.EndsWith(".css", StringComparison.Ordinal) ? "text/css" : "text/javascript", one.Type);
            Assert.NotEmpty(one.Body);
            Assert.Equal(304, (await server.SendAsync(
                HttpMethod.Get, file, "*/*", null, ("If-None-Match", one.Headers.ETag!.ToString()))).Status);
        }
    }

    [Fact]
    public async Task lets_nothing_in_from_elsewhere_and_no_script_in_the_page()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync(o => o with { GraphiQLFolder = Libraries() });
        Reply page = await server.SendAsync(HttpMethod.Get, "/graphql", Browser, null);
        string policy = Assert.Single(page.Headers.GetValues("Content-Security-Policy"));
        Assert.Contains("default-src 'none'; script-src 'self';", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("://", page.Body, StringComparison.Ordinal);
        Assert.All(Script().Matches(page.Body), script => Assert.Equal("", script.Groups[1].Value));
        string nonce = Nonce().Match(page.Body).Groups[1].Value.Replace("&#x2B;", "+", StringComparison.Ordinal);
        Assert.Contains($"'nonce-{nonce}'", policy, StringComparison.Ordinal);
        Reply again = await server.SendAsync(HttpMethod.Get, "/graphql", Browser, null);
        Assert.DoesNotContain($"'nonce-{nonce}'", Assert.Single(again.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task says_how_to_get_its_libraries_when_they_are_not_there()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        Reply page = await server.SendAsync(HttpMethod.Get, "/graphql", Browser, null);
        Assert.Equal(200, page.Status);
        Assert.Contains("install Node.js with npm, run <code>./events graphiql</code>", page.Body, StringComparison.Ordinal);
        Assert.Equal(404, (await server.SendAsync(HttpMethod.Get, "/graphql/graphiql/graphiql.js", null, null)).Status);
        Assert.Equal(200, (await server.PostAsync("""{"query":"{ hello }"}""")).Status);
    }

    [Fact]
    public async Task may_be_switched_off()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync(o => o with { GraphiQL = false, GraphiQLFolder = Libraries() });
        Reply page = await server.SendAsync(HttpMethod.Get, "/graphql?query={hello}", Browser, null);
        Assert.Equal("application/json; charset=utf-8", page.Type);
        Assert.Equal(404, (await server.SendAsync(HttpMethod.Get, "/graphql/graphiql/start.js", null, null)).Status);
    }

    [Theory]
    [InlineData("secret.txt")]
    [InlineData("..%2fsecret.txt")]
    [InlineData("%2e%2e%2fsecret.txt")]
    [InlineData("page.html")]
    [InlineData("GraphiQL.js")]
    public async Task serves_no_other_file(string name)
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync(o => o with { GraphiQLFolder = Libraries() });
        Assert.Equal(404, (await server.SendAsync(HttpMethod.Get, "/graphql/graphiql/" + name, null, null)).Status);
    }

    /// <summary>A folder with files of the right names, and one that nobody may have.</summary>
    private static string Libraries()
    {
        string folder = Path.Combine(AppContext.BaseDirectory, "graphiql-names");
        Directory.CreateDirectory(folder);
        foreach (string name in (string[])["react.js", "react-dom.js", "graphiql.js", "graphiql.css", "secret.txt"])
        {
            File.WriteAllText(Path.Combine(folder, name), "/* " + name + " */");
        }

        return folder;
    }

    [GeneratedRegex("(?:src|href)=\"([^\"]+)\"")]
    private static partial Regex Address();

    [GeneratedRegex("<script[^>]*>([^<]*)</script>")]
    private static partial Regex Script();

    [GeneratedRegex("nonce=\"([^\"]+)\"")]
    private static partial Regex Nonce();
}
