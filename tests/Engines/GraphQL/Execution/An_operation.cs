using System.Text.Json;
using Events.GraphQL;
using Events.GraphQL.Execution;
using Events.GraphQL.Types;
using Xunit;

namespace Events.Tests.Engines.GraphQL.Execution;

public sealed class An_operation
{
    private const string Schema = """
        type Query { a: Int b: Int c: Int! self: Query list: [Int!] items: [Query!]! name(of: String): String both(x: Int = 1, y: [Int]): String }
        type Mutation { first: Query second: Int }
        """;

    /// <summary>Neither could end if the other had not begun.</summary>
    [Fact]
    public async Task runs_the_fields_of_a_query_side_by_side()
    {
        var a = new Gate();
        var b = new Gate();
        var engine = new TestEngine(Schema, new()
        {
            ["Query.a"] = async _ => { a.Open(); await b.PassAsync(); return 1; },
            ["Query.b"] = async _ => { b.Open(); await a.PassAsync(); return 2; },
        });
        Assert.Equal("""{"data":{"a":1,"b":2}}""", await engine.AskAsync("{ a b }"));
    }

    [Fact]
    public async Task keeps_the_order_of_its_fields_whoever_answers_first()
    {
        var b = new Gate();
        var engine = new TestEngine(Schema, new()
        {
            ["Query.a"] = async _ => { await b.PassAsync(); return 1; },
            ["Query.b"] = _ => { b.Open(); return new(2); },
        });
        Assert.Equal("""{"data":{"a":1,"b":2}}""", await engine.AskAsync("{ a b }"));
    }

    /// <summary>The second field may not begin while anything below the first one runs.</summary>
    [Fact]
    public async Task runs_the_fields_of_a_mutation_one_after_the_other()
    {
        var below = new Gate();
        bool isSecondEarly = false;
        var engine = new TestEngine(Schema, new()
        {
            ["Mutation.first"] = async _ => { await Task.Yield(); return new object(); },
            ["Query.a"] = async _ => { await Task.Yield(); below.Open(); return 1; },
            ["Mutation.second"] = _ => { isSecondEarly = !below.IsOpen; return new(2); },
        });
        Assert.Equal(
            """{"data":{"first":{"a":1},"second":2}}""",
            await engine.AskAsync("mutation { first { a } second }"));
        Assert.False(isSecondEarly);
    }

    [Fact]
    public async Task that_is_a_mutation_ends_when_a_field_that_must_not_be_null_fails()
    {
        bool isCalled = false;
        var engine = new TestEngine("type Query { a: Int } type Mutation { a: Int! b: Int }", new()
        {
            ["Mutation.a"] = async _ => { await Task.Yield(); return null; },
            ["Mutation.b"] = _ => { isCalled = true; return new(1); },
        });
        string answer = await engine.AskAsync("mutation { a b }");
        Assert.EndsWith("\"data\":null}", answer, StringComparison.Ordinal);
        Assert.False(isCalled);
    }

    /// <summary>The same text with other variables must not get the first one's plan.</summary>
    [Fact]
    public async Task is_kept_without_what_its_variables_chose()
    {
        var engine = new TestEngine(Schema, new() { ["Query.a"] = _ => new(1), ["Query.b"] = _ => new(2) });
        const string Query = "query($x: Boolean!) { a @skip(if: $x) b @include(if: $x) }";
        Assert.Equal("""{"data":{"a":1}}""", await engine.AskAsync(Query, """{"x":false}"""));
        Assert.Equal("""{"data":{"b":2}}""", await engine.AskAsync(Query, """{"x":true}"""));
        Assert.Equal("""{"data":{"a":1}}""", await engine.AskAsync(Query, """{"x":false}"""));
    }

