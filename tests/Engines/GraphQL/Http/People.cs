using System.Security.Claims;

namespace Events.Tests.Engines.GraphQL.Http;

internal static class People
{
    internal static ClaimsPrincipal Named(string name) => new(new ClaimsIdentity([new Claim(ClaimTypes.Name, name)], "test"));
}
