using System.Globalization;
using System.Net;
using Events.Application.Contracts;
using Events.Host.JsonRpc;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Events.Host.Security;

/// <param name="ConnectionsMax">Open at a time.</param>
/// <param name="Requests">By HTTP.</param>
/// <param name="Unlimited">Addresses that this does not count for, like that of a proxy, which speaks for many.</param>
internal sealed record AddressRule(int ConnectionsMax, RateRule Requests, IReadOnlyList<AddressRange> Unlimited);

/// <summary>
/// Keeps one address from taking the places of all others. On HTTP/1.1 a socket, an event stream, a download, a body that comes
/// in slowly and a head that never ends each hold a connection, so counting connections bounds them all. One too many is told
/// so; of twice as many nothing is read any more.
/// </summary>
internal sealed class AddressGuard(AddressRule rule, TimeProvider time)
{
    private const int CutOffFactor = 2;

    private static readonly object _isOneTooMany = new();

    private readonly AddressLimits _requests = new(rule.Requests, time);
    private readonly Lock _gate = new();

    /// <summary>Has no more entries than Kestrel has connections, which are counted before they come here.</summary>
    private readonly Dictionary<IPAddress, int> _open = [];

    /// <summary>For each connection, before a byte of it is read.</summary>
    public async Task CountAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        if (AddressOf(connection.RemoteEndPoint) is not { } address)
        {
            await next(connection);
            return;
        }

        int open = Enter(address);
        try
        {
            if (open > CutOffFactor * rule.ConnectionsMax)
            {
                connection.Abort(new ConnectionAbortedException("The address has too many connections."));
                return;
            }

            if (open > rule.ConnectionsMax)
            {
                connection.Items[_isOneTooMany] = true;
            }

            await next(connection);
        }
        finally
        {
            Leave(address);
        }
    }

    /// <summary>For each request.</summary>
    public Task GuardAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Features.Get<IConnectionItemsFeature>()?.Items.ContainsKey(_isOneTooMany) == true)
        {
            context.Response.Headers.Connection = "close";
            return RefuseAsync(
                context, TimeSpan.FromSeconds(1),
                $"Your address has more than {rule.ConnectionsMax} connections open (setting "
                + "Security.MaxConnectionsPerAddress). Close some.");
        }

        IPAddress? address = context.Connection.RemoteIpAddress;
        TimeSpan wait = address is null || IsUnlimited(address) ? TimeSpan.Zero : _requests.Take(address);
        return wait == TimeSpan.Zero
            ? next(context)
            : RefuseAsync(
                context, wait, "Your address asks too often (setting Security.AddressRequestsPerSecond). Wait a little.");
    }

    /// <summary>429, with the time to wait in whole seconds (RFC 9110, section 10.2.3).</summary>
    public static Task RefuseAsync(HttpContext context, TimeSpan wait, string why)
    {
        context.Response.Headers.RetryAfter =
            Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        return Results.Problem(why, statusCode: StatusCodes.Status429TooManyRequests).ExecuteAsync(context);
    }

    /// <summary>Whether it may speak for many, so that limits per address say nothing.</summary>
    public bool IsUnlimited(IPAddress address) => rule.Unlimited.Any(range => range.Contains(address));

    /// <returns>Null for one that is not counted.</returns>
    private IPAddress? AddressOf(EndPoint? remote) =>
        remote is IPEndPoint { Address: var address } && !IsUnlimited(address) ? AddressLimits.KeyOf(address) : null;

    private int Enter(IPAddress address)
    {
        lock (_gate)
        {
            return _open[address] = _open.GetValueOrDefault(address) + 1;
        }
    }

    private void Leave(IPAddress address)
    {
        lock (_gate)
        {
            if (--_open[address] == 0)
            {
                _open.Remove(address);
            }
        }
    }
}
