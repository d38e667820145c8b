using System.Globalization;
using System.Security.Claims;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Events.GraphQL.Transports;

/// <summary>Who asks, and what the way in allows.</summary>
/// <param name="User">Null for nobody.</param>
internal readonly record struct Asker(ClaimsPrincipal? User, GraphQLOperations Allowed);

/// <summary>
/// The one way from every transport to the engine: documents by name, the limit per principal, the time limit, services of
/// its own, and an answer also when the engine throws.
/// </summary>
internal sealed partial class Operations(
    IGraphQLExecutor executor,
    IServiceScopeFactory scopes,
    GraphQLTransportOptions options,
    Quotas quotas,
    PersistedOperations persisted,
    GraphQLTraffic traffic,
    ILogger<Operations> logger)
{
    private long _lastFailure;

    /// <param name="gone">Cancelled when the client goes or gives the operation up.</param>
    /// <returns>Started, finished, or with a fault; to be disposed in each case.</returns>
    /// <exception cref="OperationCanceledException">The client has gone.</exception>
    internal async Task<Operation> StartAsync(GraphQLRequest request, Asker asker, CancellationToken gone)
    {
        bool isFree = quotas.TryEnter(asker.User, out string? key);
        var ending = CancellationTokenSource.CreateLinkedTokenSource(gone);
        var operation = new Operation(
            ending, scopes.CreateAsyncScope(), () => Left(isFree ? key : null), LogFailedLater);
        traffic.OperationStarted();
        try
        {
            ending.CancelAfter(options.RequestTimeout);
            string? keepAs = null;
            operation.Fault = isFree ? persisted.Resolve(ref request, out keepAs) : Fault.TooManyForPrincipal;
            if (operation.Fault is null)
            {
                await RunAsync(operation, request, asker, ending.Token);
                if (keepAs is not null && operation is { Result.Phase: GraphQLPhase.Execute } or { IsStream: true })
                {
                    persisted.Keep(keepAs!, request.Query!);
                }
            }

            return operation;
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested && !gone.IsCancellationRequested)
        {
            traffic.TimedOut();
            operation.Fault = Fault.Timeout;
            return operation;
        }
        catch (Exception failure)
        {
            if (failure is OperationCanceledException && gone.IsCancellationRequested)
            {
                await operation.DisposeAsync();
                throw;
            }

            operation.Fault = Unexpected(failure);
            return operation;
        }
    }

    /// <summary>Notes a bug under a number that the client is told instead of the exception.</summary>
    internal Fault Unexpected(Exception failure)
    {
        string id = "g" + Interlocked.Increment(ref _lastFailure).ToString(CultureInfo.InvariantCulture);
        LogFailed(failure, id);
        return Fault.Unexpected(id);
    }

    private async ValueTask RunAsync(
        Operation operation, GraphQLRequest request, Asker asker, CancellationToken cancellation)
    {
        var call = new GraphQLCall(asker.User, operation.Services, asker.Allowed);
        operation.Take(await operation.WaitAsync(executor.ExecuteAsync(request, call, cancellation)));
    }

    private void Left(string? key)
    {
        quotas.Leave(key);
        traffic.OperationEnded();
    }

    [LoggerMessage(EventId = 6001, Level = LogLevel.Error, Message = "GraphQL operation {FailureId} failed")]
    private partial void LogFailed(Exception failure, string failureId);

    [LoggerMessage(EventId = 6002, Level = LogLevel.Warning, Message = "A GraphQL operation failed after it was given up")]
    private partial void LogFailedLater(Exception failure);
}
