using System.Diagnostics;
using System.Globalization;
using System.Text;

using Events.Application.Contracts;
using Events.Processes;

using Xunit;

namespace Events.Tests.Engines.Processes;

public sealed class A_child_process
{
    /// <summary>Far more than any of these programs needs, so that only a hang fails.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan OrphanTimeMax = TimeSpan.FromSeconds(10);

    private readonly IChildProcesses _processes = ProcessesModule.Create();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task passes_bytes_through_its_three_streams()
    {
        await using var child = Shell("cat; echo aside >&2");
        byte[] sent = [0, 255, 10, 13, 128];

        await child.Input.WriteAsync(sent, Cancellation);
        await child.Input.DisposeAsync();

        using var received = new MemoryStream();
        await child.Output.CopyToAsync(received, Cancellation);
        Assert.Equal(sent, received.ToArray());
        Assert.Equal("aside\n", await TextOf(child.Error));
        Assert.Equal(0, await child.Exited.WaitAsync(Patience, Cancellation));
    }

    [Fact]
    public async Task hands_over_arguments_as_they_are()
    {
        await using var child = _processes.Start(new ChildProcessSpec("printf", ["%s|", "a b", "$HOME", "'", "", "--", "ü"]));

        Assert.Equal("a b|$HOME|'||--|ü|", await TextOf(child.Output));
    }

    [Theory]
    [InlineData("exit 0", 0)]
    [InlineData("exit 7", 7)]
    [InlineData("kill -15 $$", 143)]
    [InlineData("kill -9 $$", 137)]
    public async Task reports_how_it_ended(string script, int code)
    {
        await using var child = Shell(script);

        Assert.Equal(code, await child.Exited.WaitAsync(Patience, Cancellation));
    }

    /// <summary>Ctrl-C goes to every process of the terminal's foreground group; PostgreSQL must not end before the host does.</summary>
    [Fact]
    public async Task is_out_of_reach_of_our_terminal()
    {
        await using var child = Shell("echo $$ $(cut -d ' ' -f 5,6 /proc/$$/stat)");

        string[] ids = (await TextOf(child.Output)).Trim().Split(' ');

        Assert.Equal([ids[0], ids[0], ids[0]], ids);
    }

    [Fact]
    public async Task takes_signals_and_none_after_its_end()
    {
        await using var child = Shell("trap 'exit 3' TERM; echo ready; while :; do sleep 0.02; done");
        Assert.Equal('r', await FirstByteOf(child.Output));

        child.Signal(15);

        Assert.Equal(3, await child.Exited.WaitAsync(Patience, Cancellation));
        child.Signal(9);
    }

    [Fact]
    public async Task is_gone_once_disposed()
    {
        var child = Shell("trap '' TERM INT; echo ready; while :; do sleep 0.02; done");
        Assert.Equal('r', await FirstByteOf(child.Output));

        await child.DisposeAsync();
        await child.DisposeAsync();

        Assert.False(IsAlive(child.Id));
        Assert.Equal(137, await child.Exited);
    }

    [Fact]
    public async Task lets_a_pending_read_be_cancelled()
    {
        await using var child = Shell("sleep 600");
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var reading = child.Output.ReadAsync(new byte[1], cancellation.Token).AsTask();

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading.WaitAsync(Patience, Cancellation));
    }

    [Fact]
    public async Task does_not_see_our_settings()
    {
        Environment.SetEnvironmentVariable("EVENTS__Security__JwtSecretKey", "hidden");
        Environment.SetEnvironmentVariable("events__other", "hidden");
        await using var child = _processes.Start(new ChildProcessSpec("env", []));

        var seen = await TextOf(child.Output);

        Assert.DoesNotContain("EVENTS__", seen, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("PATH=", seen, StringComparison.Ordinal);
    }

    [Fact]
    public async Task has_no_descriptors_but_its_own()
    {
        using var open = File.OpenRead("/etc/passwd");
        await using var child = Shell("ls -l /proc/$$/fd");

        var descriptors = (await TextOf(child.Output)).Split('\n').Count(line => line.Contains(" -> ", StringComparison.Ordinal));

        Assert.Equal(3, descriptors);
    }

    [Fact]
    public async Task works_in_the_folder_it_was_given()
    {
        await using var child = _processes.Start(new ChildProcessSpec("pwd", [], WorkingDirectory: "/usr"));

        Assert.Equal("/usr\n", await TextOf(child.Output));
    }

    [Fact]
    public async Task runs_under_the_account_it_was_given()
    {
        Assert.SkipUnless(Environment.UserName == "root", "Only root can start programs under another account.");
        await using var child = _processes.Start(new ChildProcessSpec("id", [], RunAs: new RunAs(65534, 65534)));

        Assert.StartsWith("uid=65534", await TextOf(child.Output), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no-such-program-anywhere")]
    [InlineData("/no/such/program")]
    [InlineData("/etc/passwd")]
    public void cannot_be_started_without_a_program(string fileName)
    {
        var failure = Assert.Throws<DependencyUnavailableException>(() => _processes.Start(new ChildProcessSpec(fileName, [])));

        Assert.Contains(fileName, failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("KILL")]
    [InlineData("INT")]
    public async Task dies_with_its_host_when_that_is_killed(string deathSignal)
    {
        using var host = StartHost(deathSignal, "sleep", "600");
        var child = int.Parse((await host.StandardOutput.ReadLineAsync(Cancellation))!, CultureInfo.InvariantCulture);
        await Until(() => ProgramOf(child) == "sleep", Patience);

        host.Kill();
        await host.WaitForExitAsync(Cancellation);

        await Until(() => !IsAlive(child), OrphanTimeMax);
    }

    [Fact]
    public async Task does_not_start_when_its_host_died_before_it_could_ask_for_the_signal()
    {
        // The shell's check, under a parent that is not the one it was told of.
        var marker = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        await using var child = _processes.Start(new ChildProcessSpec(
            "sh", ["-c", ChildProcesses.ExecWhenParentLives, "sh", "1", "touch", marker]));

        Assert.Equal(125, await child.Exited.WaitAsync(Patience, Cancellation));
        Assert.False(File.Exists(marker));
    }

    private static Process StartHost(params string[] arguments)
    {
        var dll = Path.Combine(AppContext.BaseDirectory, "Events.ProcessHost.dll");
        return Process.Start(new ProcessStartInfo("dotnet", [dll, .. arguments]) { RedirectStandardOutput = true })!;
    }

    private static async Task Until(Func<bool> holds, TimeSpan bound)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        var clock = Stopwatch.StartNew();
        while (!holds())
        {
            Assert.True(clock.Elapsed < bound, $"Not within {bound}.");
            await timer.WaitForNextTickAsync(Cancellation);
        }
    }

    private static bool IsAlive(int processId) =>
        File.Exists($"/proc/{processId}/stat")
        && !File.ReadAllText($"/proc/{processId}/stat").Contains(") Z ", StringComparison.Ordinal);

    private static string ProgramOf(int processId) => File.ReadAllText($"/proc/{processId}/comm").Trim();

    private static async Task<string> TextOf(Stream stream)
    {
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return await reader.ReadToEndAsync(Cancellation);
    }

    private static async Task<char> FirstByteOf(Stream stream)
    {
        var one = new byte[1];
        await stream.ReadExactlyAsync(one, Cancellation);
        return (char)one[0];
    }

    private IChildProcess Shell(string script) => _processes.Start(new ChildProcessSpec("sh", ["-c", script]));
}
