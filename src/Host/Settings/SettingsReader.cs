using System.Net;
using Events.Application.Contracts;
using Events.Domain.Retention;
using Events.Host.Security;

namespace Events.Host.Settings;

/// <summary>Gathers settings from their sources and checks them all before it complains.</summary>
internal sealed class SettingsReader
{
    private const string DefaultFile = "events.yaml";

    private readonly SettingsSources _sources;
    private readonly List<string> _errors = [];
    private readonly ICollection<string> _warnings;
    private readonly Dictionary<string, object?> _values = [];
    private readonly Dictionary<string, string> _origins = [];

    /// <summary>Keys of secrets that stand in a file which others may read, with that file.</summary>
    private readonly Dictionary<string, string> _openSecrets = [];

    /// <summary>Keys whose value stands under a name of the older service, spelled as it spells it.</summary>
    private readonly HashSet<string> _legacy = new(StringComparer.Ordinal);

    private SettingsReader(SettingsSources sources, ICollection<string> warnings)
    {
        _sources = sources;
        _warnings = warnings;
    }

    /// <param name="warnings">Receives what was read, but should be written otherwise. None shows a secret.</param>
    /// <exception cref="SettingsException">Something is wrong.</exception>
    public static EventsSettings Read(SettingsSources sources, ICollection<string> warnings) =>
        new SettingsReader(sources, warnings).Read();

    private EventsSettings Read()
    {
        var layers = new[] { FromFile(), FromLegacyEnvironment(), FromEnvironment(), FromFlags() };
        foreach (var setting in SettingsTable.All)
        {
            var found = layers.Select(layer => layer.GetValueOrDefault(setting)).LastOrDefault(one => one is not null)
                ?? new FoundValue(setting.Key, [setting.Default], "default", _sources.WorkingFolder);
            _origins[setting.Key] = found.Origin;
            if (found.IsLegacy)
            {
                _legacy.Add(setting.Key);
            }

            var (value, error) = SettingsParser.Parse(setting, found);
            _values[setting.Key] = value;
            if (error is not null)
            {
                _errors.Add($"{setting.Key} ({found.Origin}): {error}");
            }
            else if (found.OpenFile is { } file && SettingsParser.HoldsSecret(setting, value))
            {
                _openSecrets[setting.Key] = file;
            }
        }

        if (_errors.Count == 0)
        {
            CheckTogether();
        }

        return _errors.Count == 0 ? Build() : throw new SettingsException(_errors);
    }

    private Dictionary<Setting, FoundValue> FromFile()
    {
        var path = Path.Combine(_sources.WorkingFolder, _sources.ConfigFile ?? DefaultFile);
        if (File.Exists(path))
        {
            return Sort(FromLegacyKeys(new SettingsFile(path, _errors).Read()), one => one.Key);
        }

        if (_sources.ConfigFile is not null)
        {
            _errors.Add($"--config: there is no file {path}. Name one that is there.");
        }

        return [];
    }

    /// <summary>
    /// Keys of the older service become ours. One key that only it has makes the file one of its: then what has no counterpart,
    /// or is not known at all, is named and passed over. What stands there in a section of ours is held to our rules all the
    /// same: one older key must not excuse a slip of the pen, nor open a listener.
    /// </summary>
    private List<FoundValue> FromLegacyKeys(IReadOnlyList<FoundValue> found)
    {
        bool isLegacyFile = found.Any(one =>
            SettingsTable.Find(one.Key) is null && LegacyKeys.Find(one.Key) is { TellsLegacyFile: true });
        List<FoundValue> ours = [];
        foreach (FoundValue one in found)
        {
            LegacyKey? legacy = isLegacyFile ? LegacyKeys.Find(one.Key) : null;
            if (SettingsTable.Find(one.Key) is not null)
            {
                // Some differ by upper and lower case alone.
                ours.Add(one with { IsLegacy = legacy?.Old == one.Key });
            }
            else if (!isLegacyFile || (legacy is null && IsInSectionOfOurs(one.Key)))
            {
                ours.Add(one);
            }
            else
            {
                Translate(one, legacy, one.Key, setting => setting.Key, ours);
            }
        }

        return ours;
    }

    private static bool IsInSectionOfOurs(string key) =>
        key.IndexOf('.', StringComparison.Ordinal) is > 0 and var end
        && SettingsTable.All.Any(one => one.Section.Equals(key[..end], StringComparison.OrdinalIgnoreCase));

