using Events.Domain.Kernel;

namespace Events.Application.Contracts;

/// <summary>Who asks, and by which way in.</summary>
/// <param name="UserName">An account's id, or <c>system</c>.</param>
/// <param name="Cameras">Those that it may know of; null for all.</param>
/// <param name="Scopes">Rights of the role that it has; null for all.</param>
/// <param name="Address">Where it came from; null when there is none. Stored with the facts.</param>
/// <param name="Way"><c>graphql</c>, <c>json-rpc</c>, <c>cli</c>, <c>media</c> or <c>keeper</c>; stored with the facts.</param>
public sealed record Caller(
    string UserName, Role Role, string Way, string CorrelationId, string? CausationId = null, CameraList? Cameras = null,
    System.Net.IPAddress? Address = null, ScopeList? Scopes = null)
{
    public bool May(Right right) => Policy.Allows(Role, Scopes, right);

    /// <summary>The program itself, e.g. when a camera reports or a recording's time is up.</summary>
    public static Caller System(string way, string correlationId) => new("system", Role.Admin, way, correlationId);

    /// <summary>The program itself, because of a fact: of the request that the fact is of, and following from it.</summary>
    public static Caller After(StoredFact fact, string way) =>
        System(way, fact.CorrelationId ?? fact.Id.ToString("d")) with { CausationId = fact.Id.ToString("d") };

    public Origin Origin
    {
        get
        {
            var headers = new Dictionary<string, string>(StringComparer.Ordinal) { ["way"] = Way };
            if (Address is not null)
            {
                headers[Origin.AddressHeader] = Address.ToString();
            }

            return new Origin(UserName, CorrelationId, CausationId, headers);
        }
    }
}

/// <summary>What a client is told about its command. Refusals are answers, not exceptions.</summary>
/// <param name="Version">Facts in the stream that the command is about.</param>
/// <param name="Position">Log position of the command's last fact; 0 when it added none.</param>
/// <param name="Refusal">Null when it was accepted.</param>
/// <param name="Failure">Null unless it was accepted, but the outside world did not do it; the failure is a fact, too.</param>
/// <param name="IsVisible">False when the views did not reach <paramref name="Position"/> in time.</param>
public sealed record CommandResult(
    long Version, long Position, Refusal? Refusal = null, OutsideFailure? Failure = null, bool IsVisible = true)
{
    public static CommandResult Refused(Refusal refusal) => new(0, 0, refusal);

    public static CommandResult From<TState, TEvent>(Transacted<TState, TEvent> done)
        where TEvent : class =>
        new(done.Version, done.Position, RefusalOf(done));

    /// <returns>Null when the decision was accepted.</returns>
    public static Refusal? RefusalOf<TState, TEvent>(Transacted<TState, TEvent> done)
        where TEvent : class =>
        done.Decision is Decision<TEvent>.Refused { Refusal: var refusal } ? refusal : null;
}

/// <param name="Dependency">A stable name, e.g. <c>camera</c>, <c>storage</c>.</param>
/// <param name="Why">For people; carries no credentials.</param>
public sealed record OutsideFailure(string Dependency, string Why);

/// <summary>Camera passwords and the like, encrypted at rest. They are in no fact, log line or answer.</summary>
public interface ISourceSecrets
{
    Task SetAsync(CameraId cameraId, SourceCredentials? credentials, CancellationToken cancellationToken);

    /// <returns>Null when the camera has none.</returns>
    Task<SourceCredentials?> FindAsync(CameraId cameraId, CancellationToken cancellationToken);
}
