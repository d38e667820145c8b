using System.Text.Json;
using Events.Application;
using Events.Application.Contracts;

namespace Events.Host.Audit;

/// <summary>One row that two positions have differently.</summary>
/// <param name="What">added, removed or changed.</param>
/// <param name="Fields">Of a changed row, those that differ: before and after; null for a field that is not there.</param>
internal sealed record RowChange(string View, string Key, string What, IReadOnlyList<FieldChange> Fields);

internal sealed record FieldChange(string Name, JsonElement? Before, JsonElement? After);

/// <summary>A row at two positions, as JSON.</summary>
/// <param name="Before">Null when there was none.</param>
/// <param name="After">Null when there was none.</param>
internal sealed record RowPair(string Key, JsonElement? Before, JsonElement? After);

/// <summary>
/// Views folded from the log up to a position, as JSON. Rows come one after the other, so that a view of any size can be shown.
/// </summary>
internal sealed class PastRows(PastViews past, long before, long after) : IViewVisitor<IAsyncEnumerable<RowPair>>
{
    public IAsyncEnumerable<RowPair> Visit<TRow>(View<TRow> view)
        where TRow : class =>
        past.WalkAsync(view, before, after).Select(row => new RowPair(row.Key, Json(view, row.Before), Json(view, row.After)));

    /// <returns>Null when both are the same.</returns>
    public static RowChange? ChangeOf(View view, RowPair row)
    {
        FieldChange[] fields = [.. Fields(row.Before, row.After)];
        return fields.Length == 0
            ? null
            : new RowChange(
                view.Name, row.Key, row.Before is null ? "added" : row.After is null ? "removed" : "changed", fields);
    }

    private static JsonElement? Json<TRow>(View<TRow> view, TRow? row)
        where TRow : class => row is null ? null : JsonSerializer.SerializeToElement(row, view.Json);

    private static IEnumerable<FieldChange> Fields(JsonElement? old, JsonElement? now)
    {
        Dictionary<string, JsonElement> before = Members(old);
        Dictionary<string, JsonElement> after = Members(now);
        foreach (string name in before.Keys.Union(after.Keys))
        {
            bool was = before.TryGetValue(name, out JsonElement a);
            bool isNow = after.TryGetValue(name, out JsonElement b);
            if (was != isNow || a.GetRawText() != b.GetRawText())
            {
                yield return new FieldChange(name, was ? a : null, isNow ? b : null);
            }
        }
    }

    private static Dictionary<string, JsonElement> Members(JsonElement? row) =>
        row is { ValueKind: JsonValueKind.Object } one
            ? one.EnumerateObject().ToDictionary(member => member.Name, member => member.Value)
            : [];
}
