using System.Collections.Concurrent;
using System.Net;
using Events.Application.Contracts;
using Events.Domain.Kernel;
using Events.Host.Settings;

namespace Events.Host.Live;

/// <summary>Whose places for viewers are all taken.</summary>
internal enum Crowd
{
    None,
    All,
    Address,
    Account,
}

/// <summary>
/// Who watches which camera. Over RTSP and WebSocket a viewer takes a seat, of which there are so many. HTTP Live Streaming has
/// no session, so an address counts as a viewer while it went on fetching during the last <see cref="Patience"/>.
/// </summary>
internal sealed class LiveViewers(LiveSettings settings, TimeProvider time) : ILiveAudience
{
    /// <summary>Two of the longest segments and a pause of the player.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>Addresses remembered per camera; beyond, the count stands still rather than the memory grow.</summary>
    private const int CountMax = 10_000;

    private readonly AccountViewers _accounts = new(settings.MaxViewersPerAccount, Patience, time);
    private readonly ConcurrentDictionary<CameraNumber, Audience> _audiences = [];
    private readonly Dictionary<IPAddress, int> _seatsOf = [];
    private int _seats;

    /// <returns>Null when all seats are taken, or all that one address or account may have.</returns>
    public ILiveSeat? TakeSeat(LiveAdmission.Granted right, IPAddress? address, out Crowd why)
    {
        IPAddress from = address ?? IPAddress.None;
        IDisposable? own = null;
        lock (_seatsOf)
        {
            int there = _seatsOf.GetValueOrDefault(from);
            why = _seats >= settings.MaxViewers ? Crowd.All
                : there >= settings.MaxViewersPerAddress ? Crowd.Address
                : right.Account is { } account && (own = _accounts.Take(account)) is null ? Crowd.Account
                : Crowd.None;
            if (why is not Crowd.None)
            {
                return null;
            }

            _seats++;
            _seatsOf[from] = there + 1;
        }

        Audience audience = AudienceOf(right.Number);
        Interlocked.Increment(ref audience.Seats);
        return new Seat(this, audience, from, own);
    }

    /// <summary>Of those who hold no seat, none but an account's own places bound how many there are.</summary>
    public bool MayFetch(LiveAdmission.Granted right, IPAddress? address) =>
        right.Account is not { } account || _accounts.MayFetch(account, right.Number, address ?? IPAddress.None);

    public void Saw(CameraNumber number, IPAddress? address, long bytes)
    {
        Audience audience = AudienceOf(number);
        Interlocked.Add(ref audience.BytesSent, bytes);
        lock (audience.LastSeen)
        {
            Forget(audience);
            if (audience.LastSeen.Count < CountMax)
            {
                audience.LastSeen[address ?? IPAddress.None] = time.GetTimestamp();
            }
        }
    }

    public int CountOf(CameraNumber number)
    {
        if (!_audiences.TryGetValue(number, out Audience? audience))
        {
            return 0;
        }

        lock (audience.LastSeen)
        {
            Forget(audience);
            return audience.LastSeen.Count + Volatile.Read(ref audience.Seats);
        }
    }

    public long BytesSentTo(CameraNumber number) =>
        _audiences.TryGetValue(number, out Audience? audience) ? Interlocked.Read(ref audience.BytesSent) : 0;

    private Audience AudienceOf(CameraNumber number) => _audiences.GetOrAdd(number, static _ => new Audience());

    private void Forget(Audience audience)
    {
        foreach ((IPAddress address, long seen) in audience.LastSeen)
        {
            if (time.GetElapsedTime(seen) > Patience)
            {
                audience.LastSeen.Remove(address);
            }
        }
    }

    private void Leave(IPAddress from)
    {
        lock (_seatsOf)
        {
            _seats--;
            if (--_seatsOf[from] == 0)
            {
                _seatsOf.Remove(from);
            }
        }
    }

    private sealed class Audience
    {
        public long BytesSent;

        public int Seats;

        public Dictionary<IPAddress, long> LastSeen { get; } = [];
    }

    private sealed class Seat(LiveViewers viewers, Audience audience, IPAddress from, IDisposable? own) : ILiveSeat
    {
        private int _isLeft;

        public void Sent(long bytes) => Interlocked.Add(ref audience.BytesSent, bytes);

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isLeft, 1) == 0)
            {
                Interlocked.Decrement(ref audience.Seats);
                viewers.Leave(from);
                own?.Dispose();
            }
        }
    }
}
