namespace Events.GraphQL.Validation;

/// <summary>Which rules hold, and when to give up.</summary>
internal sealed record ValidationOptions
{
    internal static ValidationOptions Default { get; } = new();

    /// <summary>More help nobody; a hostile document could have one per token.</summary>
    internal int ErrorsMax { get; init; } = 100;

    /// <summary>
    /// How often two fields are held against each other. A page of hand-written GraphQL needs a few hundred; a document made to
    /// be slow is refused here, within a fraction of a second.
    /// </summary>
    internal int FieldComparisonsMax { get; init; } = 100_000;

    /// <summary>
    /// Levels of lists in introspection, e.g. fields of types of fields. Tools need two; each further one multiplies.
    /// </summary>
    internal int IntrospectionListsMax { get; init; } = 3;

    /// <summary>Off: <c>__schema</c> and <c>__type</c> are refused.</summary>
    internal bool IsIntrospectionAllowed { get; init; } = true;
}
