using System.Net;
using System.Text;
using System.Text.Json;
using Events.GraphQL;
using Events.Tests.Engines.JsonRpc;
using Xunit;

namespace Events.Tests.Engines.GraphQL.Http;

/// <summary>graphql-sse, distinct connections mode.</summary>
public sealed class An_event_stream
{
    private const string Stream = "text/event-stream";
    private const string Modern = "application/graphql-response+json";
    private const string Complete = "event: complete\ndata:\n\n";

    [Theory]
    [InlineData("{ hello }", """{"data":{"hello":"Hello, world!"}}""")]
    [InlineData("mutation { add(a: 2, b: 3) }", """{"data":{"add":5}}""")]
    [InlineData("{", """{"errors":[{"message":"Syntax Error: Unexpected \u003CEOF\u003E."}]}""")]
    [InlineData("{ nothing }", """{"errors":[{"message":"Cannot query field \u0022nothing\u0022."}]}""")]
    [InlineData("query Q($id: ID!) { hello }", """{"errors":[{"message":"Variable \u0022$id\u0022 must not be null."}]}""")]
    public async Task carries_single_results_and_errors_before_execution(string query, string result)
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        Reply reply = await server.PostAsync(JsonSerializer.Serialize(new { query }), Stream);
        Assert.Equal((200, "text/event-stream; charset=utf-8"), (reply.Status, reply.Type));
        Assert.Equal($"event: next\ndata: {result}\n\n{Complete}", reply.Body);
    }

    [Fact]
    public async Task carries_a_subscription_to_its_end()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        foreach (Reply reply in (Reply[])
        [
            await server.PostAsync("""{"query":"subscription { countdown(from: 1) }"}""", Stream),
            await server.GetAsync(Stream, "query", "subscription { countdown(from: 1) }"),
        ])
        {
            Assert.Equal(
                ":\n\nevent: next\ndata: {\"data\":{\"countdown\":1}}\n\nevent: next\ndata: {\"data\":{\"countdown\":0}}\n\n" + Complete,
                reply.Body);
            Assert.Equal("no", Assert.Single(reply.Headers.GetValues("X-Accel-Buffering")));
        }

        await RpcServer.UntilAsync(() => server is { Executor.Sources: 0, Traffic.EventStreams: 0 });
    }

    /// <summary>Clients like urql take both; a result is then no stream, and a subscription is.</summary>
    [Fact]
    public async Task is_taken_for_subscriptions_when_other_types_fit_as_well()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        string both = $"{Modern}, application/json, {Stream}, multipart/mixed";
        Reply subscription = await server.PostAsync("""{"query":"subscription { countdown(from: 0) }"}""", both);
        Assert.StartsWith(Stream, subscription.Type, StringComparison.Ordinal);
        Reply query = await server.PostAsync("""{"query":"{ hello }"}""", both);
        Assert.StartsWith(Modern, query.Type, StringComparison.Ordinal);
        Reply reversed = await server.PostAsync("""{"query":"{ hello }"}""", $"{Stream}, {Modern};q=0.5");
        Assert.StartsWith(Stream, reversed.Type, StringComparison.Ordinal);
        Reply none = await server.PostAsync("""{"query":"subscription { countdown(from: 0) }"}""", $"{Modern}, {Stream};q=0");
        Assert.Equal((400, Modern + "; charset=utf-8"), (none.Status, none.Type));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"query":7}""")]
    [InlineData("NONSENSE")]
    public async Task does_not_begin_for_what_is_no_request(string body)
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        Reply reply = await server.PostAsync(body, Stream);
        Assert.Equal((400, "application/json; charset=utf-8", "BAD_REQUEST"), (reply.Status, reply.Type, reply.Code));
    }

    [Fact]
    public async Task ends_with_the_error_of_its_source()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        Reply reply = await server.PostAsync("""{"query":"subscription { failing }"}""", Stream);
        Assert.EndsWith(
            "data: {\"errors\":[{\"message\":\"The source has failed.\"}]}\n\n" + Complete, reply.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ends_without_a_word_of_why_the_engine_failed()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        foreach (string query in (string[])["subscription { broken }", "{ throw }"])
        {
            Reply reply = await server.PostAsync(JsonSerializer.Serialize(new { query }), Stream);
            Assert.Contains("INTERNAL_ERROR", reply.Body, StringComparison.Ordinal);
            Assert.DoesNotContain("secret", reply.Body, StringComparison.Ordinal);
            Assert.EndsWith(Complete, reply.Body, StringComparison.Ordinal);
        }

        Assert.Equal(2, server.Log.All.Count(line => line.Contains("a secret of the house", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task stops_its_source_when_the_reader_goes()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        using (HttpResponseMessage response = await OpenAsync(server, "subscription { silent }"))
        {
            await RpcServer.UntilAsync(() => server is { Executor.Sources: 1, Traffic.EventStreams: 1 });
        }

        await RpcServer.UntilAsync(() => server is { Executor.Sources: 0, Traffic.EventStreams: 0, Traffic.OperationsRunning: 0 });
        Assert.Empty(server.Log.All);
    }

    [Fact]
    public async Task gives_signs_of_life_while_it_is_silent_and_outlives_the_time_limit()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync(o => o with
        {
            KeepAliveInterval = TimeSpan.FromMilliseconds(50),
            RequestTimeout = TimeSpan.FromMilliseconds(150),
        });
        using HttpResponseMessage response = await OpenAsync(server, "subscription { silent }");
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        for (int i = 0; i < 8; i++)
        {
            Assert.Equal(":", await reader.ReadLineAsync(TestContext.Current.CancellationToken));
            Assert.Equal("", await reader.ReadLineAsync(TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public async Task takes_a_result_that_comes_as_a_sign_of_life_is_due()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync(o => o with
        {
            KeepAliveInterval = TimeSpan.FromMilliseconds(2),
            OnRequestAsync = _ => new(GraphQLAdmission.Accept(null, until: TimeProvider.System.GetUtcNow().AddSeconds(2))),
        });
        Reply[] replies = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ =>
            server.PostAsync(JsonSerializer.Serialize(new { query = "subscription { ticks(everyMs: 2) }" }), Stream)));
        Assert.All(replies, reply => Assert.Contains("ACCESS_EXPIRED", reply.Body, StringComparison.Ordinal));
    }

    [Fact]
    public async Task pauses_its_source_for_a_slow_reader_and_cuts_off_one_that_never_reads()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync(o => o with { SendStallMax = TimeSpan.FromMilliseconds(300) });
        using RawClient client = await RawClient.ConnectAsync(server.Port, receiveBytes: 4096);
        await client.SendAsync(Encoding.ASCII.GetBytes(
            "GET /graphql?query=subscription%7Bflood(bytes:10000)%7D HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n"));
        await RpcServer.UntilAsync(() => server.Traffic.SlowConsumersEnded == 1);
        await RpcServer.UntilAsync(() => server is { Executor.Sources: 0, Traffic.EventStreams: 0 });
        Assert.InRange(server.Executor.Given, 1, 2000);
        Assert.Empty(server.Log.All);
    }

    [Fact]
    public async Task ends_when_the_admission_does()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync(o => o with
        {
            KeepAliveInterval = TimeSpan.FromMilliseconds(20),
            OnRequestAsync = _ => new(GraphQLAdmission.Accept(null, until: TimeProvider.System.GetUtcNow().AddMilliseconds(200))),
        });
        foreach (string query in (string[])["subscription { silent }", "subscription { ticks(everyMs: 5) }"])
        {
            Reply reply = await server.PostAsync(JsonSerializer.Serialize(new { query }), Stream);
            Assert.Contains("ACCESS_EXPIRED", reply.Body, StringComparison.Ordinal);
            Assert.EndsWith(Complete, reply.Body, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task ends_when_the_server_stops()
    {
        await using GraphQLServer server = await GraphQLServer.StartAsync();
        using HttpResponseMessage response = await OpenAsync(server, "subscription { silent }");
        Task<string> reading = response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        await RpcServer.UntilAsync(() => server.Executor.Sources == 1);
        Task stopping = server.StopAsync();
        string all = await reading;
        Assert.Contains("SERVER_STOPPING", all, StringComparison.Ordinal);
        Assert.EndsWith(Complete, all, StringComparison.Ordinal);
        await stopping.WaitAsync(GraphQLServer.Limit, TestContext.Current.CancellationToken);
    }

    private static async Task<HttpResponseMessage> OpenAsync(GraphQLServer server, string query)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/graphql")
        {
            Content = new StringContent(JsonSerializer.Serialize(new { query }), Encoding.UTF8, "application/json"),
        };
        request.Headers.TryAddWithoutValidation("Accept", Stream);
        HttpResponseMessage response = await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return response;
    }
}
