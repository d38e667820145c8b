using Events.Domain.Retention;
using Events.Host.Settings;
using Events.Tests.Integration.Kit;
using Events.Tests.Integration.Operations;

using Xunit;

namespace Events.Tests.Integration.Settings;

public sealed class Settings : IDisposable
{
    private const string Secret = "0123456789abcdef0123456789abcdef";

    private readonly TemporaryFolder _folder = new();
    private readonly List<KeyValuePair<string, string>> _environment = [KeyValuePair.Create("PATH", "/bin")];
    private readonly Dictionary<string, string> _flags = [];
    private readonly List<string> _warnings = [];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void need_none_to_be_set()
    {
        var settings = Read();

        Assert.Equal(_folder.PathOf("data"), settings.Data.Folder);
        Assert.Equal(
            new ServerSettings(
                "127.0.0.1", 8002, "/ws", 2000, 1048576, null, TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(120), false),
            settings.Server);
        Assert.Equal(new HealthSettings("127.0.0.1", 8003, false), settings.Health);
        Assert.Equal(new RtspSettings("127.0.0.1", 8554, null, false, 21000, 200, 512, 128, 64, TimeSpan.FromSeconds(30)), settings.Rtsp);
        Assert.Equal(new LiveSettings(200, 50, 100, TimeSpan.FromMinutes(5)), settings.Live);
        Assert.Null(settings.PostgreSql.ConnectionString);
        Assert.Null(settings.Security.JwtSecretKey);
        Assert.Equal(TimeSpan.FromHours(24), settings.Security.TokenTtl);
        Assert.Equal(["http://localhost:3000", "https://localhost:3000"], settings.Security.AllowedOrigins);
        Assert.Equal(new RateLimitSettings(10_000, TimeSpan.FromSeconds(1), 10_000, 100_000), settings.Security.RateLimit);
        Assert.Equal(new RecordingSettings(60), settings.Recording);
        Assert.False(settings.Discovery.Enabled);
        Assert.Empty(settings.Discovery.Skydio.Ranges);
        Assert.Empty(settings.Discovery.GenericRanges);
        Assert.Equal(new StorageSettings(80, 90, 10), settings.Storage);
        Assert.Equal(new RetentionSettings(60, null, true, null, null), settings.Retention);
        Assert.True(settings.Demo.Enabled);
        Assert.Equal(RunEnvironment.Production, settings.Environment);
    }

    [Fact]
    public void are_taken_from_the_highest_source()
    {
        Write("server:\n  port: 1001\nHealth:\n  Port: 1002\nStorage:\n  WarnPercent: 50\n");
        Set("EVENTS__Server__Port", "2001");
        Set("events__HEALTH__port", "2002");
        _flags["--port"] = "3001";
        _flags["--no-demo"] = "";

        var settings = Read();

        Assert.Equal(3001, settings.Server.Port);
        Assert.Equal(2002, settings.Health.Port);
        Assert.Equal(50, settings.Storage.WarnPercent);
        Assert.False(settings.Demo.Enabled);
    }

    [Fact]
    public void take_lists_as_yaml_or_with_commas()
    {
        Write("Security:\n  AllowedOrigins:\n    - https://a.example\n    - http://b.example:81\n");
        Assert.Equal(["https://a.example", "http://b.example:81"], Read().Security.AllowedOrigins);

        Set("EVENTS__Security__AllowedOrigins", "https://c.example, https://d.example");
        Assert.Equal(["https://c.example", "https://d.example"], Read().Security.AllowedOrigins);
    }

