using System.Globalization;
using Events.Application.Contracts;
using Events.Domain.Kernel;
using Events.Media.Mp4;
using Events.Media.Recordings;
using Events.Media.Storage;
using Xunit;

namespace Events.Tests.Engines.Media;

public sealed class A_full_disk
{
    [Fact]
    public Task interrupts_the_recording_and_nothing_else() =>
        OnSmallDiskAsync(12 * 1024 * 1024, folder =>
            RecordOverFullDiskAsync(Path.Combine(folder, "storage"), Path.Combine(folder, "ballast")));

    /// <summary>The reserve makes this rare, but others write to the same disk.</summary>
    [Fact]
    public Task leaves_a_file_with_whole_fragments_also_when_a_write_fails() =>
        OnSmallDiskAsync(2 * 1024 * 1024, async folder =>
        {
            await using FileStream clip = File.OpenRead(await Clips.FragmentedAsync());
            var gather = new OneFragment();
            using (var reader = new FragmentReader(clip, gather))
            {
                reader.ReadToEnd();
            }

            string path = Path.Combine(folder, "000001.mp4");
            using var segment = new SegmentWriter(path, 1, gather.Fragment!.Header, DateTimeOffset.UnixEpoch);
            long written = 0;
            IOException full = await Assert.ThrowsAsync<IOException>(() =>
            {
                for (; ; written++)
                {
                    segment.Write(gather.Fragment, written * gather.Fragment.Duration);
                }
            });

            Assert.True(DiskFullException.Is(full), full.ToString());
            Assert.True(written > 1, "Nothing fitted at all.");
            SegmentFile file = segment.Commit();
            Assert.Equal(file.SizeBytes, new FileInfo(path).Length);
            Assert.Equal(written * gather.Fragment.Samples.Count, file.FrameCount);
            using SegmentBytes found = SegmentBytes.Open(path, null, 1);
            Assert.Equal(file.SizeBytes, SegmentScan.Read(found).WholeBytes);
            Assert.Equal(file.Sha256, await SegmentScan.HashAsync(found, file.SizeBytes, Studio.Cancel));
        });

    [Theory]
    [InlineData(1_000_000_000_000, 32 * 1024 * 1024)]
    [InlineData(100_000_000, 3_000_000)]
    public void begins_where_the_reserve_does(long totalBytes, long reserveBytes)
    {
        Assert.False(new StorageSpace(totalBytes, reserveBytes + 100).IsFullFor(100));
        Assert.True(new StorageSpace(totalBytes, reserveBytes + 100).IsFullFor(101));
        Assert.False(new StorageSpace(totalBytes, reserveBytes + 100).IsRoomy);
        Assert.True(new StorageSpace(totalBytes, 2 * reserveBytes).IsRoomy);
    }

    private static async Task OnSmallDiskAsync(int byteCount, Func<string, Task> actAsync)
    {
        string folder = Directory.CreateTempSubdirectory("events-full-").FullName;
        string size = string.Create(CultureInfo.InvariantCulture, $"size={byteCount}");
        bool isMounted = Environment.UserName == "root"
            && (await Program.RunAsync("mount", "-t", "tmpfs", "-o", size, "tmpfs", folder)).Code == 0;
        Assert.SkipUnless(isMounted, "Mounting a small disk needs root.");
        try
        {
            await actAsync(folder);
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
        Told interrupted = await studio.Listener.WaitAsync("interrupted storage_full");
        SegmentFile first = studio.Listener.Segments[0];
        Assert.Equal(first.SizeBytes, new FileInfo(StorageFolder.SegmentFile(studio.Storage.RecordingFolder("full"), 1)).Length);
        Assert.True(interrupted.At >= first.StartedAt);
        long before = studio.Engine.SignalOf(target.CameraId)!.FramesIn;
        await Until.TrueAsync(() => studio.Engine.SignalOf(target.CameraId)!.FramesIn > before + 50, TimeSpan.FromSeconds(10));
        Assert.NotNull(await studio.Engine.JpegOfAsync(target.CameraId, Studio.Cancel));
        Assert.Equal(
            new MediaSnapshot.Failed("The disk is full.", "storage"),
            await studio.Engine.TakeSnapshotAsync(target.CameraId, "none.jpg", null, Studio.Cancel));
        Assert.Single(studio.Log.Text.Split('\n'), line => line.Contains("the disk refuses", StringComparison.Ordinal));

        File.Delete(ballast);
        await studio.Listener.WaitAsync("resumed");
        await studio.Engine.StopAsync(recording, Studio.Cancel);
        int frames = studio.Listener.Segments.Sum(segment => segment.FrameCount);
        var packets = await Program.PacketsAsync(await studio.JoinAsync("full"));
        Assert.Equal(frames, packets.Count);
        Assert.All(packets.Zip(packets.Skip(1)), pair => Assert.Equal(0.04, pair.Second.Dts - pair.First.Dts, 3));
        Assert.Equal(
            ["connected", "segment 1", "interrupted storage_full", "resumed", "segment 2"],
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

    /// <summary>The first second of a clip.</summary>
    private sealed class OneFragment : ISampleSink
    {
        private StreamHeader? _header;

        public Fragment? Fragment { get; private set; }

        public void TakeHeader(StreamHeader header) => _header = header;

        public void TakeSample(in SampleInfo sample, ReadOnlySpan<byte> data)
        {
            Fragment ??= new Fragment(_header!, 1, startsWithKey: true, 0, DateTimeOffset.UnixEpoch);
            if (Fragment.Samples.Count < 25)
            {
                Fragment.Add(sample, data);
            }
        }
    }
}
