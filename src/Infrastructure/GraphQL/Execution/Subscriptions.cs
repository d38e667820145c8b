using System.Runtime.CompilerServices;

namespace Events.GraphQL.Execution;

/// <summary>Opens subscriptions and executes them for each event of their source (specification, section 6.2.3).</summary>
internal sealed class Subscriptions(ExecutionSettings settings)
{
    /// <returns>A stream of results, or a result without data when there is no source.</returns>
    internal async ValueTask<GraphQLResponse> StartAsync(Subscribed asked, CancellationToken cancellationToken)
    {
        // Its token lives as long as the source does.
        Run start = NewRun(asked, Timeout.InfiniteTimeSpan, cancellationToken);
        (IAsyncEnumerable<object?>? source, GraphQLError? error) = await start.OpenSourceAsync();
        if (source is null)
        {
            start.End();
            return ResponseContent.Refused(GraphQLPhase.Request, [error!], asked.ShowsHints);
        }

        return new GraphQLResultStream(MapAsync(asked, start, source, cancellationToken));
    }

    /// <summary>
    /// One result for each event (<c>MapSourceToResponseEvent</c>), one at a time: a slow reader slows the source.
    /// </summary>
    private async IAsyncEnumerable<GraphQLResult> MapAsync(
        Subscribed asked,
        Run start,
        IAsyncEnumerable<object?> source,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        try
        {
            await using IAsyncEnumerator<object?> events = source.GetAsyncEnumerator(cancellationToken);
            while (await NextAsync(asked, start, events, cancellationToken) is { } result)
            {
                yield return result;
            }
        }
        finally
        {
            start.End();
        }
    }

    /// <returns>Null when the source has ended.</returns>
    /// <exception cref="GraphQLStreamException">The source failed.</exception>
    private async ValueTask<GraphQLResult?> NextAsync(
        Subscribed asked, Run start, IAsyncEnumerator<object?> events, CancellationToken cancellationToken)
    {
        try
        {
            if (!await events.MoveNextAsync())
            {
                return null;
            }

            Run run = NewRun(asked, settings.Options.Timeout, cancellationToken);
            return ResponseContent.Executed(
                await run.ExecuteAsync(events.Current),
                asked.ShowsHints,
                asked.Extensions,
                (events.Current as IPositioned)?.Position);
        }
        catch (Exception failure) when (failure is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            GraphQLError error = Faults.SourceFailed(failure, start.SourceField!, settings);
            throw new GraphQLStreamException(ResponseContent.Refused(GraphQLPhase.Execute, [error], asked.ShowsHints));
        }
    }

    private Run NewRun(Subscribed asked, TimeSpan limit, CancellationToken cancellationToken) =>
        new(settings, asked.Operation, asked.Plan, asked.Variables, asked.Call, limit, cancellationToken);
}

/// <summary>A subscription that was admitted.</summary>
/// <param name="ShowsHints">Whether the client may be told which names it may have meant.</param>
/// <param name="Extensions">Of each result; null for none.</param>
internal sealed record Subscribed(
    PreparedOperation Operation,
    OperationPlan Plan,
    IReadOnlyDictionary<string, object?> Variables,
    GraphQLCall Call,
    bool ShowsHints,
    IReadOnlyDictionary<string, object?>? Extensions);
