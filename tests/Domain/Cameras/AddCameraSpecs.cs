using System.Net;
using System.Net.Sockets;
using Events.Application.Cameras;
using Events.Application.Contracts;
using Events.Domain.Cameras;
using Events.Domain.Kernel;
using Xunit;

namespace Events.Tests.Domain.Cameras;

public sealed class Adding_a_camera : IAsyncDisposable
{
    private const string Password = "s3cr3tM4rk";
    private const string Address = $"rtsp://ada:{Password}@10.0.0.5/main";

    private readonly World _world = new();
    private readonly CameraId _gate = CameraId.New();

    private AddCamera Add => new(_gate, "Gate", Address);

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task gives_a_number_and_registers()
    {
        CommandResult result = await _world.SendAsync(Add);

        Assert.Equal(new CommandResult(Version: 1, Position: 2), result);
        Assert.Equal(
            [
                new CameraNumberAssigned(_gate, new CameraNumber(0), Spec.Now),
                new CameraRegistered(_gate, new CameraNumber(0), "Gate", SourceUrl.TryParse("rtsp://10.0.0.5/main")!, Spec.Now),
            ],
            _world.Streams.AllFacts);
    }

    [Fact]
    public async Task keeps_credentials_apart_and_out_of_every_fact()
    {
        await _world.SendAsync(Add);

        Assert.Equal(new SourceCredentials("ada", Password), _world.Secrets.Kept[_gate]);
        Assert.All(_world.Streams.Log, stored => Assert.DoesNotContain(Password, stored.Data! + stored.Fact, StringComparison.Ordinal));
    }

    [Fact]
    public async Task changes_nothing_when_it_is_repeated()
    {
        await _world.SendAsync(Add);
        CommandResult again = await _world.SendAsync(Add);

        Assert.Equal(new CommandResult(Version: 1, Position: 0), again);
        Assert.Equal(2, _world.Streams.Log.Count);
    }

    [Fact]
    public async Task gives_two_cameras_different_numbers()
    {
        CameraId first = await _world.WithCameraAsync("Gate");
        CameraId second = await _world.WithCameraAsync("Yard");

        Assert.Equal(new CameraNumber(0), Assert.IsType<Camera.Active>(_world.CameraOf(first)).Number);
        Assert.Equal(new CameraNumber(1), Assert.IsType<Camera.Active>(_world.CameraOf(second)).Number);
    }

    [Fact]
    public async Task never_gives_the_number_of_a_retired_camera_again()
    {
        CameraId first = await _world.WithCameraAsync("Gate");
        await _world.SendAsync(new RetireCamera(first, "Broken"));

        Assert.Equal(
            new CameraNumber(1), Assert.IsType<Camera.Active>(_world.CameraOf(await _world.WithCameraAsync("Yard"))).Number);
    }

    [Theory]
    [InlineData(" ", Address, "camera.bad_name")]
    [InlineData("Gate", "gate", "camera.bad_source")]
    [InlineData("Gate", "rtsp://ada:12/pass@10.0.0.5/main", "camera.bad_source")]
    public async Task hands_out_no_number_and_stores_no_secret_when_it_is_refused(string name, string source, string code)
    {
        CommandResult result = await _world.SendAsync(new AddCamera(_gate, name, source));

        Assert.Equal(code, result.Refusal?.Code);
        Assert.Empty(_world.Streams.Log);
        Assert.Empty(_world.Secrets.Kept);
    }

    [Fact]
    public async Task leaves_the_password_of_a_camera_alone_that_has_the_id_already()
    {
        await _world.SendAsync(Add);

        CommandResult result = await _world.SendAsync(new AddCamera(_gate, "Yard", "rtsp://eve:other@10.0.0.6/main"));

        Assert.Equal(CameraRefusals.AlreadyRegistered, result.Refusal);
        Assert.Equal(Password, _world.Secrets.Kept[_gate].Password);
    }

