using Events.Application.Contracts;
using Events.Domain.Kernel;
using Xunit;

namespace Events.Tests.Engines.Media;

/// <summary>A call to the listener, in words: <c>connected</c>, <c>segment 1</c>, <c>interrupted camera_lost</c>.</summary>
internal sealed record Told(string What, DateTimeOffset At, SegmentFile? Segment = null, VideoFormat? Format = null);

/// <summary>Writes down what it is told. Can be made to throw.</summary>
internal sealed class ListenerLog : IMediaListener
{
    private readonly List<Told> _told = [];
    private int _refusals;
    private int _inside;

    public bool WasCalledTwiceAtOnce { get; private set; }

    public IReadOnlyList<Told> All
    {
        get
        {
            lock (_told)
            {
                return [.. _told];
            }
        }
    }

    public IReadOnlyList<SegmentFile> Segments => [.. All.Where(told => told.Segment is not null).Select(told => told.Segment!)];

    public void RefuseNext(int count) => Interlocked.Exchange(ref _refusals, count);

    public Task<Told> WaitAsync(string what) => WaitAsync(what, TimeSpan.FromSeconds(20));

    public async Task<Told> WaitAsync(string what, TimeSpan limit) =>
        await Until.SomeAsync(
            () => All.FirstOrDefault(told => told.What.StartsWith(what, StringComparison.Ordinal)), limit, Describe);

    public string Describe() => string.Join("; ", All.Select(told => told.What));

    public Task CameraConnectedAsync(
        CameraId cameraId, VideoFormat format, DateTimeOffset at, CancellationToken cancellationToken) =>
        Note(new Told("connected", at, Format: format));

    public Task CameraDisconnectedAsync(CameraId cameraId, string why, DateTimeOffset at, CancellationToken cancellationToken) =>
        Note(new Told($"disconnected {why}", at));

    public Task SegmentClosedAsync(RecordingId recordingId, SegmentFile segment, CancellationToken cancellationToken) =>
        Note(new Told($"segment {segment.Number}", segment.StartedAt, segment));

    public Task RecordingInterruptedAsync(
        RecordingId recordingId, string why, DateTimeOffset at, CancellationToken cancellationToken) =>
        Note(new Told($"interrupted {why}", at));

    public Task RecordingResumedAsync(
        RecordingId recordingId, DateTimeOffset firstFrameAt, CancellationToken cancellationToken) =>
        Note(new Told("resumed", firstFrameAt));

    private async Task Note(Told told)
    {
        WasCalledTwiceAtOnce |= Interlocked.Increment(ref _inside) > 1;
        await Task.Yield();
        Interlocked.Decrement(ref _inside);
        if (Interlocked.Decrement(ref _refusals) >= 0)
        {
            throw new DependencyUnavailableException("log", "away");
        }

        lock (_told)
        {
            _told.Add(told);
        }
    }
}

/// <summary>Waits for what must come, with a bound.</summary>
internal static class Until
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(20);

    public static async Task<T> SomeAsync<T>(Func<T?> look, TimeSpan limit, Func<string>? describe = null)
        where T : class
    {
        long began = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(began) < limit)
        {
            if (look() is T found)
            {
                return found;
            }

            await Task.Delay(Period, TestContext.Current.CancellationToken);
        }

        throw new TimeoutException($"It did not come within {limit.TotalSeconds} s. {describe?.Invoke()}");
    }

    public static Task TrueAsync(Func<bool> look, TimeSpan limit, Func<string>? describe = null) =>
        SomeAsync(() => look() ? "yes" : null, limit, describe);
}
