using System.Text;
using System.Text.Json;
using Events.GraphQL;
using Xunit;

namespace Events.Tests.Engines.GraphQL.Http;

/// <summary>GraphQL over HTTP: POST.</summary>
public sealed class A_post
{
    private const string Modern = "application/graphql-response+json";
    private const string Legacy = "application/json";
    private const string Hello = """{"query":"{ hello }"}""";

    [Fact]
    public async Task is_answered_with_data()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        Reply reply = await server.PostAsync(
            """{"query":"query Q($n: String!) { hello(name: $n) }","operationName":"Q","variables":{"n":"Ada"},"extensions":{}}""", Modern);
        Assert.Equal(200, reply.Status);
        Assert.Equal("""{"data":{"hello":"Hello, Ada!"}}""", reply.Body);
        Assert.Equal(Encoding.UTF8.GetByteCount(reply.Body), reply.ContentHeaders.ContentLength);
        Assert.Equal("no-store", reply.Headers.CacheControl?.ToString());
    }

    [Theory]
    [InlineData(null, Legacy)]
    [InlineData("", Legacy)]
    [InlineData("*/*", Legacy)]
    [InlineData("application/*", Legacy)]
    [InlineData(Legacy, Legacy)]
    [InlineData(Modern, Modern)]
    [InlineData("APPLICATION/GraphQL-Response+JSON", Modern)]
    [InlineData(Modern + ", " + Legacy, Modern)]
    [InlineData(Legacy + ", " + Modern, Legacy)]
    [InlineData(Legacy + ";q=0.9, " + Modern, Modern)]
    [InlineData(Modern + ";q=0.8, " + Legacy + ";q=0.9", Legacy)]
    [InlineData("*/*;q=0.1, " + Modern, Modern)]
    [InlineData("*/*, " + Modern, Modern)]
    [InlineData("application/*;q=1, " + Legacy + ";q=0", Modern)]
    [InlineData("text/html, " + Modern, Modern)]
    [InlineData("text/html, */*;q=0.8", Legacy)]
    [InlineData("text/plain, */*", Legacy)]
    [InlineData(Modern + "; charset=utf-8, " + Legacy + "; charset=utf-8", Modern)]
    [InlineData(Modern + "; charset=\"UTF-8\"", Modern)]
    [InlineData(Modern + "; charset=iso-8859-1, " + Legacy, Legacy)]
    [InlineData("multipart/mixed;boundary=graphql;subscriptionSpec=1.0," + Modern + "," + Legacy + ";q=0.9", Modern)]
    public async Task is_answered_in_the_type_that_its_sender_likes_best(string? accept, string type)
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        Reply reply = await server.PostAsync(Hello, accept);
        Assert.Equal(200, reply.Status);
        Assert.Equal(type + "; charset=utf-8", reply.Type);
    }

    [Theory]
    [InlineData("text/html")]
    [InlineData("image/png, text/plain")]
    [InlineData("text/*")]
    [InlineData("application/json; charset=utf-16")]
    [InlineData("*/*;q=0")]
    [InlineData("no media type")]
    public async Task is_refused_with_406_when_no_type_fits(string accept)
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        Reply reply = await server.PostAsync(Hello, accept);
        Assert.Equal((406, "NOT_ACCEPTABLE"), (reply.Status, reply.Code));
    }

    [Theory]
    [InlineData("{ hello boom }", 200, 200)]
    [InlineData("{", 400, 200)]
    [InlineData("{ nothing }", 400, 200)]
    [InlineData("query A { hello } query B { hello }", 400, 200)]
    [InlineData("query A($id: ID!) { hello }", 400, 200)]
    [InlineData("subscription { countdown }", 400, 200)]
    [InlineData("mutation { add(a: 1, b: 2) }", 200, 200)]
    public async Task has_a_status_by_how_far_it_came(string query, int modern, int legacy)
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        string body = JsonSerializer.Serialize(new { query });
        Reply first = await server.PostAsync(body, Modern);
        Reply second = await server.PostAsync(body, Legacy);
        Assert.Equal((modern, legacy), (first.Status, second.Status));
        Assert.Equal(first.Body, second.Body);
        Assert.Equal(modern == 200, first.Json.TryGetProperty("data", out _));
    }

    /// <summary>No GraphQL request at all, so 400 in either type.</summary>
    [Theory]
    [InlineData("", "is not JSON")]
    [InlineData("NONSENSE", "is not JSON")]
    [InlineData("""{"query":""", "is not JSON")]
    [InlineData("""{"query":"{ hello }"} x""", "is not JSON")]
    [InlineData("""{"query":"{ hello }",}""", "is not JSON")]
    [InlineData("""{/* */"query":"{ hello }"}""", "is not JSON")]
    [InlineData("7", "A request is a JSON object")]
    [InlineData("null", "A request is a JSON object")]
    [InlineData("{}", "query is missing")]
    [InlineData("""{"qeury":"{ hello }"}""", "query is missing")]
    [InlineData("""{"query":null}""", "query is missing")]
    [InlineData("""{"Query":"{ hello }"}""", "query is missing")]
    [InlineData("""{"query":7}""", "query must be a string")]
    [InlineData("""{"query":["{ hello }"]}""", "query must be a string")]
    [InlineData("""{"query":"{ hello }","operationName":true}""", "operationName must be a string")]
    [InlineData("""{"query":"{ hello }","variables":"{}"}""", "variables must be an object")]
    [InlineData("""{"query":"{ hello }","variables":[1]}""", "variables must be an object")]
    [InlineData("""{"query":"{ hello }","extensions":0}""", "extensions must be an object")]
    [InlineData("""{"query":"{ hello }","documentId":{}}""", "documentId must be a string")]
    [InlineData("""{"query":"{ hello }","documentId":"x"}""", "query or documentId")]
    [InlineData("""{"query":"{ hello }","query":"{ boom }"}""", "query is given twice")]
    [InlineData("""{"query":"{ hello }","qu\u0065ry":"{ boom }"}""", "query is given twice")]
    [InlineData("""{"query":"{ hello }","variables":{},"variables":null}""", "variables is given twice")]
    [InlineData("""{"query":"{ hello }","variables":{"a":1,"a":2}}""", "given twice in one object")]
    [InlineData("""{"query":"{ hello }","variables":{"a":{"b":1,"\u0062":2}}}""", "given twice in one object")]
    [InlineData("""{"query":"\ud800"}""", "an escape that is no character")]
    [InlineData("""{"query":"{ hello }","variables":{"a":"\udc00"}}""", "an escape that is no character")]
    public async Task that_is_no_request_is_refused_with_400_and_the_reason(string body, string reason)
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        foreach (string accept in (string[])[Modern, Legacy])
        {
            Reply reply = await server.PostAsync(body, accept);
            Assert.Equal((400, accept + "; charset=utf-8"), (reply.Status, reply.Type));
            Assert.Equal("BAD_REQUEST", reply.Code);
            Assert.Contains(reason, reply.Message, StringComparison.Ordinal);
            Assert.False(reply.Json.TryGetProperty("data", out _));
        }
    }

    [Fact]
    public async Task of_bytes_that_are_no_text_is_refused()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        Reply reply = await server.PostAsync([.. "{\"query\":\""u8, 0xC3, 0x28, .. "\"}"u8]);
        Assert.Equal((400, "The body is not UTF-8."), (reply.Status, reply.Message));
    }

    [Theory]
    [InlineData("""{"query":"{ hello }","variables":null,"extensions":null,"operationName":null}""")]
    [InlineData("""{"query":"{ hello }","future":{"a":[1]},"future":2}""")]
    [InlineData("\uFEFF{\"query\":\"{ hello }\"}")]
    [InlineData(" \r\n\t{ \"query\" : \"{ hello }\" } \n")]
    public async Task may_say_more_than_it_has_to(string body)
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        Assert.Equal("""{"data":{"hello":"Hello, world!"}}""", (await server.PostAsync(body, Modern)).Body);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("[" + Hello + "]")]
    [InlineData("[" + Hello + "," + Hello + "]")]
    public async Task of_a_batch_is_refused_clearly(string body)
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        Reply reply = await server.PostAsync(body);
        Assert.Equal((400, "BATCHING_NOT_SUPPORTED"), (reply.Status, reply.Code));
    }

    /// <summary>Forms of other sites can send the first ones without asking us, which is why they are not taken.</summary>
    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("multipart/form-data; boundary=x")]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("application/graphql")]
    [InlineData("application/json; charset=iso-8859-1")]
    [InlineData("application/jsonx")]
    [InlineData("text/plain; a=application/json")]
    public async Task of_another_type_is_refused_with_415(string? type)
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        Reply reply = await server.PostAsync(Hello, Modern, type);
        Assert.Equal((415, "UNSUPPORTED_MEDIA_TYPE"), (reply.Status, reply.Code));
    }

    [Theory]
    [InlineData("application/json; charset=utf-8")]
    [InlineData("Application/JSON;charset=\"UTF-8\"")]
    [InlineData("application/json; foo=bar")]
    public async Task may_name_its_encoding(string type)
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        Reply reply = await server.PostAsync("""{"query":"{ hello(name: \"Run🏃Swim🏊\") }"}""", Modern, type);
        Assert.Equal("Hello, Run🏃Swim🏊!", reply.Json.GetProperty("data").GetProperty("hello").GetString());
    }

    [Fact]
    public async Task that_is_compressed_is_refused_with_415()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        using var content = new StringContent(Hello, Encoding.UTF8, "application/json");
        content.Headers.ContentEncoding.Add("gzip");
        Assert.Equal(415, (await server.SendAsync(HttpMethod.Post, "/graphql", Modern, content)).Status);
    }

    [Theory]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    [InlineData("PATCH")]
    [InlineData("OPTIONS")]
    [InlineData("HEAD")]
    [InlineData("QUERY")]
    public async Task by_another_method_is_refused_with_405(string method)
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        Reply reply = await server.SendAsync(new HttpMethod(method), "/graphql", Modern, null);
        Assert.Equal(405, reply.Status);
        Assert.Equal(["GET", "POST"], reply.ContentHeaders.Allow);
    }

    [Theory]
    [InlineData(1024 * 1024, false, 200)]
    [InlineData((1024 * 1024) + 1, false, 413)]
    [InlineData(1024 * 1024, true, 200)]
    [InlineData((1024 * 1024) + 1, true, 413)]
    [InlineData(5 * 1024 * 1024, true, 413)]
    public async Task has_a_body_of_up_to_1_MiB_announced_or_not(int bytes, bool isChunked, int status)
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        byte[] body = Encoding.UTF8.GetBytes(Hello.PadRight(bytes));
        using HttpContent content = isChunked ? new StreamContent(new Unseekable(body)) : new ByteArrayContent(body);
        content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
        Reply reply = await server.SendAsync(HttpMethod.Post, "/graphql", Modern, content);
        Assert.Equal(status, reply.Status);
        Assert.Equal(status == 200 ? null : "BODY_TOO_LARGE", status == 200 ? null : reply.Code);
    }

    [Theory]
    [InlineData(1_000, 200)]
    [InlineData(1_001, 413)]
    public async Task has_a_shorter_body_from_whom_that_is_asked_of(int bytes, int status)
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync(o => o with
        {
            OnRequestAsync = _ => new(GraphQLAdmission.Accept(null, bodyBytesMax: 1_000)),
        });
        Reply reply = await server.PostAsync(Hello.PadRight(bytes), Modern);
        Assert.Equal(status, reply.Status);
        Assert.Equal(status == 200, reply.Body.Contains("Hello", StringComparison.OrdinalIgnoreCase));
        Assert.Equal(status == 413, reply.Body.Contains("at most 1000 bytes", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(200, null)]
    [InlineData(201, "nested more than 201 levels")]
    [InlineData(100_000, "nested more than 201 levels")]
    public async Task has_variables_nested_up_to_200_levels(int levels, string? reason)
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        string nested = "{\"a\":" + new string('[', levels - 1) + new string(']', levels - 1) + "}";
        Reply reply = await server.PostAsync($$"""{"query":"{ hello }","variables":{{nested}}}""", Modern);
        Assert.Equal(reason is null ? 200 : 400, reply.Status);
        Assert.Contains(reason ?? "Hello", reply.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{ wait }")]
    [InlineData("{ deaf(seconds: 3) }")]
    public async Task that_takes_too_long_is_answered_with_an_error(string query)
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync(o => o with { RequestTimeout = TimeSpan.FromMilliseconds(100) });
        string body = JsonSerializer.Serialize(new { query });
        Reply modern = await server.PostAsync(body, Modern);
        Reply legacy = await server.PostAsync(body, Legacy);
        Assert.Equal((503, "TIMEOUT"), (modern.Status, modern.Code));
        Assert.Equal((200, modern.Body), (legacy.Status, legacy.Body));
        Assert.Equal(2, server.Traffic.OperationsTimedOut);
        await JsonRpc.RpcServer.UntilAsync(() => server.Traffic.OperationsRunning == 0);
        Assert.Empty(server.Log.All);
    }

    [Fact]
    public async Task is_cancelled_when_its_sender_goes()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        using var leaving = new CancellationTokenSource();
        using var content = new StringContent("""{"query":"{ wait }"}""", Encoding.UTF8, "application/json");
        Task<HttpResponseMessage> asking = server.Http.PostAsync("/graphql", content, leaving.Token);
        await JsonRpc.RpcServer.UntilAsync(() => server.Traffic.OperationsRunning == 1);
        await leaving.CancelAsync();
        await Assert.ThrowsAsync<TaskCanceledException>(() => asking);
        await JsonRpc.RpcServer.UntilAsync(() => server.Traffic.OperationsRunning == 0);
        Assert.Empty(server.Log.All);
    }

    [Fact]
    public async Task upon_which_the_engine_fails_is_answered_without_a_word_of_why()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        Reply reply = await server.PostAsync("""{"query":"{ throw }"}""", Modern);
        Assert.Equal((500, "INTERNAL_ERROR"), (reply.Status, reply.Code));
        Assert.DoesNotContain("secret", reply.Body, StringComparison.Ordinal);
        Assert.Contains("g1", reply.Message, StringComparison.Ordinal);
        string line = Assert.Single(server.Log.All);
        Assert.Contains("g1", line, StringComparison.Ordinal);
        Assert.Contains("a secret of the house", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(900, 200)]
    [InlineData(1100, 500)]
    [InlineData(1_000_000, 500)]
    public async Task whose_result_is_too_large_is_answered_with_an_error(int bytes, int status)
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync(o => o with { ResultBytesMax = 1000 });
        Reply reply = await server.PostAsync($$"""{"query":"{ big(bytes: {{bytes}}) }"}""", Modern);
        Assert.Equal(status, reply.Status);
        Assert.Equal(status == 500, reply.Body.Contains("RESULT_TOO_LARGE", StringComparison.Ordinal));
    }

    [Fact]
    public async Task is_run_as_whoever_the_server_admits()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync(o => o with
        {
            OnRequestAsync = http => new(http.Request.Headers.Authorization == "Bearer good"
                ? GraphQLAdmission.Accept(People.Named("Ada"))
                : GraphQLAdmission.Deny("Sign in.")),
        });
        Reply denied = await server.PostAsync("""{"query":"{ who }"}""", Modern);
        Assert.Equal((401, "UNAUTHENTICATED", "Sign in."), (denied.Status, denied.Code, denied.Message));
        Assert.Equal("Bearer", denied.Headers.WwwAuthenticate.ToString());
        using var content = new StringContent("""{"query":"{ who service }"}""", Encoding.UTF8, "application/json");
        Reply allowed = await server.SendAsync(HttpMethod.Post, "/graphql", Modern, content, ("Authorization", "Bearer good"));
        Assert.Equal("""{"data":{"who":"Ada","service":true}}""", allowed.Body);
    }

    [Fact]
    public async Task counts_for_its_principal()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync(o => o with
        {
            OperationsPerPrincipalMax = 1,
            OnRequestAsync = http => new(GraphQLAdmission.Accept(People.Named(http.Request.Headers["X-Name"]!))),
        });
        using var leaving = new CancellationTokenSource();
        using var waiting = new StringContent("""{"query":"{ wait }"}""", Encoding.UTF8, "application/json");
        waiting.Headers.Add("X-Name", "Ada");
        Task first = server.Http.PostAsync("/graphql", waiting, leaving.Token);
        await JsonRpc.RpcServer.UntilAsync(() => server.Traffic.OperationsRunning == 1);
        async Task<Reply> AskAs(string name)
        {
            using var content = new StringContent(Hello, Encoding.UTF8, "application/json");
            return await server.SendAsync(HttpMethod.Post, "/graphql", Modern, content, ("X-Name", name));
        }

        Reply second = await AskAs("Ada");
        Assert.Equal((429, "TOO_MANY_OPERATIONS"), (second.Status, second.Code));
        Assert.Equal(200, (await AskAs("Grace")).Status);
        await leaving.CancelAsync();
        await JsonRpc.RpcServer.UntilAsync(() => server.Traffic.OperationsRunning == 0);
        Assert.Equal(200, (await AskAs("Ada")).Status);
        await Assert.ThrowsAsync<TaskCanceledException>(() => first);
    }

    /// <summary>Bytes whose number nobody knows beforehand.</summary>
    private sealed class Unseekable(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }
}