    [Fact]
    public async Task gives_each_request_the_arguments_of_its_own_variables()
    {
        var engine = new TestEngine(Schema, new()
        {
            ["Query.both"] = context => new(JsonSerializer.Serialize(new[] { context.Arguments["x"], context.Arguments["y"] })),
        });
        const string Query = "query($x: Int, $y: Int) { a: both b: both(x: $x, y: [3, $y]) c: both(x: 7, y: 8) }";
        Assert.Equal(
            """{"data":{"a":"[1,null]","b":"[5,[3,6]]","c":"[7,[8]]"}}""",
            await engine.AskAsync(Query, """{"x":5,"y":6}"""));
        Assert.Equal(
            """{"data":{"a":"[1,null]","b":"[1,[3,null]]","c":"[7,[8]]"}}""",
            await engine.AskAsync(Query));
    }

    [Fact]
    public async Task hides_what_an_exception_says_and_logs_it_without_values()
    {
        var engine = new TestEngine(Schema, new()
        {
            ["Query.name"] = _ => throw new InvalidOperationException("the password is 1234"),
        });
        string answer = await engine.AskAsync("""{ name(of: "secret") }""");
        Assert.Equal(
            """
            {"errors":[{"message":"Internal server error","locations":[{"line":1,"column":3}],"path":["name"],"extensions":{"code":"INTERNAL_ERROR"}}],"data":{"name":null}}
            """,
            answer);
        Assert.Equal(["6201 The resolver of Query.name failed (InvalidOperationException)"], engine.Log.Lines);
    }

    [Fact]
    public async Task tells_what_a_resolver_wants_to_be_told()
    {
        var engine = new TestEngine(Schema, new()
        {
            ["Query.a"] = _ => throw new GraphQLException(new GraphQLError("No.")
            {
                Extensions = new Dictionary<string, object?> { ["code"] = "camera.retired", ["at"] = 3L },
            }),
            ["Query.b"] = context =>
            {
                context.ReportError(new GraphQLError("Nearly."));
                return new(2);
            },
        });
        Assert.Equal(
            """
            {"errors":[{"message":"No.","locations":[{"line":1,"column":3}],"path":["x"],"extensions":{"code":"camera.retired","at":3}},{"message":"Nearly.","locations":[{"line":1,"column":8}],"path":["b"]}],"data":{"x":null,"b":2}}
            """,
            await engine.AskAsync("{ x: a b }"));
        Assert.Empty(engine.Log.Lines);
    }

    [Fact]
    public async Task fails_where_an_item_is_an_exception()
    {
        var engine = new TestEngine("type Query { list: [Int] }", new()
        {
            ["Query.list"] = _ => new(new object?[] { 1, new GraphQLException("No."), new InvalidOperationException("x"), 4 }),
        });
        string answer = await engine.AskAsync("{ list }");
        Assert.EndsWith("\"data\":{\"list\":[1,null,null,4]}}", answer, StringComparison.Ordinal);
        Assert.Equal(["No.", "Internal server error"], TestEngine.MessagesOf(answer));
    }

    [Fact]
    public async Task takes_items_that_come_one_by_one()
    {
        var engine = new TestEngine(Schema, new()
        {
            ["Query.list"] = _ => new(CountAsync(3)),
            ["Query.items"] = _ => new(ObjectsAsync()),
            ["Query.a"] = context => new(((StrongBox)context.Parent!).Value),
        });
        Assert.Equal(
            """{"data":{"list":[1,2,3],"items":[{"a":1},{"a":2}]}}""", await engine.AskAsync("{ list items { a } }"));

        static async IAsyncEnumerable<int> CountAsync(int to)
        {
            for (int i = 1; i <= to; i++)
            {
                await Task.Yield();
                yield return i;
            }
        }

        static async IAsyncEnumerable<StrongBox> ObjectsAsync()
        {
            yield return new StrongBox(1);
            await Task.Yield();
            yield return new StrongBox(2);
        }
    }

