using Events.Application.Access;
using Events.Application.Contracts;
using Events.Host.Health;
using Events.Host.Security;
using Events.JsonRpc;

namespace Events.Host.JsonRpc;

/// <summary>Who may call what, in the legacy contract's order: login, role, readiness.</summary>
internal sealed class LegacyGate(ClientSessions sessions, IReadiness health, AccessLedger ledger, TimeProvider time)
{
    /// <returns>Null to let the call pass.</returns>
    public JsonRpcError? Check(JsonRpcCall call)
    {
        var rule = (MethodRule)call.Method.Metadata!;
        if (rule.Right is not { } right)
        {
            return null;
        }

        return sessions.Of(call.Connection).Identity switch
        {
            null => LegacyErrors.NotLoggedIn("auth_required"),
            { } identity when !identity.IsGood(time.GetUtcNow()) => LegacyErrors.NotLoggedIn(
                "auth_required", "The token or key is good no longer. This socket stays open for a new login."),
            { } identity when !rule.Allows(identity) => Denied(call, right, identity),
            _ when rule.NeedsCameras && !health.AreCamerasReady =>
                NotReady("controller", "Cameras are being taken in after the start."),
            _ when rule.NeedsFootage && !health.IsReady =>
                NotReady("storage", "Footage is being checked after the start."),
            _ => null,
        };
    }

    /// <summary>A start that has facts to write waits for as long as the log takes none.</summary>
    private JsonRpcError NotReady(string dependency, string detail) => health.AppendsRefused is { } why
        ? LegacyErrors.Dependency("seals", why)
        : LegacyErrors.Dependency(dependency, detail, "service_initializing");

    private JsonRpcError Denied(JsonRpcCall call, Right right, AccessIdentity identity)
    {
        ledger.Refused(identity.UserId, "json-rpc", call.Connection.RemoteAddress, right.ToString());
        return LegacyErrors.NotAllowed(right, identity);
    }

    /// <summary>Answers for handlers: what does not answer outside is -32050, not an internal error.</summary>
    public static JsonRpcMethod Guard(JsonRpcMethod method) => method with
    {
        Handler = async call =>
        {
            try
            {
                return await method.Handler(call);
            }
            catch (DependencyUnavailableException e)
            {
                return LegacyErrors.Dependency(e.Dependency, e.Message);
            }
        },
    };
}