    [Fact]
    public void open_encrypted_listeners_to_others_and_keep_plain_ones_here()
    {
        const string certificate = "Tls:\n  CertificateFile: a.pem\n  KeyFile: a.key\n";
        Write(certificate + "Rtsp:\n  TlsPort: 8554\n");
        Assert.Contains("Rtsp.TlsPort (events.yaml:5): is the same as Rtsp.Port", Assert.Single(Errors()), StringComparison.Ordinal);

        Write(certificate + "Rtsp:\n  TlsPort: 8322\n");
        Assert.Equal((false, "localhost"), (Read().Rtsp.IsEncryptedOutside, Read().PlainRtspHost));

        Write(certificate + "Health:\n  Host: 0.0.0.0\n  Tls: true\nRtsp:\n  Host: 0.0.0.0\n  TlsPort: 8322\n");
        Assert.Equal((true, "localhost"), (Read().Rtsp.IsEncryptedOutside, Read().PlainRtspHost));

        Write(certificate + "Rtsp:\n  Host: 0.0.0.0\n  TlsPort: 8322\n  PlainOutside: true\n");
        Assert.Equal((false, "0.0.0.0"), (Read().Rtsp.IsEncryptedOutside, Read().PlainRtspHost));
    }

    [Fact]
    public void take_networks_ports_and_paths()
    {
        Write("Discovery:\n  GenericRanges: [10.0.0.0/24, 10.0.1.7]\n  GenericPorts: [554]\n  GenericPaths: /a, /b?c=d\n");
        Assert.Contains("Discovery.GenericPaths (events.yaml:4): \"/b?c=d\" is not a path", Assert.Single(Errors()), StringComparison.Ordinal);

        Write("Discovery:\n  GenericRanges: [10.0.0.0/24, 10.0.1.7]\n  GenericPorts: [554]\n  GenericPaths: /a, /b\n");
        DiscoverySettings discovery = Read().Discovery;
        Assert.Equal(["10.0.0.0/24", "10.0.1.7"], discovery.GenericRanges.Select(range => range.Text));
        Assert.Equal([554], discovery.GenericPorts);
        Assert.Equal(["/a", "/b"], discovery.GenericPaths);
    }

    [Fact]
    public void know_paths_from_where_they_were_written()
    {
        Directory.CreateDirectory(_folder.PathOf("etc"));
        File.WriteAllText(_folder.PathOf("etc/other.yaml"), "Data:\n  Folder: store\n");

        Assert.Equal(_folder.PathOf("etc/store"), Read("etc/other.yaml").Data.Folder);

        _flags["--data"] = "mine";
        Assert.Equal(_folder.PathOf("mine"), Read("etc/other.yaml").Data.Folder);
    }

    [Theory]
    [InlineData("")]
    [InlineData("# nothing\n")]
    [InlineData("---\n")]
    [InlineData("Server:\nHealth:\n  Port: null\n")]
    public void may_be_an_empty_file(string text)
    {
        Write(text);

        Assert.Equal(8003, Read().Health.Port);
    }

