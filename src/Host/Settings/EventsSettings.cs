using System.Net;
using Events.Application.Contracts;
using Events.Domain.Retention;

namespace Events.Host.Settings;

/// <summary>
/// Everything that can be chosen about an installation, checked. <c>docs/configuration.md</c> has keys, units and defaults.
/// </summary>
internal sealed record EventsSettings(
    DataSettings Data,
    ServerSettings Server,
    TlsSettings Tls,
    OidcSettings? Oidc,
    HealthSettings Health,
    RtspSettings Rtsp,
    LiveSettings Live,
    PostgreSqlSettings PostgreSql,
    SecuritySettings Security,
    RecordingSettings Recording,
    StorageSettings Storage,
    RetentionSettings Retention,
    MediaSettings Media,
    DiscoverySettings Discovery,
    AnchorSettings Anchors,
    WitnessSettings Witness,
    BackupSettings Backup,
    GraphQLSettings GraphQL,
    DemoSettings Demo,
    RunEnvironment Environment)
{
    /// <summary>Where the plain port listens: beside TLS on this machine alone, unless it is wanted otherwise.</summary>
    public string PlainHost => Tls is { IsOn: true, PlainOutside: false } ? "localhost" : Server.Host;

    /// <summary>The same for RTSP.</summary>
    public string PlainRtspHost => Rtsp is { TlsPort: not null, PlainOutside: false } ? "localhost" : Rtsp.Host;
}

internal enum RunEnvironment
{
    Production,
    Development,
}

/// <param name="Folder">Absolute.</param>
internal sealed record DataSettings(string Folder);

/// <param name="Host">An address of this machine, or <c>localhost</c>.</param>
/// <param name="Port">0 for any free one.</param>
/// <param name="PublicUrl">How clients reach us; null: as they asked.</param>
/// <param name="NotifyUnsubscribed">Whether sockets that have subscribed to nothing are told of cameras and recordings.</param>
internal sealed record ServerSettings(
    string Host,
    int Port,
    string WebSocketPath,
    int MaxConnections,
    int MaxMessageBytes,
    Uri? PublicUrl,
    TimeSpan PingInterval,
    TimeSpan PongWait,
    bool NotifyUnsubscribed);

/// <param name="CertificateFile">Absolute, PEM with the chain; null: no TLS.</param>
/// <param name="KeyFile">Absolute, PEM; null only together with the certificate.</param>
/// <param name="Port">0 for any free one.</param>
/// <param name="PlainOutside">Whether the plain port may be open to other machines.</param>
internal sealed record TlsSettings(string? CertificateFile, string? KeyFile, int Port, bool PlainOutside)
{
    public bool IsOn => CertificateFile is not null;
}

/// <summary>An issuer elsewhere whose tokens are taken.</summary>
/// <param name="RoleClaim">Names of claims within claims, with points between them.</param>
/// <param name="RolePrefix">Empty for none.</param>
internal sealed record OidcSettings(Uri Authority, string Audience, string RoleClaim, string RolePrefix);

/// <param name="IsEncrypted">Whether it is served by TLS alone.</param>
internal sealed record HealthSettings(string Host, int Port, bool IsEncrypted);

/// <param name="Port">0 for any free one.</param>
/// <param name="TlsPort">Of RTSP within TLS, 0 for any free one; null: none.</param>
/// <param name="PlainOutside">Whether the plain port may be open to other machines.</param>
/// <param name="UdpPortFirst">First of the ports from which packets go out over UDP.</param>
/// <param name="MaxStrangersPerAddress">Connections that have not signed in.</param>
/// <param name="SignInWait">How long one may be such a connection.</param>
internal sealed record RtspSettings(
    string Host,
    int Port,
    int? TlsPort,
    bool PlainOutside,
    int UdpPortFirst,
    int UdpPortCount,
    int MaxConnections,
    int MaxConnectionsPerAddress,
    int MaxStrangersPerAddress,
    TimeSpan SignInWait)
{
    /// <summary>Whether other machines come in by TLS alone, so that addresses must be of that.</summary>
    public bool IsEncryptedOutside =>
        TlsPort is not null && !PlainOutside && !IPAddress.IsLoopback(Addresses.Of(Host));
}

/// <param name="MaxViewers">Over RTSP and WebSocket together.</param>
/// <param name="MaxViewersPerAccount">Over these and HTTP Live Streaming.</param>
/// <param name="AutoCloseAfter">Of a stream that nobody watches; zero: never.</param>
internal sealed record LiveSettings(
    int MaxViewers, int MaxViewersPerAddress, int MaxViewersPerAccount, TimeSpan AutoCloseAfter);

