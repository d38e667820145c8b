using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Events.GraphQL.Execution;

/// <summary>Sees items that come one by one as objects, also those of value types.</summary>
internal static class AsyncItems
{
    private static readonly ConcurrentDictionary<Type, MethodInfo?> Boxers = new();

    /// <returns>Null when the value is no asynchronous list.</returns>
    internal static IAsyncEnumerable<object?>? Of(object value) =>
        value as IAsyncEnumerable<object?>
        ?? Boxers.GetOrAdd(value.GetType(), Boxer)?.Invoke(null, [value, CancellationToken.None]) as IAsyncEnumerable<object?>;

    private static MethodInfo? Boxer(Type type) =>
        type.GetInterfaces()
            .Where(one => one.IsGenericType && one.GetGenericTypeDefinition() == typeof(IAsyncEnumerable<>))
            .Select(one => typeof(AsyncItems).GetMethod(nameof(BoxedAsync), BindingFlags.NonPublic | BindingFlags.Static)!
                .MakeGenericMethod(one.GenericTypeArguments[0]))
            .FirstOrDefault();

    private static async IAsyncEnumerable<object?> BoxedAsync<T>(
        IAsyncEnumerable<T> items, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (T item in items.WithCancellation(cancellationToken))
        {
            yield return item;
        }
    }
}
