using Events.Application.Contracts;

namespace Events.Host.Operations;

/// <summary>The program that takes cameras in. Without it a host would run and show nothing.</summary>
internal static class Ffmpeg
{
    private const string Fix = "Install it (Debian, Ubuntu: apt-get install ffmpeg) and start again.";

    /// <summary>It prints a few lines and ends within a tenth of a second.</summary>
    private static readonly TimeSpan TimeMax = TimeSpan.FromSeconds(20);

    /// <exception cref="StartRefusedException">It is not there or does not run; the message says what helps.</exception>
    public static async Task RequireAsync(IChildProcesses processes, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeMax);
        try
        {
            await using IChildProcess child = processes.Start(
                new ChildProcessSpec("ffmpeg", ["-hide_banner", "-version"], WorkingDirectory: "/"));
            Task said = Task.WhenAll(
                child.Output.CopyToAsync(Stream.Null, limit.Token), child.Error.CopyToAsync(Stream.Null, limit.Token));
            int code = await child.Exited.WaitAsync(limit.Token);
            await said;
            if (code != 0)
            {
                throw new StartRefusedException($"ffmpeg, which takes cameras in, does not run (exit code {code}). {Fix}");
            }
        }
        catch (DependencyUnavailableException missing)
        {
            throw new StartRefusedException($"ffmpeg, which takes cameras in, is missing. {missing.Message} {Fix}", missing);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new StartRefusedException($"ffmpeg, which takes cameras in, does not answer. {Fix}");
        }
    }
}
