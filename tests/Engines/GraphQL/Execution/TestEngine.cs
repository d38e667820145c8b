using System.Buffers;
using System.Security.Claims;
using System.Text;
using System.Text.Json;
using Events.GraphQL;
using Events.GraphQL.Execution;
using Events.GraphQL.Types;
using Events.GraphQL.Types.Sdl;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Events.Tests.Engines.GraphQL.Execution;

/// <summary>An executor of a schema in SDL with resolvers for some fields; the others give what the parent holds under their name.</summary>
internal sealed class TestEngine
{
    private readonly Executor _executor;

    internal TestEngine(
        string sdl,
        Dictionary<string, FieldResolver>? resolvers = null,
        ExecutorOptions? options = null,
        Dictionary<string, SourceResolver>? sources = null,
        Action<SchemaBuilder>? more = null)
    {
        SchemaBuilder builder = SdlReader.Read(sdl);
        builder.DefaultResolver = context => new(
            (context.Parent as IReadOnlyDictionary<string, object?>)?.GetValueOrDefault(context.Field.Name));
        builder.DefaultTypeResolver = (value, _) =>
            (value as IReadOnlyDictionary<string, object?>)?.GetValueOrDefault("__typename") as string;
        foreach ((string path, FieldResolver resolve) in resolvers ?? [])
        {
            FieldOf(builder, path).Resolve = resolve;
        }

        foreach ((string path, SourceResolver subscribe) in sources ?? [])
        {
            FieldOf(builder, path).Subscribe = subscribe;
            FieldOf(builder, path).Resolve ??= context => new(context.Parent);
        }

        more?.Invoke(builder);
        _executor = new Executor(builder.Build(), options ?? new ExecutorOptions(), Log);
    }

    internal LogLines Log { get; } = new();

    internal IServiceProvider Services { get; init; } = new NoServices();

    internal ClaimsPrincipal? User { get; init; }

    /// <summary>Executes, and gives the answer as text. On a thread of the pool, as a host does: tests' own go through a queue.</summary>
    internal async Task<string> AskAsync(string query, string? variables = null, string? operation = null) =>
        TextOf(await RunAsync(query, variables, operation));

    internal async Task<string> AskAsync(string query, JsonElement? variables) =>
        TextOf(ResultOf(await StartAsync(
            new GraphQLRequest(query, Variables: variables), GraphQLOperations.All, TestContext.Current.CancellationToken)));

    internal async Task<GraphQLResult> RunAsync(
        string query, string? variables = null, string? operation = null, GraphQLOperations allowed = GraphQLOperations.All)
    {
        using JsonDocument? json = variables is null
            ? null
            : JsonDocument.Parse(variables);
        var request = new GraphQLRequest(query, operation, json?.RootElement);
        return ResultOf(await StartAsync(request, allowed, TestContext.Current.CancellationToken));
    }

    /// <summary>On this thread, for what answers at once.</summary>
    internal GraphQLResult RunHere(string query)
    {
        var call = new GraphQLCall(User, Services, GraphQLOperations.All);
        Task<GraphQLResponse> asked = _executor.ExecuteAsync(new GraphQLRequest(query), call, CancellationToken.None);
        return asked.IsCompleted ? ResultOf(asked.Result) : throw new InvalidOperationException("It takes its time.");
    }

    internal async Task<GraphQLResult> RunUntilAsync(string query, CancellationToken leaving) =>
        ResultOf(await StartAsync(new GraphQLRequest(query), GraphQLOperations.All, leaving));

    internal async Task<IAsyncEnumerable<GraphQLResult>> SubscribeAsync(string query) =>
        await SubscribeUntilAsync(query, TestContext.Current.CancellationToken);

    internal async Task<IAsyncEnumerable<GraphQLResult>> SubscribeUntilAsync(string query, CancellationToken leaving) =>
        await StartAsync(new GraphQLRequest(query), GraphQLOperations.All, leaving) is GraphQLResultStream stream
            ? stream.Results
            : throw new InvalidOperationException("It is no stream.");

    private Task<GraphQLResponse> StartAsync(GraphQLRequest request, GraphQLOperations allowed, CancellationToken leaving) =>
        Task.Run(
            () => _executor.ExecuteAsync(request, new GraphQLCall(User, Services, allowed), leaving), CancellationToken.None);

    internal static string TextOf(GraphQLResult result)
    {
        var output = new ArrayBufferWriter<byte>();
        result.WriteTo(output);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    /// <returns>The messages of an answer's errors.</returns>
    internal static string[] MessagesOf(string answer)
    {
        using JsonDocument json = JsonDocument.Parse(answer);
        return json.RootElement.TryGetProperty("errors", out JsonElement errors)
            ? [.. errors.EnumerateArray().Select(error => error.GetProperty("message").GetString()!)]
            : [];
    }

    private static GraphQLResult ResultOf(GraphQLResponse response) =>
        response as GraphQLResult ?? throw new InvalidOperationException("It is a stream.");

    private static GraphField FieldOf(SchemaBuilder builder, string path)
    {
        string[] names = path.Split('.');
        return ((GraphFieldsType)builder.Types.Find(names[0])!).Fields.Find(names[1])
            ?? throw new ArgumentException($"There is no field {path}.");
    }

    private sealed class NoServices : IServiceProvider
    {
        public object? GetService(Type serviceType) => null;
    }
}

/// <summary>Keeps what was logged.</summary>
internal sealed class LogLines : ILogger
{
    private readonly List<string> _lines = [];

    internal IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lines)
            {
                return [.. _lines];
            }
        }
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_lines)
        {
            _lines.Add($"{eventId.Id} {formatter(state, exception)} ({exception?.GetType().Name})");
        }
    }
}

/// <summary>A point that some wait at until another lets them pass. Waiting is bounded.</summary>
internal sealed class Gate
{
    private static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(30);
    private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal bool IsOpen => _open.Task.IsCompleted;

    internal void Open() => _open.TrySetResult();

    internal Task PassAsync() => _open.Task.WaitAsync(WaitMax);
}
