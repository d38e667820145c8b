using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Events.Application.Contracts;

namespace Events.Tests.Engines.Media;

/// <summary>Starts programs through the framework alone; remembers what it started, for tests that look at them.</summary>
internal sealed partial class PlainChildProcesses : IChildProcesses
{
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
        var start = new ProcessStartInfo(spec.FileName, spec.Arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            var child = new Child(Process.Start(start)!);
            lock (_started)
            {
                _started.Add((spec, child.Id));
            }

            return child;
        }
        catch (Win32Exception e)
        {
            throw new DependencyUnavailableException(spec.FileName, e.Message, e);
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    internal static partial int Kill(int id, int signal);

    private sealed class Child(Process process) : IChildProcess
    {
        public int Id { get; } = process.Id;

        public Stream Input { get; } = process.StandardInput.BaseStream;

        public Stream Output { get; } = process.StandardOutput.BaseStream;

        public Stream Error { get; } = process.StandardError.BaseStream;

        public Task<int> Exited { get; } = WaitAsync(process);

        public void Signal(int number)
        {
            if (!Exited.IsCompleted)
            {
                _ = Kill(Id, number);
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
