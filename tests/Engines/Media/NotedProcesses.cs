using System.Runtime.InteropServices;
using Events.Application.Contracts;
using Events.Processes;

namespace Events.Tests.Engines.Media;

/// <summary>The real starter of programs; remembers what it started, for tests that look at them.</summary>
internal sealed partial class NotedProcesses : IChildProcesses
{
    private readonly IChildProcesses _real = ProcessesModule.Create();
    private readonly List<(ChildProcessSpec Spec, int Id)> _started = [];

    public IReadOnlyList<(ChildProcessSpec Spec, int Id)> Started
    {
        get
        {
            lock (_started)
            {
                return [.. _started];
            }
        }
    }

    public IChildProcess Start(ChildProcessSpec spec)
    {
        IChildProcess child = _real.Start(spec);
        lock (_started)
        {
            _started.Add((spec, child.Id));
        }

        return child;
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    internal static partial int Kill(int id, int signal);
}
