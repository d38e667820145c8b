using System.Diagnostics;
using Xunit;

namespace Events.Tests.Domain;

/// <summary>Waits for what another task brings about, with a bound.</summary>
public static class Until
{
    /// <summary>Far above what anything here takes; only a failing test waits as long.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(20);

    /// <summary>Does something again and again until it has brought about what is waited for.</summary>
    public static async Task TrueAsync(Func<bool> condition, Func<Task> push, string what)
    {
        long since = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(since) < Longest, $"Not within {Longest.TotalSeconds} s: {what}");
            await push();
            await Task.Delay(TimeSpan.FromMilliseconds(1), TestContext.Current.CancellationToken);
        }
    }

    public static async Task TrueAsync(Func<bool> condition, string what)
    {
        long since = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(since) < Longest, $"Not within {Longest.TotalSeconds} s: {what}");
            await Task.Delay(TimeSpan.FromMilliseconds(2), TestContext.Current.CancellationToken);
        }
    }
}