    [Theory]
    [InlineData("Server:\n  Prot: 1\n", "Server.Prot (events.yaml:2): there is no such setting. Did you mean Server.Port?")]
    [InlineData("Sever:\n  Port: 1\n", "Sever.Port (events.yaml:2): there is no such setting. Did you mean Server.Port?")]
    [InlineData("JwtSecretKey: x\n", "JwtSecretKey (events.yaml:1): there is no such setting. Did you mean Security.Jwt")]
    [InlineData("Quux: 1\n", "Quux (events.yaml:1): there is no such setting. Remove it")]
    [InlineData("Quux:\n", "Quux (events.yaml:1): there is no such setting. Remove it")]
    [InlineData("Server:\n  Port: 80x\n", "Server.Port (events.yaml:2): \"80x\" is not a whole number from 0 to 65535")]
    [InlineData("Server:\n  Port: 65536\n", "Server.Port (events.yaml:2): \"65536\" is not a whole number")]
    [InlineData("Server:\n  Port: [1]\n", "Server.Port (events.yaml:2): is a list")]
    [InlineData("Server:\n  Port:\n    A: 1\n", "events.yaml:3: Server.Port takes a value here")]
    [InlineData("Server: 1\n", "Server (events.yaml:1): there is no such setting")]
    [InlineData("Server:\n  Port: 1\n  port: 2\n", "Server.Port (events.yaml:3): is set already (events.yaml:2)")]
    [InlineData("Server:\n  Port: ''\n", "Server.Port (events.yaml:2): is empty")]
    [InlineData("Server: &a\n  Port: 1\nHealth: *a\n", "events.yaml:1: Server uses an anchor")]
    [InlineData("Server:\n  Port: !!int 1\n", "events.yaml:2: Server.Port uses an anchor, an alias or a tag")]
    [InlineData("- a\n", "events.yaml:1: expected lines")]
    [InlineData("? [a]\n: 1\n", "events.yaml:1: a key must be")]
    [InlineData("a: b: c\n", "events.yaml:1: this is not YAML")]
    [InlineData("Server:\n\t- x\n", "events.yaml:1: this is not YAML")]
    [InlineData("Server:\n  Port: 1\n---\nServer:\n", "events.yaml:3: a second document")]
    [InlineData("Server:\n  WebSocketPath: ws\n", "Server.WebSocketPath (events.yaml:2): \"ws\" is not a path")]
    [InlineData("Server:\n  Host: example.org\n", "Server.Host (events.yaml:2): \"example.org\" is not an address")]
    [InlineData("Server:\n  PublicUrl: ftp://x\n", "Server.PublicUrl (events.yaml:2): \"ftp://x\" is not a web address")]
    [InlineData("Security:\n  TokenTtl: 24\n", "Security.TokenTtl (events.yaml:2): \"24\" is not a duration")]
    [InlineData("Security:\n  TokenTtl: 99999999999999999999d\n", "Security.TokenTtl (events.yaml:2)")]
    [InlineData("Security:\n  AllowedOrigins: '*'\n", "Security.AllowedOrigins (events.yaml:2): \"*\" is not an origin")]
    [InlineData("Security:\n  AllowedOrigins: [https://a.example/x]\n", "is not an origin")]
    [InlineData("Discovery:\n  SkydioRanges: [10.0.0.0/8]\n", "is not an address like 192.168.42.10, or a network")]
    [InlineData("Discovery:\n  SkydioRanges: [10.0.0.0/20, 10.1.0.1]\n", "has more than 4096 addresses")]
    [InlineData("Discovery:\n  GenericPorts: [0]\n", "\"0\" is not a port")]
    [InlineData("Environment: staging\n", "Environment (events.yaml:1): \"staging\" is not possible. Give one of: production")]
    [InlineData("Retention:\n  Type: age\n", "Retention.Type (events.yaml:2): is age, which needs Retention.MaxAgeDays")]
    [InlineData("Retention:\n  MaxSizeGb: 0\n", "Retention.MaxSizeGb (events.yaml:2): \"0\" is not a number above 0, at most 1000000")]
    [InlineData("Retention:\n  MaxSizeGb: 1e3\n", "Retention.MaxSizeGb (events.yaml:2): \"1e3\" is not a number above 0")]
    [InlineData("Storage:\n  WarnPercent: 95\n", "Storage.WarnPercent (events.yaml:2): must be less than Storage.BlockPercent")]
    [InlineData("Health:\n  Port: 8002\n", "Health.Port (events.yaml:2): is the same as Server.Port (default)")]
    [InlineData("Rtsp:\n  Port: 8003\n", "Rtsp.Port (events.yaml:2): is the same as Health.Port (default)")]
    [InlineData("Rtsp:\n  TlsPort: 8322\n", "Rtsp.TlsPort (events.yaml:2): needs Tls.CertificateFile and Tls.KeyFile beside it")]
    [InlineData("Health:\n  Tls: true\n", "Health.Tls (events.yaml:2): needs Tls.CertificateFile and Tls.KeyFile beside it")]
    [InlineData("Rtsp:\n  UdpPortFirst: 65500\n", "Rtsp.UdpPortCount (default): reaches beyond port 65535")]
    public void say_what_is_wrong_where_and_what_helps(string text, string expected)
    {
        Write(text);

        Assert.Contains(Errors(), error => error.Contains(expected, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("EVENTS__Server__Prot", "1", "Server.Prot (EVENTS__Server__Prot): there is no such setting.")]
    [InlineData("EVENTS__Server__Prot", "1", "Did you mean EVENTS__Server__Port?")]
    [InlineData("EVENTS__Server_Port", "1", "Did you mean EVENTS__Server__Port?")]
    [InlineData("EVENTS__Server__Port", "-1", "Server.Port (EVENTS__Server__Port): \"-1\" is not a whole number")]
    public void are_checked_in_the_environment_too(string name, string value, string expected)
    {
        Set(name, value);

        Assert.Contains(Errors(), error => error.Contains(expected, StringComparison.Ordinal));
    }

    /// <summary>A file as users of the older service have it: its sections, nested ones included, with their shapes.</summary>
    [Fact]
    public void are_read_from_a_file_of_the_older_service()
    {
        Write($"""
            server:
              host: "127.0.0.1"
              port: 9002
              max_connections: 10
              read_timeout: 10s
              ping_interval: 1m30s
              pong_wait: 5s
              max_message_size: 524288
              auto_close_after: 0s
            mediamtx:
              api_port: 9997
              rtsp_port: 9554
              backoff_jitter_range: [0.8, 1.2]
              codec:
                video_profile: "baseline"
              stream_readiness:
                path_manager_retry_intervals: [0.1, 0.2]
            recording:
              segment_duration: 600
              file_name_pattern: "%path_%Y-%m-%d_%H-%M-%S"
            storage:
              warn_percent: 70.0
              block_percent: 85
            security:
              rate_limit_requests: 300
              rate_limit_window: 2m
              jwt_secret_key: "{Secret}"
              jwt_expiry_hours: 48
              cors_origins: ["https://a.example", "https://b.example"]
            http_health:
              port: 9003
            external_discovery:
              enabled: true
              scan_timeout: 30
              skydio:
                enabled: false
                network_ranges: ["192.168.42.0/24"]
                known_ips: ["192.168.42.10"]
              generic_uav:
                common_ports: [554, 8554]
            health_port: 8080
            retention_policy:
              enabled: true
              type: size
              max_age_days: 30
              max_size_gb: 100
              auto_cleanup: true
            """);

        EventsSettings settings = Read();

        Assert.Equal(
            ("127.0.0.1", 9002, 10, 524_288),
            (settings.Server.Host, settings.Server.Port, settings.Server.MaxConnections, settings.Server.MaxMessageBytes));
        Assert.Equal((90, 60), (settings.Server.PingInterval.TotalSeconds, settings.Server.PongWait.TotalSeconds));
        Assert.Equal(TimeSpan.Zero, settings.Live.AutoCloseAfter);
        Assert.Equal((600, 70, 85), (settings.Recording.SegmentDurationS, settings.Storage.WarnPercent, settings.Storage.BlockPercent));
        Assert.Equal(new RetentionSettings(60, RetentionType.Size, true, 30, 100), settings.Retention);
        Assert.Equal(new RateLimitSettings(300, TimeSpan.FromMinutes(2), 300, 3_000), settings.Security.RateLimit);
        Assert.Equal((Secret, TimeSpan.FromHours(48)), (settings.Security.JwtSecretKey, settings.Security.TokenTtl));
        Assert.Equal(["https://a.example", "https://b.example"], settings.Security.AllowedOrigins);
        Assert.Equal((9003, 9554), (settings.Health.Port, settings.Rtsp.Port));
        Assert.Equal((true, 25, false), (settings.Discovery.Enabled, settings.Discovery.ScanTimeoutS, settings.Discovery.Skydio.Enabled));
        Assert.Equal("192.168.42.0/24", Assert.Single(settings.Discovery.Skydio.Ranges).Text);
        Assert.Equal([554, 8554], settings.Discovery.GenericPorts);

        Assert.Contains("server.max_connections (events.yaml:4): is an older key, read as Server.MaxConnections, value 10. Write it so.", _warnings);
        Assert.Contains(_warnings, warning => warning.StartsWith("server.read_timeout (events.yaml:5): is passed over.", StringComparison.Ordinal));
        Assert.Contains(
            _warnings, warning => warning.StartsWith("mediamtx.codec.video_profile (events.yaml:15): is passed", StringComparison.Ordinal));
        Assert.Contains(_warnings, warning => warning.StartsWith("health_port (", StringComparison.Ordinal));
        Assert.DoesNotContain(_warnings, warning => warning.StartsWith("server.port", StringComparison.Ordinal));
        Assert.DoesNotContain(_warnings, warning => warning.Contains(Secret, StringComparison.Ordinal));
    }

    [Fact]
    public void are_read_from_variables_of_the_older_service_below_ours()
    {
        Write("Server:\n  Port: 1001\n");
        Set("CAMERA_SERVICE_SERVER_PORT", "2001");
        Set("CAMERA_SERVICE_HTTP_HEALTH_PORT", "2002");
        Set("CAMERA_SERVICE_EXTERNAL_DISCOVERY_GENERIC_UAV_NETWORK_RANGES", "10.0.0.1, 10.0.0.2");
        Set("CAMERA_SERVICE_SECURITY_RATE_LIMIT_WINDOW", "1m");
        Set("CAMERA_SERVICE_ENABLE_HOT_RELOAD", "true");
        Set("CAMERA_SERVICE_LOGGING_LEVEL", "debug");
        Set("EVENTS__Health__Port", "3002");

        EventsSettings settings = Read();

        Assert.Equal((2001, 3002), (settings.Server.Port, settings.Health.Port));
        Assert.Equal(2, settings.Discovery.GenericRanges.Count);
        Assert.Equal(TimeSpan.FromMinutes(1), settings.Security.RateLimit.Window);
        Assert.Contains(
            "CAMERA_SERVICE_SERVER_PORT: is an older key, read as EVENTS__Server__Port, value 2001. Write it so.", _warnings);
        Assert.Contains("CAMERA_SERVICE_ENABLE_HOT_RELOAD: is passed over. It is not known here.", _warnings);
        Assert.Contains(_warnings, warning => warning.StartsWith("CAMERA_SERVICE_LOGGING_LEVEL: is passed over.", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("server:\n  ping_interval: soon\n", "server.ping_interval (events.yaml:2): \"soon\" cannot be read as Server.PingInterval")]
    [InlineData("server:\n  max_connections: 0\n", "Server.MaxConnections (events.yaml:2): \"0\" is not a whole number from 1")]
    [InlineData("server:\n  max_connections: 5\n  MaxConnections: 6\n", "Server.MaxConnections (events.yaml:3): is set already (events.yaml:2)")]
    [InlineData("security:\n  jwt_secret_key: edge-device-secret-key-change-in-production\n", "everybody knows")]
    public void of_the_older_service_are_checked_as_ours_are(string text, string expected)
    {
        Write(text);

        Assert.Contains(Errors(), error => error.Contains(expected, StringComparison.Ordinal));
    }

    /// <summary>An older file must not make the host delete by itself, nor more than was said, nor keep it from starting.</summary>
    [Theory]
    [InlineData("{enabled: true, type: age, max_age_days: 30, max_size_gb: 9, auto_cleanup: true}", RetentionType.Age, true, 30, 9.0)]
    [InlineData("{enabled: true, type: age, max_age_days: 30, max_size_gb: 9, auto_cleanup: false}", RetentionType.Manual, true, 30, null)]
    [InlineData("{enabled: true, type: size, max_age_days: 30, max_size_gb: 9, auto_cleanup: false}", RetentionType.Manual, true, null, 9.0)]
    [InlineData("{enabled: false, type: age}", RetentionType.Age, false, null, null)]
    [InlineData("{enabled: false, type: size}", RetentionType.Size, false, null, null)]
    [InlineData("{enabled: true, type: size, max_size_gb: 0.4}", RetentionType.Size, true, null, 0.4)]
    [InlineData("{enabled: true, type: age, max_age_days: 0.5}", RetentionType.Age, true, 1, null)]
    [InlineData("{auto_cleanup: false}", null, true, null, null)]
    public void of_the_older_service_mean_the_retention_that_they_meant(
        string policy, RetentionType? type, bool isEnabled, int? days, double? gigabytes)
    {
        Write($"retention_policy: {policy}\n");

        Assert.Equal(new RetentionSettings(60, type, isEnabled, days, gigabytes), Read().Retention);
    }

    [Fact]
    public void warn_of_nothing_in_a_file_of_ours()
    {
        Write("Server:\n  Port: 1\nStorage:\n  WarnPercent: 50\n");
        Read();

        Assert.Empty(_warnings);
    }

    [Fact]
    public void of_the_older_service_are_read_as_settings_that_there_are() =>
        Assert.All(LegacyKeys.All.Where(key => key.New is not null), key => Assert.NotNull(SettingsTable.Find(key.New!)));

    [Fact]
    public void may_not_be_set_twice_in_the_environment()
    {
        Set("EVENTS__Server__Port", "1");
        Set("EVENTS__SERVER__PORT", "2");

        Assert.Contains("is set already", Assert.Single(Errors()), StringComparison.Ordinal);
    }

    [Fact]
    public void complain_about_everything_at_once()
    {
        Write("Server:\n  Port: x\n  Prot: 1\n");
        Set("EVENTS__Health__Port", "y");
        _flags["--port"] = "z";

        Assert.Equal(3, Errors().Count);
    }

    [Theory]
    [InlineData("s3cret", "shorter than 32 bytes")]
    [InlineData("edge-device-secret-key-change-in-production", "everybody knows")]
    [InlineData("test-secret-key-for-testing-only-do-not-use-in-production", "everybody knows")]
    public void refuse_weak_secrets_and_do_not_show_them(string secret, string expected)
    {
        Set("EVENTS__Security__JwtSecretKey", secret);

        var error = Assert.Single(Errors());
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.DoesNotContain(secret, error, StringComparison.Ordinal);
    }

    [Fact]
    public void allow_the_secrets_of_examples_in_development()
    {
        Set("EVENTS__Security__JwtSecretKey", "test-secret-key-for-testing-only-do-not-use-in-production");
        Set("EVENTS__Environment", "Development");

        Assert.Equal(RunEnvironment.Development, Read().Environment);
    }

    [Theory]
    [InlineData("Server", "0.0.0.0", "Tls.PlainOutside")]
    [InlineData("Server", "::", "Tls.PlainOutside")]
    [InlineData("Server", "192.0.2.7", "Tls.PlainOutside")]
    [InlineData("Health", "0.0.0.0", "Health.PlainOutside")]
    [InlineData("Rtsp", "2001:db8::7", "Rtsp.PlainOutside")]
    public void open_nothing_plain_to_other_machines_unless_told_so(string section, string host, string consent)
    {
        Set($"EVENTS__{section}__Host", host);

        string error = Assert.Single(Errors());
        Assert.StartsWith($"{section}.Host (EVENTS__{section}__Host): {host} lets other machines in, ", error, StringComparison.Ordinal);
        Assert.Contains($"{section}.Port is not encrypted", error, StringComparison.Ordinal);
        Assert.Contains($"set {consent} to true", error, StringComparison.Ordinal);

        Set($"EVENTS__{consent.Replace(".", "__", StringComparison.Ordinal)}", "true");
        Assert.NotNull(Read());
    }

    [Fact]
    public void of_the_older_service_go_on_to_open_what_they_opened()
    {
        Write("server:\n  host: 0.0.0.0\n  read_timeout: 10s\nhttp_health:\n  host: 0.0.0.0\n");
        Assert.Equal(("0.0.0.0", "0.0.0.0"), (Read().Server.Host, Read().Health.Host));
        Assert.Contains(_warnings, warning => warning.StartsWith("Server.Host (events.yaml:2): 0.0.0.0 lets", StringComparison.Ordinal));

        // RTSP was another program's then, so nothing in the file opens ours.
        Assert.Equal("127.0.0.1", Read().Rtsp.Host);
        Assert.Contains(_warnings, warning =>
            warning.StartsWith("Rtsp.Host (default): 127.0.0.1 is for this machine alone, but Server.Host, 0.0.0.0,", StringComparison.Ordinal));
        Set("EVENTS__Rtsp__Host", "0.0.0.0");
        Set("EVENTS__Rtsp__PlainOutside", "true");
        Read();
        Assert.DoesNotContain(_warnings, warning => warning.StartsWith("Rtsp.Host", StringComparison.Ordinal));

        Write("");
        Set("CAMERA_SERVICE_SERVER_HOST", "0.0.0.0");
        Assert.Equal("0.0.0.0", Read().Server.Host);

        // A word of ours above it counts as ours.
        Set("EVENTS__Server__Host", "0.0.0.0");
        Assert.Single(Errors());
    }

    [Fact]
    public void of_ours_open_nothing_because_an_older_key_stands_beside_them()
    {
        Write("Server:\n  Host: 0.0.0.0\nHealth:\n  Host: 0.0.0.0\nrtsp:\n  host: 0.0.0.0\nlogging:\n  level: debug\n");

        Assert.Equal(["Server.Host", "Health.Host", "Rtsp.Host"], Errors().Select(error => error.Split(' ')[0]));
        Assert.Contains(_warnings, warning => warning.StartsWith("logging.level (events.yaml:8): is passed over", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Tls:\n  CertificatFile: a.pem\n", "Tls.CertificatFile (events.yaml:2): there is no such setting. Did you mean Tls.CertificateFile?")]
    [InlineData("tls:\n  key: a.key\n", "tls.key (events.yaml:2): there is no such setting.")]
    [InlineData("Security:\n  AllowedOrigin: x\n", "Did you mean Security.AllowedOrigins?")]
    public void that_are_misspelled_are_no_older_keys_whatever_stands_beside_them(string text, string expected)
    {
        Write(text + "logging:\n  level: debug\n");
        Assert.Contains(expected, Assert.Single(Errors()), StringComparison.Ordinal);

        // What is spelled as the older service spells it is one of its own.
        Write("security:\n  allowed_methods: [GET]\nplugins:\n  some: true\nlogging:\n  level: debug\n");
        Read();
        Assert.Equal(3, _warnings.Count(warning => warning.Contains("is passed over", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData($"Security:\n  JwtSecretKey: {Secret}\n", "Security.JwtSecretKey (events.yaml:2)")]
    [InlineData($"security:\n  jwt_secret_key: {Secret}\n", "Security.JwtSecretKey (events.yaml:2)")]
    [InlineData($"Anchors:\n  WebhookSecret: {Secret}\n", "Anchors.WebhookSecret (events.yaml:2)")]
    [InlineData($"PostgreSql:\n  ConnectionString: Host=db;Password={Secret}\n", "PostgreSql.ConnectionString (events.yaml:2)")]
    public void with_a_secret_stand_in_a_file_for_its_owner_alone(string text, string key)
    {
        string file = _folder.PathOf("events.yaml");
        Write(text);
        Read();
        foreach (UnixFileMode others in new[] { UnixFileMode.GroupRead, UnixFileMode.OtherRead, UnixFileMode.GroupWrite })
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | others);
            _warnings.Clear();
            Read();
            string warning = Assert.Single(_warnings, text => text.Contains("is a secret", StringComparison.Ordinal));
            Assert.StartsWith(key, warning, StringComparison.Ordinal);
            Assert.EndsWith($"others may read {file}. Run: chmod 600 {file}", warning, StringComparison.Ordinal);
        }

        Assert.DoesNotContain(_warnings, warning => warning.Contains(Secret, StringComparison.Ordinal));
    }

    [Fact]
    public void without_a_secret_may_be_read_by_everybody()
    {
        Write("Server:\n  Port: 1001\nPostgreSql:\n  ConnectionString: Host=db;Username=events\n");
        SecretFile.Open(_folder.PathOf("events.yaml"));
        Set("EVENTS__Security__JwtSecretKey", Secret);

        Assert.Equal(1001, Read().Server.Port);
        Assert.Empty(_warnings);
    }

    [Fact]
    public void name_a_file_with_a_passphrase_that_is_for_its_owner_alone()
    {
        string file = _folder.PathOf("passphrase");
        SecretFile.Write(file, "correct horse battery staple\n");
        Set("EVENTS__Backup__PassphraseFile", file);
        Read();
        Assert.Empty(_warnings);

        SecretFile.Open(file);
        Read();
        Assert.Equal(
            $"Backup.PassphraseFile (EVENTS__Backup__PassphraseFile): others may read {file}. Run: chmod 600 {file}",
            Assert.Single(_warnings));
    }

    [Fact]
    public void of_one_listener_open_no_other()
    {
        foreach (string section in new[] { "Server", "Health", "Rtsp" })
        {
            Set($"EVENTS__{section}__Host", "0.0.0.0");
        }

        Set("EVENTS__Health__PlainOutside", "true");

        Assert.Equal(["Server.Host", "Rtsp.Host"], Errors().Select(error => error.Split(' ')[0]));
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.9.9.9")]
    [InlineData("::1")]
    [InlineData("localhost")]
    public void take_addresses_of_this_machine_without_a_word(string host)
    {
        Set("EVENTS__Server__Host", host);
        Set("EVENTS__Health__Host", host);
        Set("EVENTS__Rtsp__Host", host);

        Assert.Equal(host, Read().Server.Host);
    }

    [Fact]
    public void let_others_in_with_tls_and_in_development()
    {
        Set("EVENTS__Server__Host", "0.0.0.0");
        Set("EVENTS__Tls__CertificateFile", "/a.pem");
        Set("EVENTS__Tls__KeyFile", "/b.pem");
        EventsSettings encrypted = Read();
        Assert.Equal(("0.0.0.0", "localhost"), (encrypted.Server.Host, encrypted.PlainHost));

        Set("EVENTS__Health__Host", "0.0.0.0");
        Set("EVENTS__Rtsp__Host", "0.0.0.0");
        Assert.Equal(2, Errors().Count);
        Set("EVENTS__Environment", "development");
        Assert.Equal("0.0.0.0", Read().Rtsp.Host);
    }

    [Fact]
    public void print_no_secret()
    {
        Set("EVENTS__Security__JwtSecretKey", Secret);
        Set("EVENTS__PostgreSql__ConnectionString", "Host=db;Password=hidden");

        var settings = Read();

        Assert.Equal(Secret, settings.Security.JwtSecretKey);
        Assert.DoesNotContain(Secret, settings.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("hidden", settings.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void do_not_show_a_wrong_connection_string()
    {
        Set("EVENTS__PostgreSql__ConnectionString", "Host=db;Pasword=hidden");

        Assert.DoesNotContain("hidden", Assert.Single(Errors()), StringComparison.Ordinal);
    }

    [Fact]
    public void need_a_named_file_to_be_there() =>
        Assert.Contains("--config: there is no file", Assert.Single(Errors("absent.yaml")), StringComparison.Ordinal);

    [Fact]
    public void refuse_a_file_of_unusual_size()
    {
        Write("#" + new string('x', 40_000));

        Assert.Contains("larger than", Assert.Single(Errors()), StringComparison.Ordinal);
    }

    [Fact]
    public void survive_deep_nesting()
    {
        Write("Server: " + new string('[', 30_000));

        Assert.NotEmpty(Errors());
    }

    [Fact]
    public void are_documented_as_they_are()
    {
        var page = Path.Combine(RootFolder(), "docs", "configuration.md");
        if (Environment.GetEnvironmentVariable("EVENTS_WRITE_DOCS") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(page)!);
            File.WriteAllText(page, SettingsPage.Render());
        }

        Assert.Equal(SettingsPage.Render(), File.ReadAllText(page));
    }

    private static string RootFolder()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Events.sln")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("Run this in the source tree.");
        }

        return folder;
    }

    private void Write(string text) => SecretFile.Write(_folder.PathOf("events.yaml"), text);

    private void Set(string name, string value) => _environment.Add(KeyValuePair.Create(name, value));

    private EventsSettings Read(string? configFile = null)
    {
        _warnings.Clear();
        return SettingsReader.Read(new SettingsSources(_folder.PathOf(""), configFile, _environment, _flags), _warnings);
    }

    private IReadOnlyList<string> Errors(string? configFile = null) =>
        Assert.Throws<SettingsException>(() => Read(configFile)).Errors;
}
