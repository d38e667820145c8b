using System.Text.Json;
using Events.Application;
using Events.Application.Contracts;
using Events.Host.Cli;

namespace Events.Host.Audit;

/// <summary>A view as it was, row by row.</summary>
/// <param name="Position">Up to which the log was folded.</param>
internal sealed record ReplayRow(string View, long Position, IReadOnlyDictionary<string, JsonElement> Rows);

/// <summary>One row that two positions have differently.</summary>
/// <param name="What">added, removed or changed.</param>
/// <param name="Fields">Of a changed row, those that differ: before and after; null for a field that is not there.</param>
internal sealed record RowChange(string View, string Key, string What, IReadOnlyList<FieldChange> Fields);

internal sealed record FieldChange(string Name, JsonElement? Before, JsonElement? After);

/// <summary>Views folded from the log up to a position, as JSON.</summary>
internal sealed class PastRows(PastViews past, long position) : IViewVisitor<Task<ReplayRow>>
{
    private CancellationToken _token;

    /// <exception cref="CommandFailedException">More facts would have to be folded than this does.</exception>
    public Task<ReplayRow> OfAsync(View view, CancellationToken cancellationToken)
    {
        _token = cancellationToken;
        return view.Accept(this);
    }

    public async Task<ReplayRow> Visit<TRow>(View<TRow> view)
        where TRow : class
    {
        IReadOnlyDictionary<string, TRow> rows = await past.ListAsync(view, position, _token)
            ?? throw new CommandFailedException(
                $"More than {PastViews.FactsMax} facts would have to be folded for {view.Name}. Choose another view.");
        return new ReplayRow(
            view.Name,
            position,
            rows.OrderBy(row => row.Key, StringComparer.Ordinal)
                .ToDictionary(row => row.Key, row => JsonSerializer.SerializeToElement(row.Value, view.Json)));
    }

    public static IEnumerable<RowChange> Between(ReplayRow before, ReplayRow after)
    {
        foreach (string key in before.Rows.Keys.Union(after.Rows.Keys).Order(StringComparer.Ordinal))
        {
            bool was = before.Rows.TryGetValue(key, out JsonElement old);
            bool isNow = after.Rows.TryGetValue(key, out JsonElement now);
            FieldChange[] fields = [.. Fields(was ? old : null, isNow ? now : null)];
            if (fields.Length > 0)
            {
                yield return new RowChange(before.View, key, !was ? "added" : !isNow ? "removed" : "changed", fields);
            }
        }
    }

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
