using Events.EventStore.Seals.Sealing;

namespace Events.EventStore.Seals.Outside;

internal sealed class FolderSink(string folder, TimeSpan interval, TimeProvider time) : IAnchorSink
{
    public string Name => "file";

    public TimeSpan Interval => interval;

    public async Task<byte[]?> ShowAsync(StoredHead head, CancellationToken cancellationToken)
    {
        try
        {
            await new AnchorFolder(folder).AppendAsync(head.Note, time.GetUtcNow(), cancellationToken);
            return null;
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            throw new AnchorFailedException(failed.Message);
        }
    }
}
