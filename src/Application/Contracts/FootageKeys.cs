using Events.Domain.Kernel;

namespace Events.Application.Contracts;

/// <summary>
/// What opens the encrypted files of a recording, or the one of a snapshot: each file has a random key of its own, which lies in
/// it wrapped under this one. Where this key is gone, no copy of the files can be read again, wherever it lies. Prints as dots.
/// </summary>
/// <param name="Owner">The id of the recording or snapshot, which its files carry.</param>
/// <param name="Secret">32 random bytes.</param>
public sealed record FootageKey(Guid Owner, ReadOnlyMemory<byte> Secret)
{
    /// <summary>What stands in a snapshot's file for the number of a segment; those count from 1.</summary>
    public const int SnapshotNumber = 0;

    /// <summary>In bytes: AES-256.</summary>
    public const int SecretBytes = 32;

    public override string ToString() => "•••";
}

/// <summary>
/// The keys of encrypted recordings and snapshots, one each, kept encrypted and apart from the log: facts alone never bring one
/// back. Each method throws <see cref="DependencyUnavailableException"/> while the place where they are kept does not answer.
/// </summary>
public interface IFootageKeys
{
    /// <summary>
    /// The key with which a recording's next files are written: the one it has, or, where recordings are to be encrypted, a new
    /// one, which is safe on disk when this returns.
    /// </summary>
    /// <returns>Null when its files are to be written as they are.</returns>
    Task<FootageKey?> ForWritingAsync(RecordingId id, CancellationToken cancellationToken);

    /// <returns>Null when there is none: it never had one, or it was destroyed.</returns>
    /// <exception cref="FootageUnreadableException">It is there and does not open with the installation's key.</exception>
    Task<FootageKey?> FindAsync(RecordingId id, CancellationToken cancellationToken);

    /// <summary>Destroys a recording's key for good. Harmless when there is none.</summary>
    Task DestroyAsync(RecordingId id, CancellationToken cancellationToken);

    /// <summary>The key with which a snapshot is written, which is safe on disk when this returns.</summary>
    /// <returns>Null when it is to be written as it is.</returns>
    Task<FootageKey?> ForWritingAsync(SnapshotId id, CancellationToken cancellationToken);

    /// <inheritdoc cref="FindAsync(RecordingId, CancellationToken)"/>
    Task<FootageKey?> FindAsync(SnapshotId id, CancellationToken cancellationToken);

    /// <summary>Destroys a snapshot's key for good, also of one that failed. Harmless when there is none.</summary>
    Task DestroyAsync(SnapshotId id, CancellationToken cancellationToken);
}

/// <summary>
/// A file of a recording is there and cannot be read: it was changed, cut off, put in another one's place, or its key does not
/// fit. The message is for people and names no path of this machine.
/// </summary>
public sealed class FootageUnreadableException : IOException
{
    public FootageUnreadableException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
