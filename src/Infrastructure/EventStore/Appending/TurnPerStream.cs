using Events.Application.Contracts;
using Events.EventStore.Postgres;

namespace Events.EventStore.Appending;

/// <summary>
/// Lets this process's commands on one stream go one after another, so that a crowd on one aggregate does not use up its
/// attempts on conflicts with itself. A matter of fairness only: what is true is settled by the expected version.
/// </summary>
internal sealed class TurnPerStream
{
    /// <summary>More than callers at a time, so that two streams seldom share a turn; 1,024 small objects.</summary>
    private const int StripeCount = 1_024;

    /// <summary>As long as one stuck statement may take. Then the database is at fault, not the crowd.</summary>
    private static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(Database.CommandTimeoutSeconds);

    private readonly SemaphoreSlim[] _stripes =
        [.. Enumerable.Range(0, StripeCount).Select(_ => new SemaphoreSlim(1, 1))];

    /// <exception cref="DependencyUnavailableException">Those before took longer than 5 s.</exception>
    public async Task<IDisposable> TakeAsync(string streamId, CancellationToken cancellationToken)
    {
        int stripe = (int)((uint)string.GetHashCode(streamId, StringComparison.Ordinal) % StripeCount);
        SemaphoreSlim turn = _stripes[stripe];
        if (!turn.Wait(0, cancellationToken) && !await turn.WaitAsync(WaitMax, cancellationToken))
        {
            throw new DependencyUnavailableException(
                Failure.Dependency, $"Commands on {streamId} before this one are still waiting for PostgreSQL. Try again.");
        }

        return new Turn(turn);
    }

    private sealed class Turn(SemaphoreSlim taken) : IDisposable
    {
        public void Dispose() => taken.Release();
    }
}
