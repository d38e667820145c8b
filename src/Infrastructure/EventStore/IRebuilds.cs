using Events.Application.Contracts;

namespace Events.EventStore;

/// <summary>Building views anew while they are read.</summary>
public interface IRebuilds
{
    /// <summary>
    /// Folds the whole log into a table beside the view's, then swaps the two in one transaction. Readers see the old rows
    /// until then and never an empty view. Ends when the swap is done. Cancelling it leaves the live view as it was.
    /// </summary>
    /// <exception cref="ArgumentException">The view is not one of this host's.</exception>
    /// <exception cref="InvalidOperationException">
    /// This view is being rebuilt or verified already, here or by another host.
    /// </exception>
    /// <exception cref="DependencyUnavailableException">PostgreSQL does not answer. The live view is as it was.</exception>
    Task RebuildAsync(View view, CancellationToken cancellationToken);
}
