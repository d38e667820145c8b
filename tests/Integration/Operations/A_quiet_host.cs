using System.Globalization;
using Events.Host.Operations;
using Events.Tests.Integration.Faults;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Operations;

public sealed class A_quiet_host
{
    private const int Sockets = 200;

    /// <summary>In kB of resident memory. A published host needs less; this one is not precompiled.</summary>
    private const long RestMax = 110_000;

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task gives_back_what_its_start_and_a_crowd_needed()
    {
        await using RunningHost host = await RunningHost.StartAsync(new() { ["DOTNET_TieredCompilation"] = "0" });
        await Scene.AddAsync(host, Scene.Pattern);
        await RestsAsync(host);

        string token = await host.TokenAsync("viewer");
        List<RpcClient> crowd = [];
        try
        {
            for (int i = 0; i < Sockets; i++)
            {
                crowd.Add(await RpcClient.ConnectAsync(new Uri($"ws://127.0.0.1:{host.Port}/ws")));
                await crowd[i].CallAsync("authenticate", new { auth_token = token });
                await crowd[i].CallAsync("get_camera_list");
            }
        }
        finally
        {
            await Task.WhenAll(crowd.Select(client => client.DisposeAsync().AsTask()));
        }

        await RestsAsync(host);
        await using RpcClient client = await host.ConnectAsync();
        await Scene.ConnectedAsync(client);
    }

    [Fact]
    public void drops_pages_of_libraries_alone_that_nobody_changed()
    {
        string[] table =
        [
            "5581a0000000-5581a0010000 r--p 00000000 fe:00 11                         /usr/share/dotnet/dotnet",
            "Anonymous:             0 kB",
            "7f0000000000-7f0000020000 r-xp 00001000 fe:00 12                         /app/Events.Host.dll",
            "Size:                128 kB",
            "Anonymous:             0 kB",
            "VmFlags: rd ex mr mw me",
            "7f0000100000-7f0000101000 r--p 00000000 fe:00 13                         /usr/lib/with a space/libc.so.6",
            "Anonymous:             0 kB",
            "7f0000200000-7f0000201000 r--p 00000000 fe:00 14                         /usr/lib/libssl.so",
            "Anonymous:             4 kB",
            "7f0000300000-7f0000301000 rw-p 00000000 fe:00 15                         /usr/lib/libcrypto.so",
            "Anonymous:             0 kB",
            "7f0000400000-7f0000401000 r--p 00000000 fe:00 16                         /app/Old.dll (deleted)",
            "Anonymous:             0 kB",
            "7f0000500000-7f0000501000 r--p 00000000 fe:00 17                         /data/storage/recording.mp4",
            "Anonymous:             0 kB",
            "7f0000600000-7f0000601000 r--p 00000000 00:00 0 ",
            "Anonymous:             0 kB",
            "7ffff0000000-7ffff0001000 r-xp 00000000 00:00 0                          [vdso]",
            "Anonymous:             0 kB",
        ];

        MappedFile[] found = [.. ProgramPages.ReadOnlyIn(table)];

        Assert.Equal(
            [new MappedFile(0x7f0000000000, 0x20000, 0x1000, 12), new MappedFile(0x7f0000100000, 0x1000, 0, 13)], found);
    }

    private static Task RestsAsync(RunningHost host) =>
        Until.TrueAsync(
            () => Task.FromResult(ResidentKb(host) < RestMax), Soon, () => $"less than {RestMax} kB; it has {ResidentKb(host)}");

    private static long ResidentKb(RunningHost host)
    {
        string line = File.ReadLines($"/proc/{host.ProcessId}/status")
            .First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }
}
