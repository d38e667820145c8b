using System.Runtime.InteropServices;

namespace Events.Host.Operations;

/// <summary>
/// Ctrl-C, a service manager's word, or a closed terminal: the first asks for an orderly end, the second ends the program at
/// once, and its children with it.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    private static readonly PosixSignal[] Heeded = [PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP];

    private readonly CancellationTokenSource _asked = new();
    private readonly PosixSignalRegistration[] _registrations;

    public StopSignals() => _registrations = [.. Heeded.Select(signal => PosixSignalRegistration.Create(signal, Take))];

    /// <summary>Cancelled by the first of them.</summary>
    public CancellationToken Asked => _asked.Token;

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
        {
            registration.Dispose();
        }

        _asked.Dispose();
    }

    private void Take(PosixSignalContext signal)
    {
        signal.Cancel = !_asked.IsCancellationRequested;
        _asked.Cancel();
    }
}
