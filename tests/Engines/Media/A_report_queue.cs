using Events.Application.Contracts;
using Events.Media.Reports;
using Xunit;

namespace Events.Tests.Engines.Media;

public sealed class A_report_queue
{
    private readonly List<string> _told = [];
    private readonly TaskCompletionSource _gate = new();
    private readonly LogLines _log = new();

    [Fact]
    public async Task leaves_out_old_news_of_the_camera_before_news_of_footage()
    {
        await using ReportQueue queue = NewQueue();
        for (int i = 0; i < ReportQueue.WaitingMax; i++)
        {
            queue.Post(Note($"report {i}", isStatus: i is 0 or 500));
        }

        queue.Post(Note("segment", isStatus: false));
        queue.Post(Note("one too many", isStatus: false));
        _gate.SetResult();
        await queue.FlushAsync(Studio.Cancel);

        Assert.Equal(ReportQueue.WaitingMax, _told.Count);
        Assert.Equal(["report 0", "report 1"], _told[..2]);
        Assert.Equal("segment", _told[^1]);
        Assert.DoesNotContain("report 500", _told);
        Assert.Contains("'one too many' is left out", _log.Text);
    }

    [Fact]
    public async Task ends_while_its_listener_is_away()
    {
        ReportQueue queue = NewQueue();
        queue.Post(new Report("segment", false, (_, _) => throw new DependencyUnavailableException("log", "away")));
        using var soon = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        await Assert.ThrowsAsync<TaskCanceledException>(() => queue.FlushAsync(soon.Token));
        await queue.DisposeAsync();
        Assert.Contains("1 reports were never taken", _log.Text);
    }

    private ReportQueue NewQueue() => new("camera0", () => new ListenerLog(), TimeProvider.System, _log.For<A_report_queue>());

    private Report Note(string what, bool isStatus) =>
        new(what, isStatus, async (_, _) =>
        {
            await _gate.Task;
            _told.Add(what);
        });
}
