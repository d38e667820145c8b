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

        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
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
