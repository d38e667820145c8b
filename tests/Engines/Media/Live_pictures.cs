using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using Events.Application.Contracts;
using Events.Media;
using Events.Media.Live;
using Xunit;

namespace Events.Tests.Engines.Media;

public sealed class Live_pictures
{
    [Fact]
    public async Task play_over_hls_across_a_lost_camera()
    {
        await using RtspCamera camera = await RtspCamera.StartAsync();
        await using var studio = new Studio();
        CameraTarget target = await studio.WatchAsync(camera.Address);
        Assert.Null(await ListAsync(studio, Studio.Camera(camera.Address)));
        await WaitForSegmentsAsync(studio, target, 2);
        await camera.KillAsync();
        await studio.Listener.WaitAsync("disconnected");
        await camera.StartAgainAsync();
        await WaitForSegmentsAsync(studio, target, 5);

        string list = (await ListAsync(studio, target, "?sig=1"))!;
        Assert.StartsWith("#EXTM3U\n#EXT-X-VERSION:7\n", list);
        Assert.Contains("#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI=\"header-2.mp4?sig=1\"\n", list);
        int target_s = int.Parse(list.Split("TARGETDURATION:")[1].Split('\n')[0], CultureInfo.InvariantCulture);
        IEnumerable<double> lengths = list.Split("#EXTINF:").Skip(1)
            .Select(part => double.Parse(part.Split(',')[0], CultureInfo.InvariantCulture));
        Assert.All(lengths, length => Assert.InRange(Math.Round(length), 0, target_s));

        await using var server = new HlsServer(studio.Engine, target);
        (int code, string output, string errors) = await Program.RunAsync(
            "ffmpeg", "-v", "error", "-nostdin", "-live_start_index", "0", "-i", server.Address,
            "-t", "4", "-f", "null", "-progress", "pipe:1", "-");
        Assert.Equal((0, string.Empty), (code, errors));
        int frames = int.Parse(output.Split("frame=")[^1].Split('\n')[0], CultureInfo.InvariantCulture);
        Assert.InRange(frames, 90, 130);
    }

