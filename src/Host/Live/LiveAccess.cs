using System.Net;
using System.Text;
using Events.Application.Contracts;
using Events.Domain.Kernel;
using Events.Host.Cameras;
using Events.Host.Security;
using Microsoft.AspNetCore.WebUtilities;

namespace Events.Host.Live;

/// <summary>
/// Who may look at a camera live, by any way out: a signed link, an access token as bearer, or, for players that know a name and
/// a password only, the token as the password of the name <c>token</c>.
/// </summary>
internal sealed class LiveAccess(AccessTokens tokens, SignedLinks links, LegacyCameras cameras, LiveViewers viewers) : ILiveGate
{
    private const string Bearer = "Bearer ";
    private const string Basic = "Basic ";
    private const string BasicName = "token:";

    public async Task<LiveAdmission> AdmitAsync(LiveRequest request, CancellationToken cancellationToken)
    {
        if (CameraNumber.TryParse(request.Camera) is not { } number)
        {
            return new LiveAdmission.Refused(LiveRefusal.NotFound);
        }

        var query = QueryHelpers.ParseQuery(request.Query);
        string? token = TokenIn(request.Authorization);
        AccessIdentity? identity = token is null ? null : await tokens.ReadAsync(token);
        return await AdmitAsync(
            number, query.GetValueOrDefault("exp"), query.GetValueOrDefault("sig"), identity, cancellationToken);
    }

    /// <param name="exp">Of a signed link; null without one.</param>
    /// <param name="sig">Of a signed link; null without one.</param>
    /// <param name="identity">Who is behind a good token; null without one.</param>
    public async Task<LiveAdmission> AdmitAsync(
        CameraNumber number, string? exp, string? sig, AccessIdentity? identity, CancellationToken cancellationToken)
    {
        DateTimeOffset? until = links.GoodUntil(LiveLinks.ScopeOf(number), exp, sig);
        if (until is null && identity is null)
        {
            return new LiveAdmission.Refused(LiveRefusal.NotLoggedIn);
        }

        if (until is null && identity!.Role < Role.Viewer)
        {
            return new LiveAdmission.Refused(LiveRefusal.NotAllowed);
        }

        return await cameras.FindAsync(number, cancellationToken) is { } found
            ? new LiveAdmission.Granted(found.Id, number, until ?? identity!.ExpiresAt)
            : new LiveAdmission.Refused(LiveRefusal.NotFound);
    }

    public ILiveSeat? TakeSeat(CameraNumber number, IPAddress address) => viewers.TakeSeat(number, address);

    /// <returns>Null when the header carries no token.</returns>
    private static string? TokenIn(string? authorization)
    {
        if (authorization is null)
        {
            return null;
        }

        if (authorization.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase))
        {
            return authorization[Bearer.Length..].Trim();
        }

        if (!authorization.StartsWith(Basic, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        byte[] bytes = new byte[authorization.Length];
        return Convert.TryFromBase64String(authorization[Basic.Length..].Trim(), bytes, out int count)
            && Encoding.UTF8.GetString(bytes, 0, count) is var text && text.StartsWith(BasicName, StringComparison.Ordinal)
                ? text[BasicName.Length..]
                : null;
    }
}
