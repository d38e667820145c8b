using System.Net;
using System.Net.Sockets;
using Events.Domain.Access;

namespace Events.Application.Access;

/// <param name="Node">This host, as facts name it.</param>
/// <param name="RepeatPause">Of one kind of access, from one place by one account, the next fact comes after so long.</param>
public sealed record AccessTimes(string Node, TimeSpan RepeatPause);

/// <summary>
/// Counts who came in, who did not, and who looked at what, until the log is told. The first of a kind is told at once, those
/// that follow as one count per period: a flood makes no more facts than a visitor. What is counted apart is bounded, too: for
/// each account by itself and for all strangers together, so that nobody can make anybody else's accesses harder to tell. An
/// account is always named.
/// </summary>
public sealed class AccessLedger(AccessTimes times, TimeProvider time)
{
    /// <summary>
    /// Kinds of access told apart at a time, of one account by one way in, or of all strangers. Those of more are counted
    /// together, as from <c>others</c>; of as many again what was looked at is told still.
    /// </summary>
    private const int ShareMax = 2_000;

    /// <summary>Of all accounts together. Beyond, only names and ways in are told apart: there are so many and no more.</summary>
    private const int KnownMax = 20_000;

    /// <summary>Facts at a time. A flood from many addresses must not crowd out what cameras say.</summary>
    private const int BatchMax = 100;

    /// <summary>In characters. What people type as a file's name may be anything.</summary>
    private const int WordLengthMax = 255;

    private const string Others = "others";

    private readonly Lock _gate = new();
    private readonly Dictionary<Share, Dictionary<Kind, Tally>> _known = [];
    private readonly Dictionary<Kind, Tally> _strangers = [];
    private int _knownCount;
    private int _untold;
    private DateTimeOffset _periodAt;
    private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private enum Sort
    {
        Granted,
        Refused,
        Seen,
    }

    public void Granted(string who, string way, IPAddress? from) => Count(new Kind(Sort.Granted, who, way, NameOf(from), ""));

    /// <param name="who">Empty when nobody was known. Never what was typed: it may be a password.</param>
    public void Refused(string who, string way, IPAddress? from, string why) =>
        Count(new Kind(Sort.Refused, who, way, who.Length == 0 ? NetworkOf(from) : NameOf(from), why));

    /// <summary>It is there, but not among the cameras that this account may know of, who is told that there is none.</summary>
    public void OtherCamera(string who, string way, IPAddress? from) => Refused(who, way, from, "other_camera");

    public void Seen(string who, string way, IPAddress? from, string what) =>
        Count(new Kind(Sort.Seen, who, way, NameOf(from), what.Length <= WordLengthMax ? what : what[..WordLengthMax]));

    /// <summary>Completes when there is something to tell.</summary>
    public Task NewsAsync()
    {
        lock (_gate)
        {
            return _untold > 0 ? Task.CompletedTask : _news.Task;
        }
    }

    /// <summary>What is due to be told now, at most a batch, of strangers last; counts as told.</summary>
    /// <param name="isAll">Also what could wait.</param>
    public IReadOnlyList<AccessEvent> Take(bool isAll)
    {
        lock (_gate)
        {
            DateTimeOffset now = time.GetUtcNow();
            List<AccessEvent> due = [];
            foreach ((Share key, Dictionary<Kind, Tally> share) in _known)
            {
                int before = share.Count;
                Take(share, isAll, now, due);
                _knownCount -= before - share.Count;
                if (share.Count == 0)
                {
                    _known.Remove(key);
                }
            }

            Take(_strangers, isAll, now, due);
            return due;
        }
    }

    private static string NameOf(IPAddress? from) =>
        from is null ? string.Empty : (from.IsIPv4MappedToIPv6 ? from.MapToIPv4() : from).ToString();

