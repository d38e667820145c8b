using Events.EventStore.Seals.Sealing;

namespace Events.EventStore.Seals.Outside;

internal sealed class FolderSink(string folder, TimeSpan interval, TimeProvider time) : IAnchorSink
{
    public string Name => "file";

    public TimeSpan Interval => interval;

    public Task<byte[]?> ShowAsync(StoredHead head, CancellationToken cancellationToken)
    {
        try
        {
            new AnchorFolder(folder).Append(head.Note, time.GetUtcNow());
            return Task.FromResult<byte[]?>(null);
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            throw new AnchorFailedException(failed.Message);
        }
    }
}
