namespace Events.GraphQL.DataLoaders;

/// <summary>
/// Decides when batches are loaded: an execution does so when every resolver that could run has run, so that their keys are
/// together. Data loaders take it in their constructor.
/// </summary>
public interface IBatchScheduler
{
    /// <summary>Takes a batch that will be loaded once, soon.</summary>
    void Schedule(BatchFetch fetch);
}

/// <summary>Loads one batch. Never fails: the returned action hands results and failures to those who wait, at once.</summary>
public delegate Task<Action> BatchFetch(CancellationToken cancellationToken);
