using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using Events.Application.Contracts;
using Events.Domain.ApiKeys;
using Events.Domain.Kernel;

namespace Events.Application.ApiKeys;

/// <summary>What a good key lets its bearer do, as it was when the key was shown.</summary>
/// <param name="Until">Null for no end.</param>
/// <param name="CallsPerSecondMax">Null for what every account may.</param>
/// <param name="Scopes">Null for all rights of the role.</param>
/// <param name="Ended">Cancelled as soon as this node hears that the key, or this secret of it, is good for less.</param>
public sealed record ApiKeyGrant(
    ApiKeyId KeyId,
    Role Role,
    ScopeList? Scopes,
    CameraList? Cameras,
    DateTimeOffset? Until,
    int? CallsPerSecondMax,
    CancellationToken Ended)
{
    public bool May(Right right) => Policy.Allows(Role, Scopes, right);
}

/// <summary>
/// All keys that are good now, in memory, on this node. A key is found by its hash, and the whole hash is compared in constant
/// time; what is open on behalf of a key is ended by its token. A keeper puts in what the log says.
/// </summary>
public sealed class ApiKeyRing(TimeProvider time) : IDisposable
{
    /// <summary>Keys of an installation that have not ended. Bounds the memory of each node to some megabytes.</summary>
    public const int CountMax = 10_000;

    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<ulong, Held> _byHash = [];
    private readonly Dictionary<ApiKeyId, Bunch> _byKey = [];
    private readonly ReachedPosition _reached = new(time);

    /// <summary>Whether the keys of the log are in.</summary>
    public bool IsLoaded => _reached.Value >= 0;

    /// <param name="from">Where the caller is; null when that cannot be known, which no list of addresses lets in.</param>
    /// <returns>Null unless the secret is one of a key that is good now, and from there.</returns>
    public ApiKeyGrant? Find(string secret, IPAddress? from)
    {
        Span<byte> hash = stackalloc byte[ApiKeySecret.HashBytes];
        if (!ApiKeySecret.TryHash(secret, hash)
            || !_byHash.TryGetValue(PlaceOf(hash), out Held? held)
            || !CryptographicOperations.FixedTimeEquals(hash, held.Hash))
        {
            return null;
        }

        DateTimeOffset now = time.GetUtcNow();
        if (held.Grant.Until <= now || held.Grant.Ended.IsCancellationRequested || !AddressSet.Lets(held.Addresses, from))
        {
            return null;
        }

        held.Use.Count(now);
        return held.Grant;
    }

    /// <summary>What a key lets its bearer do now, without its secret: for what was signed on its behalf.</summary>
    /// <returns>Null unless the key is good, and from there.</returns>
    public ApiKeyGrant? Find(ApiKeyId id, IPAddress? from)
    {
        lock (_gate)
        {
            return _byKey.TryGetValue(id, out Bunch? bunch)
                && bunch.All.FirstOrDefault() is { } held
                && !(held.Grant.Until <= time.GetUtcNow())
                && AddressSet.Lets(held.Addresses, from)
                    ? held.Grant
                    : null;
        }
    }

    /// <summary>
    /// Takes in what happened to a key, by the fact alone: whatever becomes of the views, a key that has ended is refused.
    /// </summary>
    public void Take(Recorded<ApiKeyEvent> recorded)
    {
        lock (_gate)
        {
            ApiKeyView? before = _byKey.GetValueOrDefault(recorded.Fact.KeyId)?.Row;
            if (ApiKeyViewProjection.Project(before, recorded) is { } row && !ReferenceEquals(row, before))
            {
                Put(row);
            }
        }
    }

    /// <summary>
    /// Takes in how a key is now. What was open on behalf of a wider one ends. A row from before what is known already is none.
    /// </summary>
    public void Put(ApiKeyView row)
    {
        lock (_gate)
        {
            _byKey.TryGetValue(row.Id, out Bunch? before);
            if (row.Version < before?.Row.Version)
            {
                return;
            }

            bool isSame = before is not null && before.Row.Limits == row.Limits;
            bool isOver = row.Status is ApiKeyStatus.Revoked or ApiKeyStatus.Expired;
            Bunch next = new(row, isOver, before?.Use ?? new ApiKeyUse(), []);
            if (row.Status is ApiKeyStatus.Active)
            {
                Hold(next, row, row.SecretHash, row.ExpiresAt, isSame ? before : null);
                if (row.OldSecretHash is { } old && row.OldUntil > time.GetUtcNow())
                {
                    DateTimeOffset? until = row.ExpiresAt < row.OldUntil ? row.ExpiresAt : row.OldUntil;
                    Hold(next, row, old, until, isSame ? before : null);
                }
            }

            foreach (Held held in (before?.All ?? []).Where(held => !next.All.Any(other => ReferenceEquals(other.End, held.End))))
            {
                _byHash.TryRemove(new KeyValuePair<ulong, Held>(PlaceOf(held.Hash), held));
                held.End.Cancel();
            }

            next.All.ForEach(held => _byHash[PlaceOf(held.Hash)] = held);
            _byKey[row.Id] = next;
        }
    }

