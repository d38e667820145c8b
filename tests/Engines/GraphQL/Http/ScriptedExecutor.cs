using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using Events.GraphQL;

namespace Events.Tests.Engines.GraphQL.Http;

/// <summary>
/// Stands where the engine stands, for tests of transports: it knows a handful of fields, and those that misbehave as no real
/// engine would on request. It reads just enough of the language to tell the phases apart.
/// </summary>
internal sealed partial class ScriptedExecutor : IGraphQLExecutor
{
    private static readonly Dictionary<string, GraphQLOperations> Fields = new(StringComparer.Ordinal)
    {
        ["__typename"] = GraphQLOperations.All,
        ["__type"] = GraphQLOperations.Query,
        ["hello"] = GraphQLOperations.Query,
        ["items"] = GraphQLOperations.Query,
        ["boom"] = GraphQLOperations.Query,
        ["who"] = GraphQLOperations.Query,
        ["variables"] = GraphQLOperations.Query,
        ["service"] = GraphQLOperations.Query,
        ["wait"] = GraphQLOperations.Query,
        ["deaf"] = GraphQLOperations.Query,
        ["late"] = GraphQLOperations.Query,
        ["big"] = GraphQLOperations.Query,
        ["throw"] = GraphQLOperations.Query,
        ["add"] = GraphQLOperations.Mutation,
        ["bump"] = GraphQLOperations.Mutation,
        ["ticks"] = GraphQLOperations.Subscription,
        ["countdown"] = GraphQLOperations.Subscription,
        ["failing"] = GraphQLOperations.Subscription,
        ["flood"] = GraphQLOperations.Subscription,
        ["silent"] = GraphQLOperations.Subscription,
        ["broken"] = GraphQLOperations.Subscription,
    };

    private int _bumped;
    private int _sources;

    /// <summary>Subscriptions whose source is open.</summary>
    internal int Sources => Volatile.Read(ref _sources);

    /// <summary>Items that sources have given, all together.</summary>
    internal long Given;

    public Task<GraphQLResponse> ExecuteAsync(GraphQLRequest request, GraphQLCall call, CancellationToken cancellationToken)
    {
        Document document = Document.Read(request);
        return document.Refusal(call) is { } refusal
            ? Task.FromResult<GraphQLResponse>(refusal)
            : document.Kind == GraphQLOperations.Subscription
                ? Task.FromResult<GraphQLResponse>(new GraphQLResultStream(StreamAsync(document, cancellationToken)))
                : RunAsync(document, request, call, cancellationToken);
    }

    private async Task<GraphQLResponse> RunAsync(
        Document document, GraphQLRequest request, GraphQLCall call, CancellationToken cancellationToken)
    {
        var data = new Dictionary<string, object?>();
        List<object> errors = [];
        foreach (Field field in document.Selected)
        {
            switch (field.Name)
            {
                case "boom":
                    errors.Add(new { message = "Unexpected error.", path = new[] { field.Name } });
                    data[field.Name] = null;
                    break;
                case "throw":
                    throw new InvalidOperationException("a secret of the house");
                case "wait":
                    await Task.Delay(Timeout.Infinite, cancellationToken);
                    break;
                case "deaf":
                    await Task.Delay(TimeSpan.FromSeconds(field.Number("seconds", 60)), CancellationToken.None);
                    break;
                case "late":
                    await Task.Yield();
                    data[field.Name] = "at last";
                    break;
                default:
                    data[field.Name] = ValueOf(field, document, request, call);
                    break;
            }
        }

        return Result(GraphQLPhase.Execute, document.Kind, errors.Count == 0 ? null : errors, data);
    }

    private object? ValueOf(Field field, Document document, GraphQLRequest request, GraphQLCall call) => field.Name switch
    {
        "__typename" => document.Kind.ToString(),
        "hello" => $"Hello, {field.Text("name", "world")}!",
        "items" => Enumerable.Range(1, field.Number("first", 10))
            .Select(i => new { id = i.ToString(CultureInfo.InvariantCulture), name = $"Item {i}", size = i * 10 }),
        "who" => call.User?.Identity?.Name,
        "variables" => request.Variables,
        "service" => call.Services.GetService(typeof(TimeProvider)) is not null,
        "big" => new string('x', field.Number("bytes", 1)),
        "add" => field.Number("a", 0) + field.Number("b", 0),
        "bump" => Interlocked.Add(ref _bumped, field.Number("by", 1)),
        _ => null,
    };

    private async IAsyncEnumerable<GraphQLResult> StreamAsync(
        Document document, CancellationToken given, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        Interlocked.Increment(ref _sources);
        try
        {
            Field field = document.Selected[0];
            await foreach (object item in SourceOf(field, cancellationToken))
            {
                Interlocked.Increment(ref Given);
                yield return Result(GraphQLPhase.Execute, document.Kind, null, new Dictionary<string, object?> { [field.Name] = item },
                    field.Has("positions") ? Volatile.Read(ref Given).ToString(CultureInfo.InvariantCulture) : null);
            }
        }
        finally
        {
            Interlocked.Decrement(ref _sources);
        }
    }

    private static async IAsyncEnumerable<object> SourceOf(
        Field field, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        switch (field.Name)
        {
            case "ticks":
                for (int i = 0; ; i++)
                {
                    await Task.Delay(field.Number("everyMs", 20), cancellationToken);
                    yield return i;
                }

            case "countdown":
                for (int i = field.Number("from", 3); i >= 0; i--)
                {
                    yield return i;
                }

                break;
            case "flood":
                string text = new('x', field.Number("bytes", 100));
                while (!cancellationToken.IsCancellationRequested)
                {
                    yield return text;
                }

                break;
            case "failing":
                yield return 1;
                throw new GraphQLStreamException(
                    Result(GraphQLPhase.Execute, GraphQLOperations.Subscription, [new { message = "The source has failed." }], null));
            case "broken":
                yield return 1;
                throw new InvalidOperationException("a secret of the house");
            default:
                await Task.Delay(Timeout.Infinite, cancellationToken);
                break;
        }
    }