    [Fact]
    public async Task loses_a_list_whose_items_stop_coming()
    {
        var engine = new TestEngine(Schema, new() { ["Query.list"] = _ => new(FailAsync()) });
        string answer = await engine.AskAsync("{ list }");
        Assert.Equal(["broken"], TestEngine.MessagesOf(answer));
        Assert.EndsWith("\"data\":{\"list\":null}}", answer, StringComparison.Ordinal);

        static async IAsyncEnumerable<int> FailAsync()
        {
            yield return 1;
            await Task.Yield();
            throw new GraphQLException("broken");
        }
    }

    [Fact]
    public async Task tells_a_resolver_what_is_selected_below()
    {
        bool[] seen = [];
        var engine = new TestEngine(Schema, new()
        {
            ["Query.self"] = context =>
            {
                seen = [.. new[] { "a", "b", "c" }.Select(context.IsSelected)];
                return new(new object());
            },
        });
        await engine.AskAsync("query($x: Boolean!) { self { x: a ...F b @skip(if: $x) } } fragment F on Query { c }", """{"x":true}""");
        Assert.Equal([true, false, true], seen);
    }

    [Fact]
    public async Task finds_the_type_of_an_object_by_asking_each()
    {
        var engine = new TestEngine(
            "type Query { any: U } union U = A | B type A { a: Int } type B { a: Int }",
            new() { ["Query.any"] = _ => new("b") },
            more: builder =>
            {
                builder.DefaultTypeResolver = null;
                ((GraphObject)builder.Types.Find("A")!).IsTypeOf = value => value is "a";
                ((GraphObject)builder.Types.Find("B")!).IsTypeOf = value => value is "b";
            });
        Assert.Equal("""{"data":{"any":{"__typename":"B"}}}""", await engine.AskAsync("{ any { __typename } }"));
    }

    [Theory]
    [InlineData("{", null, "Parse")]
    [InlineData("{ nope }", null, "Validate")]
    [InlineData("query A { a } query B { a }", null, "Request")]
    [InlineData("query A { a }", "B", "Request")]
    [InlineData("query($x: Int!) { a }", null, "Validate")]
    [InlineData("query($x: Int!) { both(x: $x) }", null, "Request")]
    [InlineData("mutation { second }", null, "NotAllowed")]
    [InlineData("{ c }", null, "Execute")]
    public async Task comes_as_far_as_it_is_right(string query, string? operation, string phase)
    {
        var engine = new TestEngine(Schema);
        GraphQLResult result = await engine.RunAsync(query, null, operation, GraphQLOperations.Query);
        Assert.Equal(phase, result.Phase.ToString());
        Assert.True(result.HasErrors);
        using JsonDocument answer = JsonDocument.Parse(TestEngine.TextOf(result));
        Assert.Equal(phase == "Execute", answer.RootElement.TryGetProperty("data", out _));
        Assert.True(answer.RootElement.GetProperty("errors").GetArrayLength() > 0);
    }

    [Fact]
    public async Task may_be_kept_from_introspection_and_from_hints()
    {
        var engine = new TestEngine(
            "type Query { name: String }",
            options: new ExecutorOptions { IsIntrospectionAllowed = call => call.Allowed.HasFlag(GraphQLOperations.Mutation) });
        const string Query = "{ __schema { types { name } } nam __typename }";
        string open = TestEngine.TextOf(await engine.RunAsync(Query));
        string closed = TestEngine.TextOf(await engine.RunAsync(Query, allowed: GraphQLOperations.Query));
        Assert.Equal(["Cannot query field \"nam\" on type \"Query\". Did you mean \"name\"?"], TestEngine.MessagesOf(open));
        Assert.DoesNotContain(TestEngine.MessagesOf(closed), message => message.Contains("mean", StringComparison.Ordinal));
        Assert.Contains(TestEngine.MessagesOf(closed), message => message.Contains("introspection has been disabled", StringComparison.Ordinal));
        Assert.Contains("Cannot query field \"nam\" on type \"Query\".", TestEngine.MessagesOf(closed));
        Assert.Equal(
            """{"data":{"__typename":"Query"}}""",
            TestEngine.TextOf(await engine.RunAsync("{ __typename }", allowed: GraphQLOperations.Query)));
    }

