using System.Globalization;
using Xunit;

namespace Events.Tests.Integration.Kit;

/// <summary>A disk of a few megabytes, in memory. Needs root; without it, the test says why it was skipped.</summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    private SmallDisk(string path) => Path = path;

    public string Path { get; }

    public static async Task<SmallDisk> MountAsync(int megabytes)
    {
        string path = Directory.CreateTempSubdirectory("events-disk-").FullName;
        string options = string.Create(CultureInfo.InvariantCulture, $"size={megabytes}m,mode=0755");
        bool isMounted = Environment.IsPrivilegedProcess
            && (await Tool.RunAsync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", path])).ExitCode == 0;
        if (!isMounted)
        {
            Directory.Delete(path);
            Assert.Skip("Mounting a small disk is not permitted here; it needs root.");
        }

        return new SmallDisk(path);
    }

    public long FreeBytes => new DriveInfo(Path).AvailableFreeSpace;

    /// <summary>Takes all that is free, but for some.</summary>
    public async Task FillAsync(long butBytes = 0)
    {
        await using FileStream file = new(System.IO.Path.Combine(Path, "ballast"), FileMode.Append, FileAccess.Write, FileShare.None, 1);
        byte[] block = new byte[16 * 1024];
        try
        {
            while (FreeBytes > butBytes)
            {
                await file.WriteAsync(block.AsMemory(0, (int)Math.Min(block.Length, Math.Max(1, FreeBytes - butBytes))));
            }
        }
        catch (IOException)
        {
            // Full: what was wanted.
        }
    }

    public void Free() => File.Delete(System.IO.Path.Combine(Path, "ballast"));

    public async Task MakeReadOnlyAsync() => (await Tool.RunAsync("mount", ["-o", "remount,ro", Path])).Ok();

    public async ValueTask DisposeAsync()
    {
        // A process that is just ending may hold it for a moment.
        await Until.TrueAsync(
            async () => (await Tool.RunAsync("umount", [Path])).ExitCode == 0, TimeSpan.FromSeconds(20), "the small disk to be free");
        Directory.Delete(Path);
    }
}
