using Events.Domain.Kernel;

namespace Events.Application.Contracts;

/// <summary>
/// Whom a user name stands for. Kept apart from the log, and not readable without the installation's key, so that a person can be
/// erased. Atomic over all nodes: one name stands for one user at a time.
/// </summary>
public interface IUserNames
{
    /// <returns>Null when nobody has that name, or a user of before names were sealed.</returns>
    Task<UserId?> FindAsync(UserName name, CancellationToken cancellationToken);

    /// <summary>Whom the name stands for from now on, with a key for what is said of them; who has it already stays.</summary>
    Task<UserId> ClaimAsync(UserName name, CancellationToken cancellationToken);

    /// <summary>
    /// Who was erased, as it stands outside the database: a database that was set back does not know.
    /// </summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    IReadOnlyList<UserId> Erased { get; }

    /// <summary>Deletes key and name. What was sealed for the user is unreadable then. Repeating it is harmless.</summary>
    /// <exception cref="IOException">The list outside the database cannot be written; nothing was deleted.</exception>
    Task EraseAsync(UserId id, CancellationToken cancellationToken);
}
