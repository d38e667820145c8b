using Events.EventStore.Postgres;
using Events.EventStore.Seals.Notes;

namespace Events.EventStore.Seals.Outside;

/// <summary>The places that the options name.</summary>
internal sealed class AnchorSinks : IDisposable
{
    public AnchorSinks(SealOptions options, Database database, TimeProvider time)
    {
        AnchorOptions anchors = options.Anchors;
        List<IAnchorSink> all = [];
        if (anchors.Folder is { } folder)
        {
            all.Add(new FolderSink(folder, anchors.Interval, time));
        }

        if (anchors.Webhook is { } address)
        {
            all.Add(new WebhookSink(Http, address, anchors.WebhookSecret, anchors.Interval));
        }

        if (anchors.Syslog is { } receiver)
        {
            all.Add(new SyslogSink(receiver, options.HostName, anchors.Interval, time));
        }

        if (anchors.Stamps is { } stamps)
        {
            all.Add(new StampSink(Http, stamps.Authority, stamps.Interval, stamps.Roots, anchors.Folder));
        }

        if (anchors.Witness is { } witness)
        {
            all.Add(new WitnessSink(Http, witness.Prefix, WitnessKey.Parse(witness.Key), anchors.Interval, database));
        }

        All = all;
    }

    public IReadOnlyList<IAnchorSink> All { get; }

    public AnchorHttp Http { get; } = new();

    public void Dispose() => Http.Dispose();
}