    [Fact]
    public async Task ends_with_the_client()
    {
        using var leaving = new CancellationTokenSource();
        var begun = new Gate();
        bool isEnded = false;
        var engine = new TestEngine(Schema, new()
        {
            ["Query.a"] = async context =>
            {
                begun.Open();
                try
                {
                    await Task.Delay(Timeout.Infinite, context.CancellationToken);
                }
                finally
                {
                    isEnded = true;
                }

                return 1;
            },
        });
        Task<GraphQLResult> asked = engine.RunUntilAsync("{ a }", leaving.Token);
        await begun.PassAsync();
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
        Assert.True(isEnded);
        Assert.Empty(engine.Log.Lines);
    }

    [Fact]
    public async Task is_given_up_when_it_takes_too_long()
    {
        bool isTold = false;
        var engine = new TestEngine(
            Schema,
            new()
            {
                ["Query.a"] = async context =>
                {
                    await using var registration = context.CancellationToken.Register(() => isTold = true);
                    await Task.Delay(Timeout.Infinite, context.CancellationToken);
                    return 1;
                },
                ["Query.b"] = _ => new(2),
            },
            new ExecutorOptions { Timeout = TimeSpan.FromMilliseconds(50) });
        Assert.Equal(
            """{"errors":[{"message":"The request took too long and was given up.","extensions":{"code":"TIMEOUT"}}],"data":null}""",
            await engine.AskAsync("{ b a }"));
        Assert.True(isTold);
        Assert.Empty(engine.Log.Lines);
    }

    [Fact]
    public async Task is_given_up_even_when_a_resolver_does_not_listen()
    {
        var never = new TaskCompletionSource<object?>();
        var engine = new TestEngine(
            Schema,
            new() { ["Query.a"] = _ => new(never.Task) },
            new ExecutorOptions { Timeout = TimeSpan.FromMilliseconds(50) });
        string answer = await engine.AskAsync("{ a }");
        Assert.Equal(["The request took too long and was given up."], TestEngine.MessagesOf(answer));

        // What comes later changes nothing, and harms nobody.
        never.SetResult(1);
    }

    [Fact]
    public async Task is_given_up_in_the_middle_of_endless_work()
    {
        var engine = new TestEngine(
            Schema,
            new() { ["Query.self"] = _ => new(new object()), ["Query.items"] = _ => new(Enumerable.Repeat(new object(), 1000)) },
            new ExecutorOptions { Timeout = TimeSpan.FromMilliseconds(100), CostMax = 1e12, ValuesMax = int.MaxValue });
        string answer = await engine.AskAsync("{ items { items { items { items { items { __typename } } } } } }");
        Assert.Equal(["The request took too long and was given up."], TestEngine.MessagesOf(answer));
    }

    [Fact]
    public async Task tells_no_more_errors_than_its_bound()
    {
        var engine = new TestEngine(
            "type Query { list: [Int] }",
            new() { ["Query.list"] = _ => new(Enumerable.Repeat("x", 50)) },
            new ExecutorOptions { ErrorsMax = 10 });
        string answer = await engine.AskAsync("{ list }");
        string[] messages = TestEngine.MessagesOf(answer);
        Assert.Equal(11, messages.Length);
        Assert.Equal("There are more than 10 errors; the others are left out.", messages[^1]);
    }

    [Fact]
    public async Task never_fails_in_the_face_of_the_transport()
    {
        var engine = new TestEngine(Schema, options: new ExecutorOptions { IsIntrospectionAllowed = _ => throw new FormatException() });
        GraphQLResult result = await engine.RunAsync("{ a }");
        Assert.Equal(GraphQLPhase.Request, result.Phase);
        Assert.Equal(["Internal server error"], TestEngine.MessagesOf(TestEngine.TextOf(result)));
        Assert.Equal(["6202 A GraphQL request failed outside of its resolvers (FormatException)"], engine.Log.Lines);
    }

    private sealed record StrongBox(int Value);
}
