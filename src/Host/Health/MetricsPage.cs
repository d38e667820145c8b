using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using Events.Application.Contracts;
using Events.EventStore;
using Events.EventStore.Seals;
using Events.GraphQL;
using Events.JsonRpc;

namespace Events.Host.Health;

/// <summary>
/// What operators measure, as Prometheus reads it (text format 0.0.4): how far views and seals are behind the log, what is being
/// built anew, and what the program counts. Labels are names of views and of kinds of places outside, which
/// the program knows; nothing that a client sends.
/// </summary>
internal sealed class MetricsPage : IDisposable
{
    public const string Path = "/metrics";
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private const string Prefix = "Events.";

    /// <summary>A scraper waits for ten; without PostgreSQL the rest of the page is worth more than the wait.</summary>
    private static readonly TimeSpan LogTimeMax = TimeSpan.FromSeconds(2);

    private readonly ILog _log;
    private readonly IProjections _projections;
    private readonly ISeals _seals;
    private readonly JsonRpcConnections _rpc;
    private readonly GraphQLTraffic _graphQL;
    private readonly IAnchors _anchors;
    private readonly TimeProvider _time;
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<Instrument, Tally> _tallies = new();

    public MetricsPage(
        ILog log,
        IProjections projections,
        ISeals seals,
        IAnchors anchors,
        JsonRpcConnections rpc,
        GraphQLTraffic graphQL,
        TimeProvider time)
    {
        (_log, _projections, _seals, _anchors) = (log, projections, seals, anchors);
        (_rpc, _graphQL, _time) = (rpc, graphQL, time);
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name.StartsWith(Prefix, StringComparison.Ordinal))
            {
                listener.EnableMeasurementEvents(instrument, _tallies.GetOrAdd(instrument, _ => new Tally()));
            }
        };
        _listener.SetMeasurementEventCallback<long>((_, value, _, tally) => (tally as Tally)?.Add(value));
        _listener.SetMeasurementEventCallback<int>((_, value, _, tally) => (tally as Tally)?.Add(value));
        _listener.SetMeasurementEventCallback<double>((_, value, _, tally) => (tally as Tally)?.Add(value));
        _listener.Start();
    }

    public async Task<string> WriteAsync(CancellationToken cancellationToken)
    {
        MetricsText text = new();
        await WriteLogAsync(text, cancellationToken);
        WriteCounts(text);
        WriteTraffic(text);
        text.One("events_process_resident_bytes", "gauge", "Memory of the host's process.", Environment.WorkingSet);
        return text.ToString();
    }

    public void Dispose() => _listener.Dispose();

    /// <summary>Where PostgreSQL does not answer, the page says so instead.</summary>
    private async Task WriteLogAsync(MetricsText text, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(LogTimeMax);
        long head = 0;
        IReadOnlyList<ProjectionStatus> views = [];
        bool isUp = true;
        try
        {
            head = await _log.HeadAsync(limit.Token);
            views = await _projections.ListAsync(limit.Token);
        }
        catch (Exception away) when (away is DependencyUnavailableException
            || (away is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            isUp = false;
        }

        text.One("events_log_up", "gauge", "1 when PostgreSQL answers.", isUp ? 1 : 0);
        if (!isUp)
        {
            return;
        }

        text.One("events_log_position", "gauge", "Position of the newest fact.", head);
        WriteViews(text, views);
        WriteSeals(text, head);
        WriteAnchors(text);
    }

    private static void WriteViews(MetricsText text, IReadOnlyList<ProjectionStatus> views)
    {
        text.Each("events_projection_position", "gauge", "Up to which the view is folded.", views, view => view.Position);
        text.Each("events_projection_lag", "gauge", "Positions between the view and the newest fact.", views, view => view.Lag);
        text.Each("events_projection_rate", "gauge", "Positions a second, of late.", views, view => view.Rate);
        text.Each(
            "events_projection_stopped", "gauge", "1 while the view stands still at a fact.",
            views, view => view.State is ProjectionState.Stopped ? 1 : 0);
        text.Each(
            "events_projection_paused", "gauge", "1 while it stands still because somebody said so.",
            views, view => view.State is ProjectionState.Paused ? 1 : 0);
        text.Each("events_projection_parked_facts", "gauge", "Facts that it passes over.", views, view => view.Parked.Count);
        text.Each(
            "events_projection_rebuild_position", "gauge", "How far the table beside the view is, while one is built.",
            views.Where(view => view.Aside is not null), view => view.Aside!.Position);
        text.Each(
            "events_projection_rebuild_rate", "gauge", "Its positions a second, of late.",
            views.Where(view => view.Aside is not null), view => view.Aside!.Rate);
        text.Each(
            "events_projection_rebuild_seconds_left", "gauge", "Until it is done, at that rate.",
            views.Where(view => view.Aside?.SecondsLeft is not null), view => view.Aside!.SecondsLeft!.Value);
    }

    private void WriteSeals(MetricsText text, long head)
    {
        SealStatus seals = _seals.Status;
        text.One("events_seals_facts", "gauge", "Facts under the newest signed head.", seals.Size);
        text.One("events_seals_lag", "gauge", "Positions that no head proves yet.", Math.Max(0, head - seals.Position));
        text.One("events_seals_refused", "gauge", "1 when the database contradicts what was signed.", seals.IsRefused ? 1 : 0);
        text.One(
            "events_seals_troubled", "gauge", "1 while nothing is signed, for whatever reason.", seals.Trouble is null ? 0 : 1);
        if (seals.SignedAt is { } at)
        {
            text.One(
                "events_seals_age_seconds", "gauge", "Since the newest head was signed.",
                Math.Max(0, (_time.GetUtcNow() - at).TotalSeconds));
        }
    }

    private void WriteTraffic(MetricsText text)
    {
        JsonRpcCounts rpc = _rpc.Counts;
        text.One("events_jsonrpc_sockets", "gauge", "Open sockets of the JSON-RPC door.", _rpc.Count);
        text.One("events_jsonrpc_sockets_opened_total", "counter", "Sockets opened.", rpc.Opened);
        text.One("events_jsonrpc_sockets_refused_total", "counter", "Upgrades refused: all places were taken.", rpc.Refused);
        text.One("events_jsonrpc_sockets_vanished_total", "counter", "Sockets gone without a close handshake.", rpc.Vanished);
        text.One("events_jsonrpc_slow_readers_total", "counter", "Sockets closed: too slow.", rpc.SlowReadersClosed);
        text.One("events_jsonrpc_messages_total", "counter", "Messages received, a batch counted once.", rpc.Messages);
        text.One("events_jsonrpc_notifications_total", "counter", "Notifications sent, once a socket.", rpc.Notifications);
        text.One("events_graphql_sockets", "gauge", "Open sockets of the GraphQL door.", _graphQL.Sockets);
        text.One("events_graphql_streams", "gauge", "Open streams of Server-Sent Events.", _graphQL.EventStreams);
        text.One("events_graphql_operations", "gauge", "Operations and subscriptions that run.", _graphQL.OperationsRunning);
        text.One("events_graphql_operations_started_total", "counter", "Those started.", _graphQL.OperationsStarted);
        text.One("events_graphql_operations_timed_out_total", "counter", "Those given up.", _graphQL.OperationsTimedOut);
        text.One("events_graphql_sockets_opened_total", "counter", "Sockets opened.", _graphQL.SocketsOpened);
        text.One("events_graphql_sockets_refused_total", "counter", "Upgrades refused: full.", _graphQL.SocketsRefused);
        text.One("events_graphql_sockets_vanished_total", "counter", "Gone without a close.", _graphQL.SocketsVanished);
        text.One("events_graphql_slow_consumers_total", "counter", "Subscriptions ended: too slow.", _graphQL.SlowConsumersEnded);
    }

    /// <summary>Of each place outside that is set.</summary>
    private void WriteAnchors(MetricsText text)
    {
        IReadOnlyList<AnchorStatus> all = _anchors.All;
        text.Each("events_anchors_facts", "gauge", "Facts under the newest head that the place has.", all, one => one.Size);
        text.Each("events_anchors_lag", "gauge", "Sealed facts that are not shown there yet.", all, one => one.Lag);
        text.Each(
            "events_anchors_failing", "gauge", "1 while the newest try has failed.",
            all, one => one.State is AnchorStatus.Failed or AnchorStatus.Contradicted ? 1 : 0);
        text.Each(
            "events_anchors_contradicted", "gauge", "1 when the place knows another history of the log.",
            all, one => one.State is AnchorStatus.Contradicted ? 1 : 0);
    }

    private void WriteCounts(MetricsText text)
    {
        foreach ((Instrument instrument, Tally tally) in _tallies.OrderBy(one => one.Key.Name, StringComparer.Ordinal))
        {
            string name = instrument.Name.Replace('.', '_');
            string help = instrument.Description ?? instrument.Name;
            (long count, double sum) = tally.Read();
            if (instrument is Counter<long>)
            {
                text.One($"{name}_total", "counter", help, sum);
            }
            else
            {
                text.Summary(name, help, count, sum);
            }
        }
    }

    private sealed class Tally
    {
        private readonly Lock _gate = new();
        private long _count;
        private double _sum;

        public void Add(double value)
        {
            lock (_gate)
            {
                _count++;
                _sum += value;
            }
        }

        public (long Count, double Sum) Read()
        {
            lock (_gate)
            {
                return (_count, _sum);
            }
        }
    }
}

