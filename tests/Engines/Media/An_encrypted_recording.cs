using System.Security.Cryptography;
using Events.Application.Contracts;
using Events.Domain.Kernel;
using Events.Media.Encryption;
using Events.Media.Mp4;
using Events.Media.Recordings;
using Events.Media.Storage;
using Xunit;

namespace Events.Tests.Engines.Media;

public sealed class An_encrypted_recording
{
    private const string Name = "vault";

    private static readonly DateTimeOffset At = new(2030, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private readonly FootageKey _key = new(Guid.CreateVersion7(), RandomNumberGenerator.GetBytes(FootageKey.SecretBytes));

    [Fact]
    public async Task is_handed_out_whole_in_either_kind_and_shows_nothing_on_disk()
    {
        await using var studio = new Studio();
        CameraTarget camera = await studio.WatchAsync("test:pattern?size=640x360&fps=25");
        await studio.RecordAsync(camera, Name, _key);
        await studio.Listener.WaitAsync("segment 2");
        await studio.Engine.StopAsync(new RecordingId(_key.Owner), Studio.Cancel);
        int frames = studio.Listener.Segments.Sum(segment => segment.FrameCount);

        Assert.Equal(frames, (await Program.PacketsAsync(await studio.JoinAsync(Name, Container.Mp4, _key))).Count);
        Assert.Equal(frames, (await Program.PacketsAsync(await studio.JoinAsync(Name, Container.Matroska, _key))).Count);
        foreach (SegmentFile segment in studio.Listener.Segments)
        {
            byte[] stored = await File.ReadAllBytesAsync(PathOf(studio, segment.Number), Studio.Cancel);
            Assert.Equal(RecordFormat.StoredLengthOf(segment.SizeBytes), stored.Length);
            Assert.Equal(segment.StoredSha256, Convert.ToHexStringLower(SHA256.HashData(stored)));
            foreach (string box in new[] { "ftyp", "moov", "moof", "mdat", "avcC" })
            {
                Assert.Equal(-1, stored.AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(box)));
            }
        }
    }

    [Fact]
    public async Task may_have_clear_files_before_it()
    {
        await using var studio = new Studio();
        CameraTarget camera = await studio.WatchAsync("test:pattern?size=320x240&fps=25");
        var id = new RecordingId(_key.Owner);
        var clear = new RecordingTarget(id, camera.CameraId, Name, 1, TimeSpan.Zero);
        Assert.IsType<MediaStart.Running>(await studio.Engine.StartAsync(clear, Studio.Cancel));
        await studio.Listener.WaitAsync("segment 1");
        await studio.Engine.StopAsync(id, Studio.Cancel);
        SegmentFile[] before = [.. studio.Listener.Segments];
        var offset = TimeSpan.FromMilliseconds(before.Sum(segment => segment.DurationMs));
        RecordingTarget encrypted = clear with { NextSegment = before.Length + 1, Offset = offset, Key = _key };
        Assert.IsType<MediaStart.Running>(await studio.Engine.StartAsync(encrypted, Studio.Cancel));
        await studio.Listener.WaitAsync($"segment {before.Length + 1}");
        await studio.Engine.StopAsync(id, Studio.Cancel);

        Assert.Equal([false, true], studio.Spans().Select(span => span.IsEncrypted).Distinct());
        Assert.Equal(
            studio.Listener.Segments.Sum(segment => segment.FrameCount),
            (await Program.PacketsAsync(await studio.JoinAsync(Name, Container.Mp4, _key))).Count);
    }

    [Fact]
    public async Task is_recovered_up_to_its_last_whole_fragment_in_whole_records_wherever_it_breaks()
    {
        await using var studio = new Studio();
        (byte[] stored, List<long> ends, SegmentFile described) = await WriteAsync(studio);
        string path = PathOf(studio, 1);
        for (int length = 0; length <= stored.Length; length += length % RecordFormat.StoredBytes < 150 ? 1 : 211)
        {
            await File.WriteAllBytesAsync(path, stored[..length], Studio.Cancel);
            IReadOnlyList<SegmentFile> found = await studio.Footage.RecoverAsync(Name, [], [], _key, Studio.Cancel);

            long clear = Math.Max(0, length - FileHeader.Bytes) / RecordFormat.StoredBytes * RecordFormat.ClearBytes;
            long expected = length == stored.Length ? ends[^1] : ends.LastOrDefault(end => end <= clear);
            Assert.Equal(expected, found.Sum(segment => segment.SizeBytes));
            if (expected > 0)
            {
                await RequireSoundAsync(path, found[0]);
            }
        }

        await File.WriteAllBytesAsync(path, stored, Studio.Cancel);
        Assert.Equal([described], await studio.Footage.RecoverAsync(Name, [], [], _key, Studio.Cancel));
        Assert.Equal(stored, await File.ReadAllBytesAsync(path, Studio.Cancel));
    }

