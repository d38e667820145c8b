using Events.Application;
using Events.Application.Contracts;
using Events.Domain.Logs;
using Events.EventStore;

namespace Events.Host.Projections;

/// <summary>Parking facts, for every way in.</summary>
internal sealed class ProjectionDesk(IProjections projections, CommandBus bus)
{
    /// <summary>The fact first: who passed over something, and why, must be known before it is passed over.</summary>
    /// <exception cref="DependencyUnavailableException">PostgreSQL does not answer. Repeating it is safe.</exception>
    public async Task<CommandResult> ParkAsync(
        View view, long position, bool isParked, string reason, Caller caller,
        CancellationToken cancellationToken)
    {
        object command = isParked ? new ParkFact(view.Name, position, reason) : new UnparkFact(view.Name, position, reason);
        CommandResult result = await bus.SendAsync(command, caller, cancellationToken);
        if (result.Refusal is null)
        {
            await projections.ParkAsync(view, position, isParked, cancellationToken);
        }

        return result;
    }
}
