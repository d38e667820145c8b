using System.Collections.Immutable;
using Events.GraphQL.Language;
using Events.GraphQL.Types;
using Events.GraphQL.Validation;

namespace Events.GraphQL.Execution;

/// <summary>
/// A document that was parsed, with all that can be known of it without the variables: kept for the next request with the same
/// text. What it knows is found out when it is first asked for; twice, if two ask at the same time.
/// </summary>
internal sealed class PreparedDocument
{
    private static readonly ValidationOptions Closed = new() { IsIntrospectionAllowed = false };

    private readonly GraphSchema _schema;
    private readonly ExecutorOptions _options;
    private IReadOnlyList<GraphQLError>? _errors;
    private IReadOnlyList<GraphQLError>? _errorsWhenClosed;
    private PreparedOperation[]? _operations;

    internal PreparedDocument(GraphSchema schema, DocumentNode document, ExecutorOptions options)
    {
        _schema = schema;
        _options = options;
        Document = document;
    }

    internal DocumentNode Document { get; }

    /// <param name="isOpen">Whether introspection is allowed.</param>
    /// <returns>Empty when it may be executed.</returns>
    internal IReadOnlyList<GraphQLError> Validate(bool isOpen) =>
        isOpen
            ? _errors ??= Validator.Validate(_schema, Document, ValidationOptions.Default)
            : _errorsWhenClosed ??= Validator.Validate(_schema, Document, Closed);

    /// <summary>Chooses the operation (specification, section 6.1, <c>GetOperation</c>). Only of a valid document.</summary>
    /// <param name="operation">Null when there is an error.</param>
    /// <returns>Null when there is an operation.</returns>
    internal GraphQLError? Choose(string? name, out PreparedOperation? operation)
    {
        PreparedOperation[] all = _operations ??= Prepare();
        operation = null;
        if (name is null && all.Length != 1)
        {
            return new GraphQLError(all.Length == 0
                ? "Must provide an operation."
                : "Must provide operation name if query contains multiple operations.");
        }

        operation = name is null ? all[0] : Array.Find(all, one => one.Node.Name?.Value == name);
        return operation is null ? new GraphQLError($"Unknown operation named \"{name}\".") : null;
    }

    private PreparedOperation[] Prepare()
    {
        var fragments = new Dictionary<string, FragmentDefinitionNode>(StringComparer.Ordinal);
        foreach (FragmentDefinitionNode fragment in Document.Definitions.OfType<FragmentDefinitionNode>())
        {
            fragments.TryAdd(fragment.Name.Value, fragment);
        }

        bool isConditional = Conditions.UseVariables(Document);
        return [.. Document.Definitions.OfType<OperationDefinitionNode>()
            .Select(node => new PreparedOperation(_schema, node, fragments, isConditional, _options))];
    }
}

/// <summary>An operation of a valid document, ready for variables.</summary>
internal sealed class PreparedOperation
{
    /// <summary>
    /// Planned fields beyond which a plan is not kept: objects of many types at many levels could make one far larger than its
    /// document.
    /// </summary>
    private const int PlanSizeMax = 10_000;

    private static readonly Dictionary<string, object?> NoVariables = [];

    private readonly GraphSchema _schema;
    private OperationPlan? _shared;

    internal PreparedOperation(
        GraphSchema schema,
        OperationDefinitionNode node,
        IReadOnlyDictionary<string, FragmentDefinitionNode> fragments,
        bool isConditional,
        ExecutorOptions options)
    {
        _schema = schema;
        IsConditional = isConditional;
        Node = node;
        Fragments = fragments;
        Root = schema.Root(node.Operation);
        Kind = node.Operation switch
        {
            OperationType.Mutation => GraphQLOperations.Mutation,
            OperationType.Subscription => GraphQLOperations.Subscription,
            _ => GraphQLOperations.Query,
        };
        LimitError = DocumentShape.Check(node, DocumentShape.Of(node, fragments), options);
        Variables = [.. node.Variables.Select(one =>
            new PreparedVariable(one, schema.TypeOf(one.Type) is { IsInput: true } type ? type : null))];
    }

    internal OperationDefinitionNode Node { get; }

    internal GraphQLOperations Kind { get; }

    internal IReadOnlyDictionary<string, FragmentDefinitionNode> Fragments { get; }

    /// <summary>Null when the schema has no such operations.</summary>
    internal GraphObject? Root { get; }

    /// <summary>Which fields are selected may depend on variables.</summary>
    internal bool IsConditional { get; }

    internal ImmutableArray<PreparedVariable> Variables { get; }

    /// <summary>A bound that it passes; null when it keeps all that need no variables.</summary>
    internal GraphQLError? LimitError { get; }

    /// <summary>Null: not known yet, or it depends on the variables.</summary>
    internal double? ConstantCost { get; set; }

    internal OperationPlan PlanFor(IReadOnlyDictionary<string, object?> variables)
    {
        if (IsConditional)
        {
            return new OperationPlan(_schema, Fragments, variables);
        }

        OperationPlan? shared = _shared;
        if (shared is null || shared.Size > PlanSizeMax)
        {
            shared = new OperationPlan(_schema, Fragments, NoVariables);
            _shared = shared;
        }

        return shared;
    }
}
