using Events.Domain.Kernel;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Events.Tests.Domain.Kernel;

public sealed class Camera_modes
{
    [Fact]
    public void are_one_line_of_text() =>
        Assert.Equal(
            "MJPG 1280x720 30,15; YUYV 640x480 29.97; H264 1920x1080",
            CameraModes.From(
            [
                new CameraMode("MJPG", 1280, 720, [30, 15, 30]),
                new CameraMode("YUYV", 640, 480, [29.97]),
                new CameraMode("H264", 1920, 1080, []),
            ])!.Text);

    [Fact]
    public void are_equal_when_their_text_is() => Assert.Equal(CameraModes.TryParse(Samples.Modes.Text), Samples.Modes);

    [Fact]
    public void leave_out_what_no_source_can_send() =>
        Assert.Equal(
            "MJPG 640x480",
            CameraModes.From(
            [
                new CameraMode("M G", 640, 480, [30]),
                new CameraMode("", 640, 480, [30]),
                new CameraMode("MJPG", 0, 480, [30]),
                new CameraMode("MJPG", 640, 99_999, [30]),
                new CameraMode("MJPG", 640, 480, [0, -1, double.NaN, double.PositiveInfinity, 1e9]),
            ])!.Text);

    [Fact]
    public void are_none_when_nothing_is_left() => Assert.Null(CameraModes.From([]));

    [Fact]
    public void are_bounded()
    {
        var many = Enumerable.Range(1, 1_000).Select(side => new CameraMode("MJPG", side, side, [.. Enumerable.Range(1, 100)]));

        CameraModes modes = CameraModes.From(many)!;

        Assert.Equal(CameraModes.CountMax, modes.All.Count);
        Assert.All(modes.All, mode => Assert.Equal(CameraModes.RateCountMax, mode.Rates.Count));
        Assert.Equal(modes, CameraModes.TryParse(modes.Text));
    }

    [Theory]
    [InlineData("")]
    [InlineData("MJPG")]
    [InlineData("MJPG 640")]
    [InlineData("MJPG 640x480 ")]
    [InlineData("MJPG 640x480 a")]
    [InlineData("MJPG 640x480 30;YUYV 640x480")]
    [InlineData("MJPG 640x480; ")]
    [InlineData("MJPG 640x480 30.0")]
    [InlineData("MJPG 640x480x2 30")]
    public void are_not_made_of_anything_else(string text) => Assert.Null(CameraModes.TryParse(text));

    [Fact]
    public void come_back_from_their_text_as_they_were()
    {
        Gen<CameraMode> mode =
            from format in Gen.Elements("MJPG", "YUYV", "H264", "Y10_")
            from width in Gen.Choose(1, 8_000)
            from height in Gen.Choose(1, 8_000)
            from rates in Gen.Choose(1, 500_000).Select(milli => milli / 1_000.0).ListOf()
            select new CameraMode(format, width, height, [.. rates.Take(20)]);
        Prop.ForAll(mode.NonEmptyListOf().ToArbitrary(), modes =>
        {
            CameraModes made = CameraModes.From(modes)!;
            CameraModes read = CameraModes.TryParse(made.Text)!;
            return read == made && read.All.Count == made.All.Count
                && read.All.Zip(made.All).All(pair => pair.First.Rates.SequenceEqual(pair.Second.Rates));
        }).QuickCheckThrowOnFailure();
    }
}