    [Fact]
    public async Task stores_no_password_for_a_camera_that_was_retired()
    {
        await _world.SendAsync(new AddCamera(_gate, "Gate", "rtsp://10.0.0.5/main"));
        await _world.SendAsync(new RetireCamera(_gate, "Broken"));

        Assert.Equal(CameraRefusals.Retired, (await _world.SendAsync(Add)).Refusal);
        Assert.Empty(_world.Secrets.Kept);
    }

    [Fact]
    public async Task is_finished_by_a_repeat_after_a_crash_behind_the_number()
    {
        _world.Secrets.BeforeSet = () => throw new CrashException();
        await Assert.ThrowsAsync<CrashException>(() => _world.SendAsync(Add));

        await AssertFinishedAsync();
    }

    [Fact]
    public async Task is_finished_by_a_repeat_after_a_crash_behind_the_password()
    {
        _world.Streams.BeforeTransact = command => _ = command is RegisterCamera ? throw new CrashException() : 0;
        await Assert.ThrowsAsync<CrashException>(() => _world.SendAsync(Add));

        await AssertFinishedAsync();
    }

    [Fact]
    public async Task is_refused_when_no_number_is_left()
    {
        _world.Streams.Seed(
            "camera_numbers-all",
            [.. Enumerable.Range(0, CameraNumbers.CountMax)
                .Select(n => (object)new CameraNumberAssigned(CameraId.New(), new CameraNumber(n), Spec.Now))]);

        Assert.Equal(CameraNumbers.NoneLeft, (await _world.SendAsync(Add)).Refusal);
        Assert.Empty(_world.Secrets.Kept);
    }

    private async Task AssertFinishedAsync()
    {
        await using World next = await _world.AfterCrashAsync();
        Assert.Null((await next.SendAsync(new AddCamera(CameraId.New(), "Yard", "rtsp://10.0.0.6/main"))).Refusal);
        CommandResult result = await next.SendAsync(Add);

        Assert.Null(result.Refusal);
        Assert.Equal(new CameraNumber(0), Assert.IsType<Camera.Active>(next.CameraOf(_gate)).Number);
        Assert.Equal(Password, next.Secrets.Kept[_gate].Password);
        Assert.Equal(2, next.Streams.FactsOf("camera_numbers-all").Count);
    }
}

public sealed class Moving_a_camera : IAsyncDisposable
{
    private readonly World _world = new();

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task changes_the_source_and_the_password()
    {
        CameraId gate = await _world.WithCameraAsync();

        await _world.SendAsync(new MoveCamera(gate, "rtsp://ada:s3cr3tM4rk@10.0.0.9/main"));

        Assert.Equal(
            new CameraSourceChanged(gate, SourceUrl.TryParse("rtsp://10.0.0.9/main")!, Spec.Now),
            _world.Streams.FactsOf($"camera-{gate}")[^1]);
        Assert.Equal("s3cr3tM4rk", _world.Secrets.Kept[gate].Password);
        Assert.All(_world.Streams.Log, stored => Assert.DoesNotContain("s3cr3tM4rk", stored.Data!, StringComparison.Ordinal));
    }

    [Fact]
    public async Task forgets_the_old_password_when_the_new_address_has_none()
    {
        CameraId gate = await _world.WithCameraAsync();
        await _world.SendAsync(new MoveCamera(gate, "rtsp://ada:s3cr3tM4rk@10.0.0.9/main"));
        await _world.SendAsync(new MoveCamera(gate, "rtsp://10.0.0.9/main"));

        Assert.Empty(_world.Secrets.Kept);
    }

    /// <summary>No fact tells of a new password, so nobody else would hand it to the media layer before the next start.</summary>
    [Fact]
    public async Task takes_a_new_password_for_the_same_address_at_once()
    {
        CameraId gate = await _world.WithCameraAsync();
        await _world.SendAsync(new MoveCamera(gate, "rtsp://ada:old@10.0.0.9/main"));
        int facts = _world.Streams.Log.Count;

        CommandResult result = await _world.SendAsync(new MoveCamera(gate, "rtsp://ada:new@10.0.0.9/main"));

        Assert.Null(result.Refusal);
        Assert.Equal(facts, _world.Streams.Log.Count);
        Assert.Equal("new", _world.Media.Watched[gate].Credentials?.Password);
    }

