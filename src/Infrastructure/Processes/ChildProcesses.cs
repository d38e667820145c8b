using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

using Events.Application.Contracts;

namespace Events.Processes;

/// <summary>
/// Starts <c>setpriv --pdeathsig … sh -c 'check parent; exec program'</c>. setpriv asks the kernel for the signal after it has
/// changed the account (a change of account forgets it), and exec keeps it. The shell closes the last gap: when we died before
/// setpriv asked, the child has another parent by then, sees it, and ends instead of starting the program. setsid gives it a
/// session of its own: Ctrl-C at our terminal is for us, and we end PostgreSQL last.
/// </summary>
internal sealed class ChildProcesses : IChildProcesses
{
    /// <summary>Our settings may hold secrets in the environment; no child needs them.</summary>
    private const string SettingsPrefix = "EVENTS__";

    internal const string ExecWhenParentLives = "[ \"$PPID\" = \"$1\" ] || exit 125; shift; exec setsid \"$@\"";

    private static readonly string[] FoldersBesidePath = ["/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin"];

    public IChildProcess Start(ChildProcessSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var setpriv = Find("setpriv") ?? throw new DependencyUnavailableException(
            "setpriv", "The program setpriv, which ties children to this process, is not there. Install the package util-linux.");
        var shell = Find("sh") ?? throw new DependencyUnavailableException("sh", "There is no sh in PATH nor in /bin.");
        var program = Find(spec.FileName) ?? throw new DependencyUnavailableException(
            spec.FileName, $"The program {spec.FileName} is not there or may not be run; install it or put it into PATH.");
        if (spec.RunAs is { } account && account.UserId != NativeMethods.EffectiveUserId()
            && NativeMethods.EffectiveUserId() != 0)
        {
            throw new DependencyUnavailableException(
                spec.FileName, $"Only root can run {spec.FileName} as user {account.UserId}.");
        }

        var start = new ProcessStartInfo(setpriv)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = spec.WorkingDirectory ?? "",
        };
        foreach (var argument in ArgumentsFor(spec, shell, program))
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var key in start.Environment.Keys.Where(IsSetting).ToList())
        {
            start.Environment.Remove(key);
        }

        return StarterThread.Run(() => Launch(start, spec));
    }

    private static IEnumerable<string> ArgumentsFor(ChildProcessSpec spec, string shell, string program)
    {
        yield return "--pdeathsig";
        yield return spec.DeathSignal;
        if (spec.RunAs is { } account && NativeMethods.EffectiveUserId() == 0)
        {
            yield return "--reuid";
            yield return account.UserId.ToString(CultureInfo.InvariantCulture);
            yield return "--regid";
            yield return account.GroupId.ToString(CultureInfo.InvariantCulture);
            yield return "--clear-groups";
        }

        yield return "--";
        yield return shell;
        yield return "-c";
        yield return ExecWhenParentLives;
        yield return "sh";
        yield return Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        yield return program;
        foreach (var argument in spec.Arguments)
        {
            yield return argument;
        }
    }

    private static ChildProcess Launch(ProcessStartInfo start, ChildProcessSpec spec)
    {
        // The runtime opens everything close-on-exec; this covers what our own parent or a native library left open.
        NativeMethods.CloseInheritableOnExec();
        try
        {
            return new ChildProcess(Process.Start(start)!);
        }
        catch (Win32Exception failure)
        {
            throw new DependencyUnavailableException(
                spec.FileName, $"The program {spec.FileName} could not be started: {failure.Message}.", failure);
        }
    }

    private static bool IsSetting(string key) => key.StartsWith(SettingsPrefix, StringComparison.OrdinalIgnoreCase);

    private static string? Find(string program)
    {
        if (program.Contains('/', StringComparison.Ordinal))
        {
            return IsRunnable(program) ? Path.GetFullPath(program) : null;
        }

        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries);
        return folders.Concat(FoldersBesidePath).Select(folder => Path.Combine(folder, program)).FirstOrDefault(IsRunnable);
    }

    private static bool IsRunnable(string path) => File.Exists(path) && NativeMethods.MayExecute(path);
}
