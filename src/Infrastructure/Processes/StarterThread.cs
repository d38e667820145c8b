using System.Collections.Concurrent;

namespace Events.Processes;

/// <summary>
/// One thread that starts every child and lives as long as this process. The kernel sends the parent-death signal when the
/// <em>thread</em> that forked ends, and pool threads end whenever the pool likes.
/// </summary>
internal static class StarterThread
{
    /// <summary>Starts that wait their turn. One takes a few milliseconds; when the queue is full, callers wait.</summary>
    private const int WaitingMax = 64;

    private static readonly BlockingCollection<Action> Waiting = new(WaitingMax);

    /// <summary>A background thread does not hold up the end of the process, and is ended only by it.</summary>
    private static readonly Lazy<Thread> Starter = new(() =>
    {
        var thread = new Thread(Work) { IsBackground = true, Name = "child-starter" };
        thread.Start();
        return thread;
    });

    public static T Run<T>(Func<T> work)
    {
        _ = Starter.Value;
        var outcome = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Waiting.Add(() =>
        {
            try
            {
                outcome.SetResult(work());
            }
#pragma warning disable CA1031 // The thread must outlive every failed start; the caller gets the failure.
            catch (Exception failure)
#pragma warning restore CA1031
            {
                outcome.SetException(failure);
            }
        });
        return outcome.Task.GetAwaiter().GetResult();
    }

    private static void Work()
    {
        foreach (var work in Waiting.GetConsumingEnumerable())
        {
            work();
        }
    }
}
