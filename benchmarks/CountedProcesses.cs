using System.Diagnostics;
using Events.Application.Contracts;
using Events.Processes;

namespace Events.Benchmarks;

/// <summary>The real starter of programs, which adds up what they cost.</summary>
internal sealed class CountedProcesses : IChildProcesses
{
    private readonly IChildProcesses _real = ProcessesModule.Create();
    private readonly List<IChildProcess> _started = [];

    public IChildProcess Start(ChildProcessSpec spec)
    {
        IChildProcess child = _real.Start(spec);
        lock (_started)
        {
            _started.Add(child);
        }

        return child;
    }

    /// <summary>Of those that still run, in seconds.</summary>
    public double CpuS()
    {
        lock (_started)
        {
            return _started.Where(child => !child.Exited.IsCompleted).Sum(child =>
            {
                using Process process = Process.GetProcessById(child.Id);
                return process.TotalProcessorTime.TotalSeconds;
            });
        }
    }
}
