using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Events.GraphQL;
using Events.GraphQL.Execution;
using Events.GraphQL.Types;
using Events.GraphQL.Types.Sdl;
using Microsoft.Extensions.Logging.Abstractions;

namespace Events.Benchmarks;

/// <summary>
/// Requests that the GraphQL engine executes in this process, from the document's text to the answer's bytes, without a
/// transport: how many a second, and what each allocates.
/// </summary>
internal static class GraphQLBench
{
    private const string Schema = """
        type Query { hello: String! items(first: Int = 10): [Item!]! later(first: Int = 10): [Item!]! }
        type Item { id: ID! name: String! size: Int! isOld: Boolean! weight: Float }
        """;

    private static readonly TimeSpan Warm = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Measured = TimeSpan.FromSeconds(4);

    private static readonly (string Name, string Query)[] Requests =
    [
        ("hello world", "{ hello }"),
        ("100 objects of 5 fields", "{ items(first: 100) { id name size isOld weight } }"),
        ("100 objects, aliased in fragments", "{ a: items(first: 100) { ...F } } fragment F on Item { i: id n: name s: size isOld weight }"),
        ("100 objects, 1 field each late", "{ later(first: 100) { id name size isOld weight } }"),
    ];

    internal static async Task RunAsync(BenchContext context)
    {
        Executor executor = Make();
        context.AddRow("| request | 1 thread /s | all threads /s | bytes allocated | answer bytes |");
        context.AddRow("|---|---|---|---|---|");
        foreach ((string name, string query) in Requests)
        {
            await LoadAsync(executor, query, 1, Warm);
            long bytes = await AllocatedAsync(executor, query);
            double one = await LoadAsync(executor, query, 1, Measured);
            double all = await LoadAsync(executor, query, Environment.ProcessorCount, Measured);
            int size = (await AnswerAsync(executor, query)).WrittenCount;
            context.AddRow(string.Create(CultureInfo.InvariantCulture, $"| {name} | {one:F0} | {all:F0} | {bytes} | {size} |"));
        }
    }

    private static async Task<double> LoadAsync(Executor executor, string query, int threads, TimeSpan time)
    {
        long began = Stopwatch.GetTimestamp();
        int[] counts = await Task.WhenAll(Enumerable.Range(0, threads).Select(_ => Task.Run(async () =>
        {
            var output = new ArrayBufferWriter<byte>(64 * 1024);
            int count = 0;
            while (Stopwatch.GetElapsedTime(began) < time)
            {
                await ExecuteAsync(executor, query, output);
                count++;
            }

            return count;
        })));
        return counts.Sum() / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private static async Task<long> AllocatedAsync(Executor executor, string query)
    {
        const int Count = 1_000;
        var output = new ArrayBufferWriter<byte>(64 * 1024);
        long before = GC.GetTotalAllocatedBytes(precise: true);
        for (int i = 0; i < Count; i++)
        {
            await ExecuteAsync(executor, query, output);
        }

        return (GC.GetTotalAllocatedBytes(precise: true) - before) / Count;
    }

    private static async Task<ArrayBufferWriter<byte>> AnswerAsync(Executor executor, string query)
    {
        var output = new ArrayBufferWriter<byte>();
        await ExecuteAsync(executor, query, output);
        return output;
    }

    private static async Task ExecuteAsync(Executor executor, string query, ArrayBufferWriter<byte> output)
    {
        var call = new GraphQLCall(null, NoServices.Instance, GraphQLOperations.All);
        GraphQLResponse response = await executor.ExecuteAsync(new GraphQLRequest(query), call, CancellationToken.None);
        var result = (GraphQLResult)response;
        output.ResetWrittenCount();
        result.WriteTo(output);
        if (result.HasErrors)
        {
            throw new InvalidOperationException(Encoding.UTF8.GetString(output.WrittenSpan));
        }
    }

    private static Executor Make()
    {
        SchemaBuilder builder = SdlReader.Read(Schema);
        Item[] items = [.. Enumerable.Range(1, 100).Select(i => new Item($"item-{i}", $"Item number {i}", i, i % 2 == 0, i * 0.25))];
        Set(builder, "Query", "hello", _ => new("Hello, world!"));
        Set(builder, "Query", "items", context => new(items.Take((int)context.Arguments["first"]!)));
        Set(builder, "Query", "later", context => new(items.Take((int)context.Arguments["first"]!).Select(one => (Late)one)));
        Set(builder, "Item", "id", context => new(ItemOf(context).Id));
        Set(builder, "Item", "name", context => context.Parent is Late late ? late.NameAsync() : new(ItemOf(context).Name));
        Set(builder, "Item", "size", context => new(ItemOf(context).Size));
        Set(builder, "Item", "isOld", context => new(ItemOf(context).IsOld));
        Set(builder, "Item", "weight", context => new(ItemOf(context).Weight));
        return new Executor(builder.Build(), new ExecutorOptions(), NullLogger.Instance);
    }

    private static Item ItemOf(ResolverContext context) => context.Parent is Late late ? late.Item : (Item)context.Parent!;

    private static void Set(SchemaBuilder builder, string type, string field, FieldResolver resolve) =>
        ((GraphObject)builder.Types.Find(type)!).Fields.Find(field)!.Resolve = resolve;

    private sealed record Item(string Id, string Name, int Size, bool IsOld, double Weight);

    /// <summary>An item whose name takes a thread of its own.</summary>
    private sealed record Late(Item Item)
    {
        public static explicit operator Late(Item item) => new(item);

        internal async ValueTask<object?> NameAsync()
        {
            await Task.Yield();
            return Item.Name;
        }
    }

    private sealed class NoServices : IServiceProvider
    {
        internal static readonly NoServices Instance = new();

        public object? GetService(Type serviceType) => null;
    }
}
