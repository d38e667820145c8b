using System.Globalization;
using System.Text.Json;
using Events.Application.Contracts;
using Events.EventStore.Postgres;
using Npgsql;

namespace Events.EventStore.Reading;

/// <summary>The views' tables, read in pages by place. A page costs the same wherever in the list it lies.</summary>
internal sealed class ViewPages(Database database) : IViewPages
{
    public Task<RowsPage<TRow>> PageAsync<TRow>(View<TRow> view, RowsQuery query, CancellationToken cancellationToken)
        where TRow : class
    {
        ArgumentOutOfRangeException.ThrowIfNegative(query.Count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(query.Count, RowsQuery.CountMax);
        var sql = new RowSql<TRow>(view);
        string[] conditions =
        [
            .. query.Where is { } where ? [sql.Of(where)] : Array.Empty<string>(),
            .. query.After is { } after ? [sql.Beyond(after, query.Order, isForward: true)] : Array.Empty<string>(),
            .. query.Before is { } before ? [sql.Beyond(before, query.Order, isForward: false)] : Array.Empty<string>(),
        ];
        string order = sql.Order(query.Order, query.IsFromEnd);
        string text = string.Create(
            CultureInfo.InvariantCulture,
            $"select key, row from views.{view.Table}{Where(conditions)} order by {order} limit {query.Count + 1}");
        return database.ReadAsync(
            async (connection, token) =>
            {
                await using NpgsqlCommand command = sql.Command(text, connection);
                await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(token);
                List<PlacedRow<TRow>> rows = [];
                while (await reader.ReadAsync(token))
                {
                    TRow row = JsonSerializer.Deserialize(reader.GetFieldValue<byte[]>(1), view.Json)!;
                    rows.Add(new PlacedRow<TRow>(row, RowSieve.PlaceOf(view, reader.GetString(0), row, query.Order)));
                }

                IEnumerable<PlacedRow<TRow>> page = rows.Take(query.Count);
                return new RowsPage<TRow>([.. query.IsFromEnd ? page.Reverse() : page], rows.Count > query.Count);
            },
            cancellationToken);
    }

    public Task<long> CountAsync<TRow>(View<TRow> view, RowCondition? where, CancellationToken cancellationToken)
        where TRow : class
    {
        var sql = new RowSql<TRow>(view);
        string text = $"select count(*) from views.{view.Table}{Where(where is null ? [] : [sql.Of(where)])}";
        return database.ReadAsync(
            async (connection, token) =>
            {
                await using NpgsqlCommand command = sql.Command(text, connection);
                return (long)(await command.ExecuteScalarAsync(token))!;
            },
            cancellationToken);
    }

    private static string Where(string[] conditions) =>
        conditions.Length == 0 ? "" : $" where {string.Join(" and ", conditions)}";
}

/// <summary>Conditions and places as SQL. Names are the view's own; every value is a parameter.</summary>
internal sealed class RowSql<TRow>(View<TRow> view)
    where TRow : class
{
    private readonly List<object> _values = [];
    private int _left = RowsQuery.PartsMax;

    public string Of(RowCondition condition)
    {
        Count(1);
        return condition switch
        {
            RowCondition.All { Parts.Count: 0 } => "true",
            RowCondition.Any { Parts.Count: 0 } => "false",
            RowCondition.All all => $"({string.Join(" and ", all.Parts.Select(Of))})",
            RowCondition.Any any => $"({string.Join(" or ", any.Parts.Select(Of))})",
            RowCondition.Not not => $"not coalesce({Of(not.Part)}, false)",
            RowCondition.Compare compare => Of(compare),
            _ => throw new ArgumentException($"Unknown condition {condition.GetType().Name}."),
        };
    }

    /// <summary>Rows that come after the place, or before it.</summary>
    public string Beyond(RowPlace place, IReadOnlyList<RowOrder> order, bool isForward)
    {
        if (place.Values.Count != order.Count)
        {
            throw new ArgumentException("The place is one of another order.");
        }

        string same = "";
        List<string> ways = [];
        for (int i = 0; i < order.Count; i++)
        {
            (string name, ViewColumnType type) = Column(order[i].Column);
            object? value = place.Values[i];
            string? parameter = value is null ? null : Parameter(type, value);
            bool isGreater = order[i].IsDescending != isForward;
            string beyond = (isGreater, parameter) switch
            {
                (true, null) => $"{name} is not null",
                (true, _) => $"{name} > {parameter}",
                (false, null) => "false",
                (false, _) => $"({name} < {parameter} or {name} is null)",
            };
            ways.Add($"({same}{beyond})");
            same += parameter is null ? $"{name} is null and " : $"{name} = {parameter} and ";
        }

        ways.Add($"({same}key {(isForward ? ">" : "<")} {Parameter(ViewColumnType.Text, place.Key)})");
        return $"({string.Join(" or ", ways)})";
    }

    public string Order(IReadOnlyList<RowOrder> order, bool isReversed)
    {
        Count(order.Count);
        IEnumerable<string> parts = order.Select(by =>
            $"{Column(by.Column).Name} {(by.IsDescending != isReversed ? "desc nulls last" : "asc nulls first")}");
        return string.Join(", ", parts.Append(isReversed ? "key desc" : "key"));
    }

    public NpgsqlCommand Command(string text, NpgsqlConnection connection)
    {
        NpgsqlCommand command = new(text, connection);
        foreach (object value in _values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        return command;
    }

    private string Of(RowCondition.Compare compare)
    {
        (string name, ViewColumnType type) = Column(compare.Column);
        if (compare.Operator == RowOperator.In)
        {
            return In(name, type, compare.Value as IEnumerable<object?> ?? throw Unfit(compare.Column));
        }

        if (compare.Value is null)
        {
            return compare.Operator == RowOperator.Equal ? $"{name} is null" : "false";
        }

        bool isTextual = compare.Operator is RowOperator.Contains or RowOperator.StartsWith or RowOperator.EndsWith;
        if (isTextual && type != ViewColumnType.Text)
        {
            throw Unfit(compare.Column);
        }

        string value = Parameter(type, compare.Value);
        return compare.Operator switch
        {
            RowOperator.Equal => $"{name} = {value}",
            RowOperator.Contains => $"strpos({name}, {value}) > 0",
            RowOperator.StartsWith => $"starts_with({name}, {value})",
            RowOperator.EndsWith => $"right({name}, length({value})) = {value}",
            RowOperator.Above => $"{name} > {value}",
            RowOperator.AtLeast => $"{name} >= {value}",
            RowOperator.Below => $"{name} < {value}",
            RowOperator.AtMost => $"{name} <= {value}",
            _ => throw new ArgumentException($"There is no operator {compare.Operator}."),
        };
    }

    private string In(string name, ViewColumnType type, IEnumerable<object?> given)
    {
        object?[] values = [.. given];
        Count(values.Length);
        string[] parts =
        [
            .. values.Contains(null) ? [$"{name} is null"] : Array.Empty<string>(),
            .. values.Where(value => value is not null).Select(value => $"{name} = {Parameter(type, value!)}"),
        ];
        return parts.Length == 0 ? "false" : $"({string.Join(" or ", parts)})";
    }

    private (string Name, ViewColumnType Type) Column(string name) =>
        name == "key" ? ("key", ViewColumnType.Text)
        : view.Columns.FirstOrDefault(column => column.Name == name) is { } found ? ($"\"{found.Name}\"", found.Type)
        : throw new ArgumentException($"{view.Name} has no column of that name.");

    private string Parameter(ViewColumnType type, object value)
    {
        _values.Add((type, value) switch
        {
            (ViewColumnType.Text, string text) when StorableText.IsStorable(text) => text,
            (ViewColumnType.Number, long number) => number,
            (ViewColumnType.Instant, DateTimeOffset instant) => instant.UtcDateTime,
            (ViewColumnType.Flag, bool flag) => flag,
            _ => throw new ArgumentException($"A {type} is not compared with this value."),
        });
        return string.Create(CultureInfo.InvariantCulture, $"${_values.Count}");
    }

    private void Count(int parts)
    {
        _left -= parts;
        if (_left < 0)
        {
            throw new ArgumentException($"A query has at most {RowsQuery.PartsMax} parts.");
        }
    }

    private static ArgumentException Unfit(string column) => new($"Column {column} is not compared in this way.");
}
