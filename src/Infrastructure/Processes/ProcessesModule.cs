using Events.Application.Contracts;

using Microsoft.Extensions.DependencyInjection;

namespace Events.Processes;

/// <summary>The door of this room: programs that end when this process ends. Linux only.</summary>
public static class ProcessesModule
{
    /// <summary>Registers <see cref="IChildProcesses"/>.</summary>
    public static IServiceCollection AddProcesses(this IServiceCollection services) => services.AddSingleton(_ => Create());

    /// <summary>
    /// The same, for use before there is a container. Any number may be made; all share one starter thread.
    /// </summary>
    public static IChildProcesses Create() => new ChildProcesses();
}
