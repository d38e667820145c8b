namespace Events.Application.Contracts;

/// <summary>Starts programs that never outlive this process, however it ends.</summary>
public interface IChildProcesses
{
    /// <exception cref="DependencyUnavailableException">The program is not there or cannot be run.</exception>
    IChildProcess Start(ChildProcessSpec spec);
}

/// <param name="FileName">A path, or a name that is looked up in <c>PATH</c>.</param>
/// <param name="DeathSignal">What the kernel sends the child when this process dies: <c>KILL</c>, <c>INT</c>.</param>
/// <param name="RunAs">An account to run under; null for our own. Needs root.</param>
/// <param name="WorkingDirectory">Null for our own.</param>
public sealed record ChildProcessSpec(
    string FileName,
    IReadOnlyList<string> Arguments,
    string DeathSignal = "KILL",
    RunAs? RunAs = null,
    string? WorkingDirectory = null);

/// <summary>An account, as the kernel knows it.</summary>
public sealed record RunAs(uint UserId, uint GroupId);

/// <summary>A running child. Disposing it kills it and waits until it has gone.</summary>
public interface IChildProcess : IAsyncDisposable
{
    int Id { get; }

    Stream Input { get; }

    Stream Output { get; }

    Stream Error { get; }

    /// <summary>Completes with the exit code; 128 + N when signal N ended it.</summary>
    Task<int> Exited { get; }

    /// <summary>Sends a signal by number, e.g. 15. Harmless after the end.</summary>
    void Signal(int number);
}
