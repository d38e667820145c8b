using Events.Domain.Kernel;

namespace Events.Application.Users;

/// <summary>What somebody who signed in may do now.</summary>
/// <param name="Ended">Cancelled as soon as this node hears that the session is over, or the user is another by then.</param>
public sealed record SessionGrant(UserName Name, Role Role, DateTimeOffset Until, CancellationToken Ended);

/// <summary>All users, and all sessions that are open, in memory, on this node. A keeper puts in what the log says.</summary>
public sealed class UserRing(TimeProvider time) : IDisposable
{
    /// <summary>Users of an installation. Bounds the memory of each node.</summary>
    public const int UsersMax = 10_000;

    /// <summary>Of one user, open at a time. More is a program that signs in for each call.</summary>
    public const int SessionsMax = 50;

    private readonly Lock _gate = new();
    private readonly Dictionary<UserName, UserView> _users = [];
    private readonly Dictionary<SessionId, Held> _sessions = [];
    private readonly ReachedPosition _reached = new(time);

    public bool IsLoaded => _reached.Value >= 0;

    /// <returns>Null unless the session is open and its user may come in.</returns>
    public SessionGrant? Find(SessionId id)
    {
        lock (_gate)
        {
            return _sessions.TryGetValue(id, out Held? held)
                && held.ExpiresAt > time.GetUtcNow()
                && _users.TryGetValue(held.Name, out UserView? user)
                && IsIn(user, held)
                    ? new SessionGrant(held.Name, user.Role, held.ExpiresAt, held.End.Token)
                    : null;
        }
    }

    public int CountOf(UserName name)
    {
        lock (_gate)
        {
            return _sessions.Values.Count(held => held.Name == name && held.ExpiresAt > time.GetUtcNow());
        }
    }

    /// <summary>Takes in how a user is now. Sessions end when the user is shut out, or has another role or password.</summary>
    public void Put(UserView user)
    {
        lock (_gate)
        {
            bool isOther = _users.TryGetValue(user.Name, out UserView? before)
                && (before.Role != user.Role || before.PasswordId != user.PasswordId);
            _users[user.Name] = user;
            Drop(held => held.Name == user.Name && (isOther || !IsIn(user, held)));
        }
    }

    public void Put(SessionView session)
    {
        lock (_gate)
        {
            if (session.EndedFor is not null)
            {
                Drop(held => held.Id == session.Id);
            }
            else if (!_sessions.ContainsKey(session.Id))
            {
                _sessions[session.Id] = new Held(
                    session.Id, session.Name, session.StartedAt, session.ExpiresAt, new CancellationTokenSource());
                DateTimeOffset now = time.GetUtcNow();
                Drop(held => held.ExpiresAt <= now);
            }
        }
    }

    public void Reach(long position) => _reached.Reach(position);

    /// <summary>Waits until what stands up to a position counts here.</summary>
    /// <returns>False when that took too long.</returns>
    public Task<bool> WaitForAsync(long position, TimeSpan timeout, CancellationToken cancellationToken) =>
        _reached.WaitForAsync(position, timeout, cancellationToken);

    public void Dispose()
    {
        lock (_gate)
        {
            foreach (Held held in _sessions.Values)
            {
                held.End.Dispose();
            }

            _sessions.Clear();
        }
    }

    /// <summary>A password that was changed since ends the sessions before it: whoever had the old one is out.</summary>
    private static bool IsIn(UserView user, Held held) =>
        user.DisabledFor is null
        && held.StartedAt >= user.PasswordChangedAt
        && !(held.StartedAt < user.SessionsFrom);

    private void Drop(Predicate<Held> isOver)
    {
        foreach (Held held in _sessions.Values.Where(held => isOver(held)).ToList())
        {
            _sessions.Remove(held.Id);
            held.End.Cancel();
        }
    }

    private sealed record Held(
        SessionId Id, UserName Name, DateTimeOffset StartedAt, DateTimeOffset ExpiresAt, CancellationTokenSource End);
}
