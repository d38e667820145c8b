using Events.Application.Contracts;
using Events.Domain.ExternalStreams;
using Events.Domain.Kernel;

namespace Events.Application.ExternalStreams;

/// <summary>What somebody wants to have looked for.</summary>
/// <param name="IsForced">Scan even when the last scan is fresh.</param>
/// <param name="WithOffline">Also show what was found earlier and did not answer this time.</param>
public sealed record DiscoveryWish(bool Skydio, bool Generic, bool IsForced = false, bool WithOffline = false)
{
    public bool Wants(ExternalStreamKind kind) => kind is ExternalStreamKind.SkydioStanag4609 ? Skydio : Generic;
}

/// <param name="LastSeenAt">UTC.</param>
/// <param name="IsOnline">It answered when it was last looked for.</param>
public sealed record DiscoveredStream(FoundStream Stream, DateTimeOffset DiscoveredAt, DateTimeOffset LastSeenAt, bool IsOnline);

public sealed record DiscoveryAnswer(
    IReadOnlyList<DiscoveredStream> Streams, DateTimeOffset ScannedAt, TimeSpan Took, IReadOnlyList<string> Troubles);

/// <summary>What somebody who asked is told: one of the two, and the other null.</summary>
public sealed record Discovered(DiscoveryAnswer? Answer, Refusal? Refusal);

/// <summary>
/// Looks for external streams and remembers what it saw. That is no fact: what is on a network is asked anew, not replayed. One
/// scan runs at a time; whoever asks meanwhile gets its answer.
/// </summary>
public sealed class StreamDiscovery(DiscoveryRule rule, IStreamFinder finder, TimeProvider time) : IDisposable
{
    /// <summary>A scan that is younger is not repeated unless it must be: clients ask each time a page opens.</summary>
    private static readonly TimeSpan FreshMax = TimeSpan.FromSeconds(30);

    /// <summary>Remembered at most; those seen longest ago go first.</summary>
    private const int CountMax = 1_000;

    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Lock _gate = new();
    private readonly Dictionary<string, DiscoveredStream> _seen = [];
    private readonly Dictionary<ExternalStreamKind, (long Number, long At, DiscoveryAnswer Answer)> _last = [];

    /// <summary>Scans that have ended.</summary>
    private long _scanCount;

    /// <summary>Whether a scan is running at this moment.</summary>
    public bool IsScanning => _turn.CurrentCount == 0;

    /// <summary>All that is remembered, whichever scan saw it.</summary>
    public IReadOnlyList<DiscoveredStream> Known
    {
        get
        {
            lock (_gate)
            {
                return [.. _seen.Values.OrderBy(stream => stream.Stream.Source.ToString(), StringComparer.Ordinal)];
            }
        }
    }

    public void Dispose() => _turn.Dispose();

    /// <summary>Scans for somebody, unless discovery is switched off or not for the caller.</summary>
    public async Task<Discovered> DiscoverAsync(DiscoveryWish wish, Caller caller, CancellationToken cancellationToken) =>
        caller.Cameras is not null ? new Discovered(null, CommandBus.NotAllowed) // What is found belongs to nobody's list.
        : rule.IsEnabled ? new Discovered(await ScanAsync(wish, cancellationToken), null)
        : new Discovered(null, ExternalStreamRefusals.SwitchedOff);

    /// <summary>Scans what is wanted and configured, unless a fresh scan has the answer.</summary>
    public async Task<DiscoveryAnswer> ScanAsync(DiscoveryWish wish, CancellationToken cancellationToken)
    {
        ExternalStreamKind[] kinds = [.. Enum.GetValues<ExternalStreamKind>().Where(wish.Wants)];

        // A scan that ends from now on is the answer also for who wants another: two in a row take longer than clients wait.
        long endedBefore = Volatile.Read(ref _scanCount);
        await _turn.WaitAsync(cancellationToken);
        try
        {
            ExternalStreamKind[] due =
                [.. kinds.Where(kind => !(wish.IsForced ? HasEndedSince(kind, endedBefore) : IsFresh(kind)))];
            if (due.Length > 0)
            {
                await LookAsync(due, cancellationToken);
            }

            return Answer(kinds, wish.WithOffline);
        }
        finally
        {
            _turn.Release();
        }
    }

    private bool IsFresh(ExternalStreamKind kind) =>
        _last.TryGetValue(kind, out var last) && time.GetElapsedTime(last.At) < FreshMax;

    private bool HasEndedSince(ExternalStreamKind kind, long endedBefore) =>
        _last.TryGetValue(kind, out var last) && last.Number > endedBefore;

    private async Task LookAsync(ExternalStreamKind[] kinds, CancellationToken cancellationToken)
    {
        ScanTarget[] targets = [.. kinds.Select(rule.TargetOf).OfType<ScanTarget>()];
        List<string> troubles =
        [
            .. kinds.Where(kind => rule.TargetOf(kind) is null).Select(kind => $"No address range is configured for {kind}."),
        ];
        DateTimeOffset began = time.GetUtcNow();
        var report = new ScanReport([], [], TimeSpan.Zero);
        if (targets.Length > 0)
        {
            report = await finder.ScanAsync(
                new ScanOrder(targets, rule.ScanTimeMax, rule.ConcurrencyMax, rule.AsksOnvif), cancellationToken);
        }

        Remember(kinds, report, began);
        long number = Interlocked.Increment(ref _scanCount);
        foreach (ExternalStreamKind kind in kinds)
        {
            _last[kind] = (
                number, time.GetTimestamp(), new DiscoveryAnswer([], began, report.Took, [.. troubles, .. report.Troubles]));
            troubles = [];
        }
    }

    private void Remember(ExternalStreamKind[] kinds, ScanReport report, DateTimeOffset at)
    {
        lock (_gate)
        {
            foreach ((string url, DiscoveredStream stream) in _seen.ToArray())
            {
                if (kinds.Contains(stream.Stream.Kind))
                {
                    _seen[url] = stream with { IsOnline = false };
                }
            }

            foreach (FoundStream found in report.Found)
            {
                string url = found.Source.ToString();
                DateTimeOffset first = _seen.TryGetValue(url, out DiscoveredStream? before) ? before.DiscoveredAt : at;
                _seen[url] = new DiscoveredStream(found, first, at, IsOnline: true);
            }

            foreach (DiscoveredStream oldest in _seen.Values.OrderBy(s => s.LastSeenAt).Take(_seen.Count - CountMax).ToArray())
            {
                _seen.Remove(oldest.Stream.Source.ToString());
            }
        }
    }

    private DiscoveryAnswer Answer(ExternalStreamKind[] kinds, bool withOffline)
    {
        DiscoveredStream[] shown =
            [.. Known.Where(stream => kinds.Contains(stream.Stream.Kind) && (withOffline || stream.IsOnline))];
        DiscoveryAnswer[] scans = [.. kinds.Where(_last.ContainsKey).Select(kind => _last[kind].Answer)];
        return new DiscoveryAnswer(
            shown,
            scans.Select(scan => scan.ScannedAt).DefaultIfEmpty(time.GetUtcNow()).Min(),
            scans.Select(scan => scan.Took).DefaultIfEmpty().Max(),
            [.. scans.SelectMany(scan => scan.Troubles).Distinct()]);
    }
}
