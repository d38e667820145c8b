using Events.Application.Contracts;
using Events.JsonRpc;

namespace Events.Host.JsonRpc;

/// <summary>Who may call a method.</summary>
/// <param name="Role">The least role; null for a method that is open before login.</param>
/// <param name="NeedsCameras">Whether it waits until cameras and footage were looked at after the start.</param>
internal sealed record MethodRule(Role? Role, bool NeedsCameras = true);

/// <summary>One feature's rows of the method table.</summary>
internal interface IJsonRpcMethods
{
    IEnumerable<JsonRpcMethod> Methods { get; }
}
