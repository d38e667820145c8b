using System.Diagnostics;

namespace Events.Tests.Integration.Kit;

/// <summary>Waits for a condition, with a bound; never for a guess.</summary>
internal static class Until
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(50);

    /// <summary>Lets a camera be recorded for so long: footage takes its time, there is nothing else to wait for.</summary>
    public static Task RecordedAsync(int seconds) => Task.Delay(TimeSpan.FromSeconds(seconds));

    public static Task TrueAsync(Func<Task<bool>> condition, TimeSpan limit, string what) => TrueAsync(condition, limit, () => what);

    public static async Task TrueAsync(Func<Task<bool>> condition, TimeSpan limit, Func<string> what)
    {
        long start = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(start) > limit)
            {
                throw new TimeoutException($"Waited {limit.TotalSeconds} s for {what()}");
            }

            await Task.Delay(LookEvery);
        }
    }
}
