using Events.EventStore.Seals;
using Spectre.Console;

namespace Events.Host.Cli;

/// <summary>Shows on a terminal how far something is, on standard error, so that the answer can go elsewhere.</summary>
internal static class ProgressBar
{
    public static async Task<T> RunAsync<T>(string what, Func<Action<AuditProgress>, Task<T>> work)
    {
        if (Console.IsErrorRedirected)
        {
            return await work(_ => { });
        }

        // It moves the cursor; that this is a terminal is known, and what it says is ours.
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.Yes, Interactive = InteractionSupport.Yes, Out = new AnsiConsoleOutput(Terminal.RawErrors),
        });
        return await console.Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(async context =>
            {
                ProgressTask task = context.AddTask(what);
                task.MaxValue = 1;
                return await work(step =>
                {
                    task.MaxValue = Math.Max(step.All, 1);
                    task.Value = step.Done;
                });
            });
    }
}
