using System.Globalization;

using Events.Host.Operations;

using Npgsql;

using Xunit;

namespace Events.Tests.Integration.Operations;

public sealed class A_data_folder
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    [Fact]
    public void is_made_with_its_private_parts()
    {
        using var folder = new TemporaryFolder();

        using var data = DataFolder.Open(folder.PathOf("deep/data/"));

        Assert.Equal(folder.PathOf("deep/data"), data.FullPath);
        Assert.Equal(
            Private | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute, File.GetUnixFileMode(data.FullPath));
        Assert.Equal(Private, File.GetUnixFileMode(data.RunPath));
        Assert.Equal(Private, File.GetUnixFileMode(data.KeysPath));
    }

    [Fact]
    public void makes_parts_private_that_are_not()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.PathOf("data/keys"), Private | UnixFileMode.OtherRead);

        using var data = DataFolder.Open(folder.PathOf("data"));

        Assert.Equal(Private, File.GetUnixFileMode(data.KeysPath));
    }

    [Fact]
    public void is_no_folder_to_start_on_while_a_restore_into_it_is_not_at_its_end()
    {
        using var folder = new TemporaryFolder();
        DataFolder.Open(folder.PathOf("data")).Dispose();
        File.WriteAllText(folder.PathOf("data/restore-unfinished"), "/kept/base-20260301T120000Z\n");

        var refused = Assert.Throws<StartRefusedException>(() => DataFolder.Open(folder.PathOf("data")));

        Assert.Contains("A restore into", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void serves_one_at_a_time()
    {
        using var folder = new TemporaryFolder();
        using (DataFolder.Open(folder.PathOf("data")))
        {
            var refused = Assert.Throws<StartRefusedException>(() => DataFolder.Open(folder.PathOf("data")));

            Assert.Contains(
                string.Create(CultureInfo.InvariantCulture, $"already served by process {Environment.ProcessId}"),
                refused.Message,
                StringComparison.Ordinal);
        }

        DataFolder.Open(folder.PathOf("data")).Dispose();
    }

    [Fact]
    public async Task serves_one_process_at_a_time_and_is_free_when_that_is_killed()
    {
        using var folder = new TemporaryFolder();
        using var first = await KillableHost.StartAsync(folder.PathOf("data"));
        using var second = await KillableHost.StartAsync(folder.PathOf("data"));
        Assert.Equal(1, await second.ExitCodeAsync());
        Assert.Contains(
            string.Create(CultureInfo.InvariantCulture, $"already served by process {first.ProcessId}."),
            second.FirstLine,
            StringComparison.Ordinal);

        await first.KillAsync();

        DataFolder.Open(folder.PathOf("data")).Dispose();
        Directory.Delete(new NpgsqlConnectionStringBuilder(first.ConnectionString).Host!, recursive: true);
    }

    [Fact]
    public void says_so_when_it_is_a_file()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.PathOf("data"), "");

        var refused = Assert.Throws<StartRefusedException>(() => DataFolder.Open(folder.PathOf("data")));

        Assert.Contains("--data", refused.Message, StringComparison.Ordinal);
    }
}
