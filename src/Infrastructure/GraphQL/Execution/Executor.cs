using Events.GraphQL.Language;
using Events.GraphQL.Types;
using Microsoft.Extensions.Logging;

namespace Events.GraphQL.Execution;

/// <summary>
/// Carries out requests for one schema: parse, validate, choose, coerce, execute. Used from any number of threads.
/// </summary>
internal sealed class Executor : IGraphQLExecutor
{
    private readonly ExecutionSettings _settings;
    private readonly DocumentCache _documents;
    private readonly ParserOptions _parsing;
    private readonly Subscriptions _subscriptions;

    /// <exception cref="ArgumentException">An option cannot be kept.</exception>
    internal Executor(GraphSchema schema, ExecutorOptions options, ILogger logger)
    {
        options.Require();
        _settings = new ExecutionSettings(schema, options, logger);
        _documents = new DocumentCache(options.DocumentsMax, options.DocumentBytesMax);
        _parsing = new ParserOptions { TokensMax = options.TokensMax };
        _subscriptions = new Subscriptions(_settings);
    }

    private ExecutorOptions Options => _settings.Options;

    public async Task<GraphQLResponse> ExecuteAsync(
        GraphQLRequest request, GraphQLCall call, CancellationToken cancellationToken)
    {
        bool isOpen = false;
        try
        {
            isOpen = Options.IsIntrospectionAllowed?.Invoke(call) ?? true;
            if (Prepare(request, call, isOpen, out Admitted admitted) is { } refused)
            {
                return refused;
            }

            return await ExecuteAsync(admitted, call, isOpen, cancellationToken);
        }
        catch (Exception failure) when (failure is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            return ResponseContent.Refused(GraphQLPhase.Request, [Faults.Unexpected(failure, _settings)], isOpen);
        }
    }

    /// <summary>Everything that may refuse a request before anything of it is executed.</summary>
    /// <returns>Null when the operation may be executed.</returns>
    private GraphQLResult? Prepare(GraphQLRequest request, GraphQLCall call, bool isOpen, out Admitted admitted)
    {
        admitted = default;
        if (Parse(request.Query, out PreparedDocument? document) is { } unread)
        {
            return ResponseContent.Refused(GraphQLPhase.Parse, [unread], isOpen);
        }

        if (document!.Validate(isOpen) is { Count: > 0 } invalid)
        {
            return ResponseContent.Refused(GraphQLPhase.Validate, invalid, isOpen);
        }

        if (document.Choose(request.OperationName, out PreparedOperation? operation) is { } unknown)
        {
            return ResponseContent.Refused(GraphQLPhase.Request, [unknown], isOpen);
        }

        if (Refuse(operation!, call) is { } refusal)
        {
            return ResponseContent.Refused(refusal.Phase, [refusal.Error], isOpen, operation!.Kind);
        }

        if (VariableCoercion.Coerce(operation!.Variables, request.Variables, out var variables) is { Count: > 0 } unfit)
        {
            return ResponseContent.Refused(GraphQLPhase.Request, unfit, isOpen, operation.Kind);
        }

        double cost = CostAnalysis.Of(_settings.Schema, operation, variables, Options);
        admitted = new Admitted(operation, variables, cost);
        return CostAnalysis.Check(cost, Options) is { } costly
            ? ResponseContent.Refused(GraphQLPhase.Request, [costly], isOpen, operation.Kind)
            : null;
    }

    private GraphQLError? Parse(string? text, out PreparedDocument? document)
    {
        document = text is null ? null : _documents.Find(text);
        if (document is not null)
        {
            return null;
        }

        if (text is null)
        {
            return new GraphQLError("The request has no document.");
        }

        try
        {
            document = new PreparedDocument(_settings.Schema, Parser.Parse(text, _parsing), Options);
            _documents.Add(text, document);
            return null;
        }
        catch (SyntaxException problem)
        {
            return GraphQLError.At(problem.Message, problem.Location);
        }
    }

    private static (GraphQLPhase Phase, GraphQLError Error)? Refuse(PreparedOperation operation, GraphQLCall call)
    {
        string name = SchemaRoots.NameOf(operation.Node.Operation);
        if (!call.Allowed.HasFlag(operation.Kind))
        {
            return (GraphQLPhase.NotAllowed, GraphQLError.At($"A {name} is not allowed by this way.", operation.Node));
        }

        if (operation.Root is null)
        {
            return (GraphQLPhase.Validate,
                GraphQLError.At($"Schema is not configured to execute {name} operation.", operation.Node));
        }

        return operation.LimitError is { } passed ? (GraphQLPhase.Validate, passed) : null;
    }

    private async ValueTask<GraphQLResponse> ExecuteAsync(
        Admitted admitted, GraphQLCall call, bool isOpen, CancellationToken cancellationToken)
    {
        (PreparedOperation operation, IReadOnlyDictionary<string, object?> variables, double cost) = admitted;
        OperationPlan plan = operation.PlanFor(variables);
        var extensions = Options.IsCostReported
            ? new Dictionary<string, object?> { ["cost"] = CostAnalysis.Report(cost, Options) }
            : null;
        if (operation.Node.Operation == OperationType.Subscription)
        {
            var asked = new Subscribed(operation, plan, variables, call, isOpen, extensions);
            return await _subscriptions.StartAsync(asked, cancellationToken);
        }

        var run = new Run(_settings, operation, plan, variables, call, Options.Timeout, cancellationToken);
        return ResponseContent.Executed(await run.ExecuteAsync(null), isOpen, extensions, operation.Kind);
    }

    private readonly record struct Admitted(
        PreparedOperation Operation, IReadOnlyDictionary<string, object?> Variables, double Cost);
}
