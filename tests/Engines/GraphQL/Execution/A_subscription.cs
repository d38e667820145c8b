using System.Runtime.CompilerServices;
using Events.GraphQL;
using Events.GraphQL.DataLoaders;
using Events.GraphQL.Execution;
using Xunit;

namespace Events.Tests.Engines.GraphQL.Execution;

public sealed class A_subscription
{
    private const string Schema = """
        type Query { a: Int }
        type Subscription { number(from: Int = 1): Int even: Int! box: Box }
        type Box { size: Int twice: Int }
        """;

    [Fact]
    public async Task gives_a_result_for_each_event_of_its_source()
    {
        var engine = new TestEngine(Schema, sources: new()
        {
            ["Subscription.number"] = context => new(CountAsync((int)context.Arguments["from"]!, 3)),
        });
        Assert.Equal(
            ["""{"data":{"n":5}}""", """{"data":{"n":6}}""", """{"data":{"n":7}}"""],
            await AllAsync(await engine.SubscribeAsync("subscription { n: number(from: 5) }")));
    }

    [Fact]
    public async Task says_where_its_events_stand_in_a_log()
    {
        var engine = new TestEngine(
            Schema,
            new() { ["Subscription.number"] = context => new((context.Parent as Event)?.Number) },
            sources: new() { ["Subscription.number"] = _ => new(EventsAsync()) });
        var positions = new List<string?>();
        await foreach (GraphQLResult result in await engine.SubscribeAsync("subscription { number }"))
        {
            positions.Add(result.Position);
            Assert.Equal(GraphQLOperations.Subscription, result.Operation);
        }

        Assert.Equal(["41", null, "43"], positions);

        static async IAsyncEnumerable<object?> EventsAsync()
        {
            yield return new Event(1, "41");
            await Task.Yield();
            yield return 2;
            yield return new Event(3, "43");
        }
    }

    [Fact]
    public async Task goes_on_after_an_event_that_fails()
    {
        var engine = new TestEngine(
            Schema,
            new()
            {
                ["Subscription.even"] = context => new((int)context.Parent! % 2 == 0 ? context.Parent : null),
            },
            sources: new() { ["Subscription.even"] = _ => new(CountAsync(1, 3)) });
        const string Failed = """
            {"errors":[{"message":"Cannot return null for non-nullable field Subscription.even.","locations":[{"line":1,"column":16}],"path":["even"]}],"data":null}
            """;
        Assert.Equal(
            [Failed, """{"data":{"even":2}}""", Failed], await AllAsync(await engine.SubscribeAsync("subscription { even }")));
    }

    [Fact]
    public async Task that_has_no_source_has_no_data()
    {
        var engine = new TestEngine(Schema, sources: new()
        {
            ["Subscription.number"] = _ => throw new GraphQLException("Not today."),
            ["Subscription.even"] = _ => throw new InvalidOperationException("the password is 1234"),
        });
        GraphQLResult told = await engine.RunAsync("subscription { number }");
        Assert.Equal(GraphQLPhase.Request, told.Phase);
        Assert.Equal(
            """{"errors":[{"message":"Not today.","locations":[{"line":1,"column":16}],"path":["number"]}]}""",
            TestEngine.TextOf(told));
        Assert.Equal(
            ["Internal server error"],
            TestEngine.MessagesOf(TestEngine.TextOf(await engine.RunAsync("subscription { even }"))));
        Assert.Equal(["6203 The source of the subscription even failed (InvalidOperationException)"], engine.Log.Lines);
    }

    [Theory]
    [InlineData(true, "The camera has gone.")]
    [InlineData(false, "Internal server error")]
    public async Task ends_with_its_source_and_says_what_may_be_said(bool isTold, string message)
    {
        var engine = new TestEngine(Schema, sources: new()
        {
            ["Subscription.number"] = _ => new(FailAsync(
                isTold ? new GraphQLException("The camera has gone.") : new InvalidOperationException("the password is 1234"))),
        });
        var seen = new List<string>();
        IAsyncEnumerable<GraphQLResult> results = await engine.SubscribeAsync("subscription { number }");
        var failure = await Assert.ThrowsAsync<GraphQLStreamException>(async () =>
        {
            await foreach (GraphQLResult result in results)
            {
                seen.Add(TestEngine.TextOf(result));
            }
        });
        Assert.Equal(["""{"data":{"number":1}}"""], seen);
        string answer = TestEngine.TextOf(failure.Errors);
        Assert.Equal([message], TestEngine.MessagesOf(answer));
        Assert.DoesNotContain("\"data\"", answer, StringComparison.Ordinal);

        static async IAsyncEnumerable<object?> FailAsync(Exception failure)
        {
            yield return 1;
            await Task.Yield();
            throw failure;
        }
    }

    [Fact]
    public async Task ends_its_source_when_its_reader_stops()
    {
        var ended = new Gate();
        var engine = new TestEngine(Schema, sources: new() { ["Subscription.number"] = _ => new(EndlessAsync(ended, default)) });
        await foreach (GraphQLResult result in await engine.SubscribeAsync("subscription { number }"))
        {
            Assert.Equal("""{"data":{"number":1}}""", TestEngine.TextOf(result));
            break;
        }

        Assert.True(ended.IsOpen);
    }

