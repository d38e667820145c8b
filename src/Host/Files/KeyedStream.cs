using Events.Application.Contracts;

namespace Events.Host.Files;

/// <summary>
/// Clear bytes of encrypted footage, for as long as its key is there: who destroys the key ends downloads that are under way, on
/// every host with this database. A key that cannot be looked for counts as gone.
/// </summary>
/// <param name="inner">Is disposed with this.</param>
/// <param name="findKey">Looks for the key, and is asked at most once in <see cref="LookEvery"/>.</param>
internal sealed class KeyedStream(Stream inner, Func<CancellationToken, Task<FootageKey?>> findKey, TimeProvider time) : Stream
{
    /// <summary>What is shredded is handed out for no longer; a query in it is no burden.</summary>
    public static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private long _lookedAt = time.GetTimestamp();

    public override bool CanRead => true;

    public override bool CanSeek => inner.CanSeek;

    public override bool CanWrite => false;

    public override long Length => inner.Length;

    public override long Position
    {
        get => inner.Position;
        set => inner.Position = value;
    }

    /// <exception cref="FootageUnreadableException">The key is gone, or the file is not what it should be.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (time.GetElapsedTime(_lookedAt) >= LookEvery)
        {
            await RequireKeyAsync(cancellationToken);
        }

        return await inner.ReadAsync(buffer, cancellationToken);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) =>
        throw new NotSupportedException("Whether the key is there cannot be asked in between. Read asynchronously.");

    public override long Seek(long offset, SeekOrigin origin) => inner.Seek(offset, origin);

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    private async Task RequireKeyAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (await findKey(cancellationToken) is null)
            {
                throw new FootageUnreadableException("Its key was destroyed.");
            }
        }
        catch (DependencyUnavailableException away)
        {
            throw new FootageUnreadableException("Its key cannot be looked for now.", away);
        }

        _lookedAt = time.GetTimestamp();
    }
}
