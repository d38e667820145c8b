namespace Events.Host.Security;

/// <summary>
/// Sockets of one account, over JSON-RPC and GraphQL together: from whichever addresses they come, the places are not all its
/// own. Counted from signing in on, since before nobody knows whose a socket is.
/// </summary>
internal sealed class AccountSeats(int countMax)
{
    private readonly Lock _gate = new();

    /// <summary>Has no more entries than there are sockets.</summary>
    private readonly Dictionary<string, int> _taken = new(StringComparer.Ordinal);

    public int CountMax => countMax;

    /// <returns>The seat, to be given back once; null when the account has as many as it may.</returns>
    public IDisposable? Take(string account)
    {
        lock (_gate)
        {
            int taken = _taken.GetValueOrDefault(account);
            if (taken >= countMax)
            {
                return null;
            }

            _taken[account] = taken + 1;
            return new Seat(this, account);
        }
    }

    private void GiveBack(string account)
    {
        lock (_gate)
        {
            if (--_taken[account] == 0)
            {
                _taken.Remove(account);
            }
        }
    }

    private sealed class Seat(AccountSeats seats, string account) : IDisposable
    {
        private int _isGivenBack;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isGivenBack, 1) == 0)
            {
                seats.GiveBack(account);
            }
        }
    }
}