    [Fact]
    public async Task ends_with_the_client()
    {
        using var leaving = new CancellationTokenSource();
        var ended = new Gate();
        var engine = new TestEngine(Schema, sources: new()
        {
            ["Subscription.number"] = _ => new(WaitAsync(ended)),
        });
        IAsyncEnumerable<GraphQLResult> results = await engine.SubscribeUntilAsync("subscription { number }", leaving.Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (GraphQLResult result in results)
            {
                await leaving.CancelAsync();
            }
        });
        await ended.PassAsync();
        Assert.Empty(engine.Log.Lines);

        static async IAsyncEnumerable<object?> WaitAsync(
            Gate ended, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            try
            {
                yield return 1;
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }
            finally
            {
                ended.Open();
            }
        }
    }

    /// <summary>The time limit is one for each result, and for the start.</summary>
    [Fact]
    public async Task lives_longer_than_a_request_may()
    {
        var go = new Gate();
        var engine = new TestEngine(
            Schema,
            new() { ["Box.size"] = async context => { await Task.Delay(Timeout.Infinite, context.CancellationToken); return 1; } },
            new ExecutorOptions { Timeout = TimeSpan.FromMilliseconds(100) },
            new()
            {
                ["Subscription.box"] = context => new(BoxesAsync(() => context.CancellationToken.IsCancellationRequested)),
                ["Subscription.number"] = async _ => { await go.PassAsync(); return CountAsync(1, 1); },
            });
        string[] answers = await AllAsync(await engine.SubscribeAsync("subscription { box { size } }"));
        Assert.Equal(2, answers.Length);
        Assert.All(answers, answer => Assert.Equal(["The request took too long and was given up."], TestEngine.MessagesOf(answer)));
        string late = TestEngine.TextOf(await engine.RunAsync("subscription { number }"));
        Assert.Equal(["The request took too long and was given up."], TestEngine.MessagesOf(late));
        go.Open();

        static async IAsyncEnumerable<object?> BoxesAsync(Func<bool> isEnded)
        {
            yield return new object();

            // The first result took all the time that one request has.
            Assert.False(isEnded());
            await Task.Yield();
            yield return new object();
        }
    }

    /// <summary>A slow reader slows the source, instead of filling the memory.</summary>
    [Fact]
    public async Task asks_for_an_event_only_when_its_result_is_wanted()
    {
        int asked = 0;
        var engine = new TestEngine(Schema, sources: new() { ["Subscription.number"] = _ => new(CountedAsync()) });
        await using IAsyncEnumerator<GraphQLResult> results =
            (await engine.SubscribeAsync("subscription { number }")).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        Assert.Equal(0, asked);
        Assert.True(await results.MoveNextAsync());
        Assert.Equal(1, asked);
        Assert.True(await results.MoveNextAsync());
        Assert.Equal(2, asked);

        async IAsyncEnumerable<object?> CountedAsync()
        {
            while (true)
            {
                await Task.Yield();
                yield return ++asked;
            }
        }
    }

    [Fact]
    public async Task loads_anew_for_each_event()
    {
        int loads = 0;
        var engine = new TestEngine(
            Schema,
            new()
            {
                ["Box.size"] = LoadAsync,
                ["Box.twice"] = LoadAsync,
            },
            sources: new() { ["Subscription.box"] = _ => new(CountAsync(1, 2)) });
        Assert.Equal(
            ["""{"data":{"box":{"size":1,"twice":1}}}""", """{"data":{"box":{"size":2,"twice":2}}}"""],
            await AllAsync(await engine.SubscribeAsync("subscription { box { size twice } }")));

        async ValueTask<object?> LoadAsync(Events.GraphQL.Types.ResolverContext context) =>
            await context.Loaders.GetOrAdd("loads", scheduler => new FunctionDataLoader<int, int>(scheduler, (keys, _) =>
            {
                loads++;
                return Task.FromResult<IReadOnlyDictionary<int, int>>(keys.ToDictionary(key => key, _ => loads));
            })).LoadAsync(0, context.CancellationToken);
    }

    [Fact]
    public async Task whose_conditions_leave_no_field_is_refused()
    {
        var engine = new TestEngine(Schema, sources: new() { ["Subscription.number"] = _ => new(CountAsync(1, 1)) });
        string answer = await engine.AskAsync("subscription($x: Boolean!) { number @skip(if: $x) }", """{"x":true}""");
        Assert.NotEmpty(TestEngine.MessagesOf(answer));
        Assert.DoesNotContain("\"data\"", answer, StringComparison.Ordinal);
    }

    private static async Task<string[]> AllAsync(IAsyncEnumerable<GraphQLResult> results)
    {
        var all = new List<string>();
        await foreach (GraphQLResult result in results)
        {
            all.Add(TestEngine.TextOf(result));
        }

        return [.. all];
    }

    private static async IAsyncEnumerable<object?> CountAsync(int from, int count)
    {
        for (int i = from; i < from + count; i++)
        {
            await Task.Yield();
            yield return i;
        }
    }

    private static async IAsyncEnumerable<object?> EndlessAsync(
        Gate ended, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        try
        {
            for (int i = 1; ; i++)
            {
                await Task.Yield();
                cancellationToken.ThrowIfCancellationRequested();
                yield return i;
            }
        }
        finally
        {
            ended.Open();
        }
    }

    private sealed record Event(int Number, string Position) : IGraphQLEvent;
}
