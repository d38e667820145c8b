using Events.Domain.Retention;

namespace Events.Host.Settings;

/// <summary>All settings, in the order of the documentation.</summary>
internal static class SettingsTable
{
    private const int PortMax = 65535;

    private static readonly string[] Switch = ["true", "false"];

    public static IReadOnlyList<Setting> All { get; } =
    [
        new("Data", "Folder", SettingKind.Folder, "./data", "path",
            "Where everything of this installation lies: log, recordings, keys. Relative to the folder of the settings file "
            + "when set there, otherwise to the folder the program was started in.",
            Flag: "--data"),
        new("Server", "Host", SettingKind.HostName, "127.0.0.1", "address",
            "The address of this machine on which WebSocket and HTTP are served; `127.0.0.1` for programs on this machine only, "
            + "`0.0.0.0` for all addresses, which wants TLS (`Tls.CertificateFile`) or `Tls.PlainOutside`."),
        new("Server", "Port", SettingKind.Number, "8002", "port", "Port of WebSocket and HTTP; 0 takes any free one.",
            Flag: "--port", Max: PortMax),
        new("Server", "WebSocketPath", SettingKind.UrlPath, "/ws", "path", "Where WebSocket connections are taken."),
        new("Server", "MaxConnections", SettingKind.Number, "2000", "connections",
            "WebSocket connections at a time, of JSON-RPC and GraphQL each. One more is turned away with status 503, or over "
            + "JSON-RPC takes the place of one that has been open for 10 s without a login.", Min: 1, Max: 100_000),
        new("Server", "MaxMessageBytes", SettingKind.Number, "1048576", "bytes",
            "Longest message a client may send; a longer one ends its connection with code 1009.", Min: 1024, Max: 67_108_864),
        new("Server", "PublicUrl", SettingKind.Url, "", "URL",
            "How clients reach this server, for addresses in answers. Without it they are made from the request."),
        new("Server", "PingInterval", SettingKind.Duration, "30s", "duration",
            "Time between WebSocket pings on a silent socket.", Min: 1, Max: 3600),
        new("Server", "PongWait", SettingKind.Duration, "120s", "duration",
            "How long the answer to a ping may take; then the socket counts as dead and is cut off. Some clients answer only "
            + "while they wait for something.",
            Min: 60, Max: 3600),
        new("Server", "NotifyUnsubscribed", SettingKind.Choice, "false", "`true` or `false`",
            "Whether clients that have subscribed to nothing are told of cameras, recordings and health, as the oldest servers "
            + "did.",
            Choices: Switch),
        new("Tls", "CertificateFile", SettingKind.Folder, "", "path",
            "Certificate with its chain, as PEM. With it, the same is served by `https` and `wss` at `Tls.Port` of "
            + "`Server.Host` (TLS 1.2 and 1.3), and `Server.Port` answers this machine alone. Files that are written anew are "
            + "used from the next connection on."),
        new("Tls", "KeyFile", SettingKind.Folder, "", "path",
            "The key of that certificate, as PEM without a password; readable by its owner alone."),
        new("Tls", "Port", SettingKind.Number, "8443", "port", "Port of `https` and `wss`; 0 takes any free one.", Max: PortMax),
        new("Tls", "PlainOutside", SettingKind.Choice, "false", "`true` or `false`",
            "Whether `Server.Port`, which is not encrypted, may answer other machines, with TLS beside it or without. In "
            + "production the host does not start on such an address otherwise.", Choices: Switch),
        new("Oidc", "Authority", SettingKind.Url, "", "URL",
            "An OpenID Connect issuer whose access tokens are taken, too, as it writes itself in `iss`. Its keys are read from "
            + "`/.well-known/openid-configuration` behind it; without TLS only on this machine."),
        new("Oidc", "Audience", SettingKind.Text, "", "text", "What such a token must have in `aud`."),
        new("Oidc", "RoleClaim", SettingKind.Text, "role", "name, e.g. `role` or `realm_access.roles`",
            "The claim with the role: a name, or a list of names of which the strongest counts. A token that names none is "
            + "refused."),
        new("Oidc", "RolePrefix", SettingKind.Text, "", "text",
            "What stands there before `viewer`, `operator`, `admin` or `auditor`, e.g. `events-`."),
        new("Health", "Host", SettingKind.HostName, "127.0.0.1", "address",
            "The address on which health is served; one that other machines reach wants `Health.Tls` or `Health.PlainOutside`."),
        new("Health", "Port", SettingKind.Number, "8003", "port", "Port of health; 0 takes any free one.",
            Flag: "--health-port", Max: PortMax),
        new("Health", "Tls", SettingKind.Choice, "false", "`true` or `false`",
            "Whether health is served by `https` alone, with the certificate of `Tls.CertificateFile`.", Choices: Switch),
        new("Health", "PlainOutside", SettingKind.Choice, "false", "`true` or `false`",
            "Whether health may answer other machines without encryption. With it or without, it asks for no login. Files are "
            + "handed out there to this machine alone, unless `Health.Tls` is on.", Choices: Switch),
        new("Rtsp", "Host", SettingKind.HostName, "127.0.0.1", "address",
            "The address on which live pictures are served over RTSP; one that other machines reach wants `Rtsp.TlsPort` or "
            + "`Rtsp.PlainOutside`."),
        new("Rtsp", "Port", SettingKind.Number, "8554", "port", "Port of RTSP; 0 takes any free one.",
            Flag: "--rtsp-port", Max: PortMax),
        new("Rtsp", "TlsPort", SettingKind.Number, "", "port",
            "Port of `rtsps` at `Rtsp.Host`, usually 8322, or 322 where the host may take it; 0 takes any free one. Pictures go "
            + "over the connection itself, never over UDP. `Rtsp.Port` answers this machine alone then, and where `Rtsp.Host` "
            + "lets others in, addresses of streams are `rtsps`. Wants `Tls.CertificateFile`. Without it there is no `rtsps`.",
            Max: PortMax),
        new("Rtsp", "PlainOutside", SettingKind.Choice, "false", "`true` or `false`",
            "Whether `Rtsp.Port`, which is not encrypted, may answer other machines, with `Rtsp.TlsPort` beside it or without: "
            + "pictures and tokens can be read on the way.",
            Choices: Switch),
        new("Rtsp", "UdpPortFirst", SettingKind.Number, "21000", "port",
            "First of the ports from which pictures go to players that want them over UDP.", Min: 1024, Max: PortMax - 1),
        new("Rtsp", "UdpPortCount", SettingKind.Number, "200", "ports",
            "How many ports in a row are used for that; a player over UDP takes two.", Min: 2, Max: 20_000),
        new("Rtsp", "MaxConnections", SettingKind.Number, "512", "connections",
            "Connections of players at a time, playing or not; more are closed at once.", Min: 1, Max: 100_000),
        new("Rtsp", "MaxConnectionsPerAddress", SettingKind.Number, "128", "connections", "How many of them from one address.",
            Min: 1, Max: 100_000),
        new("Rtsp", "MaxStrangersPerAddress", SettingKind.Number, "64", "connections",
            "How many of those from one address may not have signed in yet.", Min: 1, Max: 100_000),
        new("Rtsp", "SignInWait", SettingKind.Duration, "30s", "duration",
            "How long a connection may stay without signing in, whatever it asks meanwhile.", Min: 1, Max: 3600),
        new("Live", "MaxViewers", SettingKind.Number, "200", "viewers",
            "Who may look at live pictures at a time over RTSP and WebSocket; more are turned away.", Min: 1, Max: 10_000),
        new("Live", "MaxViewersPerAddress", SettingKind.Number, "50", "viewers", "How many of them from one address.",
            Min: 1, Max: 10_000),
        new("Live", "MaxViewersPerAccount", SettingKind.Number, "100", "viewers",
            "How many viewers one user or key may have, from whichever addresses, over RTSP, WebSocket and HTTP Live Streaming. "
            + "Whoever looks by a link counts for the account that asked for it.",
            Min: 1, Max: 10_000),
        new("Live", "AutoCloseAfter", SettingKind.Duration, "300s", "duration; `0s` for never",
            "A stream that was started and that nobody watches for so long counts as stopped.", Min: 0, Max: 30 * 86_400),
        new("PostgreSql", "ConnectionString", SettingKind.ConnectionString, "", "Npgsql connection string",
            "A PostgreSQL of your own. Without it a private one runs in the data folder."),
        new("Security", "JwtSecretKey", SettingKind.Secret, "", "text, 32 bytes or more",
            "Signs and checks tokens (HS256). Without it one is made and kept in the data folder."),
        new("Security", "TokenTtl", SettingKind.Duration, "24h", "duration, e.g. `30m`, `24h`, `7d`",
            "How long a new token is good.", Min: 60, Max: 365 * 86_400),
        new("Security", "AllowedOrigins", SettingKind.Origins, "http://localhost:3000,https://localhost:3000",
            "list of origins", "Web pages that may connect from a browser. Programs, which send no origin, always may."),
        new("Security", "UseReportPause", SettingKind.Duration, "5m", "duration",
            "How often it is written down how many times each key was used, and how many more accesses of a kind there were "
            + "after the first.", Min: 1, Max: 86_400),
        new("Security", "AllowPrivateSources", SettingKind.Choice, "true", "`true` or `false`",
            "Whether cameras may be in networks of one's own (10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, fc00::/7 and the like). "
            + "Link-local addresses and those at which clouds tell of a machine are never taken.", Choices: Switch),
        new("Security", "AllowLoopbackSources", SettingKind.Choice, "true", "`true` or `false`",
            "Whether cameras may be at this machine's own addresses.", Choices: Switch),
        new("Security", "EncryptRecordings", SettingKind.Choice, "false", "`true` or `false`",
            "Whether snapshots, and files of recordings that are begun, from now on are encrypted on disk (AES-256-GCM), each "
            + "with a key of its own. Files from before stay as they are; a recording that has encrypted ones goes on so, also "
            + "when this is switched off.",
            Choices: Switch),
        new("Security", "Pseudonyms", SettingKind.Choice, "none", "`none`, `addresses` or `all`",
            "What new facts say of people: with `none`, names and addresses, sealed under a key for each person; with "
            + "`addresses`, `addr-` and a keyed hash in place of where somebody came from; with `all`, `p-` and a keyed hash in "
            + "place of names, too. The same person always has the same one.", Choices: ["none", "addresses", "all"]),
        new("Security", "RateLimitRequests", SettingKind.Number, "10000", "calls",
            "Calls that one WebSocket connection may make in each `RateLimitWindow`; more are answered with -32040. The default "
            + "holds back only what would take a good part of a core from the others.",
            Min: 1, Max: 10_000_000),
        new("Security", "RateLimitWindow", SettingKind.Duration, "1s", "duration",
            "What the limits on calls are counted over.", Min: 1, Max: 3600),
        new("Security", "RateLimitBurst", SettingKind.Number, "", "calls",
            "Calls that one connection may make at once after a silence. Without it: `RateLimitRequests`.",
            Min: 1, Max: 10_000_000),
        new("Security", "RateLimitAccountRequests", SettingKind.Number, "", "calls",
            "Calls and HTTP requests that one account may make in each `RateLimitWindow` over all its connections. Without it: "
            + "ten times `RateLimitRequests`.",
            Min: 1, Max: 100_000_000),
        new("Security", "MaxSocketsPerAccount", SettingKind.Number, "1600", "sockets",
            "Sockets that one account may have signed in at a time, over JSON-RPC and GraphQL together. One more is answered "
            + "with -32040, or closed with 4403.",
            Min: 1, Max: 100_000),
        new("Security", "MaxConnectionsPerAddress", SettingKind.Number, "1200", "connections",
            "What one address may have open at a time: sockets, event streams, downloads and requests together. One more is "
            + "answered with status 429, and more than twice as many are cut off unread. Of IPv6, a /64 counts as one address.",
            Min: 1, Max: 100_000),
        new("Security", "AddressRequestsPerSecond", SettingKind.Number, "5000", "requests",
            "HTTP requests that one address may make each second, and twice as many at once after a silence; more are answered "
            + "with status 429 and `Retry-After`. Calls on a socket do not count.",
            Min: 1, Max: 10_000_000),
        new("Security", "UnlimitedAddresses", SettingKind.Ranges, "127.0.0.1,::1", "list of addresses or networks",
            "Addresses that the limits per address do not count for, like a proxy's, which speaks for many. At signing in they "
            + "have a wider one."),
        new("Recording", "SegmentDurationS", SettingKind.Number, "60", "seconds",
            "Length of a recording's files; each is cut at the next key frame.", Min: 1, Max: 3600),
        new("Storage", "WarnPercent", SettingKind.Number, "80", "percent",
            "From this use of the disk on, answers carry a warning, and a retention policy that is enabled and not manual "
            + "deletes the oldest files until the use is 2 percent below it.", Min: 1, Max: 100),
        new("Storage", "BlockPercent", SettingKind.Number, "90", "percent",
            "From this use of the disk on, no recording is started, until it is 2 percent below. More than the warning.",
            Min: 1, Max: 100),
        new("Storage", "MeasurePauseS", SettingKind.Number, "10", "seconds",
            "How often it is measured how full the disk is.", Min: 1, Max: 3600),
        new("Retention", "CleanupPauseS", SettingKind.Number, "60", "seconds",
            "How often files are held against the retention policy. It is also done at once when the policy is set and when "
            + "the disk's use crosses a threshold.", Min: 1, Max: 86_400),
        new("Retention", "Type", SettingKind.Choice, "none", "`none`, `age`, `size` or `manual`",
            "The policy that is set at a start when nobody has set one; `none` keeps everything. From then on commands alone "
            + "change it (`retention set`, `set_retention_policy`, `setRetentionPolicy`).",
            Choices: ["none", "age", "size", "manual"]),
        new("Retention", "Enabled", SettingKind.Choice, "true", "`true` or `false`", "Whether that policy is enabled.",
            Choices: Switch),
        new("Retention", "MaxAgeDays", SettingKind.Number, "", "days", "What is older goes, by that policy; needed for `age`.",
            Min: 1, Max: RetentionPolicy.MaxAgeDaysMax),
        new("Retention", "MaxSizeGb", SettingKind.Amount, "", "GB",
            "The oldest go while all together are larger, by that policy; needed for `size`.", Max: 1_000_000),
        new("Retention", "AutoCleanup", SettingKind.Choice, "true", "`true` or `false`",
            "Whether that policy deletes files by itself. With `false` it is set as `manual`, with the limit of its `Type`.",
            Choices: Switch),
        new("Media", "StallTimeoutS", SettingKind.Number, "5", "seconds",
            "A camera that sends no picture for so long is lost and is connected anew.", Min: 1, Max: 300),
        new("Media", "ConnectTimeoutS", SettingKind.Number, "20", "seconds",
            "How long a camera may take to its first picture before the attempt is given up.", Min: 1, Max: 300),
        new("Media", "ReconnectPauseMaxS", SettingKind.Number, "60", "seconds",
            "Longest pause between attempts to connect a camera; the first ones follow sooner.", Min: 1, Max: 3600),
        new("Discovery", "Enabled", SettingKind.Choice, "false", "`true` or `false`",
            "Whether external streams can be looked for, added and removed at all.", Choices: Switch),
        new("Discovery", "ScanIntervalS", SettingKind.Number, "0", "seconds",
            "Time between two scans by themselves, until a client sets another; 0 scans only when a client asks.",
            Max: 2_592_000),
        new("Discovery", "ScanTimeoutS", SettingKind.Number, "20", "seconds",
            "A scan that takes longer is cut off, and what was found until then is the answer.", Min: 1, Max: 25),
        new("Discovery", "MaxConcurrentScans", SettingKind.Number, "32", "ports",
            "Ports that are asked at the same moment.", Min: 1, Max: 256),
        new("Discovery", "StartupScan", SettingKind.Choice, "false", "`true` or `false`", "Whether to scan at each start.",
            Choices: Switch),
        new("Discovery", "Onvif", SettingKind.Choice, "false", "`true` or `false`",
            "Whether cameras in `GenericRanges` are also asked for by ONVIF (WS-Discovery).", Choices: Switch),
        new("Discovery", "SkydioEnabled", SettingKind.Choice, "true", "`true` or `false`",
            "Whether Skydio drones are looked for.", Choices: Switch),
        new("Discovery", "SkydioRanges", SettingKind.Ranges, "", "list of addresses or networks, e.g. `192.168.42.0/24`",
            "Where Skydio drones are looked for, and nowhere else."),
        new("Discovery", "SkydioEoPort", SettingKind.Number, "5554", "port", "Port of a drone's daylight pictures.",
            Min: 1, Max: PortMax),
        new("Discovery", "SkydioIrPort", SettingKind.Number, "6554", "port", "Port of a drone's infra-red pictures.",
            Min: 1, Max: PortMax),
        new("Discovery", "SkydioEoPath", SettingKind.UrlPath, "/subject", "path", "Path of a drone's daylight pictures."),
        new("Discovery", "SkydioIrPath", SettingKind.UrlPath, "/infrared", "path", "Path of a drone's infra-red pictures."),
        new("Discovery", "GenericEnabled", SettingKind.Choice, "true", "`true` or `false`",
            "Whether other cameras are looked for.", Choices: Switch),
        new("Discovery", "GenericRanges", SettingKind.Ranges, "", "list of addresses or networks",
            "Where other cameras are looked for, and nowhere else."),
        new("Discovery", "GenericPorts", SettingKind.Ports, "554,8554", "list of ports", "Ports that are asked there."),
        new("Discovery", "GenericPaths", SettingKind.Paths, "/stream,/live,/video", "list of paths",
            "Paths that are asked for on each of these ports."),
        new("Anchors", "Folder", SettingKind.Folder, "", "path",
            "Where the newest signed head of the log is written to, on another disk or machine: a file a day. Who keeps it can "
            + "show that the log was not written anew. It is read at the start, too."),
        new("Anchors", "Webhook", SettingKind.Url, "", "URL",
            "Gets the newest signed head as a POST of text; the header `Idempotency-Key` names log and size."),
        new("Anchors", "WebhookSecret", SettingKind.Secret, "", "text, 32 bytes or more",
            "Signs these posts: `X-Events-Signature: sha256=…`, HMAC-SHA256 of the body."),
        new("Anchors", "IntervalS", SettingKind.Number, "60", "seconds",
            "Time between two heads that are shown outside. What is younger can be cut off unseen by whoever owns this machine.",
            Min: 1, Max: 86_400),
        new("Anchors", "Syslog", SettingKind.Receiver, "", "`udp://`, `tcp://` or `unix://`",
            "A syslog receiver that gets the newest signed head as a line of RFC 5424. Over UDP nobody learns whether it got "
            + "there."),
        new("Anchors", "TimeStampUrl", SettingKind.Url, "", "URL",
            "A time-stamp authority (RFC 3161 over HTTP) that stamps the newest signed head. Stamps are kept in the database, "
            + "and in `Anchors.Folder` if that is set."),
        new("Anchors", "TimeStampIntervalH", SettingKind.Number, "24", "hours", "Time between two stamps.", Min: 1, Max: 8_760),
        new("Anchors", "TimeStampCaFile", SettingKind.Folder, "", "path",
            "Certificates (PEM) that the authority's own must lead to. Without it any certificate is taken, and an audit says "
            + "so."),
        new("Anchors", "WitnessUrl", SettingKind.Url, "", "URL",
            "A witness (C2SP tlog-witness) that cosigns the newest signed head if it goes on from all before; "
            + "`/add-checkpoint` is put behind it. Of another installation: `https://HOST:PORT/witness`."),
        new("Anchors", "WitnessKey", SettingKind.Text, "", "name+id+base64",
            "That witness's public key; `events audit witness` of the other installation shows it."),
        new("Witness", "LogsFile", SettingKind.Folder, "", "path",
            "Makes this installation a witness, at `/witness/add-checkpoint`, for the logs whose public keys are in this file, "
            + "one a line; `events audit status` of the other installation shows its own. Read at the start."),
        new("Witness", "Name", SettingKind.Text, "", "text without blanks",
            "The witness's name in its key and lines; the machine's name if it is not set. It must stay as it is once it has "
            + "signed."),
        new("Backup", "Folder", SettingKind.Folder, "", "path",
            "Where the host itself takes base backups and archives the write-ahead log, on another disk: what "
            + "`events backup --to` does. Empty: only when somebody asks."),
        new("Backup", "IntervalH", SettingKind.Number, "24", "hours", "Time between two base backups.", Min: 1, Max: 8_760),
        new("Backup", "Keep", SettingKind.Number, "7", "base backups",
            "Older ones go, with the write-ahead log that only they need.", Min: 1, Max: 10_000),
        new("Backup", "PassphraseFile", SettingKind.Folder, "", "path",
            "A file with the passphrase that encrypts the keys in the backup; readable by its owner alone. Without it they are "
            + "left out, and cameras' passwords and encrypted recordings cannot be read after a restore."),
        new("Backup", "Footage", SettingKind.Choice, "false", "`true` or `false`",
            "Whether files of recordings and snapshots are copied into the backup, too: once each, into `footage/`.",
            Choices: Switch),
        new("GraphQL", "Introspection", SettingKind.Choice, "true", "`true` or `false`",
            "Whether the schema is told: by introspection, at `/graphql/schema.graphql`, and by errors that suggest a name. "
            + "GraphiQL completes names with it.",
            Choices: Switch),
        new("Demo", "Enabled", SettingKind.Choice, "true", "`true` or `false`",
            "Whether the first start of an installation registers a demo camera.", Flag: "--no-demo", Choices: Switch),
        new("", "Environment", SettingKind.Choice, "production", "`production` or `development`",
            "In development, secrets that are known from examples are accepted, and listeners that are not encrypted may be at "
            + "any address.", Choices: ["production", "development"]),
    ];

    /// <summary>Upper and lower case are the same.</summary>
    public static Setting? Find(string key) => All.FirstOrDefault(one => one.Key.Equals(key, StringComparison.OrdinalIgnoreCase));

    /// <summary>The key that somebody probably meant; null when none is near.</summary>
    public static Setting? Nearest(string key)
    {
        var nearest = All.MinBy(one => Distance(key, one.Key))!;
        var name = key[(key.LastIndexOf('.') + 1)..];
        var sameName = All.FirstOrDefault(one => one.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
        return Distance(key, nearest.Key) <= Math.Max(2, key.Length / 3) ? nearest : sameName;
    }

    /// <summary>Letters to add, drop or change between two keys (Levenshtein), without regard to case.</summary>
    private static int Distance(string left, string right)
    {
        var row = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var i = 1; i <= left.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var change = char.ToUpperInvariant(left[i - 1]) == char.ToUpperInvariant(right[j - 1]) ? 0 : 1;
                (diagonal, row[j]) = (row[j], Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + change));
            }
        }

        return row[^1];
    }
}
