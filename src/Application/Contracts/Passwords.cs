namespace Events.Application.Contracts;

/// <summary>
/// What is kept of passwords, hashes, and the secrets of second factors: encrypted at rest, apart from the log.
/// </summary>
public interface IPasswordStore
{
    /// <exception cref="DependencyUnavailableException">PostgreSQL does not answer.</exception>
    Task SetAsync(Guid passwordId, string hash, CancellationToken cancellationToken);

    /// <returns>Null when there is none.</returns>
    /// <exception cref="DependencyUnavailableException">PostgreSQL does not answer.</exception>
    Task<string?> FindAsync(Guid passwordId, CancellationToken cancellationToken);

    /// <exception cref="DependencyUnavailableException">PostgreSQL does not answer.</exception>
    Task DeleteAsync(Guid passwordId, CancellationToken cancellationToken);
}
