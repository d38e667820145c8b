using System.Net;
using System.Text;
using Events.Application.Access;
using Events.Application.Contracts;
using Events.Domain.Kernel;
using Events.Host.Cameras;
using Events.Host.Security;
using Microsoft.AspNetCore.WebUtilities;

namespace Events.Host.Live;

/// <summary>
/// Who may look at a camera live, by any way out: a signed link, an access token or a key as bearer, or, for players that know a
/// name and a password only, as the password of the name <c>token</c>.
/// </summary>
internal sealed class LiveAccess(
    Authenticator authenticator, SignedLinks links, LegacyCameras cameras, LiveViewers viewers, AccessLedger ledger)
    : ILiveGate
{
    private const string Bearer = "Bearer ";
    private const string Basic = "Basic ";
    private const string BasicName = "token:";
    private const string TooManyViewers = "too_many_viewers";

    public async Task<LiveAdmission> AdmitAsync(LiveRequest request, CancellationToken cancellationToken)
    {
        if (CameraNumber.TryParse(request.Camera) is not { } number)
        {
            return new LiveAdmission.Refused(LiveRefusal.NotFound);
        }

        SignedQuery link = SignedQuery.Of(new QueryCollection(QueryHelpers.ParseQuery(request.Query)));
        string? token = TokenIn(request.Authorization);
        AccessIdentity? identity = token is null ? null : await authenticator.ReadAsync(token, "rtsp", request.From);
        return await AdmitAsync(number, link, "rtsp", request.From, identity, cancellationToken);
    }

    /// <param name="way">The way in, for the log.</param>
    /// <param name="from">Where the viewer is; null when that is not known.</param>
    /// <param name="identity">Who is behind a good token or key; null without one.</param>
    public async Task<LiveAdmission> AdmitAsync(
        CameraNumber number,
        SignedQuery query,
        string way,
        IPAddress? from,
        AccessIdentity? identity,
        CancellationToken cancellationToken)
    {
        LinkRight? right = links.Check(LiveLinks.ScopeOf(number), query, from);
        if (right is null && identity is null)
        {
            if (query.Sig is not null)
            {
                ledger.Refused(string.Empty, way, from, "bad_credentials");
            }

            return new LiveAdmission.Refused(LiveRefusal.NotLoggedIn);
        }

        if (right is null && !identity!.May(Right.SeePictures))
        {
            ledger.Refused(identity.UserId, way, from, nameof(Right.SeePictures));
            return new LiveAdmission.Refused(LiveRefusal.NotAllowed);
        }

        right ??= new LinkRight(
            identity!.UserId, identity.ExpiresAt, identity.Cameras, identity.CallsPerSecondMax, identity.Ended);
        if (await cameras.FindAsync(number, cancellationToken) is not { } found)
        {
            return new LiveAdmission.Refused(LiveRefusal.NotFound);
        }

        if (right.Cameras?.Contains(found.Id) == false)
        {
            ledger.OtherCamera(right.Who, way, from);
            return new LiveAdmission.Refused(LiveRefusal.NotFound);
        }

        ledger.Seen(right.Who, way, from, number.ToString());
        return new LiveAdmission.Granted(found.Id, number, right.Until, right.Ended) { Account = right.Who };
    }

    public ILiveSeat? TakeSeat(LiveAdmission.Granted right, IPAddress address) => TakeSeat(right, "rtsp", address, out _);

    public void TurnedAway(IPAddress from, string why) => ledger.Refused(string.Empty, "rtsp", from, why);

    /// <param name="why">Whose places are taken when there is none.</param>
    public ILiveSeat? TakeSeat(LiveAdmission.Granted right, string way, IPAddress? from, out Crowd why)
    {
        ILiveSeat? seat = viewers.TakeSeat(right, from, out why);
        if (seat is null)
        {
            ledger.Refused(right.Account ?? string.Empty, way, from, TooManyViewers);
        }

        return seat;
    }

    /// <summary>Whether one who holds no seat may go on fetching.</summary>
    public bool MayFetch(LiveAdmission.Granted right, string way, IPAddress? from)
    {
        bool may = viewers.MayFetch(right, from);
        if (!may)
        {
            ledger.Refused(right.Account ?? string.Empty, way, from, TooManyViewers);
        }

        return may;
    }

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
