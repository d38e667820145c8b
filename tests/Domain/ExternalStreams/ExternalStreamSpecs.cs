using Events.Application.Cameras;
using Events.Application.Contracts;
using Events.Application.ExternalStreams;
using Events.Domain.ExternalStreams;
using Events.Domain.Kernel;
using Xunit;

namespace Events.Tests.Domain.ExternalStreams;

public sealed class An_external_stream : IAsyncDisposable
{
    private const string Address = "rtsp://10.0.0.2:5554/subject";

    private readonly World _world = new();

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task becomes_a_camera_with_a_number_like_any_other()
    {
        await _world.WithCameraAsync();
        CommandResult added = await _world.SendAsync(Add("Drone", Address), Role.Operator);

        Assert.Null(added.Refusal);
        CameraView drone = Assert.Single(Rows(), row => row.External is not null);
        Assert.Equal(("Drone", new CameraNumber(1), Address), (drone.Name, drone.Number, drone.Source.ToString()));
    }

    [Fact]
    public async Task is_added_once_however_often_that_is_asked()
    {
        await _world.SendAsync(Add("Drone", Address));
        int facts = _world.Streams.Log.Count;

        Assert.Null((await _world.SendAsync(Add("Drone", Address))).Refusal);
        Assert.Equal(ExternalStreamRefusals.AlreadyAdded, (await _world.SendAsync(Add("Other", Address))).Refusal);
        Assert.Equal(
            ExternalStreamRefusals.AlreadyAdded,
            (await _world.SendAsync(Add("Drone", Address) with { Kind = ExternalStreamKind.GenericRtsp })).Refusal);
        Assert.Equal(facts, _world.Streams.Log.Count);
    }

    [Fact]
    public async Task is_added_once_although_many_ask_at_the_same_moment()
    {
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => _world.SendAsync(Add("Drone", Address)))));

        Assert.Single(Rows());
    }

    [Fact]
    public async Task keeps_its_password_out_of_every_fact()
    {
        await _world.SendAsync(Add("Drone", "rtsp://ada:s3cr3tM4rk@10.0.0.2:5554/subject"));

        Assert.All(_world.Streams.Log, stored => Assert.DoesNotContain("s3cr3tM4rk", stored.Data!, StringComparison.Ordinal));
        Assert.Equal("s3cr3tM4rk", Assert.Single(_world.Secrets.Kept).Value.Password);
    }

    [Fact]
    public async Task is_removed_by_its_address_and_may_come_back_under_another_number()
    {
        await _world.SendAsync(Add("Drone", "rtsp://ada:s3cr3tM4rk@10.0.0.2:5554/subject"));
        Assert.Null((await _world.SendAsync(new RemoveExternalStream(Address), Role.Operator)).Refusal);
        Assert.Equal(CameraStatus.Retired, Assert.Single(Rows()).Status);
        Assert.Equal(ExternalStreamRefusals.NotFound, (await _world.SendAsync(new RemoveExternalStream(Address))).Refusal);

        Assert.Null((await _world.SendAsync(Add("Drone", Address))).Refusal);
        Assert.Equal([0, 1], Rows().Select(row => row.Number.Value).Order());
    }

    [Fact]
    public async Task is_not_a_camera_that_an_administrator_registered()
    {
        await _world.SendAsync(new AddCamera(CameraId.New(), "Gate", Address));

        Assert.Equal(ExternalStreamRefusals.NotFound, (await _world.SendAsync(new RemoveExternalStream(Address))).Refusal);
        Assert.NotEqual(CameraStatus.Retired, Assert.Single(Rows()).Status);
    }

    /// <summary>An operator may name a stream on the network, but not open files and devices of the host.</summary>
    [Theory]
    [InlineData("file:///etc/passwd")]
    [InlineData("v4l2:/dev/video0")]
    [InlineData("test:pattern")]
    [InlineData("nowhere")]
    public async Task comes_from_the_network(string source)
    {
        Assert.Equal(ExternalStreamRefusals.NotOnNetwork, (await _world.SendAsync(Add("Drone", source))).Refusal);
        Assert.Empty(_world.Streams.Log);
    }

    [Fact]
    public async Task is_nothing_while_the_feature_is_off()
    {
        _world.Discovery = DiscoveryRule.Off;

        Assert.Equal(ExternalStreamRefusals.SwitchedOff, (await _world.SendAsync(Add("Drone", Address))).Refusal);
        Assert.Equal(ExternalStreamRefusals.SwitchedOff, (await _world.SendAsync(new RemoveExternalStream(Address))).Refusal);
        Assert.Equal(ExternalStreamRefusals.SwitchedOff, (await _world.SendAsync(new SetDiscoveryInterval(60))).Refusal);
        Assert.Empty(_world.Streams.Log);
    }

    private static AddExternalStream Add(string name, string source) =>
        new(CameraId.New(), name, source, ExternalStreamKind.SkydioStanag4609);

    private CameraView[] Rows() => [.. _world.Views.Rows(CameraViewProjection.View).Values];
}
