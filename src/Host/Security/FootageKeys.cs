using System.Security.Cryptography;
using Events.Application.Contracts;
using Events.Domain.Kernel;

namespace Events.Host.Security;

/// <summary>
/// Keys of encrypted recordings and snapshots, each wrapped under the installation's key, in the table of camera credentials: a
/// row is deleted for good, and neither a file nor a fact brings it back.
/// </summary>
/// <param name="encryptsNew">Whether what has no key yet gets one.</param>
internal sealed class FootageKeys(SealedValues values, bool encryptsNew) : IFootageKeys
{
    public Task<FootageKey?> ForWritingAsync(RecordingId id, CancellationToken cancellationToken) =>
        ForWritingAsync(NameOf(id), id.Value, cancellationToken);

    public Task<FootageKey?> ForWritingAsync(SnapshotId id, CancellationToken cancellationToken) =>
        ForWritingAsync(NameOf(id), id.Value, cancellationToken);

    public Task<FootageKey?> FindAsync(RecordingId id, CancellationToken cancellationToken) =>
        FindAsync(NameOf(id), id.Value, cancellationToken);

    public Task<FootageKey?> FindAsync(SnapshotId id, CancellationToken cancellationToken) =>
        FindAsync(NameOf(id), id.Value, cancellationToken);

    public Task DestroyAsync(RecordingId id, CancellationToken cancellationToken) =>
        values.DeleteAsync(NameOf(id), cancellationToken);

    public Task DestroyAsync(SnapshotId id, CancellationToken cancellationToken) =>
        values.DeleteAsync(NameOf(id), cancellationToken);

    private async Task<FootageKey?> ForWritingAsync(string name, Guid owner, CancellationToken cancellationToken)
    {
        if (await FindUsableAsync(name, owner, cancellationToken) is { } key)
        {
            // Also when the setting was changed since: a recording is shredded as a whole or not at all.
            return key;
        }

        if (!encryptsNew)
        {
            return null;
        }

        // The row is committed, and so on disk, before the first byte is encrypted. Of two that make one, the first counts.
        await values.AddAsync(name, RandomNumberGenerator.GetBytes(FootageKey.SecretBytes), cancellationToken);
        return await FindUsableAsync(name, owner, cancellationToken)
            ?? throw new DependencyUnavailableException("postgresql", "The key of the footage could not be kept. Try again.");
    }

    private async Task<FootageKey?> FindAsync(string name, Guid owner, CancellationToken cancellationToken)
    {
        try
        {
            return await values.FindAsync(name, cancellationToken) is { Length: FootageKey.SecretBytes } secret
                ? new FootageKey(owner, secret)
                : null;
        }
        catch (CryptographicException e)
        {
            throw new FootageUnreadableException(
                "Its key does not open with keys/sources.key. Put back the one from a backup.", e);
        }
    }

    /// <summary>One that does not open is not replaced: what is under it can be read when the other key is back.</summary>
    private async Task<FootageKey?> FindUsableAsync(string name, Guid owner, CancellationToken cancellationToken)
    {
        try
        {
            return await FindAsync(name, owner, cancellationToken);
        }
        catch (FootageUnreadableException e)
        {
            throw new DependencyUnavailableException("storage", e.Message, e);
        }
    }

    private static string NameOf(RecordingId id) => $"recording-key/{id}";

    private static string NameOf(SnapshotId id) => $"snapshot-key/{id}";
}
