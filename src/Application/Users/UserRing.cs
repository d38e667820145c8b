using Events.Application.Contracts;
using Events.Domain.Kernel;
using Events.Domain.Users;

namespace Events.Application.Users;

/// <summary>What somebody who signed in may do now.</summary>
/// <param name="Account">As facts name the user.</param>
/// <param name="Cameras">Null for all.</param>
/// <param name="Ended">Cancelled as soon as this node hears that the session is over, or the user is another by then.</param>
public sealed record SessionGrant(
    string Account,
    UserName Name,
    UserId? UserId,
    Role Role,
    CameraList? Cameras,
    DateTimeOffset Until,
    CancellationToken Ended);

/// <summary>All users, and all sessions that are open, in memory, on this node. A keeper puts in what the log says.</summary>
public sealed class UserRing(TimeProvider time) : IDisposable
{
    /// <summary>Users of an installation. Bounds the memory of each node.</summary>
    public const int UsersMax = 10_000;

    /// <summary>Of one user, open at a time. More is a program that signs in for each call.</summary>
    public const int SessionsMax = 50;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, UserView> _users = new(StringComparer.Ordinal);
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
                && _users.TryGetValue(held.Account, out UserView? user)
                && IsIn(user, held)
                    ? new SessionGrant(
                        held.Account, user.Name, user.Id, user.Role, user.Cameras, held.ExpiresAt, held.End.Token)
                    : null;
        }
    }

    /// <returns>The name behind an account; null when it is none of a user, or the user is erased.</returns>
    public string? NameOf(string account)
    {
        lock (_gate)
        {
            return _users.TryGetValue(account, out UserView? user) ? user.Name.Value : null;
        }
    }

    public int CountOf(string account)
    {
        lock (_gate)
        {
            return _sessions.Values.Count(held => held.Account == account && held.ExpiresAt > time.GetUtcNow());
        }
    }

    /// <summary>
    /// Takes in what happened to a user, by the fact alone: whatever becomes of the views, who was shut out is out.
    /// </summary>
    public void Take(Recorded<UserEvent> recorded)
    {
        lock (_gate)
        {
            string account = recorded.Fact.Account();
            UserView? before = _users.GetValueOrDefault(account);
            UserView? after = UserViewProjection.Project(before, recorded);
            if (after is null)
            {
                Remove(account);
            }
            else if (!ReferenceEquals(after, before))
            {
                Put(after);
            }
        }
    }

    /// <inheritdoc cref="Take(Recorded{UserEvent})"/>
    public void Take(Recorded<SessionEvent> recorded)
    {
        if (recorded.Fact is SessionEnded { SessionId: var over })
        {
            lock (_gate)
            {
                Drop(held => held.Id == over);
            }
        }
        else if (SessionViewProjection.Project(null, recorded) is { } started)
        {
            Put(started);
        }
    }

    /// <summary>
    /// Takes in how a user is now. Sessions end when the user is shut out, or has another role or password, or other cameras.
    /// A row from before what is known already is none.
    /// </summary>
    public void Put(UserView user)
    {
        lock (_gate)
        {
            string account = user.Account();
            if (_users.TryGetValue(account, out UserView? before) && user.Version < before.Version)
            {
                return;
            }

            bool isOther = before is not null
                && (before.Role, before.Cameras, before.PasswordId) != (user.Role, user.Cameras, user.PasswordId);
            _users[account] = user;
            Drop(held => held.Account == account && (isOther || !IsIn(user, held)));
        }
    }

    /// <summary>Forgets a user with all sessions.</summary>
    public void Remove(string account)
    {
        lock (_gate)
        {
            _users.Remove(account);
            Drop(held => held.Account == account);
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
                    session.Id, session.Account, session.StartedAt, session.ExpiresAt, new CancellationTokenSource());
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
        SessionId Id, string Account, DateTimeOffset StartedAt, DateTimeOffset ExpiresAt, CancellationTokenSource End);
}