    [Fact]
    public async Task are_waited_for_by_a_player_who_comes_before_the_first_segment()
    {
        await using var studio = new Studio();
        CameraTarget target = await studio.WatchAsync("test:pattern?size=320x240&fps=10");
        Assert.False(studio.Engine.HasHls(target.CameraId));
        using var gone = new CancellationTokenSource();
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => studio.Engine.HlsPlaylistAsync(target.CameraId, "camera0/", "?sig=1", gone.Token));
        string? list = await studio.Engine.HlsPlaylistAsync(target.CameraId, "camera0/", "?sig=1", Studio.Cancel);
        Assert.Contains("\ncamera0/segment-0.m4s?sig=1\n", list, StringComparison.Ordinal);
        Assert.True(studio.Engine.HasHls(target.CameraId));
    }

    [Fact]
    public async Task are_kept_in_memory_for_hls_only_while_somebody_watches()
    {
        await using var studio = new Studio();
        CameraTarget target = await studio.WatchAsync("test:pattern?size=320x240&fps=10");
        await Until.TrueAsync(() => studio.Engine.HlsSegmentOf(target.CameraId, 3) is not null, TimeSpan.FromSeconds(20));
        Assert.Null(studio.Engine.HlsSegmentOf(target.CameraId, 0));
        Assert.InRange((await ListAsync(studio, target))!.Split("#EXTINF").Length - 1, 3, 4);

        await WaitForSegmentsAsync(studio, target, 6);
        string list = (await ListAsync(studio, target))!;
        long oldest = long.Parse(list.Split("MEDIA-SEQUENCE:")[1].Split('\n')[0], CultureInfo.InvariantCulture);
        await Until.TrueAsync(() => studio.Engine.HlsSegmentOf(target.CameraId, oldest + 7) is not null, TimeSpan.FromSeconds(20));
        Assert.NotNull(studio.Engine.HlsSegmentOf(target.CameraId, oldest));
    }

    [Fact]
    public async Task are_saved_as_a_jpeg_of_their_size()
    {
        await using var studio = new Studio();
        CameraTarget target = await studio.WatchAsync("test:pattern?size=640x360&fps=10");

        var taken = Assert.IsType<MediaSnapshot.Taken>(
            await studio.Engine.TakeSnapshotAsync(target.CameraId, "gate.jpg", null, Studio.Cancel));

        using var bytes = new MemoryStream();
        await using (Stream file = studio.Footage.OpenSnapshot("gate.jpg")!)
        {
            await file.CopyToAsync(bytes, Studio.Cancel);
        }

        byte[] jpeg = bytes.ToArray();
        Assert.Equal((640, 360), JpegMaker.SizeOf(jpeg));
        Assert.Equal((640, 360, jpeg.Length), (taken.Width, taken.Height, taken.SizeBytes));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(jpeg)), taken.Sha256);
        Assert.Equal(["gate.jpg"], studio.Footage.ListSnapshots());
    }

    [Fact]
    public async Task are_saved_so_that_nobody_without_the_key_sees_them()
    {
        await using var studio = new Studio();
        CameraTarget target = await studio.WatchAsync("test:pattern?size=640x360&fps=10");
        var key = new FootageKey(Guid.CreateVersion7(), RandomNumberGenerator.GetBytes(FootageKey.SecretBytes));

        var taken = Assert.IsType<MediaSnapshot.Taken>(
            await studio.Engine.TakeSnapshotAsync(target.CameraId, "gate.jpg", key, Studio.Cancel));

        byte[] stored = await Whole(studio.Footage.OpenSnapshot("gate.jpg")!);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(stored)), taken.StoredSha256);
        Assert.Equal(FootagePaths.EncryptedLengthOf(taken.SizeBytes), stored.Length);
        Assert.Equal(-1, stored.AsSpan().IndexOf("JFIF"u8));
        byte[] clear = await Whole(studio.Footage.OpenSnapshot("gate.jpg", key)!);
        Assert.Equal((640, 360, clear.Length), (taken.Width, taken.Height, taken.SizeBytes));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(clear)), taken.Sha256);
        Assert.Throws<FootageUnreadableException>(
            () => studio.Footage.OpenSnapshot("gate.jpg", key with { Owner = Guid.CreateVersion7() }));
        Assert.Null(studio.Footage.OpenSnapshot("none.jpg", key));

        static async Task<byte[]> Whole(Stream stream)
        {
            await using Stream open = stream;
            using var bytes = new MemoryStream();
            await open.CopyToAsync(bytes, Studio.Cancel);
            return bytes.ToArray();
        }
    }

    [Fact]
    public async Task are_decoded_once_for_all_who_ask()
    {
        await using RtspCamera camera = await RtspCamera.StartAsync();
        await using var studio = new Studio();
        CameraTarget target = await studio.WatchAsync(camera.Address);
        camera.StandStill();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => studio.Engine.JpegOfAsync(target.CameraId, Studio.Cancel)));
        Assert.InRange(studio.Processes.Started.Count(started => started.Spec.Arguments.Contains("mjpeg")), 1, 2);
    }

    [Fact]
    public async Task are_not_made_up()
    {
        await using var studio = new Studio();
        CameraTarget target = Studio.Camera("rtsp://127.0.0.1:1/none");
        await studio.Engine.WatchAsync(target, Studio.Cancel);

        Assert.Null(await ListAsync(studio, target));
        Assert.False(studio.Engine.HasHls(target.CameraId));
        Assert.Null(studio.Engine.HlsHeaderOf(target.CameraId, 1));
        Assert.Null(studio.Engine.HlsSegmentOf(target.CameraId, 0));
        Assert.Null(await studio.Engine.JpegOfAsync(target.CameraId, Studio.Cancel));
        Assert.IsType<MediaSnapshot.Failed>(await studio.Engine.TakeSnapshotAsync(target.CameraId, "a.jpg", null, Studio.Cancel));
    }

    private static Task<string?> ListAsync(Studio studio, CameraTarget target, string query = "") =>
        studio.Engine.HlsPlaylistAsync(target.CameraId, string.Empty, query, Studio.Cancel);

    private static Task WaitForSegmentsAsync(Studio studio, CameraTarget target, int count) =>
        Until.TrueAsync(
            () => studio.Engine.FeedOf(target.CameraId)!.WithHls(hls => hls.ToPlaylist("", ""))?.Split("#EXTINF").Length > count,
            TimeSpan.FromSeconds(20));

    /// <summary>Serves one camera's HLS as the host will.</summary>
    private sealed class HlsServer : IAsyncDisposable
    {
        private readonly HttpListener _http = new();
        private readonly Task _serving;

        public HlsServer(ILiveOutput live, CameraTarget target)
        {
            string root = $"http://127.0.0.1:{FreePort()}/";
            Address = root + "index.m3u8";
            _http.Prefixes.Add(root);
            _http.Start();
            _serving = Task.Run(() => ServeAsync(live, target));
        }

        public string Address { get; }

        public async ValueTask DisposeAsync()
        {
            _http.Close();
            await _serving;
        }

        private static int FreePort()
        {
            using var listener = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            return ((IPEndPoint)listener.LocalEndpoint).Port;
        }

        private async Task ServeAsync(ILiveOutput live, CameraTarget target)
        {
            while (_http.IsListening)
            {
                try
                {
                    HttpListenerContext context = await _http.GetContextAsync();
                    string path = context.Request.Url!.AbsolutePath[1..];
                    string number = path.Split('-', '.') is [_, string digits, ..] ? digits : string.Empty;
                    ReadOnlyMemory<byte>? body = path switch
                    {
                        "index.m3u8" => System.Text.Encoding.UTF8.GetBytes(
                            (await live.HlsPlaylistAsync(target.CameraId, string.Empty, string.Empty, Studio.Cancel))!),
                        ['h', ..] => live.HlsHeaderOf(target.CameraId, int.Parse(number, CultureInfo.InvariantCulture)),
                        _ => live.HlsSegmentOf(target.CameraId, long.Parse(number, CultureInfo.InvariantCulture)),
                    };
                    context.Response.StatusCode = body is null ? 404 : 200;
                    await context.Response.OutputStream.WriteAsync(body ?? default);
                    context.Response.Close();
                }
                catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
                {
                    return;
                }
            }
        }
    }
}
