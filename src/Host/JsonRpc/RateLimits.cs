using Events.Host.Security;
using Events.JsonRpc;

namespace Events.Host.JsonRpc;

/// <summary>How many calls are let through: a bucket that holds <paramref name="Burst"/> and fills up steadily.</summary>
/// <param name="PerSecond">More than zero.</param>
internal sealed record RateRule(double PerSecond, double Burst);

/// <summary>A token bucket. A call that is refused takes nothing, so that hammering does not prolong the wait.</summary>
internal sealed class TokenBucket(RateRule rule, TimeProvider time)
{
    private readonly Lock _gate = new();
    private double _tokens = rule.Burst;
    private long _at = time.GetTimestamp();

    public RateRule Rule => rule;

    /// <summary>A full bucket is as good as a new one.</summary>
    public bool IsFull
    {
        get
        {
            lock (_gate)
            {
                Fill();
                return _tokens >= rule.Burst;
            }
        }
    }

    /// <returns>Zero when a token was taken; otherwise how long until there will be one.</returns>
    public TimeSpan Take()
    {
        lock (_gate)
        {
            Fill();
            if (_tokens >= 1)
            {
                _tokens--;
                return TimeSpan.Zero;
            }

            return TimeSpan.FromSeconds((1 - _tokens) / rule.PerSecond);
        }
    }

    /// <summary>Puts a token back that was taken for a call which another bucket refused.</summary>
    public void GiveBack()
    {
        lock (_gate)
        {
            _tokens = Math.Min(rule.Burst, _tokens + 1);
        }
    }

    private void Fill()
    {
        long now = time.GetTimestamp();
        _tokens = Math.Min(rule.Burst, _tokens + (time.GetElapsedTime(_at, now).TotalSeconds * rule.PerSecond));
        _at = now;
    }
}

/// <summary>Limits calls per socket, and per account over all its sockets.</summary>
internal sealed class RateLimits(RateRule perConnection, AccountLimits accounts, ClientSessions sessions, TimeProvider time)
{
    /// <returns>Null to let the call pass.</returns>
    public JsonRpcError? Check(JsonRpcConnection connection, string? method)
    {
        ClientSession session = sessions.Of(connection);
        TokenBucket own = session.Bucket ??= new TokenBucket(perConnection, time);
        TimeSpan wait = own.Take();
        if (wait == TimeSpan.Zero && session.Identity is { } identity)
        {
            wait = accounts.Take(identity);
            if (wait > TimeSpan.Zero)
            {
                own.GiveBack();
            }
        }

        return wait == TimeSpan.Zero ? null : LegacyErrors.RateLimited(wait);
    }
}
