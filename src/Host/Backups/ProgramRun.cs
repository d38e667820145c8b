using Events.Application.Contracts;
using Events.Host.Cli;

namespace Events.Host.Backups;

/// <summary>Another program, run to its end.</summary>
internal static class ProgramRun
{
    /// <summary>In characters. What a program says last says why it failed.</summary>
    private const int WordsMax = 4_000;

    /// <param name="workingDirectory">Null for this program's.</param>
    /// <exception cref="CommandFailedException">It is not there, or ended badly; the message holds its last words.</exception>
    public static async Task RequireAsync(
        IChildProcesses processes,
        string program,
        string[] arguments,
        string? workingDirectory,
        CancellationToken cancellationToken)
    {
        try
        {
            await using IChildProcess child = processes.Start(
                new ChildProcessSpec(program, arguments, WorkingDirectory: workingDirectory));
            child.Input.Close();
            using var output = new StreamReader(child.Output);
            using var error = new StreamReader(child.Error);
            string[] said = await Task.WhenAll(
                output.ReadToEndAsync(cancellationToken), error.ReadToEndAsync(cancellationToken));
            int code = await child.Exited.WaitAsync(cancellationToken);
            if (code != 0)
            {
                string words = said[1].Length > WordsMax ? said[1][^WordsMax..] : said[1];
                throw new CommandFailedException($"{Path.GetFileName(program)} ended with exit code {code}:\n{words.Trim()}");
            }
        }
        catch (DependencyUnavailableException missing)
        {
            throw new CommandFailedException($"{program} cannot be run: {missing.Message}");
        }
    }
}
