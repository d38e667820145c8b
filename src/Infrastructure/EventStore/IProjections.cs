using Events.Application.Contracts;

namespace Events.EventStore;

/// <summary>What a view is doing.</summary>
public enum ProjectionState
{
    /// <summary>It folds each fact as it comes.</summary>
    Following = 1,

    /// <summary>Somebody said that it is to stand still.</summary>
    Paused,

    /// <summary>It could not fold a fact and tries again now and then. The others go on.</summary>
    Stopped,

    /// <summary>It folds the log from further back than its newest facts.</summary>
    CatchingUp,
}

/// <summary>How one view is.</summary>
/// <param name="Position">Up to which it is folded.</param>
/// <param name="Lag">Positions between it and the newest fact.</param>
/// <param name="Rate">Positions a second, of late.</param>
/// <param name="SecondsLeft">Until it has the newest fact, at that rate; null when it cannot be told.</param>
/// <param name="Fault">At which fact it stands still, and why; null when it does not.</param>
/// <param name="Parked">Positions that it passes over.</param>
/// <param name="RebuildFault">Why the last rebuild of this run ended early; null if it did not.</param>
/// <param name="Aside">What is built beside the live view; null when nothing is.</param>
public sealed record ProjectionStatus(
    string Name,
    int Version,
    ProjectionState State,
    long Position,
    long Lag,
    double Rate,
    double? SecondsLeft,
    string? Fault,
    IReadOnlyList<long> Parked,
    string? RebuildFault,
    AsideStatus? Aside);

/// <summary>A table that is built beside a live view.</summary>
/// <param name="What">rebuild or verify; queued while a rebuild waits for others.</param>
public sealed record AsideStatus(string What, long Position, long Head, double Rate, double? SecondsLeft);

/// <summary>What a shadow rebuild and the live view have in common.</summary>
/// <param name="Position">At which both were compared.</param>
/// <param name="LiveRows">Rows of the live view.</param>
/// <param name="RebuiltRows">Rows of the shadow.</param>
/// <param name="DifferenceCount">Rows that differ.</param>
/// <param name="Differences">The first of them, by key.</param>
public sealed record ViewComparison(
    string Name, long Position, long LiveRows, long RebuiltRows, long DifferenceCount, IReadOnlyList<RowDifference> Differences);

/// <param name="Live">As JSON; null when the live view lacks the row.</param>
/// <param name="Rebuilt">As JSON; null when only the live view has it.</param>
public sealed record RowDifference(string Key, string? Live, string? Rebuilt);

/// <summary>The views, as operators handle them.</summary>
public interface IProjections
{
    /// <exception cref="DependencyUnavailableException">PostgreSQL does not answer.</exception>
    Task<IReadOnlyList<ProjectionStatus>> ListAsync(CancellationToken cancellationToken);

    /// <returns>The view of that name, however it is written: CameraView, camera_view, camera_view_v1. Null for none.</returns>
    View? Find(string name);

    /// <summary>
    /// Has a view built anew beside the live one. Goes on over a restart of the host, from where it was if the program is the
    /// same.
    /// </summary>
    /// <returns>False when that is under way already.</returns>
    Task<bool> StartRebuildAsync(View view, CancellationToken cancellationToken);

    /// <summary>Builds a shadow of a view and compares the two row by row, at one position. Changes nothing.</summary>
    /// <exception cref="InvalidOperationException">
    /// The view is being rebuilt or verified already, here or by another host.
    /// </exception>
    /// <exception cref="Projections.ViewFaultException">A fact cannot be folded any more, or the table is held.</exception>
    Task<ViewComparison> VerifyAsync(View view, CancellationToken cancellationToken);

    /// <summary>Makes a view stand still, or go on; also over a restart.</summary>
    Task PauseAsync(View view, bool isPaused, CancellationToken cancellationToken);

    /// <summary>Empties a view and folds the log into it anew, in place: readers see it grow.</summary>
    Task ResetAsync(View view, CancellationToken cancellationToken);

    /// <summary>Makes a view pass over a fact, or not any more; rows that are there already stay as they are.</summary>
    Task ParkAsync(View view, long position, bool isParked, CancellationToken cancellationToken);
}
