using Events.Application.Contracts;
using Events.Domain.Kernel;
using Xunit;

namespace Events.Tests.Engines.Media;

public sealed class A_matroska_file
{
    private const string Pattern = "test:pattern?size=320x240&fps=25";

    [Fact]
    public async Task has_the_pictures_of_the_recording_at_their_times()
    {
        await using Studio studio = Short();
        await RecordAsync(studio, await studio.WatchAsync(Pattern));
        string mp4 = await studio.JoinAsync("gate");
        string mkv = await studio.JoinAsync("gate", Container.Matroska);

        Assert.Equal(await PicturesAsync(mp4), await PicturesAsync(mkv));
        Assert.Equal(
            (await Program.PacketsAsync(mp4)).Select(packet => (Math.Round(packet.Dts, 3), packet.IsKey)),
            (await TimesAsync(mkv)).Select(packet => (Math.Round(packet.Time, 3), packet.IsKey)));
        Assert.InRange(await SecondsAsync(mkv), await SecondsAsync(mp4) - 0.05, await SecondsAsync(mp4) + 0.05);
    }

    [Theory]
    [InlineData("h264")]
    [InlineData("h265")]
    public async Task shows_pictures_in_another_order_than_they_came(string codec)
    {
        await using Studio studio = Short();
        await RecordAsync(studio, await studio.WatchAsync("file://" + await Clips.FragmentedAsync(codec)));

        Assert.Equal(
            await PicturesAsync(await studio.JoinAsync("gate")),
            await PicturesAsync(await studio.JoinAsync("gate", Container.Matroska)));
    }

    [Fact]
    public async Task is_the_same_from_any_place_and_lets_players_seek()
    {
        await using Studio studio = Short();
        await RecordAsync(studio, await studio.WatchAsync(Pattern));
        string path = await studio.JoinAsync("gate", Container.Matroska);
        byte[] whole = await File.ReadAllBytesAsync(path, Studio.Cancel);
        await using Stream stream = studio.Footage.OpenRecording("gate", studio.Spans(), Container.Matroska)!;
        var random = new Random(7);
        for (int i = 0; i < 50; i++)
        {
            int at = random.Next(whole.Length);
            byte[] part = new byte[random.Next(1, Math.Min(100_000, whole.Length - at) + 1)];
            stream.Seek(at, SeekOrigin.Begin);
            await stream.ReadExactlyAsync(part, Studio.Cancel);
            Assert.Equal(whole[at..(at + part.Length)], part);
        }

        Assert.Equal(whole.Length, stream.Length);
        stream.Seek(0, SeekOrigin.End);
        Assert.Equal(0, await stream.ReadAsync(new byte[10], Studio.Cancel));
        (int code, string first, string errors) = await Program.RunAsync(
            "ffprobe", "-v", "error", "-read_intervals", "3%+#1", "-show_entries", "packet=pts_time", "-of", "csv=p=0", path);
        Assert.Equal((0, string.Empty), (code, errors));
        Assert.InRange(Number(first), 2, 3.1);
    }

