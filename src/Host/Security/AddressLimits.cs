using System.Collections.Concurrent;
using System.Net;
using Events.Application.Access;
using Events.Host.JsonRpc;

namespace Events.Host.Security;

/// <summary>
/// How often one address may do something that costs us more than it. Of IPv6, a network of 64 bits counts as one address: that
/// is what one subscriber has.
/// </summary>
internal sealed class AddressLimits(RateRule rule, TimeProvider time)
{
    /// <summary>Addresses remembered. Beyond, full buckets are forgotten, and if there is none, nobody new is let in.</summary>
    private const int CountMax = 10_000;

    private readonly ConcurrentDictionary<IPAddress, TokenBucket> _buckets = [];

    /// <returns>Zero when it may; otherwise how long until then.</returns>
    public TimeSpan Take(IPAddress? address)
    {
        IPAddress key = KeyOf(address ?? IPAddress.None);
        if (_buckets.TryGetValue(key, out TokenBucket? bucket))
        {
            return bucket.Take();
        }

        if (_buckets.Count >= CountMax)
        {
            foreach ((IPAddress other, TokenBucket full) in _buckets)
            {
                if (full.IsFull)
                {
                    _buckets.TryRemove(other, out _);
                }
            }

            if (_buckets.Count >= CountMax)
            {
                return TimeSpan.FromSeconds(1 / rule.PerSecond);
            }
        }

        return _buckets.GetOrAdd(key, _ => new TokenBucket(rule, time)).Take();
    }

    public static IPAddress KeyOf(IPAddress address) => Subscriber.Of(address);
}