    /// <summary>One subscriber could come from more addresses than can be told apart.</summary>
    private static string NetworkOf(IPAddress? from) =>
        from is { AddressFamily: AddressFamily.InterNetworkV6, IsIPv4MappedToIPv6: false } && !IPAddress.IsLoopback(from)
            ? $"{Subscriber.Of(from)}/64"
            : NameOf(from);

    private void Take(Dictionary<Kind, Tally> share, bool isAll, DateTimeOffset now, List<AccessEvent> due)
    {
        foreach ((Kind kind, Tally tally) in share)
        {
            bool isDue = isAll || tally.ToldAt is not { } told || told < _periodAt || now - told >= times.RepeatPause;
            if (tally.Count > 0 && isDue && due.Count < BatchMax)
            {
                due.Add(FactOf(kind, tally, now));
                tally.Count = 0;
                tally.ToldAt = now;
                _untold--;
            }
            else if (tally.Count == 0 && isDue)
            {
                share.Remove(kind);
            }
        }
    }

    private void Count(Kind kind)
    {
        lock (_gate)
        {
            DateTimeOffset now = time.GetUtcNow();
            Tally tally = TallyOf(kind, now);
            if (tally.Count++ == 0)
            {
                tally.FirstAt = now;
                _untold++;
            }

            tally.LastAt = now;
            _news.TrySetResult();
            _news = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    private Tally TallyOf(Kind kind, DateTimeOffset now)
    {
        if (kind is { Sort: Sort.Refused, Who: "" })
        {
            kind = Fitting(kind, _strangers, isFull: false);
            return _strangers.TryGetValue(kind, out Tally? stranger) ? stranger : _strangers[kind] = new Tally();
        }

        var key = new Share(kind.Sort, kind.Who, kind.Way);
        if (!_known.TryGetValue(key, out Dictionary<Kind, Tally>? share))
        {
            _known[key] = share = [];
        }

        kind = Fitting(kind, share, isFull: _knownCount >= KnownMax);
        if (share.TryGetValue(kind, out Tally? known))
        {
            return known;
        }

        if (++_knownCount > 2 * KnownMax && now - _periodAt >= times.RepeatPause / 10)
        {
            // So many accounts that even their names are many: what was told makes room early, and the rest is told now.
            _periodAt = now;
        }

        return share[kind] = new Tally();
    }

    /// <summary>The kind itself where there is room for it; else one that says less, but always who.</summary>
    private static Kind Fitting(Kind kind, Dictionary<Kind, Tally> share, bool isFull)
    {
        if (share.ContainsKey(kind) || (!isFull && share.Count < ShareMax))
        {
            return kind;
        }

        kind = kind with { From = Others };
        return kind.Sort is not Sort.Seen || share.ContainsKey(kind) || (!isFull && share.Count < 2 * ShareMax)
            ? kind
            : kind with { Word = Others };
    }

    private AccessEvent FactOf(Kind kind, Tally tally, DateTimeOffset now) =>
        kind.Sort switch
        {
            Sort.Granted => new AccessGranted(
                times.Node, kind.Who, kind.Way, kind.From, tally.Count, tally.FirstAt, tally.LastAt, now),
            Sort.Refused => new AccessRefused(
                times.Node, kind.Who, kind.Way, kind.From, kind.Word, tally.Count, tally.FirstAt, tally.LastAt, now),
            _ => new PicturesSeen(
                times.Node, kind.Who, kind.Way, kind.From, kind.Word, tally.Count, tally.FirstAt, tally.LastAt, now),
        };

    private readonly record struct Kind(Sort Sort, string Who, string Way, string From, string Word);

    private readonly record struct Share(Sort Sort, string Who, string Way);

    private sealed class Tally
    {
        public long Count { get; set; }

        public DateTimeOffset FirstAt { get; set; }

        public DateTimeOffset LastAt { get; set; }

        /// <summary>Null before the first time.</summary>
        public DateTimeOffset? ToldAt { get; set; }
    }
}