    private static GraphQLResult Result(
        GraphQLPhase phase,
        GraphQLOperations? kind,
        IReadOnlyList<object>? errors,
        IReadOnlyDictionary<string, object?>? data,
        string? position = null) =>
        new(phase, errors is not null, output => Write(output, errors, data)) { Operation = kind, Position = position };

    private static void Write(
        IBufferWriter<byte> output, IReadOnlyList<object>? errors, IReadOnlyDictionary<string, object?>? data)
    {
        using var writer = new Utf8JsonWriter(output);
        writer.WriteStartObject();
        if (errors is not null)
        {
            writer.WritePropertyName("errors");
            JsonSerializer.Serialize(writer, errors);
        }

        if (data is not null)
        {
            writer.WritePropertyName("data");
            JsonSerializer.Serialize(writer, data);
        }

        writer.WriteEndObject();
    }

    /// <param name="Arguments">The text between the parentheses, variables put in.</param>
    private sealed partial record Field(string Name, string Arguments)
    {
        internal bool Has(string name) => Arguments.Contains(name, StringComparison.Ordinal);

        internal int Number(string name, int otherwise) =>
            Regex.Match(Arguments, name + @"\s*:\s*(-?\d+)") is { Success: true } match
                ? int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)
                : otherwise;

        internal string Text(string name, string otherwise) =>
            Regex.Match(Arguments, name + @"\s*:\s*""([^""]*)""") is { Success: true } match ? match.Groups[1].Value : otherwise;
    }

    private sealed partial record Document(
        GraphQLOperations Kind, IReadOnlyList<Field> Selected, GraphQLPhase? BrokenIn, string? Why)
    {
        internal static Document Read(GraphQLRequest request)
        {
            string text = Comment().Replace(request.Query!, "");
            MatchCollection all = OperationHead().Matches(text);
            if (all.Count == 0 || text.Count(c => c == '{') != text.Count(c => c == '}'))
            {
                return new Document(GraphQLOperations.Query, [], GraphQLPhase.Parse, "Syntax Error: Unexpected <EOF>.");
            }

            Match? head = request.OperationName is { } name
                ? all.FirstOrDefault(match => match.Groups["name"].Value == name)
                : all.Count == 1 ? all[0] : null;
            if (head is null)
            {
                return new Document(GraphQLOperations.Query, [], GraphQLPhase.Request, "There is no such operation.");
            }

            GraphQLOperations kind = head.Groups["kind"].Value switch
            {
                "mutation" => GraphQLOperations.Mutation,
                "subscription" => GraphQLOperations.Subscription,
                _ => GraphQLOperations.Query,
            };
            Field[] fields = [.. FieldsOf(text[(head.Index + head.Length)..], request.Variables)];
            string? unknown = Array.Find(fields, field => !Fields.TryGetValue(field.Name, out var on) || !on.HasFlag(kind))?.Name;
            string? missing = Required().Matches(head.Groups["variables"].Value).Select(match => match.Groups[1].Value)
                .FirstOrDefault(variable => !IsGiven(request.Variables, variable));
            return unknown is not null
                ? new Document(kind, [], GraphQLPhase.Validate, $"Cannot query field \"{unknown}\".")
                : missing is not null
                    ? new Document(kind, [], GraphQLPhase.Request, $"Variable \"${missing}\" must not be null.")
                    : new Document(kind, fields, null, null);
        }

        internal GraphQLResult? Refusal(GraphQLCall call) =>
            BrokenIn is { } phase ? Result(phase, Kind, [new { message = Why }], null)
            : !call.Allowed.HasFlag(Kind)
                ? Result(GraphQLPhase.NotAllowed, Kind, [new { message = $"A {Kind} is not allowed here." }], null)
            : null;

        private static IEnumerable<Field> FieldsOf(string body, JsonElement? variables)
        {
            int depth = 0;
            foreach (Match token in Token().Matches(body))
            {
                depth += token.Value == "{" ? 1 : token.Value == "}" ? -1 : 0;
                if (depth < 0)
                {
                    yield break;
                }

                if (depth == 0 && token.Groups["name"].Success)
                {
                    yield return new Field(
                        token.Groups["name"].Value, Variable().Replace(token.Groups["arguments"].Value, match => ValueOf(variables, match)));
                }
            }
        }

        private static string ValueOf(JsonElement? variables, Match variable) =>
            variables?.TryGetProperty(variable.Groups[1].Value, out JsonElement value) == true ? value.GetRawText() : "null";

        private static bool IsGiven(JsonElement? variables, string name) =>
            variables?.TryGetProperty(name, out JsonElement value) == true && value.ValueKind != JsonValueKind.Null;

        [GeneratedRegex(@"#[^\n]*")]
        private static partial Regex Comment();

        [GeneratedRegex(@"(?:\b(?<kind>query|mutation|subscription)\b\s*(?<name>\w+)?\s*(?<variables>\([^)]*\))?\s*|^\s*)\{", RegexOptions.Multiline)]
        private static partial Regex OperationHead();

        [GeneratedRegex(@"\$(\w+)\s*:[^$)]*!")]
        private static partial Regex Required();

        [GeneratedRegex(@"[{}]|(?<name>\w+)\s*(?<arguments>\([^)]*\))?")]
        private static partial Regex Token();

        [GeneratedRegex(@"\$(\w+)")]
        private static partial Regex Variable();
    }
}
