using System.Diagnostics;

using Events.Application.Contracts;

namespace Events.Processes;

internal sealed class ChildProcess : IChildProcess
{
    private const int Kill = 9;

    private readonly Process _process;

    public ChildProcess(Process process)
    {
        _process = process;
        Id = process.Id;
        Input = process.StandardInput.BaseStream;
        Output = process.StandardOutput.BaseStream;
        Error = process.StandardError.BaseStream;
        Exited = WaitAsync();
    }

    public int Id { get; }

    public Stream Input { get; }

    public Stream Output { get; }

    public Stream Error { get; }

    public Task<int> Exited { get; }

    public void Signal(int number)
    {
        // A number of a process that has been waited for may belong to somebody else.
        if (!Exited.IsCompleted && !_process.HasExited)
        {
            _ = NativeMethods.Kill(Id, number);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!Exited.IsCompleted)
        {
            Signal(Kill);
        }

        await Exited.ConfigureAwait(false);
        await CloseAsync(Input).ConfigureAwait(false);
        await CloseAsync(Output).ConfigureAwait(false);
        await CloseAsync(Error).ConfigureAwait(false);
        _process.Dispose();
    }

    private static async ValueTask CloseAsync(Stream stream)
    {
        try
        {
            await stream.DisposeAsync().ConfigureAwait(false);
        }
        catch (IOException)
        {
            // The reader at the other end has gone, and with it whatever was still to be written.
        }
    }

    private async Task<int> WaitAsync()
    {
        await _process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
        return _process.ExitCode;
    }
}
