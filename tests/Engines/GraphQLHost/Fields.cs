using System.Globalization;
using System.Runtime.CompilerServices;
using Events.GraphQL;

namespace Events.Tests.GraphQLHost;

/// <summary>Something to list.</summary>
[ObjectType]
internal sealed record Item([property: ID] int Id, string Name, int? Size);

[QueryType]
internal static class Queries
{
    /// <summary>More than this is refused, as every list of every API should.</summary>
    private const int ItemsMax = 1_000;

    public static string GetHello(string? name = "world") => $"Hello, {name}!";

    [ListSize(SlicingArguments = ["first"])]
    public static IEnumerable<Item> GetItems(int? first = 10) =>
        first is null or < 0 or > ItemsMax
            ? throw new GraphQLException($"Ask for 0 to {ItemsMax} items.")
            : Enumerable.Range(1, first.Value)
                .Select(i => new Item(i, string.Create(CultureInfo.InvariantCulture, $"Item {i}"), i * 10));

    public static string? GetBoom() => throw new InvalidOperationException("This is for the log, not for clients.");
}

[MutationType]
internal static class Mutations
{
    private static int s_bumped;

    public static int Add(int a, int b) => a + b;

    public static int Bump(int? by = 1) => Interlocked.Add(ref s_bumped, by ?? 1);
}

[SubscriptionType]
internal static class Subscriptions
{
    [Subscribe(With = nameof(TickAsync))]
    public static int GetTicks([EventMessage] int tick) => tick;

    [Subscribe(With = nameof(CountAsync))]
    public static int GetCountdown([EventMessage] int left) => left;

    [Subscribe(With = nameof(FailAsync))]
    public static int GetFailing([EventMessage] int item) => item;

    public static async IAsyncEnumerable<int> TickAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken, int? everyMs = 20)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(Math.Clamp(everyMs ?? 20, 1, 60_000)));
        for (int i = 0; await timer.WaitForNextTickAsync(cancellationToken); i++)
        {
            yield return i;
        }
    }

    public static async IAsyncEnumerable<int> CountAsync(int from, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (int i = from; i >= 0; i--)
        {
            await Task.Yield();
            cancellationToken.ThrowIfCancellationRequested();
            yield return i;
        }
    }

    public static async IAsyncEnumerable<int> FailAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return 1;
        await Task.Delay(1, cancellationToken);
        throw new InvalidOperationException("This is for the log, not for clients.");
    }
}
