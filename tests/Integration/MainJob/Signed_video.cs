using System.Text;
using Events.Tests.Integration.Faults;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.MainJob;

/// <summary>
/// Cameras that sign what they send put the signature into the stream, as SEI messages beside the pictures. Nothing here checks
/// them: whoever has the vendor's program can, because none is lost on the way.
/// </summary>
public sealed class Signed_video
{
    private const string Signature = "signed-by-the-camera-itself";
    private const int GroupOfPictures = 15;

    [Fact]
    public async Task keeps_every_signature_in_the_recording_and_in_what_is_made_of_it()
    {
        string clip = Path.Combine(Directory.CreateTempSubdirectory("signed").FullName, "signed.h264");
        (await Tool.RunAsync(
            "ffmpeg",
            [
                "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30", "-t", "4", "-c:v", "libx264", "-pix_fmt", "yuv420p",
                "-x264-params", $"keyint={GroupOfPictures}:min-keyint={GroupOfPictures}:scenecut=0:bframes=0:aud=1:repeat-headers=1",
                "-bsf:v", $"h264_metadata=sei_user_data=086f3693-b7b3-4f2c-9653-21492feee5b8+{Signature}", "-f", "h264", clip,
            ])).Ok();
        Assert.Equal(4 * 30 / GroupOfPictures, CountIn(await File.ReadAllBytesAsync(clip, TestContext.Current.CancellationToken)));

        await using RtspCamera camera = await RtspCamera.StartAsync("--mode", "file", "--file", clip, "--size", "320x180");
        await using RunningHost host = await RunningHost.StartAsync();
        await Scene.AddAsync(host, camera.Url);
        await using RpcClient client = await host.ConnectAsync();
        await Scene.ConnectedAsync(client);
        string name = (await client.CallAsync("start_recording", new { device = "camera0" })).Text("filename");
        await Until.RecordedAsync(4);
        await client.CallAsync("stop_recording", new { device = "camera0" });

        string token = await host.TokenAsync("admin");
        foreach (string ending in new[] { string.Empty, ".mp4", ".mkv" })
        {
            byte[] bytes = await host.DownloadAsync($"/files/recordings/{name}{ending}", token);
            string path = Path.Combine(host.Data, $"signed{ending}.bin");
            await File.WriteAllBytesAsync(path, bytes, TestContext.Current.CancellationToken);
            int keys = (await Tool.ProbeAsync(path, "packet=flags")).Split('\n').Count(line => line.StartsWith('K'));
            Assert.True(keys >= 4, $"{keys} key frames in {ending}");
            Assert.Equal(keys, CountIn(bytes));
        }
    }

    private static int CountIn(byte[] bytes)
    {
        byte[] sought = Encoding.ASCII.GetBytes(Signature);
        int count = -1;
        for (int at = 0, next = 0; next >= 0; at += next + sought.Length)
        {
            next = bytes.AsSpan(at).IndexOf(sought);
            count++;
        }

        return count;
    }
}
