using Events.Application.Contracts;
using Events.Media.Mp4;
using Events.Media.Recordings;
using Events.Media.Storage;
using Xunit;

namespace Events.Tests.Engines.Media;

public sealed class A_broken_segment
{
    private static readonly DateTimeOffset At = new(2030, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Fact]
    public async Task is_recovered_up_to_its_last_whole_fragment_wherever_it_breaks()
    {
        await using var studio = new Studio();
        (byte[] whole, List<long> ends, SegmentFile described) = await WriteAsync(studio);
        string path = StorageFolder.SegmentFile(studio.Storage.RecordingFolder("cut"), 1);
        for (int length = 0; length <= whole.Length; length++)
        {
            await File.WriteAllBytesAsync(path, whole[..length], Studio.Cancel);
            IReadOnlyList<SegmentFile> found = await studio.Footage.RecoverAsync("cut", [], [], null, Studio.Cancel);

            long expected = ends.LastOrDefault(end => end <= length);
            Assert.Equal(expected, found.Count == 0 ? 0 : found[0].SizeBytes);
            Assert.Equal(expected, File.Exists(path) ? new FileInfo(path).Length : 0);
            Assert.Equal(expected == 0 ? 0 : 5 * (1 + ends.IndexOf(expected)), found.Sum(segment => segment.FrameCount));
        }

        Assert.Equal([described], await studio.Footage.RecoverAsync("cut", [], [], null, Studio.Cancel));
    }

    [Fact]
    public async Task loses_the_zeros_that_a_power_cut_leaves()
    {
        await using var studio = new Studio();
        (byte[] whole, List<long> ends, SegmentFile described) = await WriteAsync(studio);
        string path = StorageFolder.SegmentFile(studio.Storage.RecordingFolder("cut"), 1);
        await File.WriteAllBytesAsync(path, [.. whole, .. new byte[4096]], Studio.Cancel);

        Assert.Equal([described], await studio.Footage.RecoverAsync("cut", [], [], null, Studio.Cancel));
        Assert.Equal(ends[^1], new FileInfo(path).Length);
    }

    [Fact]
    public async Task is_told_apart_from_those_the_log_knows()
    {
        await using var studio = new Studio();
        (byte[] whole, _, _) = await WriteAsync(studio);
        string folder = studio.Storage.RecordingFolder("cut");
        await File.WriteAllBytesAsync(StorageFolder.SegmentFile(folder, 2), whole[..^10], Studio.Cancel);
        await File.WriteAllBytesAsync(StorageFolder.SegmentFile(folder, 4), whole, Studio.Cancel);
        var missing = new List<int>();

        IReadOnlyList<SegmentFile> found = await studio.Footage.RecoverAsync("cut", [1, 2, 3], missing, null, Studio.Cancel);

        Assert.Equal([2, 3], missing);
        Assert.Equal([4], found.Select(segment => segment.Number));
        Assert.Empty(await studio.Footage.RecoverAsync("never", [], missing, null, Studio.Cancel));
    }

    private static async Task<(byte[] Whole, List<long> Ends, SegmentFile Described)> WriteAsync(Studio studio)
    {
        string folder = studio.Storage.RecordingFolder("cut");
        Folder.Make(folder);
        string path = StorageFolder.SegmentFile(folder, 1);
        var ends = new List<long>();
        using var writer = new SegmentWriter(path, 1, await HeaderAsync(), At);
        for (int i = 0; i < 3; i++)
        {
            Fragment fragment = Five(i);
            writer.Write(fragment, 90_000 + (i * fragment.Duration));
            fragment.Release();
            ends.Add(new FileInfo(path).Length);
        }

        SegmentFile described = writer.Commit();
        Assert.Equal((15, 500, At), (described.FrameCount, described.DurationMs, described.StartedAt));
        return (await File.ReadAllBytesAsync(path, Studio.Cancel), ends, described);
    }

    private static Fragment Five(int seed)
    {
        var fragment = new Fragment(HeaderAsync().Result, 1, true, 0, At);
        for (int i = 0; i < 5; i++)
        {
            fragment.Add(new SampleInfo(i * 3000, 3000, 0, i == 0), [0, 0, 0, 2, (byte)seed, (byte)i, 9]);
        }

        return fragment;
    }

    private static async Task<StreamHeader> HeaderAsync()
    {
        byte[] bytes = await File.ReadAllBytesAsync(await Clips.FragmentedAsync());
        return StreamHeader.Parse(BoxCursor.Find(bytes.AsSpan(0, WholeBoxes(bytes)), Box.Moov));
    }

    private static int WholeBoxes(byte[] bytes) => bytes.AsSpan().IndexOf("moof"u8) - 4;
}