    /// <summary>Everything up to a position is in.</summary>
    public void Reach(long position) => _reached.Reach(position);

    /// <summary>Waits until what stands up to a position counts here.</summary>
    /// <returns>False when that took too long.</returns>
    public Task<bool> WaitForAsync(long position, TimeSpan timeout, CancellationToken cancellationToken) =>
        _reached.WaitForAsync(position, timeout, cancellationToken);

    /// <summary>Keys whose time is over, but of which the log does not say so yet.</summary>
    public IReadOnlyList<ApiKeyId> Due(DateTimeOffset now)
    {
        lock (_gate)
        {
            return [.. _byKey.Where(pair => !pair.Value.IsOver && pair.Value.Row.ExpiresAt <= now).Select(pair => pair.Key)];
        }
    }

    /// <summary>What was counted since this was last called, of each key that was used.</summary>
    public IReadOnlyList<(ApiKeyId KeyId, ApiKeyUse.Counted Use)> TakeUse()
    {
        lock (_gate)
        {
            List<(ApiKeyId KeyId, ApiKeyUse.Counted Use)> used = [];
            foreach ((ApiKeyId id, Bunch bunch) in _byKey)
            {
                if (bunch.Use.Take() is { } counted)
                {
                    used.Add((id, counted));
                }
            }

            foreach (ApiKeyId id in _byKey.Where(pair => pair.Value.IsOver).Select(pair => pair.Key).ToList())
            {
                _byKey.Remove(id);
            }

            return used;
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _byHash.Clear();
            foreach (Held held in _byKey.Values.SelectMany(bunch => bunch.All))
            {
                held.End.Dispose();
            }

            _byKey.Clear();
        }
    }

    /// <param name="same">What was held of the key while it was good for the same; null when it was for something else.</param>
    private void Hold(Bunch bunch, ApiKeyView row, string hash, DateTimeOffset? until, Bunch? same)
    {
        byte[] bytes = Convert.FromHexString(hash);
        Held? old = same?.All.Find(held => held.Hash.AsSpan().SequenceEqual(bytes));
        CancellationTokenSource end = old?.End ?? new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        if (until < old?.Grant.Until || (until is { } soon && old is { Grant.Until: null }))
        {
            // A secret that was replaced: what is open with it may stay as long as it is good.
            TimeSpan left = until!.Value - time.GetUtcNow();
            end.CancelAfter(left > TimeSpan.Zero ? left : TimeSpan.Zero);
        }

        bunch.All.Add(new Held(
            bytes,
            new ApiKeyGrant(row.Id, row.Role, row.Scopes, row.Cameras, until, row.CallsPerSecondMax, end.Token),
            AddressSet.Parse(row.Addresses),
            bunch.Use,
            end));
    }

    /// <summary>Hashes are as good as random, so any eight bytes of them spread evenly.</summary>
    private static ulong PlaceOf(ReadOnlySpan<byte> hash) => BinaryPrimitives.ReadUInt64LittleEndian(hash);

    private sealed record Held(
        byte[] Hash, ApiKeyGrant Grant, IReadOnlyList<IPNetwork>? Addresses, ApiKeyUse Use, CancellationTokenSource End);

    /// <param name="Row">As the facts up to now make it.</param>
    private sealed record Bunch(ApiKeyView Row, bool IsOver, ApiKeyUse Use, List<Held> All);
}

/// <summary>How often a key was used since the log was last told.</summary>
public sealed class ApiKeyUse
{
    private readonly Lock _gate = new();
    private long _count;
    private DateTimeOffset _firstAt;
    private DateTimeOffset _lastAt;

    public void Count(DateTimeOffset now)
    {
        lock (_gate)
        {
            _firstAt = _count == 0 ? now : _firstAt;
            (_count, _lastAt) = (_count + 1, now);
        }
    }

    /// <returns>Null when there was none.</returns>
    public Counted? Take()
    {
        lock (_gate)
        {
            Counted? counted = _count == 0 ? null : new Counted(_count, _firstAt, _lastAt);
            _count = 0;
            return counted;
        }
    }

    public sealed record Counted(long Count, DateTimeOffset FirstAt, DateTimeOffset LastAt);
}
