using Events.Application.Contracts;
using Events.Media.Storage;
using Xunit;

namespace Events.Tests.Engines.Media;

public sealed class The_storage_folder
{
    [Fact]
    public async Task of_another_installation_is_refused()
    {
        await using var studio = new Studio();
        var refusal = Assert.Throws<ForeignStorageException>(
            () => StorageFolder.Open(studio.Options with { InstallationId = "other" }));
        Assert.Contains("belongs to the installation test", refusal.Message);
        StorageFolder.Open(studio.Options);
    }

    [Fact]
    public async Task with_footage_of_nobody_is_refused()
    {
        await using var studio = new Studio();
        Directory.CreateDirectory(studio.Storage.RecordingFolder("old"));
        File.Delete(Path.Combine(studio.Folder, ".events-storage"));
        Assert.Throws<ForeignStorageException>(() => StorageFolder.Open(studio.Options));
    }

    [Fact]
    public async Task is_closed_to_other_accounts()
    {
        await using var studio = new Studio();
        const UnixFileMode Others =
            UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;
        Assert.All(
            [studio.Storage.Recordings, studio.Storage.Snapshots],
            folder => Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(folder) & Others));
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("a..b")]
    [InlineData("")]
    [InlineData(".hidden")]
    [InlineData("a/b")]
    [InlineData("a\n")]
    public async Task has_no_place_for_strange_names(string name)
    {
        await using var studio = new Studio();
        Assert.Throws<ArgumentException>(() => studio.Storage.RecordingFolder(name));
        Assert.Throws<ArgumentException>(() => studio.Footage.OpenSnapshot(name));
        await Assert.ThrowsAsync<ArgumentException>(() => studio.Footage.DeleteRecordingAsync(name, Studio.Cancel));
    }

    /// <summary>As after its disk was unmounted: the files are elsewhere, so they have not been removed.</summary>
    [Fact]
    public async Task that_has_gone_takes_no_deletion_for_done()
    {
        await using var studio = new Studio();
        await File.WriteAllTextAsync(studio.Storage.SnapshotFile("a.jpg"), "x", Studio.Cancel);
        string mark = Path.Combine(studio.Folder, ".events-storage");
        File.Move(mark, mark + ".away");

        await Assert.ThrowsAsync<IOException>(() => studio.Footage.DeleteRecordingAsync("old", Studio.Cancel));
        await Assert.ThrowsAsync<IOException>(() => studio.Footage.DeleteSnapshotAsync("a.jpg", Studio.Cancel));
        Assert.Equal("storage", Assert.Throws<DependencyUnavailableException>(() => studio.Footage.Usage()).Dependency);

        File.Move(mark + ".away", mark);
        await studio.Footage.DeleteSnapshotAsync("a.jpg", Studio.Cancel);
        Assert.Empty(studio.Footage.ListSnapshots());
    }

    [Fact]
    public async Task forgets_what_is_deleted()
    {
        await using var studio = new Studio();
        Directory.CreateDirectory(studio.Storage.RecordingFolder("old"));
        await File.WriteAllTextAsync(StorageFolder.SegmentFile(studio.Storage.RecordingFolder("old"), 1), "x", Studio.Cancel);
        await File.WriteAllTextAsync(studio.Storage.SnapshotFile("a.jpg"), "x", Studio.Cancel);
        Assert.Equal(["old"], studio.Footage.ListRecordings());
        Assert.Equal(["a.jpg"], studio.Footage.ListSnapshots());
        for (int i = 0; i < 2; i++)
        {
            await studio.Footage.DeleteRecordingAsync("old", Studio.Cancel);
            await studio.Footage.DeleteSnapshotAsync("a.jpg", Studio.Cancel);
        }

        Assert.Empty(studio.Footage.ListRecordings());
        Assert.Null(studio.Footage.OpenSnapshot("a.jpg"));
        Assert.Null(studio.Footage.OpenRecording("old", [new(1, 1, 0)], Container.Mp4));
        Assert.InRange(studio.Footage.Usage().UsedPercent, 0, 100);
    }
}
