using Events.Domain.Users;

namespace Events.Application.Users;

/// <summary>
/// Counts wrong passwords, of users and of names that nobody has: both are answered alike. Whoever guesses gets no more than
/// <see cref="SignIns.FailuresMax"/> until a lock, also with many at the same moment. A user's lock is a fact; that of a name
/// that nobody has is kept here, on this node alone.
/// </summary>
internal sealed class Guesses(TimeProvider time)
{
    /// <summary>Names remembered that nobody has; beyond, the one that was tried longest ago is forgotten.</summary>
    internal const int NobodiesMax = 10_000;

    private readonly Lock _gate = new();

    /// <summary>By account: of users that there are, so there are no more than those.</summary>
    private readonly Dictionary<string, Guess> _users = new(StringComparer.Ordinal);

    /// <summary>By a hash of what was typed, which may be a password.</summary>
    private readonly Dictionary<string, Guess> _nobodies = new(StringComparer.Ordinal);

    /// <returns>Null when as many are looked at as may be until a lock: in a moment it is known what came of them.</returns>
    public Turn? OfUser(string account)
    {
        lock (_gate)
        {
            if (!_users.TryGetValue(account, out Guess? guess))
            {
                _users[account] = guess = new Guess(account);
            }

            return Begin(guess);
        }
    }

    /// <param name="hash">Of a name that no user has.</param>
    /// <inheritdoc cref="OfUser"/>
    public Turn? OfNobody(string hash)
    {
        lock (_gate)
        {
            if (!_nobodies.TryGetValue(hash, out Guess? guess))
            {
                if (_nobodies.Count >= NobodiesMax)
                {
                    _nobodies.Remove(_nobodies.Values.Where(one => one.Open == 0).MinBy(one => one.LastAt)!.Of);
                }

                _nobodies[hash] = guess = new Guess(hash);
            }

            guess.LastAt = time.GetUtcNow();
            return Begin(guess);
        }
    }

    private Turn? Begin(Guess guess)
    {
        if (guess.Failures + guess.Open >= SignIns.FailuresMax)
        {
            return null;
        }

        guess.Open++;
        return new Turn(this, guess);
    }

    /// <summary>Of one name.</summary>
    internal sealed class Guess(string of)
    {
        public string Of => of;

        /// <summary>In a row.</summary>
        public int Failures { get; set; }

        /// <summary>Being looked at.</summary>
        public int Open { get; set; }

        public int LockCount { get; set; }

        public DateTimeOffset? LockedUntil { get; set; }

        public DateTimeOffset LastAt { get; set; }
    }

    /// <summary>One password that is being looked at.</summary>
    internal sealed class Turn(Guesses all, Guess guess) : IDisposable
    {
        /// <summary>Of a name that nobody has; null when it never was.</summary>
        public DateTimeOffset? LockedUntil
        {
            get
            {
                lock (all._gate)
                {
                    return guess.LockedUntil;
                }
            }
        }

        /// <returns>Whether it is time for a lock. Until this turn is over, nobody else has one.</returns>
        public bool Fail()
        {
            lock (all._gate)
            {
                return ++guess.Failures >= SignIns.FailuresMax;
            }
        }

        public void Succeed()
        {
            lock (all._gate)
            {
                guess.Failures = 0;
            }
        }

        /// <summary>Locks a name that nobody has, as long as a user would be.</summary>
        public DateTimeOffset Lock()
        {
            lock (all._gate)
            {
                DateTimeOffset until = all.Now + User.LockAfter(guess.LockCount++);
                guess.LockedUntil = until;
                return until;
            }
        }

        public void Dispose()
        {
            lock (all._gate)
            {
                guess.Open--;
                if (guess.Failures >= SignIns.FailuresMax)
                {
                    guess.Failures = 0;
                }

                if (guess is { Failures: 0, Open: 0 })
                {
                    all._users.Remove(guess.Of);
                }
            }
        }
    }

    private DateTimeOffset Now => time.GetUtcNow();
}