    private Dictionary<Setting, FoundValue> FromLegacyEnvironment()
    {
        List<FoundValue> ours = [];
        foreach ((string name, string value) in _sources.Environment.OrderBy(one => one.Key, StringComparer.Ordinal))
        {
            if (name.StartsWith(LegacyKey.EnvironmentPrefix, StringComparison.OrdinalIgnoreCase))
            {
                var one = new FoundValue(name, [value], name, _sources.WorkingFolder);
                Translate(one, LegacyKeys.FindVariable(name), name, setting => setting.EnvironmentName, ours);
            }
        }

        return Sort(ours, one => one.EnvironmentName);
    }

    private void Translate(
        FoundValue one, LegacyKey? legacy, string name, Func<Setting, string> nameOf, List<FoundValue> ours)
    {
        string where = one.Origin == name ? name : $"{name} ({one.Origin})";
        if (legacy?.New is not { } key)
        {
            string why = legacy is null ? "It is not known here." : legacy.Why;
            _warnings.Add($"{where}: is passed over. {why}");
            return;
        }

        Setting setting = SettingsTable.Find(key)!;
        string?[] values = [.. one.Values.Select(text => legacy.Convert is { } convert ? convert(text.Trim()) : text)];
        if (values.Any(value => value is null))
        {
            _errors.Add($"{where}: \"{string.Join(", ", one.Values)}\" cannot be read as {nameOf(setting)} ({setting.Unit}).");
            return;
        }

        string now = setting.IsSecret || values.Length != 1 ? nameOf(setting) : $"{nameOf(setting)}, value {values[0]}";
        _warnings.Add($"{where}: is an older key, read as {now}. Write it so.");
        ours.Add(one with { Key = key, Values = [.. values.Select(value => value!)], IsLegacy = true });
    }

    private Dictionary<Setting, FoundValue> FromEnvironment()
    {
        var found =
            from one in _sources.Environment
            where one.Key.StartsWith(Setting.EnvironmentPrefix, StringComparison.OrdinalIgnoreCase)
            orderby one.Key
            let key = one.Key[Setting.EnvironmentPrefix.Length..].Replace("__", ".", StringComparison.Ordinal)
            select new FoundValue(key, [one.Value], one.Key, _sources.WorkingFolder);
        return Sort(found, one => one.EnvironmentName);
    }

    private Dictionary<Setting, FoundValue> FromFlags()
    {
        var found =
            from setting in SettingsTable.All
            where setting.Flag is not null && _sources.Flags.ContainsKey(setting.Flag)
            let value = setting.Flag == "--no-demo" ? "false" : _sources.Flags[setting.Flag!]
            select new FoundValue(setting.Key, [value], setting.Flag!, _sources.WorkingFolder);
        return Sort(found, one => one.Flag!);
    }

    private Dictionary<Setting, FoundValue> Sort(IEnumerable<FoundValue> found, Func<Setting, string> nameOf)
    {
        var sorted = new Dictionary<Setting, FoundValue>();
        foreach (var one in found)
        {
            if (SettingsTable.Find(one.Key) is not { } setting)
            {
                var nearest = SettingsTable.Nearest(one.Key);
                var fix = nearest is null
                    ? "Remove it; docs/configuration.md has all keys."
                    : $"Did you mean {nameOf(nearest)}?";
                _errors.Add($"{one.Key} ({one.Origin}): there is no such setting. {fix}");
            }
            else if (!sorted.TryAdd(setting, one))
            {
                _errors.Add($"{setting.Key} ({one.Origin}): is set already ({sorted[setting].Origin}). Remove one of the two.");
            }
        }

        return sorted;
    }

    /// <summary>What no value says alone.</summary>
    private void CheckTogether()
    {
        if (Number("Storage.WarnPercent") >= Number("Storage.BlockPercent"))
        {
            Complain("Storage.WarnPercent", $"must be less than Storage.BlockPercent ({_origins["Storage.BlockPercent"]}).");
        }

        CheckPorts();
        CheckPairs();
        CheckRetention();
        if (Number("Rtsp.UdpPortFirst") + Number("Rtsp.UdpPortCount") - 1 > IPEndPoint.MaxPort)
        {
            Complain("Rtsp.UdpPortCount", $"reaches beyond port {IPEndPoint.MaxPort}. Lower it, or Rtsp.UdpPortFirst.");
        }

        CheckListeners();
        WarnOfOpenFiles();
        WarnOfRtsp();
        if (EnvironmentChosen == RunEnvironment.Production
            && SettingsParser.IsWellKnown(Value<string?>("Security.JwtSecretKey")))
        {
            Complain(
                "Security.JwtSecretKey",
                "is a secret that everybody knows from examples. Set one of your own, e.g. from: openssl rand -hex 32");
        }
    }

