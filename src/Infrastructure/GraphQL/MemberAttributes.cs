namespace Events.GraphQL;

/// <summary>The member or parameter is an identity: ID on the wire, whatever it is in C#.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Method | AttributeTargets.Parameter)]
public sealed class IDAttribute : Attribute;

/// <summary>
/// The parameter is a service of the request. Without it, a type that the container knows counts as one as well.
/// </summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class ServiceAttribute : Attribute;

/// <summary>The parameter is the object whose field this is.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class ParentAttribute : Attribute;

/// <summary>The parameter is the item of the source stream for which this result is made.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class EventMessageAttribute : Attribute;

/// <summary>The method gives the result for one item of a source stream.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SubscribeAttribute : Attribute
{
    /// <summary>
    /// A method of the same class that opens the stream, as <see cref="IAsyncEnumerable{T}"/> or a task of one. Its parameters
    /// that are arguments are the field's arguments, too. Null: the stream is of a topic.
    /// </summary>
    public string? With { get; set; }
}

/// <summary>The topic of which the stream is.</summary>
/// <param name="topic">Null for the method's name. <c>{name}</c> stands for the value of that argument.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class TopicAttribute(string? topic = null) : Attribute
{
    public string? Topic => topic;
}

/// <summary>
/// The field is a connection (<c>first</c>, <c>after</c>, <c>last</c>, <c>before</c>). Its method gives a
/// <see cref="Connection{T}"/> and takes <see cref="PagingArguments"/>, or gives a sequence that is cut into pages in memory.
/// </summary>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Property)]
public sealed class UsePagingAttribute : Attribute
{
    /// <summary>Items when neither first nor last is given.</summary>
    public int DefaultPageSize { get; set; } = 10;

    /// <summary>More than this is refused.</summary>
    public int MaxPageSize { get; set; } = 50;

    /// <summary>Whether there is a <c>totalCount</c>. It is only counted when it is asked for.</summary>
    public bool IncludeTotalCount { get; set; }

    /// <summary>Of the connection's type, without the word Connection; null: the field's name.</summary>
    public string? ConnectionName { get; set; }
}

/// <summary>
/// The field takes a filter as <c>where</c>. Its method has a parameter of type <see cref="Filter"/>, which may be null.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class UseFilteringAttribute : Attribute
{
    /// <summary>What is filtered by, one property for each field; null: the item's own type.</summary>
    public Type? Type { get; set; }
}

/// <summary>
/// The field takes an order as <c>order</c>. Its method has a parameter of type <see cref="SortOrder"/>; it is empty when nothing
/// is asked.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class UseSortingAttribute : Attribute
{
    /// <summary>What is sorted by, one property for each field; null: the item's own type.</summary>
    public Type? Type { get; set; }
}

/// <summary>
/// The mutation may answer with this error: it gives it in a <see cref="FieldResult{T}"/>, or throws it when it is an exception.
/// </summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class ErrorAttribute<T> : Attribute
    where T : class;

/// <summary>
/// A static method that loads values by keys becomes a data loader: resolvers take it as <c>IDataLoader&lt;TKey, TValue&gt;</c>.
/// Its first parameter are the keys, others are services or a cancellation token; it gives a dictionary.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class DataLoaderAttribute : Attribute;

/// <summary>
/// A static method that finds an object by its identity, for the field <c>node</c>: its first parameter is the key.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NodeResolverAttribute : Attribute;

/// <summary>How much the field costs beside what is below it.</summary>
/// <param name="weight">1 is an object that is read anyhow.</param>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Property)]
public sealed class CostAttribute(double weight) : Attribute
{
    public double Weight => weight;
}

/// <summary>How long a list may be, so that its cost is known before it is read.</summary>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Property)]
public sealed class ListSizeAttribute : Attribute
{
    /// <summary>When no slicing argument is given; 0: nothing is known.</summary>
    public int AssumedSize { get; set; }

    /// <summary>Arguments that say how many items are wanted.</summary>
    public string[] SlicingArguments { get; set; } = [];
}
