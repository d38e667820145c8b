namespace Events.EventStore.Seals;

/// <summary>Where the log's seals come from.</summary>
/// <param name="Folder">
/// For the key and for what was last signed. Outside the database, for our own account only; it is made when it is missing.
/// Whoever has it can sign, and whoever loses it cannot go on.
/// </param>
/// <param name="HostName">Begins the name under which the log is signed; a host name, without blanks or a plus sign.</param>
public sealed record SealOptions(string Folder, string HostName)
{
    /// <summary>Where heads are shown outside, so that not even the key's owner can write another history.</summary>
    public AnchorOptions Anchors { get; init; } = new(null, null, null, TimeSpan.FromSeconds(60));
}

/// <summary>Places outside that get the newest head.</summary>
/// <param name="Folder">
/// On another disk or machine: a file a day, each head behind the other, and stamps. Null for none. It is read at the start, too.
/// </param>
/// <param name="Webhook">Gets each head as a POST of text. Null for none.</param>
/// <param name="WebhookSecret">Signs the posts (HMAC-SHA256). Null for no signature.</param>
/// <param name="Interval">Between two heads.</param>
public sealed record AnchorOptions(string? Folder, Uri? Webhook, string? WebhookSecret, TimeSpan Interval)
{
    /// <summary>A receiver of RFC 5424: <c>udp://</c>, <c>tcp://</c> or <c>unix://</c>. Null for none.</summary>
    public Uri? Syslog { get; init; }

    /// <summary>Null for none.</summary>
    public StampOptions? Stamps { get; init; }

    /// <summary>Null for none.</summary>
    public WitnessedBy? Witness { get; init; }
}

/// <param name="Authority">Where it is asked for stamps (RFC 3161 over HTTP).</param>
/// <param name="Interval">Between two stamps.</param>
/// <param name="Roots">Certificates that its own must lead to, as PEM; null to take any.</param>
public sealed record StampOptions(Uri Authority, TimeSpan Interval, string? Roots);

/// <param name="Prefix">Of the witness's addresses; <c>add-checkpoint</c> is behind it.</param>
/// <param name="Key">Its vkey.</param>
public sealed record WitnessedBy(Uri Prefix, string Key);
