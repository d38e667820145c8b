using System.Diagnostics;
using Events.Application.Contracts;

namespace Events.Benchmarks;

/// <summary>Starts programs through the framework alone and adds up what they cost.</summary>
internal sealed class FrameworkProcesses : IChildProcesses
{
    private readonly List<Process> _started = [];

    public IChildProcess Start(ChildProcessSpec spec)
    {
        Process process = Process.Start(new ProcessStartInfo(spec.FileName, spec.Arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        lock (_started)
        {
            _started.Add(process);
        }

        return new Child(process);
    }

    /// <summary>Of those that still run, in seconds.</summary>
    public double CpuS()
    {
        lock (_started)
        {
            return _started.Where(process => !process.HasExited).Sum(process =>
            {
                process.Refresh();
                return process.TotalProcessorTime.TotalSeconds;
            });
        }
    }

    private sealed class Child(Process process) : IChildProcess
    {
        public int Id => process.Id;

        public Stream Input { get; } = process.StandardInput.BaseStream;

        public Stream Output { get; } = process.StandardOutput.BaseStream;

        public Stream Error { get; } = process.StandardError.BaseStream;

        public Task<int> Exited { get; } = WaitAsync(process);

        public void Signal(int number)
        {
            if (!Exited.IsCompleted)
            {
                process.Kill();
            }
        }

        public async ValueTask DisposeAsync()
        {
            Signal(9);
            await Exited;
        }

        private static async Task<int> WaitAsync(Process process)
        {
            await process.WaitForExitAsync();
            return process.ExitCode;
        }
    }
}
