using Events.GraphQL;
using Events.GraphQL.DataLoaders;
using Events.GraphQL.Types;
using Xunit;

namespace Events.Tests.Engines.GraphQL.Execution;

public sealed class A_data_loader
{
    private const string Schema = """
        type Query { people: [Person!]! one: Person chain: Int all: [String] }
        type Mutation { rename: Person! again: Person! }
        type Person { name: String boss: Person boxes: [String!] }
        """;

    private readonly List<string> _batches = [];

    [Fact]
    public async Task gathers_the_keys_of_a_whole_list()
    {
        Assert.Equal(
            """{"data":{"people":[{"name":"p1"},{"name":"p2"},{"name":"p3"}]}}""",
            await Engine().AskAsync("{ people { name } }"));
        Assert.Equal(["names 1,2,3"], _batches);
    }

    /// <summary>Each level in one batch: first the bosses of all, then the names of all bosses.</summary>
    [Fact]
    public async Task gathers_level_by_level()
    {
        Assert.Equal(
            """{"data":{"people":[{"boss":{"name":"p11"}},{"boss":{"name":"p12"}},{"boss":{"name":"p13"}}]}}""",
            await Engine().AskAsync("{ people { boss { name } } }"));
        Assert.Equal(["bosses 1,2,3", "names 11,12,13"], _batches);
    }

    [Fact]
    public async Task loads_each_key_once_for_a_request()
    {
        TestEngine engine = Engine();
        await engine.AskAsync("{ a: people { name } b: people { name n: name } one { name } }");
        Assert.Equal(["names 1,2,3"], _batches);
        await engine.AskAsync("{ one { name } }");
        Assert.Equal(["names 1,2,3", "names 1"], _batches);
    }

    [Fact]
    public async Task makes_no_batch_larger_than_it_may_be()
    {
        await Engine(new DataLoaderOptions { MaxBatchSize = 2 }).AskAsync("{ people { name } }");
        Assert.Equal(["names 1,2", "names 3"], _batches);
    }

    [Fact]
    public async Task fails_for_one_key_alone_or_for_all()
    {
        var engine = new TestEngine(Schema, new()
        {
            ["Query.people"] = _ => new(new[] { 1, 2, 3 }),
            ["Person.name"] = async context =>
                await new Failing(context.Loaders).LoadAsync((int)context.Parent!, context.CancellationToken),
            ["Person.boss"] = async context => await context.Loaders
                .GetOrAdd("all", scheduler => new FunctionDataLoader<int, string>(
                    scheduler, (_, _) => throw new GraphQLException("none at all")))
                .LoadAsync((int)context.Parent!, context.CancellationToken),
        });
        string one = await engine.AskAsync("{ people { name } }");
        Assert.EndsWith("[{\"name\":\"p1\"},{\"name\":null},{\"name\":null}]}}", one, StringComparison.Ordinal);
        Assert.Equal(["not this one"], TestEngine.MessagesOf(one));
        Assert.Equal(
            ["none at all", "none at all", "none at all"],
            TestEngine.MessagesOf(await engine.AskAsync("{ people { boss { name } } }")));
    }

    [Fact]
    public async Task groups_values_and_has_an_empty_group_for_a_key_without_any()
    {
        Assert.Equal(
            """{"data":{"people":[{"boxes":["1a","1b"]},{"boxes":[]},{"boxes":["3a","3b"]}]}}""",
            await Engine().AskAsync("{ people { boxes } }"));
        Assert.Equal(["boxes 1,2,3"], _batches);
    }

    [Fact]
    public async Task forgets_before_the_next_mutation()
    {
        int version = 0;
        var engine = new TestEngine(Schema, new()
        {
            ["Mutation.rename"] = _ => { version++; return new(1); },
            ["Mutation.again"] = _ => { version++; return new(1); },
            ["Person.name"] = async context => await context.Loaders
                .GetOrAdd("names", scheduler => new FunctionDataLoader<int, string>(scheduler, (keys, _) =>
                    Task.FromResult<IReadOnlyDictionary<int, string>>(keys.ToDictionary(key => key, _ => $"v{version}"))))
                .LoadAsync((int)context.Parent!, context.CancellationToken),
        });
        Assert.Equal(
            """{"data":{"rename":{"name":"v1"},"again":{"name":"v2"}}}""",
            await engine.AskAsync("mutation { rename { name } again { name } }"));
    }

    /// <summary>One resolver that asks again and again, each time for what the last answer tells, must not fill the stack.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task may_be_asked_ten_thousand_times_in_a_row(bool isLate)
    {
        var engine = new TestEngine(Schema, new()
        {
            ["Query.chain"] = async context =>
            {
                var loader = context.Loaders.GetOrAdd("next", scheduler => new FunctionDataLoader<int, int>(
                    scheduler,
                    async (keys, _) =>
                    {
                        if (isLate)
                        {
                            await Task.Yield();
                        }

                        return keys.ToDictionary(key => key, key => key + 1);
                    }));
                int value = 0;
                while (value < 10_000)
                {
                    value = await loader.LoadAsync(value, context.CancellationToken);
                }

                return value;
            },
        });
        Assert.Equal("""{"data":{"chain":10000}}""", await engine.AskAsync("{ chain }"));
    }

