using Events.Application.ApiKeys;
using Events.Application.Contracts;
using Events.Application.Users;
using Events.Domain.Logs;

namespace Events.Application.Logs;

/// <summary>
/// Parks a fact that is in the log. One that is yet to come may be anything, the end of somebody's access among it: nobody can
/// have seen that a view cannot fold it.
/// </summary>
public sealed class ParkFactHandler(ILog log)
{
    /// <summary>Views by which keys, users and sessions are let in, and by which they are out.</summary>
    private static readonly string[] _ofAccess =
    [
        ApiKeyViewProjection.View.Name, UserViewProjection.View.Name, SessionViewProjection.View.Name,
    ];

    /// <summary>What parking needs beside the right to administer.</summary>
    /// <returns>Null for no more.</returns>
    public static Right? RightTo(string view) => _ofAccess.Contains(view, StringComparer.Ordinal) ? Right.ManageAccess : null;

    public async Task<CommandResult> HandleAsync(ParkFact command, IStreams streams, CancellationToken cancellationToken) =>
        command.Position > await log.HeadAsync(cancellationToken)
            ? CommandResult.Refused(LogbookRefusals.PositionAhead)
            : CommandResult.From(
                await streams.TransactAsync(Logbook.Decider, Logbook.Key, command, cancellationToken));
}