    [Fact]
    public async Task takes_new_credentials_among_the_parameters_at_once()
    {
        CameraId gate = await _world.WithCameraAsync();
        await _world.SendAsync(new MoveCamera(gate, "rtsp://10.0.0.9/user=ada&password=s3cr3tM4rk&channel=1"));
        int facts = _world.Streams.Log.Count;

        await _world.SendAsync(new MoveCamera(gate, "rtsp://10.0.0.9/user=ada&password=other&channel=1"));

        Assert.Equal(facts, _world.Streams.Log.Count);
        Assert.Equal("rtsp://10.0.0.9/user=ada&password=other&channel=1", _world.Media.Watched[gate].Credentials?.Address);
        Assert.All(_world.Streams.Log, stored => Assert.DoesNotContain("s3cr3tM4rk", stored.Data!, StringComparison.Ordinal));

        await _world.SendAsync(new MoveCamera(gate, "rtsp://10.0.0.9/user=ada&password=other&channel=2"));
        Assert.Equal(
            "rtsp://10.0.0.9/user=***&password=***&channel=2",
            Assert.IsType<CameraSourceChanged>(_world.Streams.FactsOf($"camera-{gate}")[^1]).Source.ToString());
    }

    [Fact]
    public async Task is_finished_by_a_repeat_after_a_crash_behind_the_password()
    {
        CameraId gate = await _world.WithCameraAsync();
        var move = new MoveCamera(gate, "rtsp://ada:s3cr3tM4rk@10.0.0.9/main");
        _world.Streams.BeforeTransact = _ => throw new CrashException();
        await Assert.ThrowsAsync<CrashException>(() => _world.SendAsync(move));

        await using World next = await _world.AfterCrashAsync();
        Assert.Null((await next.SendAsync(move)).Refusal);
        Assert.Equal("rtsp://10.0.0.9/main", Assert.IsType<Camera.Active>(next.CameraOf(gate)).Source.ToString());
    }

    [Fact]
    public async Task of_an_unknown_or_retired_camera_stores_nothing()
    {
        CameraId gate = await _world.WithCameraAsync();
        await _world.SendAsync(new RetireCamera(gate, "Broken"));
        const string Address = "rtsp://ada:s3cr3tM4rk@10.0.0.9/main";

        Assert.Equal(CameraRefusals.Retired, (await _world.SendAsync(new MoveCamera(gate, Address))).Refusal);
        Assert.Equal(
            CameraRefusals.NotRegistered, (await _world.SendAsync(new MoveCamera(CameraId.New(), Address))).Refusal);
        Assert.Equal(CameraRefusals.BadSource, (await _world.SendAsync(new MoveCamera(gate, "nowhere"))).Refusal);
        Assert.Empty(_world.Secrets.Kept);
    }
}