    [Theory]
    [InlineData(Container.Mp4)]
    [InlineData(Container.Matroska)]
    public async Task shows_all_pictures_of_a_camera_that_changed_its_format(Container container)
    {
        await using Studio studio = Short();
        await RecordOverAsync(studio, Pattern, "test:pattern?size=640x360&fps=10");

        string path = await studio.JoinAsync("gate", container);
        (int code, string output, string errors) = await Program.RunAsync(
            "ffprobe", "-v", "error", "-show_entries", "frame=width,height", "-of", "csv=p=0", path);
        Assert.Equal((0, string.Empty), (code, errors));
        string[] sizes = [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.TrimEnd(','))];
        Assert.Equal(studio.Listener.Segments.Sum(segment => segment.FrameCount), sizes.Length);
        Assert.Equal(["320,240", "640,360"], sizes.Distinct());
    }

    [Theory]
    [InlineData(Container.Mp4)]
    [InlineData(Container.Matroska)]
    public async Task shows_all_pictures_of_a_camera_that_changed_its_codec(Container container)
    {
        await using RtspCamera h264 = await RtspCamera.StartAsync();
        await using RtspCamera h265 = await RtspCamera.MakeAsync("h265");
        await h265.StartAgainAsync();
        await using Studio studio = Short();
        await RecordOverAsync(studio, h264.Address, h265.Address);

        string path = await studio.JoinAsync("gate", container);
        (int code, string output, string errors) = await Program.RunAsync(
            "ffmpeg", "-v", "error", "-nostdin", "-i", path, "-map", "0:v", "-fps_mode", "passthrough", "-f", "framemd5", "-");
        Assert.Equal((0, string.Empty), (code, errors));
        Assert.Equal(
            studio.Listener.Segments.Sum(segment => segment.FrameCount),
            output.Split('\n').Count(line => line is not ("" or ['#', ..])));
        (_, string codecs, _) = await Program.RunAsync(
            "ffprobe", "-v", "error", "-show_entries", "stream=codec_name", "-of", "csv=p=0", path);
        Assert.Equal(["h264", "hevc"], codecs.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task is_not_there_when_a_file_of_it_is_gone_or_broken()
    {
        await using Studio studio = Short();
        await RecordAsync(studio, await studio.WatchAsync(Pattern));
        SegmentSpan[] spans = studio.Spans();
        await using Stream open = studio.Footage.OpenRecording("gate", spans, Container.Matroska)!;
        string[] files = [.. Directory.EnumerateFiles(Path.Combine(studio.Folder, "recordings", "gate")).Order(StringComparer.Ordinal)];
        byte[] bytes = await File.ReadAllBytesAsync(files[0], Studio.Cancel);
        bytes.AsSpan(0, 400).Clear();
        await File.WriteAllBytesAsync(files[0], bytes, Studio.Cancel);
        Assert.Null(studio.Footage.OpenRecording("gate", spans, Container.Matroska));

        await File.WriteAllBytesAsync(files[0], [], Studio.Cancel);
        await Assert.ThrowsAnyAsync<IOException>(() => open.CopyToAsync(Stream.Null, Studio.Cancel));
        Assert.Null(studio.Footage.OpenRecording("gate", spans, Container.Matroska));
    }

    private static Studio Short() => new(options => options with { SegmentDuration = TimeSpan.FromSeconds(1.5) });

    private static async Task RecordAsync(Studio studio, CameraTarget camera)
    {
        RecordingId recording = await studio.RecordAsync(camera, "gate");
        await studio.Listener.WaitAsync("segment 2");
        await studio.Engine.StopAsync(recording, Studio.Cancel);
    }

    /// <summary>One recording of a camera that sends something else from its second source on.</summary>
    private static async Task RecordOverAsync(Studio studio, string first, string second)
    {
        CameraTarget camera = await studio.WatchAsync(first);
        RecordingId recording = await studio.RecordAsync(camera, "gate");
        await studio.Listener.WaitAsync("segment 2");
        await studio.Engine.WatchAsync(camera with { Source = Studio.Camera(second).Source }, Studio.Cancel);
        await studio.Listener.WaitAsync("resumed");
        int before = studio.Listener.Segments.Count;
        await Until.TrueAsync(() => studio.Listener.Segments.Count >= before + 2, TimeSpan.FromSeconds(20));
        await studio.Engine.StopAsync(recording, Studio.Cancel);
    }

    /// <returns>A hash of each decoded picture, in the order in which they are shown.</returns>
    private static async Task<IEnumerable<string>> PicturesAsync(string path)
    {
        (int code, string output, string errors) = await Program.RunAsync(
            "ffmpeg", "-v", "error", "-nostdin", "-i", path, "-fps_mode", "passthrough", "-f", "framemd5", "-");
        Assert.Equal((0, string.Empty), (code, errors));
        string[] pictures = [.. output.Split('\n').Where(line => line is not ("" or ['#', ..])).Select(line => line.Split(',')[^1])];
        Assert.InRange(pictures.Length, 20, 10_000);
        return pictures;
    }

    private static async Task<IEnumerable<(double Time, bool IsKey)>> TimesAsync(string path)
    {
        (int code, string output, string errors) = await Program.RunAsync(
            "ffprobe", "-v", "error", "-show_entries", "packet=pts_time,flags", "-of", "csv=p=0", path);
        Assert.Equal((0, string.Empty), (code, errors));
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(',')).Select(fields => (Number(fields[0]), fields[1].StartsWith('K')));
    }

    private static async Task<double> SecondsAsync(string path) =>
        Number((await Program.RunAsync("ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", path)).Output);

    private static double Number(string text) =>
        double.Parse(text.Trim().TrimEnd(','), System.Globalization.CultureInfo.InvariantCulture);
}