    /// <summary>
    /// What is secret is for the owner of its file alone. These files are people's own, and those of the older service are open
    /// to all as a rule: that is said, and no start ends by it, as one does over a file of keys that we made.
    /// </summary>
    private void WarnOfOpenFiles()
    {
        foreach ((string key, string file) in _openSecrets)
        {
            _warnings.Add($"{key} ({_origins[key]}): is a secret, and others may read {file}. Run: chmod 600 {file}");
        }

        if (Value<string?>("Backup.PassphraseFile") is { } passphrase && KeyFiles.IsOpenToOthers(passphrase))
        {
            _warnings.Add(
                $"Backup.PassphraseFile ({_origins["Backup.PassphraseFile"]}): others may read {passphrase}. "
                + $"Run: chmod 600 {passphrase}");
        }
    }

    /// <summary>No two listeners at one port, by whichever address; the later in this list is to give way.</summary>
    private void CheckPorts()
    {
        Dictionary<int, string> taken = [];
        foreach ((string key, string flag) in new[]
        {
            ("Server.Port", "--port"), ("Health.Port", "--health-port"), ("Rtsp.Port", "--rtsp-port"), ("Tls.Port", ""),
            ("Rtsp.TlsPort", ""),
        })
        {
            bool isOpened = key != "Tls.Port" || Value<string?>("Tls.CertificateFile") is not null;
            if (!isOpened || Value<int?>(key) is not ({ } port and not 0))
            {
                continue;
            }

            if (!taken.TryAdd(port, key))
            {
                string with = flag.Length > 0 ? $" with {flag}" : string.Empty;
                Complain(key, $"is the same as {taken[port]} ({_origins[taken[port]]}). Choose another{with}.");
            }
        }
    }

    /// <summary>What is of no use, or no good, without something beside it.</summary>
    private void CheckPairs()
    {
        foreach ((string one, string other) in new[]
        {
            ("Tls.CertificateFile", "Tls.KeyFile"), ("Tls.KeyFile", "Tls.CertificateFile"),
            ("Oidc.Authority", "Oidc.Audience"), ("Oidc.Audience", "Oidc.Authority"),
            ("Anchors.WitnessUrl", "Anchors.WitnessKey"), ("Anchors.WitnessKey", "Anchors.WitnessUrl"),
        })
        {
            if (_values[one] is not null && _values[other] is null)
            {
                Complain(one, $"needs {other} beside it.");
            }
        }

        bool isCertified = Value<string?>("Tls.CertificateFile") is not null;
        foreach ((string key, bool isWanted) in new[]
        {
            ("Health.Tls", Flag("Health.Tls")), ("Rtsp.TlsPort", Value<int?>("Rtsp.TlsPort") is not null),
        })
        {
            if (isWanted && !isCertified)
            {
                Complain(key, "needs Tls.CertificateFile and Tls.KeyFile beside it.");
            }
        }

        if (Value<Uri?>("Oidc.Authority") is { IsLoopback: false, Scheme: not "https" })
        {
            Complain("Oidc.Authority", "is not https. Whoever is on the way could sign in as anybody; use https.");
        }
    }

    /// <summary>Nothing that is not encrypted is open to other machines unless somebody said so, for that one listener.</summary>
    private void CheckListeners()
    {
        if (EnvironmentChosen == RunEnvironment.Development)
        {
            return;
        }

        bool isServerEncrypted = Value<string?>("Tls.CertificateFile") is not null;
        RequireInside(
            "Server", "Tls.PlainOutside", isServerEncrypted, "Give Tls.CertificateFile and Tls.KeyFile, or set");
        RequireInside(
            "Health",
            "Health.PlainOutside",
            Flag("Health.Tls"),
            "Give Tls.CertificateFile and Tls.KeyFile and set Health.Tls to true, or set");
        RequireInside(
            "Rtsp",
            "Rtsp.PlainOutside",
            Value<int?>("Rtsp.TlsPort") is not null,
            "Give Tls.CertificateFile and Tls.KeyFile and set Rtsp.TlsPort, e.g. to 8322, or set");
    }

