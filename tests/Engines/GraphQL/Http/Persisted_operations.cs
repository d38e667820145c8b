using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Events.GraphQL;
using Xunit;

namespace Events.Tests.Engines.GraphQL.Http;

/// <summary>Apollo's automatic persisted queries, and documents that the server knows from its start.</summary>
public sealed class Persisted_operations
{
    private const string Modern = "application/graphql-response+json";
    private const string Hello = "{ hello }";

    [Fact]
    public async Task are_registered_by_their_hash_and_then_found_by_it()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        Reply unknown = await server.PostAsync(Named(Hello), Modern);
        Assert.Equal((400, "PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound"), (unknown.Status, unknown.Code, unknown.Message));
        Assert.Equal(200, (await server.PostAsync(Named(Hello), "application/json")).Status);
        Assert.Equal(200, (await server.PostAsync(Named(Hello, Hello), Modern)).Status);
        Assert.Equal("""{"data":{"hello":"Hello, world!"}}""", (await server.PostAsync(Named(Hello), Modern)).Body);
        Reply byGet = await server.GetAsync(Modern, "extensions", "{\"persistedQuery\":{\"version\":1,\"sha256Hash\":\"" + Hash(Hello) + "\"}}");
        Assert.Equal("""{"data":{"hello":"Hello, world!"}}""", byGet.Body);
    }

    [Fact]
    public async Task are_not_registered_under_a_wrong_hash()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        Reply reply = await server.PostAsync(Named("{ boom }", Hello), Modern);
        Assert.Equal((400, "PERSISTED_QUERY_HASH_MISMATCH"), (reply.Status, reply.Code));
        Assert.Equal("PERSISTED_QUERY_NOT_FOUND", (await server.PostAsync(Named("{ boom }"), Modern)).Code);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("{ nothing }")]
    public async Task are_not_registered_when_they_are_invalid(string query)
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        await server.PostAsync(Named(query, query), Modern);
        Assert.Equal("PERSISTED_QUERY_NOT_FOUND", (await server.PostAsync(Named(query), Modern)).Code);
    }

    [Theory]
    [InlineData("""{"version":2,"sha256Hash":"?"}""")]
    [InlineData("""{"version":"1","sha256Hash":"?"}""")]
    [InlineData("""{"sha256Hash":"?"}""")]
    [InlineData("""{"version":1}""")]
    [InlineData("""{"version":1,"sha256Hash":7}""")]
    [InlineData("""{"version":1,"sha256Hash":"abc"}""")]
    public async Task are_named_in_one_way_only(string named)
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        string extensions = named.Replace("?", Hash(Hello), StringComparison.Ordinal);
        Reply reply = await server.PostAsync("{\"query\":\"{ hello }\",\"extensions\":{\"persistedQuery\":" + extensions + "}}", Modern);
        Assert.Equal((400, "BAD_REQUEST"), (reply.Status, reply.Code));
    }

    [Fact]
    public async Task make_room_for_newer_ones()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync(o => o with { PersistedQueriesMax = 2 });
        foreach (string query in (string[])[Hello, "{ who }"])
        {
            Assert.Equal(200, (await server.PostAsync(Named(query, query), Modern)).Status);
            Assert.Equal(200, (await server.PostAsync(Named(Hello), Modern)).Status);
        }

        Assert.Equal(200, (await server.PostAsync(Named("{ __typename }", "{ __typename }"), Modern)).Status);
        Reply[] left = [await server.PostAsync(Named(Hello), Modern), await server.PostAsync(Named("{ who }"), Modern)];
        Assert.Equal([200, 400], left.Select(reply => reply.Status));
    }

    [Fact]
    public async Task take_little_room_together()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync(o => o with { PersistedQueryCharsMax = 100 });
        string tooLong = Hello.PadRight(101);
        await server.PostAsync(Named(tooLong, tooLong), Modern);
        Assert.Equal("PERSISTED_QUERY_NOT_FOUND", (await server.PostAsync(Named(tooLong), Modern)).Code);
        string[] half = [Hello.PadRight(60), "{ who }".PadRight(60)];
        foreach (string query in half)
        {
            await server.PostAsync(Named(query, query), Modern);
        }

        Assert.Equal("PERSISTED_QUERY_NOT_FOUND", (await server.PostAsync(Named(half[0]), Modern)).Code);
        Assert.Equal(200, (await server.PostAsync(Named(half[1]), Modern)).Status);
    }

    [Fact]
    public async Task may_be_switched_off()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync(o => o with { AutomaticPersistedQueries = false });
        Assert.Equal("PERSISTED_QUERY_NOT_SUPPORTED", (await server.PostAsync(Named(Hello), Modern)).Code);
        Assert.Equal("PERSISTED_QUERY_NOT_SUPPORTED", (await server.PostAsync(Named(Hello, Hello), Modern)).Code);
    }

    [Fact]
    public async Task that_are_trusted_are_found_by_id_and_by_hash()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync(Trusting);
        Assert.Equal(200, (await server.PostAsync("""{"documentId":"greeting"}""", Modern)).Status);
        Assert.Equal(200, (await server.PostAsync($$"""{"documentId":"sha256:{{Hash("{ who }")}}"}""", Modern)).Status);
        Assert.Equal(200, (await server.GetAsync(Modern, "documentId", "greeting")).Status);
        Assert.Equal(200, (await server.PostAsync(Named(Hello), Modern)).Status);
        Reply unknown = await server.PostAsync("""{"documentId":"farewell"}""", Modern);
        Assert.Equal((400, "DOCUMENT_NOT_FOUND"), (unknown.Status, unknown.Code));
        Assert.Equal(405, (await server.GetAsync(Modern, "documentId", "adding")).Status);
    }

    [Fact]
    public async Task may_be_the_only_ones_that_are_run()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync(o => Trusting(o) with { TrustedDocumentsOnly = true });
        Assert.Equal(200, (await server.PostAsync("""{"documentId":"greeting"}""", Modern)).Status);
        Assert.Equal(200, (await server.PostAsync("""{"query":"{ hello }"}""", Modern)).Status);
        Assert.Equal(200, (await server.PostAsync(Named(Hello, Hello), Modern)).Status);
        foreach (string body in (string[])["""{"query":"{ boom }"}""", Named("{ boom }", "{ boom }")])
        {
            Reply refused = await server.PostAsync(body, Modern);
            Assert.Equal((400, "DOCUMENT_NOT_TRUSTED"), (refused.Status, refused.Code));
        }

        Assert.Equal("PERSISTED_QUERY_NOT_FOUND", (await server.PostAsync(Named("{ boom }"), Modern)).Code);
    }

    [Fact]
    public async Task are_found_over_sockets_too()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync(Trusting);
        using GraphQLSocket socket = await server.ConnectAsync();
        await socket.SendAsync("""{"id":"1","type":"subscribe","payload":{"documentId":"greeting"}}""");
        Assert.Equal(["""next {"data":{"hello":"Hello, world!"}}""", "complete"], await socket.ReceiveAllAsync("1"));
        await socket.SendAsync($$"""{"id":"1","type":"subscribe","payload":{{Named("{ boom }")}}}""");
        Assert.Contains("PERSISTED_QUERY_NOT_FOUND", Assert.Single(await socket.ReceiveAllAsync("1")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task that_cannot_be_trusted_fail_the_start(bool hasWrongHash)
    {
        var documents = hasWrongHash ? new Dictionary<string, string> { ["sha256:" + Hash("x")] = Hello } : null;
        await Assert.ThrowsAsync<ArgumentException>(() => GraphQLServer.StartAsync(
            o => o with { TrustedDocuments = documents, TrustedDocumentsOnly = true }));
    }

    private static GraphQLTransportOptions Trusting(GraphQLTransportOptions options) => options with
    {
        TrustedDocuments = new Dictionary<string, string>
        {
            ["greeting"] = Hello,
            ["sha256:" + Hash("{ who }")] = "{ who }",
            ["adding"] = "mutation { add(a: 1, b: 2) }",
        },
    };

    private static string Named(string hashed, string? query = null) => JsonSerializer.Serialize(new
    {
        query,
        extensions = new { persistedQuery = new { version = 1, sha256Hash = Hash(hashed) } },
    });

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
