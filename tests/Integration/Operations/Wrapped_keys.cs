using System.Text;
using Events.Host.Backups;
using Events.Host.Security;
using Xunit;

namespace Events.Tests.Integration.Operations;

/// <summary>The keys in a backup, which is taken while the host goes on and writes some of its files.</summary>
public sealed class Wrapped_keys
{
    private const string Passphrase = "correct horse battery staple";

    [Fact]
    public async Task are_the_whole_files_and_no_drafts_also_while_one_is_replaced()
    {
        using var folder = new TemporaryFolder();
        string state = folder.PathOf("seal-state.json");
        KeyFiles.WriteOwnerOnly(folder.PathOf("seal-key.pem"), "a key");
        KeyFiles.WriteOwnerOnly(folder.PathOf("seal-key-next.pem"), "the next key");
        KeyFiles.WriteOwnerOnly(state, "{}");
        await File.WriteAllTextAsync(
            folder.PathOf("seal-key.pem.0123.new"), "a part of a ke", TestContext.Current.CancellationToken);
        using CancellationTokenSource end = new();
        Task replacing = Task.Run(
            () =>
            {
                while (!end.IsCancellationRequested)
                {
                    KeyFiles.WriteOwnerOnly(state, "{}");
                }
            },
            TestContext.Current.CancellationToken);
        try
        {
            for (int backup = 0; backup < 5; backup++)
            {
                byte[] wrapped = WrappedKeys.Wrap(folder.PathOf(""), Passphrase);
                Dictionary<string, byte[]> files = WrappedKeys.Unwrap(wrapped, Passphrase);
                Assert.Equal(
                    ["seal-key-next.pem", "seal-key.pem", "seal-state.json"], files.Keys.Order(StringComparer.Ordinal));
                Assert.Equal("{}\n", Encoding.UTF8.GetString(files["seal-state.json"]));
            }
        }
        finally
        {
            await end.CancelAsync();
            await replacing;
        }
    }
}
