using System.Buffers.Binary;
using Events.Domain.Kernel;
using Events.Media.Devices;
using Xunit;

namespace Events.Tests.Engines.Media;

/// <summary>A driver's answers are those of real ones, laid out as <c>linux/videodev2.h</c> says.</summary>
public sealed class A_video_device
{
    private const uint Mjpg = 0x47504a4d;
    private const uint Yuyv = 0x56595559;
    private const uint Grey = 0x20303159;

    [Fact]
    public void tells_formats_sizes_and_rates()
    {
        var driver = new Driver(V4l2Modes.Capture);
        driver.Formats.AddRange([(Mjpg, [(1280, 720), (640, 480)], [(1, 30), (1001, 15_000)]), (Yuyv, [(640, 480)], [(1, 5), (1, 30)])]);

        Assert.Equal(
            "MJPG 1280x720 30,14.985; MJPG 640x480 30,14.985; YUYV 640x480 30,5", V4l2Modes.Ask(driver.Call)!.Text);
    }

    [Fact]
    public void tells_the_usual_sizes_of_a_range_and_its_highest_and_lowest_rate()
    {
        var driver = new Driver(V4l2Modes.Capture) { IsRange = true };
        driver.Formats.Add((Yuyv, [(320, 240), (1280, 720)], [(1, 60), (1, 1)]));

        Assert.Equal(
            "YUYV 320x240 60,1; YUYV 640x480 60,1; YUYV 800x600 60,1; YUYV 1280x720 60,1", V4l2Modes.Ask(driver.Call)!.Text);
    }

    [Fact]
    public void may_have_planes_and_a_format_with_a_short_name()
    {
        var driver = new Driver(V4l2Modes.CaptureMultiPlane);
        driver.Formats.Add((Grey, [(640, 480)], []));

        Assert.Equal("Y10 640x480", V4l2Modes.Ask(driver.Call)!.Text);
        Assert.Equal([9u], driver.BufferTypes.Distinct());
    }

    /// <summary>A web camera's second node has the picture's meta data, and the whole device's capabilities beside its own.</summary>
    [Fact]
    public void that_sends_no_pictures_tells_none()
    {
        var driver = new Driver(0) { Whole = V4l2Modes.Capture };
        driver.Formats.Add((Mjpg, [(640, 480)], [(1, 30)]));

        Assert.Null(V4l2Modes.Ask(driver.Call));
    }

    [Fact]
    public void that_is_none_tells_none() => Assert.Null(V4l2Modes.Ask((_, _) => false));

    [Fact]
    public void that_never_says_no_is_asked_within_bounds()
    {
        int calls = 0;
        CameraModes modes = V4l2Modes.Ask((request, structure) =>
        {
            calls++;
            if (request == V4l2Modes.QueryCapabilities)
            {
                BitConverter.TryWriteBytes(structure.AsSpan(84), V4l2Modes.Capture);
            }
            else if (request == V4l2Modes.EnumerateFormats)
            {
                BitConverter.TryWriteBytes(structure.AsSpan(44), Mjpg);
            }
            else
            {
                foreach (int at in request == V4l2Modes.EnumerateSizes ? new[] { 8, 12, 16 } : [16, 20, 24])
                {
                    BitConverter.TryWriteBytes(structure.AsSpan(at), 1);
                }
            }

            return true;
        })!;

        Assert.InRange(modes.All.Count, 1, CameraModes.CountMax);
        Assert.InRange(calls, 1, 500_000);
    }

    [Theory]
    [InlineData("v4l2:/dev/video999")]
    [InlineData("v4l2:/dev/null")]
    [InlineData("rtsp://10.0.0.1/main")]
    public void that_is_not_there_or_no_camera_is_no_trouble(string source) =>
        Assert.Null(VideoDevice.ModesOf(SourceUrl.TryParse(source)!));

    /// <summary>Answers as a driver does; tuples are width and height, numerator and denominator of an interval.</summary>
    private sealed class Driver(uint capabilities)
    {
        public List<(uint Format, (int Width, int Height)[] Sizes, (int Numerator, int Denominator)[] Intervals)> Formats { get; } = [];

        /// <summary>What the device as a whole can do, beside this node.</summary>
        public uint Whole { get; init; }

        /// <summary>Two sizes and two intervals are then the ends of a range.</summary>
        public bool IsRange { get; init; }

        public List<uint> BufferTypes { get; } = [];

        public bool Call(uint request, byte[] structure)
        {
            int index = (int)Get(structure, 0);
            switch (request)
            {
                case V4l2Modes.QueryCapabilities when structure.Length == 104:
                    Put(structure, 84, Whole | capabilities | V4l2Modes.HasDeviceCapabilities);
                    Put(structure, 88, capabilities);
                    return true;
                case V4l2Modes.EnumerateFormats when structure.Length == 64 && index < Formats.Count:
                    BufferTypes.Add(Get(structure, 4));
                    Put(structure, 44, Formats[index].Format);
                    return true;
                case V4l2Modes.EnumerateSizes when structure.Length == 44:
                    return Size(structure, index, Formats.Single(one => one.Format == Get(structure, 4)).Sizes);
                case V4l2Modes.EnumerateIntervals when structure.Length == 52 && Get(structure, 8) > 0 && Get(structure, 12) > 0:
                    return Interval(structure, index, Formats.Single(one => one.Format == Get(structure, 4)).Intervals);
                default:
                    return false;
            }
        }

        private bool Size(byte[] structure, int index, (int Width, int Height)[] sizes)
        {
            if (index >= (IsRange ? 1 : sizes.Length))
            {
                return false;
            }

            (int Width, int Height)[] shown = IsRange ? sizes : [sizes[index]];
            Put(structure, 8, IsRange ? 3u : 1u);
            Put(structure, 12, (uint)shown[0].Width);
            Put(structure, 16, (uint)(IsRange ? shown[1].Width : shown[0].Height));
            if (IsRange)
            {
                Put(structure, 24, (uint)shown[0].Height);
                Put(structure, 28, (uint)shown[1].Height);
            }

            return true;
        }

        private bool Interval(byte[] structure, int index, (int Numerator, int Denominator)[] intervals)
        {
            if (index >= (IsRange ? 1 : intervals.Length))
            {
                return false;
            }

            Put(structure, 16, IsRange ? 2u : 1u);
            (int Numerator, int Denominator)[] shown = IsRange ? intervals : [intervals[index]];
            for (int i = 0; i < shown.Length; i++)
            {
                Put(structure, 20 + (8 * i), (uint)shown[i].Numerator);
                Put(structure, 24 + (8 * i), (uint)shown[i].Denominator);
            }

            return true;
        }

        private static uint Get(byte[] structure, int at) => BinaryPrimitives.ReadUInt32LittleEndian(structure.AsSpan(at));

        private static void Put(byte[] structure, int at, uint value) =>
            BinaryPrimitives.WriteUInt32LittleEndian(structure.AsSpan(at), value);
    }
}
