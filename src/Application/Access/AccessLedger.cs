using System.Net;
using Events.Domain.Access;

namespace Events.Application.Access;

/// <param name="Node">This host, as facts name it.</param>
/// <param name="RepeatPause">Of one kind of access, from one place by one account, the next fact comes after so long.</param>
public sealed record AccessTimes(string Node, TimeSpan RepeatPause);

/// <summary>
/// Counts who came in, who did not, and who looked at what, until the log is told. The first of a kind is told at once, those
/// that follow as one count per period: a flood makes no more facts than a visitor. What is counted apart is bounded, too.
/// </summary>
public sealed class AccessLedger(AccessTimes times, TimeProvider time)
{
    /// <summary>Kinds of access told apart at a time. Those of more are counted together, as of <c>others</c>.</summary>
    private const int KindsMax = 2_000;

    /// <summary>Facts at a time. A flood from many addresses must not crowd out what cameras say.</summary>
    private const int BatchMax = 100;

    /// <summary>In characters. What people type as a file's name may be anything.</summary>
    private const int WordLengthMax = 255;

    private const string Others = "others";

    private readonly Lock _gate = new();
    private readonly Dictionary<Kind, Tally> _tallies = [];
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
        Count(new Kind(Sort.Refused, who, way, NameOf(from), why));

    public void Seen(string who, string way, IPAddress? from, string what) =>
        Count(new Kind(Sort.Seen, who, way, NameOf(from), what.Length <= WordLengthMax ? what : what[..WordLengthMax]));

    /// <summary>Completes when there is something to tell.</summary>
    public Task NewsAsync()
    {
        lock (_gate)
        {
            return _tallies.Values.Any(tally => tally.Count > 0) ? Task.CompletedTask : _news.Task;
        }
    }

    /// <summary>What is due to be told now, at most a batch; counts as told.</summary>
    /// <param name="isAll">Also what could wait.</param>
    public IReadOnlyList<AccessEvent> Take(bool isAll)
    {
        lock (_gate)
        {
            DateTimeOffset now = time.GetUtcNow();
            List<AccessEvent> due = [];
            foreach ((Kind kind, Tally tally) in _tallies.ToList())
            {
                bool isDue = isAll || tally.ToldAt is not { } told || now - told >= times.RepeatPause;
                if (tally.Count > 0 && isDue && due.Count < BatchMax)
                {
                    due.Add(FactOf(kind, tally, now));
                    _tallies[kind] = new Tally(0, default, default, now);
                }
                else if (tally.Count == 0 && isDue)
                {
                    _tallies.Remove(kind);
                }
            }

            return due;
        }
    }

    private static string NameOf(IPAddress? from) =>
        from is null ? string.Empty : (from.IsIPv4MappedToIPv6 ? from.MapToIPv4() : from).ToString();

    private void Count(Kind kind)
    {
        lock (_gate)
        {
            DateTimeOffset now = time.GetUtcNow();
            if (!_tallies.ContainsKey(kind) && _tallies.Count >= KindsMax)
            {
                kind = new Kind(kind.Sort, string.Empty, kind.Way, Others, kind.Sort is Sort.Seen ? Others : kind.Word);
            }

            Tally tally = _tallies.GetValueOrDefault(kind);
            _tallies[kind] = tally with
            {
                Count = tally.Count + 1,
                FirstAt = tally.Count == 0 ? now : tally.FirstAt,
                LastAt = now,
            };
            _news.TrySetResult();
            _news = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
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

    /// <param name="ToldAt">Null before the first time.</param>
    private readonly record struct Tally(long Count, DateTimeOffset FirstAt, DateTimeOffset LastAt, DateTimeOffset? ToldAt);
}