    /// <summary>A resolver that goes on by itself, outside of the engine's turn, is served as well.</summary>
    [Fact]
    public async Task serves_resolvers_that_come_from_elsewhere()
    {
        var engine = new TestEngine(Schema, new()
        {
            ["Query.people"] = _ => new(Enumerable.Range(1, 50).Cast<object>().ToList()),
            ["Person.name"] = async context =>
            {
                await Task.Yield();
                return await Names(context).LoadAsync((int)context.Parent!, context.CancellationToken);
            },
        });
        string answer = await engine.AskAsync("{ people { name } }");
        Assert.Empty(TestEngine.MessagesOf(answer));
        Assert.Contains("\"p50\"", answer, StringComparison.Ordinal);
        Assert.Equal(50, _batches.Sum(batch => batch.Split(',').Length));
    }

    [Fact]
    public async Task loads_many_keys_in_their_order_and_none_where_there_is_none()
    {
        var engine = new TestEngine(Schema, new()
        {
            ["Query.all"] = async context => await Names(context).LoadAsync([3, 1000, 1, 3], context.CancellationToken),
        });
        Assert.Equal("""{"data":{"all":["p3",null,"p1","p3"]}}""", await engine.AskAsync("{ all }"));
        Assert.Equal(["names 3,1000,1"], _batches);
    }

    [Fact]
    public async Task takes_values_that_came_by_another_way()
    {
        var engine = new TestEngine(Schema, new()
        {
            ["Query.all"] = async context =>
            {
                var names = Names(context);
                names.SetCacheEntry(1, Task.FromResult<string?>("known"));
                string? first = await names.LoadAsync(1, context.CancellationToken);
                names.RemoveCacheEntry(1);
                return new[] { first, await names.LoadAsync(1, context.CancellationToken) };
            },
        });
        Assert.Equal("""{"data":{"all":["known","p1"]}}""", await engine.AskAsync("{ all }"));
    }

    [Fact]
    public async Task is_made_once_for_a_request_with_its_services()
    {
        var engine = new TestEngine(Schema, new()
        {
            ["Query.all"] = async context =>
            {
                var one = context.Loaders.Get<WithService>();
                Assert.Same(one, context.Loaders.Get<WithService>());
                return new[] { await one.LoadAsync(1, context.CancellationToken) };
            },
        })
        { Services = new OneService("from the services") };
        Assert.Equal("""{"data":{"all":["from the services 1"]}}""", await engine.AskAsync("{ all }"));
    }

    private TestEngine Engine(DataLoaderOptions? options = null) => new(Schema, new()
    {
        ["Query.people"] = _ => new(new[] { 1, 2, 3 }),
        ["Query.one"] = _ => new(1),
        ["Person.name"] = async context =>
            await Names(context, options).LoadAsync((int)context.Parent!, context.CancellationToken),
        ["Person.boss"] = async context => await context.Loaders
            .GetOrAdd("bosses", scheduler => new FunctionDataLoader<int, int>(scheduler, (keys, _) =>
            {
                _batches.Add($"bosses {string.Join(',', keys)}");
                return Task.FromResult<IReadOnlyDictionary<int, int>>(keys.ToDictionary(key => key, key => key + 10));
            }))
            .LoadAsync((int)context.Parent!, context.CancellationToken),
        ["Person.boxes"] = async context => await context.Loaders
            .GetOrAdd("boxes", scheduler => new Boxes(scheduler, _batches))
            .LoadAsync((int)context.Parent!, context.CancellationToken),
    });

    private NamesById Names(ResolverContext context, DataLoaderOptions? options = null) =>
        context.Loaders.GetOrAdd("names", scheduler => new NamesById(scheduler, options, _batches));

    private sealed class NamesById(IBatchScheduler scheduler, DataLoaderOptions? options, List<string> batches)
        : BatchDataLoader<int, string>(scheduler, options)
    {
        protected override async Task<IReadOnlyDictionary<int, string>> LoadBatchAsync(
            IReadOnlyList<int> keys, CancellationToken cancellationToken)
        {
            lock (batches)
            {
                batches.Add($"names {string.Join(',', keys)}");
            }

            await Task.Yield();
            return keys.Where(key => key < 1000).ToDictionary(key => key, key => $"p{key}");
        }
    }

    private sealed class Boxes(IBatchScheduler scheduler, List<string> batches) : GroupedDataLoader<int, string>(scheduler)
    {
        protected override Task<ILookup<int, string>> LoadGroupedBatchAsync(
            IReadOnlyList<int> keys, CancellationToken cancellationToken)
        {
            batches.Add($"boxes {string.Join(',', keys)}");
            return Task.FromResult(keys.Where(key => key != 2).SelectMany(key => new[] { $"{key}a", $"{key}b" })
                .ToLookup(box => box[0] - '0'));
        }
    }

    /// <summary>The second key fails, the third has no value.</summary>
    private sealed class Failing(DataLoaderRegistry loaders)
    {
        internal Task<string?> LoadAsync(int key, CancellationToken cancellationToken) =>
            loaders.GetOrAdd("failing", scheduler => new Loader(scheduler)).LoadAsync(key, cancellationToken);

        private sealed class Loader(IBatchScheduler scheduler) : DataLoaderBase<int, string>(scheduler)
        {
            protected override ValueTask FetchAsync(
                IReadOnlyList<int> keys, Memory<Result<string?>> results, CancellationToken cancellationToken)
            {
                results.Span[0] = "p1";
                results.Span[1] = new GraphQLException("not this one");
                return ValueTask.CompletedTask;
            }
        }
    }

    private sealed class WithService(IBatchScheduler scheduler, string service, DataLoaderOptions options)
        : CacheDataLoader<int, string>(scheduler, options)
    {
        protected override Task<string> LoadSingleAsync(int key, CancellationToken cancellationToken) =>
            Task.FromResult($"{service} {key}");
    }

    private sealed class OneService(string service) : IServiceProvider
    {
        public object? GetService(Type serviceType) => serviceType == typeof(string) ? service : null;
    }
}