/// <summary>Nobody gets us to ask, as a camera, where only this machine may ask.</summary>
public sealed class A_source_that_is_no_camera : IAsyncDisposable
{
    private readonly World _world = new();

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Theory]
    [InlineData("http://169.254.169.254/latest/meta-data/")]
    [InlineData("rtsp://169.254.169.254/x")]
    [InlineData("http://0xA9FEA9FE/")]
    [InlineData("rtsp://0xA9FEA9FE/x")]
    [InlineData("rtsp://2852039166/x")]
    [InlineData("rtsp://0251.0376.0251.0376/x")]
    [InlineData("rtsp://169.254.43518/x")]
    [InlineData("http://169.254.1.2:8080/x")]
    [InlineData("http://[::ffff:169.254.169.254]/x")]
    [InlineData("http://[::169.254.169.254]/x")]
    [InlineData("http://[64:ff9b::a9fe:a9fe]/x")]
    [InlineData("http://[2002:a9fe:a9fe::]/x")]
    [InlineData("http://[fe80::1]/x")]
    [InlineData("http://[fd00:ec2::254]/x")]
    [InlineData("http://metadata.google.internal/computeMetadata/v1/")]
    [InlineData("http://METADATA.google.internal./x")]
    [InlineData("http://100.100.100.200/x")]
    [InlineData("http://0.0.0.0/x")]
    [InlineData("rtsp://0/x")]
    [InlineData("http://224.0.0.1/x")]
    [InlineData("http://[::]/x")]
    public async Task is_refused_when_it_is_named_and_when_it_is_moved_there(string source)
    {
        Assert.Equal(CameraRefusals.SourceNotAllowed, (await _world.SendAsync(new AddCamera(CameraId.New(), "Gate", source))).Refusal);
        CameraId gate = await _world.WithCameraAsync();
        Assert.Equal(CameraRefusals.SourceNotAllowed, (await _world.SendAsync(new MoveCamera(gate, source))).Refusal);
    }

    [Theory]
    [InlineData("rtsp://10.0.0.5/x", true, true)]
    [InlineData("rtsp://127.0.0.1/x", true, true)]
    [InlineData("http://[::1]/x", true, true)]
    [InlineData("rtsp://8.8.8.8/x", false, false)]
    [InlineData("v4l2:/dev/video0", false, false)]
    [InlineData("test:pattern", false, false)]
    public async Task is_taken_as_the_settings_say(string source, bool isPrivateOrLoopback, bool isRefusedWithoutEither)
    {
        SourceUrl url = SourceUrl.TryParse(source)!;
        Assert.Null(await SourceGuard.Usual.RefusalOfAsync(url, World.Token));
        string? refusal = await new SourceGuard(new SourceRule(false, false)).RefusalOfAsync(url, World.Token);
        Assert.Equal(isPrivateOrLoopback && isRefusedWithoutEither, refusal is not null);
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("169.254.169.254", true)]
    [InlineData("8.8.8.8 169.254.169.254", true)]
    [InlineData("::ffff:169.254.169.254", true)]
    [InlineData("8.8.8.8 2001:db8::1", false)]
    public async Task is_connected_to_only_where_its_name_was_found_to_lead(string addresses, bool isRefused)
    {
        IPAddress[] found = [.. addresses.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(IPAddress.Parse)];
        var guard = new SourceGuard(new SourceRule(true, true), (_, _) => Task.FromResult(found));
        foreach (string scheme in new[] { "rtsp", "rtsps", "http", "https" })
        {
            SourceRoute route = await guard.RouteAsync(SourceUrl.TryParse($"{scheme}://cam.example/x")!, World.Token);
            Assert.Equal(isRefused, route.Refusal is not null);
            Assert.Equal(isRefused ? [] : found, route.Addresses);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task has_a_name_that_cannot_be_looked_up_and_may_be_named_but_not_connected_to(bool isSlow)
    {
        var guard = new SourceGuard(
            new SourceRule(true, true), (_, _) => throw (isSlow ? new TimeoutException() : new SocketException((int)SocketError.TryAgain)));
        SourceUrl source = SourceUrl.TryParse("rtsp://cam.example/x")!;
        Assert.Null(await guard.RefusalOfAsync(source, World.Token));
        Assert.Contains("not known", (await guard.RouteAsync(source, World.Token)).Refusal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("rtsp://0xA000005/x", "10.0.0.5")]
    [InlineData("http://[fd00::5]/x", "fd00::5")]
    [InlineData("test:pattern", "")]
    public async Task has_no_name_to_look_up(string source, string address)
    {
        var guard = new SourceGuard(new SourceRule(true, true), (_, _) => throw new InvalidOperationException());
        SourceRoute route = await guard.RouteAsync(SourceUrl.TryParse(source)!, World.Token);
        Assert.Null(route.Refusal);
        Assert.Equal(address, string.Join(' ', route.Addresses));
    }
}
