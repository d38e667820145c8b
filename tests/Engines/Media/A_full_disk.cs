using System.Globalization;
using Events.Application.Contracts;
using Events.Domain.Kernel;
using Events.Media.Storage;
using Xunit;

namespace Events.Tests.Engines.Media;

public sealed class A_full_disk
{
    [Fact]
    public async Task interrupts_the_recording_and_nothing_else()
    {
        string folder = Directory.CreateTempSubdirectory("events-full-").FullName;
        string size = string.Create(CultureInfo.InvariantCulture, $"size={12 * 1024 * 1024}");
        bool isMounted = Environment.UserName == "root"
            && (await Program.RunAsync("mount", "-t", "tmpfs", "-o", size, "tmpfs", folder)).Code == 0;
        Assert.SkipUnless(isMounted, "Mounting a small disk needs root.");
        try
        {
            await RecordOverFullDiskAsync(Path.Combine(folder, "storage"), Path.Combine(folder, "ballast"));
        }
        finally
        {
            await Program.RunAsync("umount", folder);
            Directory.Delete(folder);
        }
    }

    private static async Task RecordOverFullDiskAsync(string folder, string ballast)
    {
        await using var studio = new Studio(options => options with { SegmentDuration = TimeSpan.FromMinutes(1) }, folder);
        CameraTarget target = await studio.WatchAsync("test:pattern?size=640x360&fps=25");
        RecordingId recording = await studio.RecordAsync(target, "full");
        await Until.TrueAsync(() => studio.Engine.SignalOf(target.CameraId)!.FramesIn > 50, TimeSpan.FromSeconds(10));

        await FillAsync(ballast);
        Told interrupted = await studio.Listener.WaitAsync("interrupted storage_failed");
        SegmentFile first = studio.Listener.Segments[0];
        Assert.Equal(first.SizeBytes, new FileInfo(StorageFolder.SegmentFile(studio.Storage.RecordingFolder("full"), 1)).Length);
        Assert.True(interrupted.At >= first.StartedAt);
        long before = studio.Engine.SignalOf(target.CameraId)!.FramesIn;
        await Until.TrueAsync(() => studio.Engine.SignalOf(target.CameraId)!.FramesIn > before + 50, TimeSpan.FromSeconds(10));
        Assert.NotNull(await studio.Engine.JpegOfAsync(target.CameraId, Studio.Cancel));
        Assert.IsType<MediaSnapshot.Failed>(await studio.Engine.TakeSnapshotAsync(target.CameraId, "none.jpg", Studio.Cancel));

        File.Delete(ballast);
        await studio.Listener.WaitAsync("resumed");
        await studio.Engine.StopAsync(recording, Studio.Cancel);
        int frames = studio.Listener.Segments.Sum(segment => segment.FrameCount);
        var packets = await Program.PacketsAsync(await studio.JoinAsync("full"));
        Assert.Equal(frames, packets.Count);
        Assert.All(packets.Zip(packets.Skip(1)), pair => Assert.Equal(0.04, pair.Second.Dts - pair.First.Dts, 3));
        Assert.Equal(
            ["connected", "segment 1", "interrupted storage_failed", "resumed", "segment 2"],
            studio.Listener.All.Select(told => told.What));
    }

    private static async Task FillAsync(string ballast)
    {
        await using FileStream file = File.Create(ballast, bufferSize: 1);
        try
        {
            byte[] block = new byte[64 * 1024];
            while (true)
            {
                await file.WriteAsync(block, Studio.Cancel);
            }
        }
        catch (IOException)
        {
            return; // Full: what was wanted.
        }
    }
}
