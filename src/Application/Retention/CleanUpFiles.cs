using Events.Application.Contracts;
using Events.Application.Recordings;
using Events.Domain.Kernel;
using Events.Domain.Retention;

namespace Events.Application.Retention;

/// <summary>Deletes now what the policy says is due.</summary>
/// <param name="CleanupId">Chosen by the caller, so that a repeated request names the same cleanup.</param>
public sealed record CleanUpFiles(CleanupId CleanupId);

/// <summary>A cleanup by hand. What it did is a fact, also when there was nothing to do.</summary>
public sealed class CleanUpFilesHandler(FileCleaner cleaner, FootageCheck check)
{
    /// <returns>Accepted without a fact, and nothing deleted, when there is no policy or it is not enabled.</returns>
    public async Task<CommandResult> HandleAsync(CleanUpFiles command, IStreams streams, CancellationToken cancellationToken)
    {
        string key = command.CleanupId.ToString();
        RetentionPolicy policy = await streams.LoadAsync(RetentionPolicy.Decider, RetentionPolicy.Key, cancellationToken);
        if (policy.LimitsFor(isByHand: true) is not { } limits
            || await streams.LoadAsync(Cleanup.Decider, key, cancellationToken) is Cleanup.Finished)
        {
            return new CommandResult(0, 0);
        }

        if (check.Findings is null)
        {
            // The check compares files with facts; one that goes meanwhile would look lost.
            throw new DependencyUnavailableException("storage", "Footage is being checked after the start. Try again shortly.");
        }

        CleanupOutcome outcome = await cleaner.RunAsync(limits, streams, cancellationToken);

        // Files are gone: a caller that has gone away must not stop us from writing that down.
        var finished = await streams.TransactAsync(
            Cleanup.Decider,
            key,
            new FinishCleanup(command.CleanupId, CleanupTrigger.Requested, outcome),
            CancellationToken.None);
        return CommandResult.From(finished);
    }
}
