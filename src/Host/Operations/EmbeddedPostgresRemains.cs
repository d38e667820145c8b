using System.Globalization;

namespace Events.Host.Operations;

/// <summary>
/// Server processes that an earlier run left on our cluster. When a host is killed its PostgreSQL is still shutting down for a
/// moment; when a postmaster is killed its children need up to two seconds to see it. A new server must not start before.
/// </summary>
/// <param name="mark">The <c>cluster_name</c> that only our servers carry, in their arguments or titles.</param>
internal sealed class EmbeddedPostgresRemains(string mark, string clusterPath, TimeProvider time)
{
    private const int Interrupt = 2;
    private const int Quit = 3;
    private const int Kill = 9;

    /// <summary>
    /// Most are gone by themselves; then a fast shutdown, an immediate one, and the end, which the log survives.
    /// </summary>
    private static readonly (TimeSpan After, int Signal)[] Escalation =
    [
        (TimeSpan.FromSeconds(5), Interrupt),
        (TimeSpan.FromSeconds(20), Quit),
        (TimeSpan.FromSeconds(25), Kill),
    ];

    private static readonly TimeSpan PatienceMax = TimeSpan.FromSeconds(30);

    /// <summary>A process that is just ending has lost its arguments already and looks like a stranger for that moment.</summary>
    private static readonly TimeSpan StrangerTimeMax = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(20);

    /// <summary>Returns when no server process works on the cluster any more, and its lock files are gone.</summary>
    /// <exception cref="StartRefusedException">Somebody else's PostgreSQL works there, or ours does not end.</exception>
    public async Task ClearAsync(string runtimeFolder, Action<string> progress, CancellationToken cancellationToken)
    {
        var lockFile = Path.Combine(clusterPath, "postmaster.pid");
        if (File.Exists(lockFile))
        {
            await WaitAsync(progress, cancellationToken);

            // PostgreSQL removes a stale file itself, unless its number lives again as something else under the same account.
            File.Delete(lockFile);
        }

        foreach (var left in Directory.EnumerateFiles(runtimeFolder, ".s.PGSQL.*"))
        {
            File.Delete(left);
        }
    }

    /// <summary>Ends the processes whose parent a server is, frozen ones too.</summary>
    public static void KillChildrenOf(int serverId)
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            // proc(5): the name stands in brackets and may hold anything; behind it come the state and the parent.
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id)
                && TextOf(folder, "stat") is var stat
                && stat[(stat.LastIndexOf(')') + 1)..].Split(' ') is [_, _, var parent, ..]
                && parent == serverId.ToString(CultureInfo.InvariantCulture))
            {
                UnixFiles.Signal(id, Kill);
            }
        }
    }

    private async Task WaitAsync(Action<string> progress, CancellationToken cancellationToken)
    {
        var since = time.GetTimestamp();
        var step = 0;
        using var timer = new PeriodicTimer(LookEvery, time);
        while (true)
        {
            var (remains, strangers) = Find();
            if (remains.Count + strangers.Count == 0)
            {
                return;
            }

            var waited = time.GetElapsedTime(since);
            if (strangers.Count > 0 && waited > StrangerTimeMax)
            {
                throw new StartRefusedException(
                    $"A PostgreSQL that was not started by Events works in {clusterPath}: process "
                    + string.Join(", ", strangers) + ". Stop it and start again.");
            }

            if (waited > PatienceMax)
            {
                throw new StartRefusedException(
                    $"PostgreSQL of an earlier run still works in {clusterPath} and does not end: process "
                    + string.Join(", ", remains) + ". End it and start again.");
            }

            if (step < Escalation.Length && waited > Escalation[step].After)
            {
                progress("PostgreSQL of an earlier run is still there; asking it to end");
                remains.ForEach(id => UnixFiles.Signal(id, Escalation[step].Signal));
                step++;
            }

            await timer.WaitForNextTickAsync(cancellationToken);
        }
    }

    private (List<int> Ours, List<int> Strangers) Find()
    {
        var cluster = UnixFiles.Look(clusterPath);
        var ours = new List<int>();
        var strangers = new List<int>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id)
                || TextOf(folder, "comm").TrimEnd() is not ("postgres" or "postmaster"))
            {
                continue;
            }

            var arguments = TextOf(folder, "cmdline");
            if (arguments.Contains(mark, StringComparison.Ordinal))
            {
                ours.Add(id);
            }
            else if (cluster is not null && cluster.IsSameAs(UnixFiles.Look(Path.Combine(folder, "cwd"))))
            {
                strangers.Add(id);
            }
        }

        return (ours, strangers);
    }

    private static string TextOf(string folder, string file)
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, file));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // It ended while we were looking.
            return "";
        }
    }
}
