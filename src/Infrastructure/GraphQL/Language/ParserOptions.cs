namespace Events.GraphQL.Language;

/// <summary>
/// Bounds of one document. They hold while it is read, so that a hostile text costs no more than a bounded one.
/// </summary>
internal sealed record ParserOptions
{
    /// <summary>For requests.</summary>
    internal static ParserOptions Default { get; } = new();

    /// <summary>For texts of our own, such as a schema.</summary>
    internal static ParserOptions Trusted { get; } = new() { TokensMax = int.MaxValue };

    /// <summary>Punctuators, names and values; comments do not count. A page of hand-written GraphQL has about 300.</summary>
    internal int TokensMax { get; init; } = 15_000;

    /// <summary>
    /// Levels of selection sets, lists, objects and list types inside each other. Every walk over a document recurses as deep,
    /// so this is what keeps the stack.
    /// </summary>
    internal int NestingMax { get; init; } = 200;
}