    /// <param name="consent">The key with which somebody says that it may be so.</param>
    /// <param name="remedy">How the sentence begins that ends with an address of this machine.</param>
    private void RequireInside(string section, string consent, bool isEncrypted, string remedy)
    {
        string key = $"{section}.Host";
        string host = Value<string>(key);
        if (isEncrypted || Flag(consent) || IPAddress.IsLoopback(Addresses.Of(host)))
        {
            return;
        }

        string why = $"{host} lets other machines in, and {section}.Port is not encrypted. {remedy} {key} to 127.0.0.1; where "
            + $"the network between is trusted, set {consent} to true.";
        if (_legacy.Contains(key))
        {
            // The older service's clients must not find the door shut. Rtsp.Host has no name there, and is never excused.
            _warnings.Add($"{key} ({_origins[key]}): {why}");
        }
        else
        {
            Complain(key, why);
        }
    }

    /// <summary>
    /// Addresses of streams may lead other machines nowhere, as with a file of the older service, whose RTSP was open to all.
    /// That is said and not mended: nothing is opened to others unless somebody wants it.
    /// </summary>
    private void WarnOfRtsp()
    {
        (string server, string rtsp) = (Value<string>("Server.Host"), Value<string>("Rtsp.Host"));
        if (!IPAddress.IsLoopback(Addresses.Of(server)) && IPAddress.IsLoopback(Addresses.Of(rtsp)))
        {
            _warnings.Add(
                $"Rtsp.Host ({_origins["Rtsp.Host"]}): {rtsp} is for this machine alone, but Server.Host, {server}, lets others "
                + $"in, for whom RTSP addresses in answers then lead nowhere. Set it to {server}, too, with Rtsp.TlsPort or "
                + "Rtsp.PlainOutside beside it.");
        }
    }

    private void Complain(string key, string what) => _errors.Add($"{key} ({_origins[key]}): {what}");

    private EventsSettings Build() => new(
        new DataSettings(Value<string>("Data.Folder")),
        new ServerSettings(
            Value<string>("Server.Host"),
            Number("Server.Port"),
            Value<string>("Server.WebSocketPath"),
            Number("Server.MaxConnections"),
            Number("Server.MaxMessageBytes"),
            Value<Uri?>("Server.PublicUrl"),
            Value<TimeSpan>("Server.PingInterval"),
            Value<TimeSpan>("Server.PongWait"),
            Flag("Server.NotifyUnsubscribed")),
        new TlsSettings(
            Value<string?>("Tls.CertificateFile"), Value<string?>("Tls.KeyFile"), Number("Tls.Port"), Flag("Tls.PlainOutside")),
        Oidc(),
        new HealthSettings(Value<string>("Health.Host"), Number("Health.Port"), Flag("Health.Tls")),
        Rtsp(),
        new LiveSettings(
            Number("Live.MaxViewers"),
            Number("Live.MaxViewersPerAddress"),
            Number("Live.MaxViewersPerAccount"),
            Value<TimeSpan>("Live.AutoCloseAfter")),
        new PostgreSqlSettings(Value<string?>("PostgreSql.ConnectionString")),
        Security(),
        new RecordingSettings(Number("Recording.SegmentDurationS")),
        new StorageSettings(
            Number("Storage.WarnPercent"), Number("Storage.BlockPercent"), Number("Storage.MeasurePauseS")),
        Retention(),
        new MediaSettings(
            Number("Media.StallTimeoutS"), Number("Media.ConnectTimeoutS"), Number("Media.ReconnectPauseMaxS")),
        Discovery(),
        new AnchorSettings(
            Value<string?>("Anchors.Folder"),
            Value<Uri?>("Anchors.Webhook"),
            Value<string?>("Anchors.WebhookSecret"),
            Number("Anchors.IntervalS"),
            Value<Uri?>("Anchors.Syslog"),
            Value<Uri?>("Anchors.TimeStampUrl"),
            Number("Anchors.TimeStampIntervalH"),
            Value<string?>("Anchors.TimeStampCaFile"),
            Value<Uri?>("Anchors.WitnessUrl"),
            Value<string?>("Anchors.WitnessKey")),
        new WitnessSettings(Value<string?>("Witness.LogsFile"), Value<string?>("Witness.Name")),
        new BackupSettings(
            Value<string?>("Backup.Folder"),
            Number("Backup.IntervalH"),
            Number("Backup.Keep"),
            Value<string?>("Backup.PassphraseFile"),
            Flag("Backup.Footage")),
        new GraphQLSettings(Flag("GraphQL.Introspection")),
        new DemoSettings(Flag("Demo.Enabled")),
        EnvironmentChosen);

