using System.Buffers;
using System.Security.Claims;

namespace Events.GraphQL;

/// <summary>Carries out requests, whichever transport they came by.</summary>
public interface IGraphQLExecutor
{
    /// <summary>Answers every request; a bad one is a <see cref="GraphQLResult"/> with errors, never an exception.</summary>
    /// <returns>A <see cref="GraphQLResult"/>, or a <see cref="GraphQLResultStream"/> for a subscription that started.</returns>
    /// <exception cref="OperationCanceledException">The client went away.</exception>
    Task<GraphQLResponse> ExecuteAsync(GraphQLRequest request, GraphQLCall call, CancellationToken cancellationToken);
}

/// <summary>What surrounds a request: who asks, by what way, and what that way allows.</summary>
/// <param name="User">Null for nobody.</param>
/// <param name="Services">Where resolvers find their services for this request.</param>
/// <param name="Allowed">A query by GET may not mutate, and only streaming transports carry subscriptions.</param>
public sealed record GraphQLCall(ClaimsPrincipal? User, IServiceProvider Services, GraphQLOperations Allowed);

/// <summary>Kinds of operations (specification, section 2.3).</summary>
[Flags]
public enum GraphQLOperations
{
    Query = 1,
    Mutation = 2,
    Subscription = 4,
    All = Query | Mutation | Subscription,
}

/// <summary>How far a request came. Transports choose status codes by it.</summary>
public enum GraphQLPhase
{
    /// <summary>The document is no GraphQL, or passes a limit.</summary>
    Parse,

    /// <summary>A rule of validation is broken.</summary>
    Validate,

    /// <summary>No such operation, bad variables, over the cost limit: nothing was executed, there is no <c>data</c>.</summary>
    Request,

    /// <summary>The way in does not allow this kind of operation, e.g. a mutation by GET.</summary>
    NotAllowed,

    /// <summary>Executed, wholly or in part: there is <c>data</c>, perhaps null.</summary>
    Execute,
}

/// <summary>An answer: one result, or a stream of them.</summary>
public abstract class GraphQLResponse
{
    private protected GraphQLResponse()
    {
    }
}

/// <summary>One result (specification, section 7.1).</summary>
public sealed class GraphQLResult(GraphQLPhase phase, bool hasErrors, Action<IBufferWriter<byte>> write) : GraphQLResponse
{
    public GraphQLPhase Phase => phase;

    public bool HasErrors => hasErrors;

    /// <summary>What kind of operation was asked for; null when the request did not come so far.</summary>
    public GraphQLOperations? Operation { get; init; }

    /// <summary>
    /// Where in a log the event stands that this result of a subscription tells of, as clients name it to resume; null when
    /// it stands in none. Whoever is ended as too slow is told the last one.
    /// </summary>
    public string? Position { get; init; }

    /// <summary>
    /// Writes the response map as UTF-8 JSON: <c>errors</c> if any, <c>data</c> when executed, <c>extensions</c> if any.
    /// </summary>
    public void WriteTo(IBufferWriter<byte> output) => write(output);
}

/// <summary>
/// The results of a subscription. Enumerate once; disposing the enumerator ends the source stream. An exception while
/// enumerating is a fault of the source: <see cref="GraphQLStreamException"/> carries what the client may know of it.
/// </summary>
public sealed class GraphQLResultStream(IAsyncEnumerable<GraphQLResult> results) : GraphQLResponse
{
    public IAsyncEnumerable<GraphQLResult> Results => results;
}

/// <summary>What the source of a subscription gives, when it stands in a log. Other objects do as well.</summary>
public interface IGraphQLEvent
{
    /// <summary>Becomes the <see cref="GraphQLResult.Position"/> of its result; null when it stands in no log.</summary>
    string? Position { get; }
}

/// <summary>The source of a subscription failed. <see cref="Errors"/> is what the client is told.</summary>
public sealed class GraphQLStreamException(GraphQLResult errors) : Exception("The source of a subscription failed.")
{
    /// <summary>A result with <c>errors</c> and without <c>data</c>.</summary>
    public GraphQLResult Errors => errors;
}
