using Events.Host.Security;
using Events.JsonRpc;

namespace Events.Host.JsonRpc;

/// <summary>Who may call a method.</summary>
/// <param name="Right">What it needs; null for a method that is open before login.</param>
/// <param name="NeedsCameras">Whether it waits until the views have caught up and cameras are taken in after a start.</param>
/// <param name="NeedsFootage">Whether it also waits until the footage was checked: it writes beside what that cuts.</param>
/// <param name="IsOwn">Whether it is about one's own account, which no scope takes away.</param>
internal sealed record MethodRule(
    Right? Right, bool NeedsCameras = true, bool NeedsFootage = false, bool IsOwn = false)
{
    public bool Allows(AccessIdentity identity) =>
        Right is not { } right || (IsOwn ? Policy.Allows(identity.Role, right) : identity.May(right));
}

/// <summary>One feature's methods of the legacy contract.</summary>
internal interface IJsonRpcMethods
{
    IEnumerable<JsonRpcMethod> Methods { get; }
}

/// <summary>One feature's methods of administration, which the legacy contract does not know.</summary>
internal interface IAdministrationMethods
{
    IEnumerable<JsonRpcMethod> Methods { get; }
}
