using System.Net;
using Events.Host.JsonRpc;

namespace Events.Host.Security;

/// <summary>
/// What one address may ask of GraphQL without a good key or token: parsing and checking a document costs us more than sending
/// it costs a stranger. Enough for a page that shows the schema, and for programs that read it. Addresses that speak for many,
/// like a proxy's, are not limited in how often they ask.
/// </summary>
internal sealed class StrangerLimits(AddressGuard addresses, TimeProvider time)
{
    /// <summary>The query that tools read a schema with has 2 KiB.</summary>
    public const int BodyBytesMax = 64 * 1024;

    private const int AtOnceMax = 4;
    private const int UnlimitedAtOnceMax = 64;

    private static readonly RateRule _rate = new(10, 50);
    private static readonly TimeSpan _placeWait = TimeSpan.FromSeconds(1);

    private readonly AddressLimits _requests = new(_rate, time);
    private readonly AccountSeats _places = new(AtOnceMax);
    private readonly AccountSeats _unlimitedPlaces = new(UnlimitedAtOnceMax);

    /// <summary>Keeps a place for the request until it is answered.</summary>
    /// <exception cref="TooManyRequestsException">The address has too many such requests open, or asks too often.</exception>
    public void Enter(HttpContext context)
    {
        IPAddress address = context.Connection.RemoteIpAddress ?? IPAddress.None;
        bool isUnlimited = addresses.IsUnlimited(address);
        AccountSeats places = isUnlimited ? _unlimitedPlaces : _places;
        if (places.Take(AddressLimits.KeyOf(address).ToString()) is not { } place)
        {
            throw new TooManyRequestsException(
                _placeWait,
                $"Your address has {places.CountMax} requests open without a good key or token. Send one, or wait a little.");
        }

        context.Response.RegisterForDispose(place);
        TimeSpan wait = isUnlimited ? TimeSpan.Zero : _requests.Take(address);
        if (wait > TimeSpan.Zero)
        {
            throw new TooManyRequestsException(
                wait, "Your address asks too often without a good key or token. Send one, or wait a little.");
        }
    }
}