    [Fact]
    public async Task is_recovered_also_when_a_power_cut_left_zeros()
    {
        await using var studio = new Studio();
        (byte[] stored, List<long> ends, _) = await WriteAsync(studio);
        stored.AsSpan(FileHeader.Bytes + (3 * RecordFormat.StoredBytes) + 5).Clear();
        await File.WriteAllBytesAsync(PathOf(studio, 1), stored, Studio.Cancel);

        SegmentFile found = Assert.Single(await studio.Footage.RecoverAsync(Name, [], [], _key, Studio.Cancel));

        Assert.Equal(ends.Last(end => end <= 3 * RecordFormat.ClearBytes), found.SizeBytes);
        await RequireSoundAsync(PathOf(studio, 1), found);
    }

    [Fact]
    public async Task is_left_alone_by_a_start_that_cannot_open_it()
    {
        await using var studio = new Studio();
        (byte[] stored, _, _) = await WriteAsync(studio);
        FootageKey another = _key with { Secret = new byte[FootageKey.SecretBytes] };
        List<int> missing = [];

        Assert.Empty(await studio.Footage.RecoverAsync(Name, [], missing, null, Studio.Cancel));
        Assert.Empty(await studio.Footage.RecoverAsync(Name, [], missing, another, Studio.Cancel));
        Assert.Empty(await studio.Footage.RecoverAsync(Name, [1], missing, null, Studio.Cancel));
        Assert.Empty(missing);
        Assert.Equal(stored, await File.ReadAllBytesAsync(PathOf(studio, 1), Studio.Cancel));
    }

    [Fact]
    public async Task is_not_handed_out_without_its_key_and_nothing_in_its_place()
    {
        await using var studio = new Studio();
        (byte[] stored, _, SegmentFile described) = await WriteAsync(studio);
        SegmentSpan[] spans = [new(1, described.SizeBytes, described.HeaderBytes, IsEncrypted: true)];
        Assert.Throws<FootageUnreadableException>(() => studio.Footage.OpenRecording(Name, spans, Container.Mp4));

        // Somebody who can write to the disk puts a clear file of his own there.
        byte[] clear = new byte[stored.Length];
        await using (Stream whole = studio.Footage.OpenRecording(Name, spans, Container.Mp4, _key)!)
        {
            await whole.ReadExactlyAsync(clear.AsMemory(0, (int)whole.Length), Studio.Cancel);
        }

        await File.WriteAllBytesAsync(PathOf(studio, 1), clear, Studio.Cancel);
        Assert.Throws<FootageUnreadableException>(() => studio.Footage.OpenRecording(Name, spans, Container.Mp4, _key));
    }

    private static string PathOf(Studio studio, int number) =>
        StorageFolder.SegmentFile(studio.Storage.RecordingFolder(Name), number);

    /// <summary>It opens as a finished file, with the content and on disk with the bytes that were described.</summary>
    private async Task RequireSoundAsync(string path, SegmentFile found)
    {
        using SegmentBytes file = SegmentBytes.Open(path, _key, 1);
        Assert.Equal((found.SizeBytes, found.SizeBytes), (file.Length, SegmentScan.Read(file).WholeBytes));
        Assert.Equal(found.Sha256, await SegmentScan.HashAsync(file, file.Length, Studio.Cancel));
        byte[] stored = await File.ReadAllBytesAsync(path, Studio.Cancel);
        Assert.Equal(found.StoredSha256, Convert.ToHexStringLower(SHA256.HashData(stored)));
    }

    private async Task<(byte[] Stored, List<long> Ends, SegmentFile Described)> WriteAsync(Studio studio)
    {
        Folder.Make(studio.Storage.RecordingFolder(Name));
        byte[] clip = await File.ReadAllBytesAsync(await Clips.FragmentedAsync(), Studio.Cancel);
        int headerEnd = clip.AsSpan().IndexOf("moof"u8) - 4;
        StreamHeader header = StreamHeader.Parse(BoxCursor.Find(clip.AsSpan(0, headerEnd), Box.Moov));
        using var writer = new SegmentWriter(PathOf(studio, 1), 1, header, At, _key);
        var ends = new List<long>();
        for (int i = 0; i < 12; i++)
        {
            var fragment = new Fragment(header, 1, true, 0, At);
            fragment.Add(new SampleInfo(0, 3000, 0, true), [0, 0, 7, 0xcc, .. Enumerable.Repeat((byte)i, 1996)]);
            writer.Write(fragment, i * fragment.Duration);
            ends.Add(writer.Length);
            fragment.Release();
        }

        SegmentFile described = writer.Commit();
        return (await File.ReadAllBytesAsync(PathOf(studio, 1), Studio.Cancel), ends, described);
    }
}