/// <param name="ConnectionString">Null: the embedded server in the data folder. Never logged.</param>
internal sealed record PostgreSqlSettings(string? ConnectionString)
{
    public override string ToString() => ConnectionString is null ? "embedded" : "•••";
}

/// <param name="JwtSecretKey">Null: one is made and kept in the data folder. Never logged.</param>
/// <param name="UnlimitedAddresses">Those that limits per address do not count for.</param>
/// <param name="AllowedOrigins">Pages that may connect from a browser, as <c>scheme://host[:port]</c>.</param>
internal sealed record SecuritySettings(
    string? JwtSecretKey,
    TimeSpan TokenTtl,
    IReadOnlyList<string> AllowedOrigins,
    RateLimitSettings RateLimit,
    int MaxSocketsPerAccount,
    int MaxConnectionsPerAddress,
    int AddressRequestsPerSecond,
    IReadOnlyList<AddressRange> UnlimitedAddresses,
    TimeSpan UseReportPause,
    bool AllowsPrivateSources,
    bool AllowsLoopbackSources,
    bool EncryptsRecordings,
    PseudonymRule Pseudonyms)
{
    public override string ToString() => "•••";
}

/// <summary>What of people is written down under a pseudonym instead of sealed.</summary>
internal enum PseudonymRule
{
    None,
    Addresses,
    All,
}

/// <param name="Requests">Let through in each <paramref name="Window"/>, per socket.</param>
/// <param name="Burst">Let through at once, per socket, after a silence.</param>
/// <param name="AccountRequests">Let through in each <paramref name="Window"/>, per account over all it has open.</param>
internal sealed record RateLimitSettings(int Requests, TimeSpan Window, int Burst, int AccountRequests);

internal sealed record RecordingSettings(int SegmentDurationS);

internal sealed record StorageSettings(int WarnPercent, int BlockPercent, int MeasurePauseS);

/// <param name="Type">Of the policy that is set when nobody has set one; null for none.</param>
/// <param name="MaxAgeDays">Null for no limit.</param>
/// <param name="MaxSizeGb">Null for no limit.</param>
internal sealed record RetentionSettings(
    int CleanupPauseS, RetentionType? Type, bool IsEnabled, int? MaxAgeDays, double? MaxSizeGb);

internal sealed record MediaSettings(int StallTimeoutS, int ConnectTimeoutS, int ReconnectPauseMaxS);

/// <param name="GenericPaths">Each is asked for on each of <paramref name="GenericPorts"/>.</param>
internal sealed record DiscoverySettings(
    bool Enabled,
    int ScanIntervalS,
    int ScanTimeoutS,
    int MaxConcurrentScans,
    bool StartupScan,
    bool Onvif,
    SkydioSettings Skydio,
    bool GenericEnabled,
    IReadOnlyList<AddressRange> GenericRanges,
    IReadOnlyList<int> GenericPorts,
    IReadOnlyList<string> GenericPaths);

internal sealed record SkydioSettings(
    bool Enabled, IReadOnlyList<AddressRange> Ranges, int EoPort, int IrPort, string EoPath, string IrPath);

/// <param name="Folder">Absolute; null for no backups by the host itself.</param>
/// <param name="IntervalH">Between two base backups.</param>
/// <param name="Keep">Base backups that are kept.</param>
/// <param name="PassphraseFile">Encrypts the keys; null to leave them out.</param>
/// <param name="Footage">Whether files of recordings and pictures are copied, too.</param>
internal sealed record BackupSettings(
    string? Folder, int IntervalH, int Keep, string? PassphraseFile, bool Footage);

/// <param name="Folder">Absolute; null for none.</param>
/// <param name="Webhook">Null for none.</param>
/// <param name="Syslog">Null for none.</param>
/// <param name="TimeStampUrl">Null for none.</param>
/// <param name="TimeStampCaFile">Absolute; null to take any authority's certificate.</param>
/// <param name="WitnessUrl">Null only together with its key.</param>
internal sealed record AnchorSettings(
    string? Folder,
    Uri? Webhook,
    string? WebhookSecret,
    int IntervalS,
    Uri? Syslog,
    Uri? TimeStampUrl,
    int TimeStampIntervalH,
    string? TimeStampCaFile,
    Uri? WitnessUrl,
    string? WitnessKey);

/// <param name="LogsFile">Absolute; null: this installation is nobody's witness.</param>
/// <param name="Name">Null for the machine's.</param>
internal sealed record WitnessSettings(string? LogsFile, string? Name);

/// <param name="TellsSchema">Also by the names that errors suggest.</param>
internal sealed record GraphQLSettings(bool TellsSchema);

internal sealed record DemoSettings(bool Enabled);
