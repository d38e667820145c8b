using System.Net;
using Events.Domain.Kernel;

namespace Events.Host.Live;

/// <summary>
/// How many viewers one account has at a time, from whichever addresses: over RTSP and WebSocket seats that it holds, over HTTP
/// Live Streaming, which has no session, each camera that an address went on fetching a moment ago.
/// </summary>
/// <param name="patience">How long somebody who fetches counts.</param>
internal sealed class AccountViewers(int countMax, TimeSpan patience, TimeProvider time)
{
    /// <summary>Accounts remembered; beyond, those that nobody watches with any more are forgotten. Bounds memory.</summary>
    private const int AccountsMax = 1_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Own> _accounts = new(StringComparer.Ordinal);

    /// <returns>The seat, to be given back once; null when the account has as many viewers as it may.</returns>
    public IDisposable? Take(string account)
    {
        lock (_gate)
        {
            Own own = Of(account);
            if (own.Count >= countMax)
            {
                return null;
            }

            own.Seats++;
            return new Seat(this, own);
        }
    }

    /// <returns>False for one who would be a viewer too many.</returns>
    public bool MayFetch(string account, CameraNumber number, IPAddress from)
    {
        lock (_gate)
        {
            Own own = Of(account);
            if (own.Count >= countMax && !own.Fetching.ContainsKey((number, from)))
            {
                return false;
            }

            own.Fetching[(number, from)] = time.GetTimestamp();
            return true;
        }
    }

    private Own Of(string account)
    {
        if (_accounts.TryGetValue(account, out Own? own))
        {
            Forget(own);
            return own;
        }

        if (_accounts.Count >= AccountsMax)
        {
            foreach ((string name, Own other) in _accounts)
            {
                Forget(other);
                if (other.Count == 0)
                {
                    _accounts.Remove(name);
                }
            }
        }

        return _accounts[account] = new Own();
    }

    private void Forget(Own own)
    {
        foreach (((CameraNumber, IPAddress) viewer, long seen) in own.Fetching)
        {
            if (time.GetElapsedTime(seen) > patience)
            {
                own.Fetching.Remove(viewer);
            }
        }
    }

    private sealed class Own
    {
        public int Seats { get; set; }

        /// <summary>Has no more entries than an account may have viewers.</summary>
        public Dictionary<(CameraNumber, IPAddress), long> Fetching { get; } = [];

        public int Count => Seats + Fetching.Count;
    }

    private sealed class Seat(AccountViewers viewers, Own own) : IDisposable
    {
        private bool _isLeft;

        public void Dispose()
        {
            lock (viewers._gate)
            {
                own.Seats -= _isLeft ? 0 : 1;
                _isLeft = true;
            }
        }
    }
}
