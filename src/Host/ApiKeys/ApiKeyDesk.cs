using Events.Application;
using Events.Application.ApiKeys;
using Events.Application.Contracts;

namespace Events.Host.ApiKeys;

/// <summary>
/// Commands to keys, for every way in. An answer comes when they count on this node; the others hear of them within a second.
/// </summary>
internal sealed class ApiKeyDesk(CommandBus bus, ApiKeyRing ring)
{
    /// <exception cref="DependencyUnavailableException">PostgreSQL does not answer.</exception>
    public async Task<CommandResult> SendAsync(
        object command, Caller caller, long? expectedVersion, CancellationToken cancellationToken)
    {
        CommandResult result = await bus.SendAsync(command, caller, expectedVersion, cancellationToken);
        return result.Position == 0 || await ring.WaitForAsync(result.Position, CommandBus.VisibilityTimeout, cancellationToken)
            ? result
            : result with { IsVisible = false };
    }
}
