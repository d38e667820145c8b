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
    public TimeSpan Take(AccessIdentity identity) => BucketOf(identity.UserId, identity.CallsPerSecondMax).Take();

    /// <summary>For what is fetched by a link: it counts for whom the link was made for.</summary>
    public TimeSpan Take(LinkRight link) => BucketOf(link.Who, link.CallsPerSecondMax).Take();

    /// <param name="ownMax">A key's own limit, in calls a second, and what its bucket holds; null for none.</param>
    private TokenBucket BucketOf(string account, int? ownMax)
    {
        RateRule own = ownMax is { } most && most < rule.PerSecond ? new RateRule(most, most) : rule;
        if (_buckets.TryGetValue(account, out TokenBucket? bucket) && bucket.Rule == own)
        {
            return bucket;
        }

        if (bucket is not null)
        {
            // The key was narrowed; what it had left counts no more.
            _buckets.TryRemove(new KeyValuePair<string, TokenBucket>(account, bucket));
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

        return _buckets.GetOrAdd(account, _ => new TokenBucket(own, time));
    }
}

/// <summary>Somebody asks too often: an account, or whom the reason names.</summary>
internal sealed class TooManyRequestsException(TimeSpan wait, string? why = null)
    : Exception(
        why ?? "Your account asks too often (setting Security.RateLimitAccountRequests, or the key's own limit). Wait a little.")
{
    public TimeSpan Wait => wait;
}
