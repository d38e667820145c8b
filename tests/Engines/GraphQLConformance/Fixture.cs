using System.Text.Json;
using Events.GraphQL;
using Events.GraphQL.Types;

namespace Events.Tests.GraphQLConformance;

/// <summary>Values of fields by generic rules, from JSON in which some objects with a <c>$</c> name say how to make a value.</summary>
internal sealed class Fixture(JsonElement fixture)
{
    internal async ValueTask<object?> ResolveAsync(ResolverContext context) => await ValueAsync(Stored(context), context);

    internal static string? TypeOf(object value, ResolverContext context) =>
        value is JsonElement { ValueKind: JsonValueKind.Object } json && json.TryGetProperty("__typename", out JsonElement name)
            ? name.GetString()
            : null;

    internal async ValueTask<IAsyncEnumerable<object?>> SubscribeAsync(ResolverContext context)
    {
        JsonElement stored = Stored(context);
        if (IsRule(stored, "$stream", out JsonElement items))
        {
            return StreamAsync(items);
        }

        object? other = await ValueAsync(stored, context);
        throw new GraphQLException($"Subscription field must return Async Iterable. Received: {Inspect.Of(other)}.");
    }

    private static async IAsyncEnumerable<object?> StreamAsync(JsonElement items)
    {
        foreach (JsonElement item in items.EnumerateArray())
        {
            await Task.Yield();
            yield return new StreamItem(item);
        }
    }

    private JsonElement Stored(ResolverContext context) =>
        context.Parent switch
        {
            StreamItem item => item.Value,
            JsonElement { ValueKind: JsonValueKind.Object } parent => PropertyOf(parent, context.Field.Name),
            null => PropertyOf(PropertyOf(fixture.GetProperty("root"), RootName(context)), context.Field.Name),
            _ => default,
        };

    private static string RootName(ResolverContext context) =>
        context.ParentType == context.Schema.Mutation ? "mutation"
        : context.ParentType == context.Schema.Subscription ? "subscription"
        : "query";

    private async ValueTask<object?> ValueAsync(JsonElement stored, ResolverContext context)
    {
        if (IsRule(stored, "$late", out JsonElement later))
        {
            await Task.Yield();
            return await ValueAsync(later, context);
        }

        if (stored.ValueKind != JsonValueKind.Array)
        {
            return Value(stored, context);
        }

        var items = new List<object?>();
        foreach (JsonElement item in stored.EnumerateArray())
        {
            items.Add(await ItemAsync(item, context));
        }

        return items;
    }

    /// <returns>For an item that fails, what it fails with.</returns>
    private async ValueTask<object?> ItemAsync(JsonElement stored, ResolverContext context)
    {
        try
        {
            return await ValueAsync(stored, context);
        }
        catch (GraphQLException failure)
        {
            return failure;
        }
    }

    private object? Value(JsonElement stored, ResolverContext context)
    {
        switch (stored.ValueKind)
        {
            case JsonValueKind.Undefined or JsonValueKind.Null:
                return null;
            case JsonValueKind.String:
                return stored.GetString();
            case JsonValueKind.Number:
                return stored.GetDouble();
            case JsonValueKind.True or JsonValueKind.False:
                return stored.GetBoolean();
            default:
                return Made(stored, context);
        }
    }

    private object? Made(JsonElement stored, ResolverContext context)
    {
        if (IsRule(stored, "$ref", out JsonElement name))
        {
            return Value(PropertyOf(fixture.GetProperty("objects"), name.GetString()!), context);
        }

        if (IsRule(stored, "$error", out JsonElement message))
        {
            throw new GraphQLException(message.GetString()!);
        }

        if (IsRule(stored, "$args", out _))
        {
            return JsonText.Of(context.Arguments);
        }

        if (IsRule(stored, "$name", out _))
        {
            string? full = Value(PropertyOf((JsonElement)context.Parent!, "fullName"), context) as string;
            return context.Arguments["upper"] is true ? full?.ToUpperInvariant() : full;
        }

        if (IsRule(stored, "$pets", out JsonElement pets))
        {
            int first = context.Arguments["first"] is int given ? given : 0;
            int count = first < 0 ? Math.Max(0, pets.GetArrayLength() + first) : first;
            return pets.EnumerateArray().Take(count).Select(pet => Value(pet, context)).ToList();
        }

        if (IsRule(stored, "$add", out JsonElement argument))
        {
            var state = (RequestState)context.Services;
            state.Sum += context.Arguments[argument.GetString()!] is int by ? by : 0;
            return state.Sum;
        }

        return stored;
    }

    private static bool IsRule(JsonElement stored, string name, out JsonElement value)
    {
        value = default;
        return stored.ValueKind == JsonValueKind.Object && stored.TryGetProperty(name, out value);
    }

    private static JsonElement PropertyOf(JsonElement of, string name) =>
        of.ValueKind == JsonValueKind.Object && of.TryGetProperty(name, out JsonElement value) ? value : default;

    /// <summary>An event of a source: the value of the root field for one response.</summary>
    private sealed record StreamItem(JsonElement Value);
}
