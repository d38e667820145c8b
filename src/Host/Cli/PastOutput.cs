using System.Text.Json;
using Events.Application.Contracts;
using Events.Host.Audit;
using static System.FormattableString;

namespace Events.Host.Cli;

/// <summary>Rows of views as they come: JSON is written through, tables in pages, so that nothing is held as a whole.</summary>
internal sealed class RowOutput : IAsyncDisposable
{
    private readonly Utf8JsonWriter? _json;
    private readonly TablePages? _table;

    private RowOutput(Utf8JsonWriter? json, TablePages? table) => (_json, _table) = (json, table);

    public static RowOutput Of(bool isJson)
    {
        RowOutput output = isJson
            ? new RowOutput(PastJson.Begin(), null)
            : new RowOutput(null, new TablePages(["key", "row"], "There were no rows."));
        output._json?.WriteStartArray();
        return output;
    }

    public void BeginView(View view, long position)
    {
        if (_json is null)
        {
            Console.Out.WriteLine(Invariant($"{view.Name} at position {position}"));
            return;
        }

        _json.WriteStartObject();
        _json.WriteString("view", view.Name);
        _json.WriteNumber("position", position);
        _json.WriteStartObject("rows");
    }

    public async ValueTask AddAsync(string key, JsonElement row)
    {
        _table?.Add([key, row.GetRawText()]);
        if (_json is not null)
        {
            _json.WritePropertyName(key);
            row.WriteTo(_json);
            await PastJson.FlushAsync(_json);
        }
    }

    public void EndView()
    {
        _table?.End();
        _json?.WriteEndObject();
        _json?.WriteEndObject();
    }

    /// <summary>All views are told.</summary>
    public void End() => _json?.WriteEndArray();

    public async ValueTask DisposeAsync() => await PastJson.CloseAsync(_json);
}

/// <summary>Changes of rows, in the same way.</summary>
internal sealed class ChangeOutput : IAsyncDisposable
{
    private readonly Utf8JsonWriter? _json;
    private readonly TablePages? _table;

    private ChangeOutput(Utf8JsonWriter? json, TablePages? table) => (_json, _table) = (json, table);

    public static ChangeOutput Of(bool isJson)
    {
        ChangeOutput output = isJson
            ? new ChangeOutput(PastJson.Begin(), null)
            : new ChangeOutput(null, new TablePages(["view", "key", "what", "field", "before", "after"], "Nothing changed."));
        output._json?.WriteStartArray();
        return output;
    }

    public async ValueTask AddAsync(RowChange change)
    {
        if (_json is not null)
        {
            JsonSerializer.Serialize(_json, change, AuditJson.Default.RowChange);
            await PastJson.FlushAsync(_json);
            return;
        }

        foreach (FieldChange field in change.Fields)
        {
            _table!.Add(
            [
                change.View,
                change.Key,
                change.What,
                field.Name,
                field.Before?.GetRawText() ?? "-",
                field.After?.GetRawText() ?? "-",
            ]);
        }
    }

    /// <summary>All changes are told.</summary>
    public void End()
    {
        _table?.End();
        _json?.WriteEndArray();
    }

    public async ValueTask DisposeAsync() => await PastJson.CloseAsync(_json);
}

/// <summary>A table in pages, each as wide as its own cells want it.</summary>
internal sealed class TablePages(string[] titles, string nothing)
{
    private const int PageRowsMax = 1_000;

    private readonly List<string[]> _page = [];
    private bool _isBegun;

    public void Add(string[] cells)
    {
        _page.Add(cells);
        if (_page.Count == PageRowsMax)
        {
            WritePage();
        }
    }

    public void End()
    {
        if (_page.Count > 0 || !_isBegun)
        {
            WritePage();
        }

        _isBegun = false;
    }

    private void WritePage()
    {
        Tables.Write(titles, _page, nothing);
        _page.Clear();
        _isBegun = true;
    }
}

internal static class PastJson
{
    private const int FlushBytes = 64 * 1024;

    public static Utf8JsonWriter Begin() =>
        new(Console.OpenStandardOutput(), new JsonWriterOptions { Indented = true });

    public static async ValueTask FlushAsync(Utf8JsonWriter json)
    {
        if (json.BytesPending > FlushBytes)
        {
            await json.FlushAsync(CancellationToken.None);
        }
    }

    /// <summary>
    /// What ended early stays open: half a list must not look like a whole one. Of one of which nothing is written yet, nothing
    /// is.
    /// </summary>
    public static async ValueTask CloseAsync(Utf8JsonWriter? json)
    {
        if (json is null)
        {
            return;
        }

        bool isUnbegun = json is { CurrentDepth: > 0, BytesCommitted: 0 };
        if (isUnbegun)
        {
            json.Reset();
        }

        await json.DisposeAsync();
        if (!isUnbegun)
        {
            Console.Out.WriteLine();
        }
    }
}
