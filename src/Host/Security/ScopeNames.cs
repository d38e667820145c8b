using System.Text.Json;
using Events.Domain.Kernel;

namespace Events.Host.Security;

/// <summary>Scopes as the command line and JSON-RPC name them: <c>see_pictures</c>.</summary>
internal static class ScopeNames
{
    public static IReadOnlyList<string> All { get; } = [.. ScopeList.Known.Select(Of)];

    public static string Of(Right right) => JsonNamingPolicy.SnakeCaseLower.ConvertName(right.ToString());

    /// <returns>Null for what no list of scopes may name.</returns>
    public static Right? RightOf(string name) =>
        ScopeList.Known.Where(right => Of(right) == name).Select(right => (Right?)right).FirstOrDefault();

    /// <returns>Null for all rights of the role.</returns>
    public static IReadOnlyList<string>? Of(ScopeList? scopes) => scopes?.All.Select(Of).ToList();
}
