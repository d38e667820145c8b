namespace Events.GraphQL.Execution;

/// <summary>
/// What one request may cost, and what it is told when something fails. Every bound holds in every environment; a larger one
/// is somebody's decision.
/// </summary>
public sealed record ExecutorOptions
{
    /// <summary>
    /// Levels that may stand inside each other once fragments are put in their places: fields, inline fragments and spreads.
    /// Whatever walks over an operation recurses as deep, so it is no option: it is what keeps the stack.
    /// </summary>
    internal const int NestingMax = 200;

    /// <summary>Executing longer, a request is given up. For subscriptions it holds for the start and for each result.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Punctuators, names and values of a document. A page of hand-written GraphQL has about 300.</summary>
    public int TokensMax { get; init; } = 15_000;

    /// <summary>Fields inside each other. Those of introspection do not count; they have a bound of their own.</summary>
    public int DepthMax { get; init; } = 15;

    /// <summary>Fields inside each other below <c>__schema</c> and <c>__type</c>; the usual tools ask for 14.</summary>
    public int IntrospectionDepthMax { get; init; } = 25;

    /// <summary>Fields once fragments are put in their places, lists counted once. The usual introspection has 250.</summary>
    public int FieldsMax { get; init; } = 2_000;

    /// <summary>Fields of the operation itself. Each may be a query or command of its own.</summary>
    public int RootFieldsMax { get; init; } = 100;

    /// <summary>Aliases once fragments are put in their places: how one field is asked for again and again.</summary>
    public int AliasesMax { get; init; } = 200;

    /// <summary>Directives on one field, fragment or operation.</summary>
    public int DirectivesMax { get; init; } = 20;

    /// <summary>How often fragments are put in their places.</summary>
    public int FragmentsMax { get; init; } = 1_000;

    /// <summary>
    /// How much the operation may cost, as <see cref="FieldCost"/> says it: by default the objects that it could give.
    /// </summary>
    public double CostMax { get; init; } = 10_000;

    /// <summary>How many items a list is taken for when nothing tells how long it is.</summary>
    public int ListSizeAssumed { get; init; } = 10;

    /// <summary>Tells the cost in <c>extensions</c> of each result, not only when it is too high.</summary>
    public bool IsCostReported { get; init; }

    /// <summary>
    /// Fields and list items of one result: what a list that turns out longer than its cost said may take of memory.
    /// </summary>
    public int ValuesMax { get; init; } = 500_000;

    /// <summary>Errors of one result. More of them help nobody, and a list could have one for each item.</summary>
    public int ErrorsMax { get; init; } = 1_000;

    /// <summary>Documents that are kept parsed and checked.</summary>
    public int DocumentsMax { get; init; } = 1_000;

    /// <summary>What all kept documents may take, as far as it can be estimated, in bytes.</summary>
    public long DocumentBytesMax { get; init; } = 32 * 1024 * 1024;

    /// <summary>
    /// Asked for each request: whether it may use introspection, and be told which names it may have meant. Null: it may.
    /// </summary>
    public Func<GraphQLCall, bool>? IsIntrospectionAllowed { get; init; }

    /// <summary>
    /// What a client is told of an exception that is no <see cref="GraphQLException"/>. Null: nothing but that it happened.
    /// Only tests have reason to tell more.
    /// </summary>
    public Func<Exception, string>? MessageOf { get; init; }

    /// <summary>
    /// What a client is told of an exception of the host's own, e.g. that something outside is away. Null, or giving null:
    /// nothing but that it happened.
    /// </summary>
    public Func<Exception, GraphQLError?>? ErrorOf { get; init; }

    /// <exception cref="ArgumentException">Some bound cannot be kept.</exception>
    internal void Require()
    {
        Positive(Timeout.Ticks, nameof(Timeout));
        Positive(TokensMax, nameof(TokensMax));
        Positive(DepthMax, nameof(DepthMax));
        Positive(IntrospectionDepthMax, nameof(IntrospectionDepthMax));
        Positive(FieldsMax, nameof(FieldsMax));
        Positive(RootFieldsMax, nameof(RootFieldsMax));
        Positive(AliasesMax, nameof(AliasesMax));
        Positive(DirectivesMax, nameof(DirectivesMax));
        Positive(FragmentsMax, nameof(FragmentsMax));
        Positive(CostMax, nameof(CostMax));
        Positive(ListSizeAssumed, nameof(ListSizeAssumed));
        Positive(ValuesMax, nameof(ValuesMax));
        Positive(ErrorsMax, nameof(ErrorsMax));
        Positive(DocumentsMax, nameof(DocumentsMax));
        Positive(DocumentBytesMax, nameof(DocumentBytesMax));
    }

    private static void Positive(double value, string name)
    {
        if (!(value > 0))
        {
            throw new ArgumentException($"{nameof(ExecutorOptions)}.{name} must be above zero.");
        }
    }
}