/// <summary>Lines of the text format.</summary>
internal sealed class MetricsText
{
    private readonly StringBuilder _text = new();

    public void One(string name, string type, string help, double value)
    {
        Head(name, type, help);
        Line(name, null, value);
    }

    public void Each(
        string name, string type, string help, IEnumerable<ProjectionStatus> views, Func<ProjectionStatus, double> value)
    {
        Head(name, type, help);
        foreach (ProjectionStatus view in views)
        {
            Line(name, view.Name, value(view));
        }
    }

    public void Each(
        string name, string type, string help, IReadOnlyList<AnchorStatus> anchors, Func<AnchorStatus, double> value)
    {
        if (anchors.Count == 0)
        {
            return;
        }

        Head(name, type, help);
        foreach (AnchorStatus one in anchors)
        {
            Line(name, one.Sink, value(one), "anchor");
        }
    }

    public void Summary(string name, string help, long count, double sum)
    {
        Head(name, "summary", help);
        Line($"{name}_sum", null, sum);
        Line($"{name}_count", null, count);
    }

    public override string ToString() => _text.ToString();

    private void Head(string name, string type, string help) =>
        _text.Append("# HELP ").Append(name).Append(' ').Append(help).Append('\n')
            .Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');

    /// <param name="view">A name of the program's own: letters and digits.</param>
    private void Line(string name, string? view, double value, string label = "view") =>
        _text.Append(name).Append(view is null ? string.Empty : $"{{{label}=\"{view}\"}}").Append(' ')
            .Append(value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
}