    private RtspSettings Rtsp() => new(
        Value<string>("Rtsp.Host"),
        Number("Rtsp.Port"),
        Value<int?>("Rtsp.TlsPort"),
        Flag("Rtsp.PlainOutside"),
        Number("Rtsp.UdpPortFirst"),
        Number("Rtsp.UdpPortCount"),
        Number("Rtsp.MaxConnections"),
        Number("Rtsp.MaxConnectionsPerAddress"),
        Number("Rtsp.MaxStrangersPerAddress"),
        Value<TimeSpan>("Rtsp.SignInWait"));

    private SecuritySettings Security() => new(
        Value<string?>("Security.JwtSecretKey"),
        Value<TimeSpan>("Security.TokenTtl"),
        Value<IReadOnlyList<string>>("Security.AllowedOrigins"),
        RateLimit(),
        Number("Security.MaxSocketsPerAccount"),
        Number("Security.MaxConnectionsPerAddress"),
        Number("Security.AddressRequestsPerSecond"),
        Value<IReadOnlyList<AddressRange>>("Security.UnlimitedAddresses"),
        Value<TimeSpan>("Security.UseReportPause"),
        Flag("Security.AllowPrivateSources"),
        Flag("Security.AllowLoopbackSources"),
        Flag("Security.EncryptRecordings"),
        Enum.Parse<PseudonymRule>(Value<string>("Security.Pseudonyms"), ignoreCase: true));

    private OidcSettings? Oidc() =>
        Value<Uri?>("Oidc.Authority") is { } authority && Value<string?>("Oidc.Audience") is { } audience
            ? new OidcSettings(
                authority, audience, Value<string>("Oidc.RoleClaim"), Value<string?>("Oidc.RolePrefix") ?? string.Empty)
            : null;

    private RateLimitSettings RateLimit()
    {
        int requests = Number("Security.RateLimitRequests");
        return new RateLimitSettings(
            requests,
            Value<TimeSpan>("Security.RateLimitWindow"),
            Value<int?>("Security.RateLimitBurst") ?? requests,
            Value<int?>("Security.RateLimitAccountRequests") ?? (10 * requests));
    }

    private DiscoverySettings Discovery() => new(
        Flag("Discovery.Enabled"),
        Number("Discovery.ScanIntervalS"),
        Number("Discovery.ScanTimeoutS"),
        Number("Discovery.MaxConcurrentScans"),
        Flag("Discovery.StartupScan"),
        Flag("Discovery.Onvif"),
        new SkydioSettings(
            Flag("Discovery.SkydioEnabled"),
            Value<IReadOnlyList<AddressRange>>("Discovery.SkydioRanges"),
            Number("Discovery.SkydioEoPort"),
            Number("Discovery.SkydioIrPort"),
            Value<string>("Discovery.SkydioEoPath"),
            Value<string>("Discovery.SkydioIrPath")),
        Flag("Discovery.GenericEnabled"),
        Value<IReadOnlyList<AddressRange>>("Discovery.GenericRanges"),
        Value<IReadOnlyList<int>>("Discovery.GenericPorts"),
        Value<IReadOnlyList<string>>("Discovery.GenericPaths"));

    private RunEnvironment EnvironmentChosen =>
        Value<string>("Environment") == "development" ? RunEnvironment.Development : RunEnvironment.Production;

    private bool Flag(string key) => Value<string>(key) == "true";

    private void CheckRetention()
    {
        foreach ((string type, string needed) in new[] { ("age", "Retention.MaxAgeDays"), ("size", "Retention.MaxSizeGb") })
        {
            if (Flag("Retention.Enabled") && Value<string>("Retention.Type") == type && _values[needed] is null)
            {
                Complain("Retention.Type", $"is {type}, which needs {needed}.");
            }
        }
    }

    /// <summary>Where nothing may go by itself, the policy is manual; a cleanup by hand then has the limit of its type.</summary>
    private RetentionSettings Retention()
    {
        string name = Value<string>("Retention.Type");
        RetentionType? type = name == "none" ? null : Enum.Parse<RetentionType>(name, ignoreCase: true);
        bool isByHand = type is not null && !Flag("Retention.AutoCleanup");
        return new RetentionSettings(
            Number("Retention.CleanupPauseS"),
            isByHand ? RetentionType.Manual : type,
            Flag("Retention.Enabled"),
            isByHand && type is RetentionType.Size ? null : Value<int?>("Retention.MaxAgeDays"),
            isByHand && type is RetentionType.Age ? null : Value<double?>("Retention.MaxSizeGb"));
    }

    private int Number(string key) => Value<int>(key);

    private T Value<T>(string key) => (T)_values[key]!;
}
