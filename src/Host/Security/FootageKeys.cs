using System.Security.Cryptography;
using Events.Application.Contracts;
using Events.Domain.Kernel;

namespace Events.Host.Security;

/// <summary>
/// Keys of encrypted recordings, each wrapped under the installation's key, in the table of camera credentials: a row is deleted
/// for good, and neither a file nor a fact brings it back.
/// </summary>
/// <param name="encryptsNew">Whether recordings that have no key yet get one.</param>
internal sealed class FootageKeys(SealedValues values, bool encryptsNew) : IFootageKeys
{
    private const string Prefix = "recording-key/";

    public async Task<FootageKey?> ForWritingAsync(RecordingId id, CancellationToken cancellationToken)
    {
        if (await FindUsableAsync(id, cancellationToken) is { } key)
        {
            // Also when the setting was changed since: a recording is shredded as a whole or not at all.
            return key;
        }

        if (!encryptsNew)
        {
            return null;
        }

        // The row is committed, and so on disk, before the first byte is encrypted. Of two that make one, the first counts.
        await values.AddAsync(NameOf(id), RandomNumberGenerator.GetBytes(FootageKey.SecretBytes), cancellationToken);
        return await FindUsableAsync(id, cancellationToken)
            ?? throw new DependencyUnavailableException("postgresql", "The key of the recording could not be kept. Try again.");
    }

    public async Task<FootageKey?> FindAsync(RecordingId id, CancellationToken cancellationToken)
    {
        try
        {
            return await values.FindAsync(NameOf(id), cancellationToken) is { Length: FootageKey.SecretBytes } secret
                ? new FootageKey(id, secret)
                : null;
        }
        catch (CryptographicException e)
        {
            throw new FootageUnreadableException(
                "The recording's key does not open with keys/sources.key. Put back the one from a backup.", e);
        }
    }

    public Task DestroyAsync(RecordingId id, CancellationToken cancellationToken) =>
        values.DeleteAsync(NameOf(id), cancellationToken);

    /// <summary>One that does not open is not replaced: what is under it can be read when the other key is back.</summary>
    private async Task<FootageKey?> FindUsableAsync(RecordingId id, CancellationToken cancellationToken)
    {
        try
        {
            return await FindAsync(id, cancellationToken);
        }
        catch (FootageUnreadableException e)
        {
            throw new DependencyUnavailableException("storage", e.Message, e);
        }
    }

    private static string NameOf(RecordingId id) => Prefix + id;
}
