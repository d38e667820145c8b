namespace Events.GraphQL;

/// <summary>What a client wants to see of a list. The resolver translates it; every part must hold.</summary>
public abstract record Filter
{
    private Filter()
    {
    }

    /// <summary>All must hold. None: everything does.</summary>
    public sealed record And(IReadOnlyList<Filter> Parts) : Filter;

    /// <summary>One must hold.</summary>
    public sealed record Or(IReadOnlyList<Filter> Parts) : Filter;

    /// <summary>A field held against a value.</summary>
    /// <param name="Field">The property's name in C#.</param>
    /// <param name="Value">Of the property's type; a list of it for <see cref="FilterOperation.In"/> and its opposite.</param>
    public sealed record Compare(string Field, FilterOperation Operation, object? Value) : Filter;
}

/// <summary>How a field is held against a value. Those that begin with Not are true where the other is not.</summary>
public enum FilterOperation
{
    Eq,
    Neq,
    In,
    Nin,
    Contains,
    Ncontains,
    StartsWith,
    NstartsWith,
    EndsWith,
    NendsWith,
    Gt,
    Ngt,
    Gte,
    Ngte,
    Lt,
    Nlt,
    Lte,
    Nlte,
}

/// <summary>In which order a client wants a list: by the first field, then by the next.</summary>
public sealed record SortOrder(IReadOnlyList<SortField> Fields)
{
    public static SortOrder None { get; } = new([]);
}

/// <param name="Field">The property's name in C#.</param>
public readonly record struct SortField(string Field, bool IsDescending);
