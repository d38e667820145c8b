using Events.Application.Contracts;
using Events.Application.Recordings;
using Events.Domain.Cameras;
using Events.Domain.Kernel;
using Events.Domain.Recordings;
using Xunit;

namespace Events.Tests.Domain.Recordings;

public sealed class A_report_of_the_media_layer : IAsyncDisposable
{
    private static readonly VideoFormat Hd = new("h264", 1280, 720, 29.970029);

    private readonly World _world = new();
    private readonly RecordingId _take = RecordingId.New();

    private IMediaListener Listener => _world.Listener;

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task of_a_connection_is_two_facts_and_no_more()
    {
        CameraId gate = await _world.WithCameraAsync();
        await Listener.CameraConnectedAsync(gate, Hd, Spec.Now, World.Token);
        await Listener.CameraConnectedAsync(gate, Hd with { FramesPerSecond = 29.97003 }, Spec.Now, World.Token);

        Assert.Equal(
            [new CameraConnected(gate, Spec.Now), new CameraCapabilitiesProbed(gate, "h264", 1280, 720, 29.97, Spec.Now)],
            _world.Streams.FactsOf($"camera-{gate}").Skip(1));
        Assert.Equal(("system", "media"), (_world.Streams.LastOrigin!.UserName, _world.Streams.LastOrigin.Headers["way"]));
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(-1)]
    public async Task of_a_rate_that_is_no_number_says_unknown(double framesPerSecond)
    {
        CameraId gate = await _world.WithCameraAsync();
        await Listener.CameraConnectedAsync(gate, Hd with { FramesPerSecond = framesPerSecond }, Spec.Now, World.Token);

        Assert.Equal(0, Assert.IsType<CameraCapabilitiesProbed>(_world.Streams.AllFacts[^1]).FramesPerSecond);
    }

    [Fact]
    public async Task of_a_lost_camera_says_why()
    {
        CameraId gate = await _world.WithCameraAsync();
        await Listener.CameraConnectedAsync(gate, Hd, Spec.Now, World.Token);
        await Listener.CameraDisconnectedAsync(gate, "No frame for 5 s", Spec.Now, World.Token);

        Assert.Equal(new CameraDisconnected(gate, "No frame for 5 s", Spec.Now), _world.Streams.AllFacts[^1]);
    }

    [Fact]
    public async Task of_a_segment_is_a_fact_once()
    {
        await RecordAsync();
        await Listener.SegmentClosedAsync(_take, Stopping_a_recording.Footage(1), World.Token);
        await Listener.SegmentClosedAsync(_take, Stopping_a_recording.Footage(1), World.Token);

        Assert.Equal(
            new RecordingSegmentCommitted(_take, 1, 5_000, 800, Samples.Hash, Spec.Now, 10_000, 300, Spec.Now),
            Assert.Single(_world.Streams.AllFacts.OfType<RecordingSegmentCommitted>()));
    }

    [Fact]
    public async Task of_an_interruption_and_its_end_changes_the_recording()
    {
        await RecordAsync();
        await Listener.RecordingInterruptedAsync(_take, "camera_lost", Spec.Now, World.Token);
        await Listener.RecordingResumedAsync(_take, Spec.Now.AddSeconds(9), World.Token);

        Assert.Equal(
            [
                new RecordingInterrupted(_take, "camera_lost", Spec.Now),
                new RecordingRecovered(_take, Spec.Now.AddSeconds(9), Spec.Now),
            ],
            _world.Streams.AllFacts.TakeLast(2));
    }

    [Fact]
    public async Task that_is_refused_is_settled()
    {
        await Listener.CameraDisconnectedAsync(CameraId.New(), "Gone", Spec.Now, World.Token);
        await Listener.SegmentClosedAsync(_take, Stopping_a_recording.Footage(1), World.Token);

        Assert.Empty(_world.Streams.Log);
    }

    [Fact]
    public async Task that_could_not_be_written_is_to_be_told_again()
    {
        await RecordAsync();
        _world.Streams.BeforeTransact = _ => throw new TimeoutException();
        await Assert.ThrowsAsync<TimeoutException>(
            () => Listener.SegmentClosedAsync(_take, Stopping_a_recording.Footage(1), World.Token));

        _world.Streams.BeforeTransact = _ => throw new DependencyUnavailableException("postgresql", "No answer.");
        await Assert.ThrowsAsync<DependencyUnavailableException>(
            () => Listener.SegmentClosedAsync(_take, Stopping_a_recording.Footage(1), World.Token));
    }

    private async Task RecordAsync()
    {
        CameraId gate = await _world.WithCameraAsync();
        await _world.SendAsync(new StartRecording(_take, gate, null));
    }
}
