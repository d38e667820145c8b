using System.Collections.Concurrent;
using Events.Host.JsonRpc;

namespace Events.Host.Security;

/// <summary>How often one account may ask, over all its sockets and requests: opening more of them does not widen it.</summary>
internal sealed class AccountLimits(RateRule rule, TimeProvider time)
{
    /// <summary>Accounts remembered; beyond, those whose bucket is full are forgotten. Bounds memory.</summary>
    private const int CountMax = 10_000;

    private readonly ConcurrentDictionary<string, TokenBucket> _buckets = new(StringComparer.Ordinal);

    /// <returns>Zero when it may; otherwise how long until then.</returns>
    public TimeSpan Take(string account) => BucketOf(account).Take();

    private TokenBucket BucketOf(string account)
    {
        if (_buckets.TryGetValue(account, out TokenBucket? bucket))
        {
            return bucket;
        }

        if (_buckets.Count >= CountMax)
        {
            foreach ((string other, TokenBucket full) in _buckets)
            {
                if (full.IsFull)
                {
                    _buckets.TryRemove(other, out _);
                }
            }
        }

        return _buckets.GetOrAdd(account, _ => new TokenBucket(rule, time));
    }
}

/// <summary>An account asks too often.</summary>
internal sealed class TooManyRequestsException(TimeSpan wait)
    : Exception("Your account asks too often (setting Security.RateLimitAccountRequests). Wait a little.")
{
    public TimeSpan Wait => wait;
}
