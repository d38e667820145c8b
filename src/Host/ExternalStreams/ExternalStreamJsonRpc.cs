using System.Globalization;
using Events.Application;
using Events.Application.Cameras;
using Events.Application.Contracts;
using Events.Application.ExternalStreams;
using Events.Domain.Cameras;
using Events.Domain.ExternalStreams;
using Events.Domain.Kernel;
using Events.Host.JsonRpc;
using Events.JsonRpc;

namespace Events.Host.ExternalStreams;

internal sealed record LegacyExternal(
    string Url,
    string Type,
    string Name,
    string Status,
    string DiscoveredAt,
    string LastSeen,
    LegacyExternalCapabilities Capabilities);

/// <param name="Codec">Null, and left out, when the source did not say; so are the others.</param>
internal sealed record LegacyExternalCapabilities(
    string Protocol,
    int? Port = null,
    string? StreamPath = null,
    string? StreamType = null,
    string? Codec = null,
    string? Model = null,
    bool? LoginRequired = null,
    string? Device = null);

/// <param name="ScanDuration">As Go writes a duration: <c>2.5s</c>.</param>
internal sealed record LegacyDiscovered(
    IReadOnlyList<LegacyExternal> DiscoveredStreams,
    IReadOnlyList<LegacyExternal> SkydioStreams,
    IReadOnlyList<LegacyExternal> GenericStreams,
    string ScanTimestamp,
    int TotalFound,
    LegacyDiscoveryOptions DiscoveryOptions,
    string ScanDuration,
    IReadOnlyList<string> Errors);

internal sealed record LegacyDiscoveryOptions(
    bool SkydioEnabled, bool GenericEnabled, bool ForceRescan, bool IncludeOffline);

internal sealed record LegacyExternalAdded(
    string StreamUrl, string StreamName, string StreamType, string Status, string Timestamp);

internal sealed record LegacyExternalRemoved(string StreamUrl, string Status, string Timestamp);

internal sealed record LegacyExternalList(
    IReadOnlyList<LegacyExternal> ExternalStreams,
    IReadOnlyList<LegacyExternal> SkydioStreams,
    IReadOnlyList<LegacyExternal> GenericStreams,
    int TotalCount,
    string Timestamp);

internal sealed record LegacyInterval(int ScanInterval, string Status, string Message, string Timestamp);

/// <summary>External streams over the legacy contract: discover, add, remove, list, and how often to look.</summary>
internal sealed class ExternalStreamJsonRpc(
    CommandBus bus,
    StreamDiscovery discovery,
    DiscoveryRule rule,
    ExternalStreamList list,
    ClientSessions sessions,
    TimeProvider time)
    : IJsonRpcMethods
{
    private const string TypesHint = "One of generic_rtsp, skydio_stanag4609.";

    public IEnumerable<JsonRpcMethod> Methods =>
    [
        new("discover_external_streams", DiscoverAsync, new MethodRule(Right.Control)),
        new("add_external_stream", AddAsync, new MethodRule(Right.Control)),
        new("remove_external_stream", RemoveAsync, new MethodRule(Right.Control)),
        new("get_external_streams", ListAsync, new MethodRule(Right.SeePictures)),
        new("set_discovery_interval", SetIntervalAsync, new MethodRule(Right.Administer)),
    ];

    private async ValueTask<JsonRpcAnswer> DiscoverAsync(JsonRpcCall call)
    {
        var given = new CallParams(call.Params);
        var options = new LegacyDiscoveryOptions(
            given.OptionalFlag("skydio_enabled") ?? true,
            given.OptionalFlag("generic_enabled") ?? false,
            given.OptionalFlag("force_rescan") ?? false,
            given.OptionalFlag("include_offline") ?? false);
        if (given.Error is { } error)
        {
            return error;
        }

        Discovered discovered = await discovery.DiscoverAsync(
            new DiscoveryWish(
                options.SkydioEnabled, options.GenericEnabled, options.ForceRescan, options.IncludeOffline),
            CallerOf(call),
            call.Cancellation);
        if (discovered.Answer is not { } found)
        {
            return LegacyErrors.Of(discovered.Refusal!, string.Empty);
        }

        LegacyExternal[] all = [.. found.Streams.Select(ExternalStreamList.Of).Select(Show)];
        return JsonRpcAnswer.Result(
            new LegacyDiscovered(
                all,
                OfType(all, ExternalStreamKind.SkydioStanag4609),
                OfType(all, ExternalStreamKind.GenericRtsp),
                LegacyText.Instant(found.ScannedAt),
                all.Length,
                options,
                string.Create(CultureInfo.InvariantCulture, $"{found.Took.TotalSeconds:0.###}s"),
                found.Troubles),
            LegacyJson.Default.LegacyDiscovered);
    }

    private async ValueTask<JsonRpcAnswer> AddAsync(JsonRpcCall call)
    {
        var given = new CallParams(call.Params);
        string url = given.Text("stream_url", SourceUrl.LengthMax);
        string name = given.Text("stream_name", Camera.NameLengthMax);
        string type = given.OptionalText("stream_type") ?? NameOf(ExternalStreamKind.GenericRtsp);
        if (KindOf(type) is not { } kind)
        {
            given.Refuse("stream_type", "enum", TypesHint);
            kind = default;
        }

        if (given.Error is { } error)
        {
            return error;
        }

        CommandResult result = await bus.SendAsync(
            new AddExternalStream(CameraId.New(), name, url, kind), CallerOf(call), call.Cancellation);
        return result.Refusal is { } refusal
            ? LegacyErrors.Of(refusal, Shown(url))
            : JsonRpcAnswer.Result(
                new LegacyExternalAdded(Shown(url), name, type, "ADDED", Now()), LegacyJson.Default.LegacyExternalAdded);
    }

    private async ValueTask<JsonRpcAnswer> RemoveAsync(JsonRpcCall call)
    {
        var given = new CallParams(call.Params);
        string url = given.Text("stream_url", SourceUrl.LengthMax);
        if (given.Error is null && SourceAddress.TryParse(url) is null)
        {
            given.Refuse("stream_url", "pattern", ExternalStreamRefusals.NotOnNetwork.Message);
        }

        if (given.Error is { } error)
        {
            return error;
        }

        CommandResult result = await bus.SendAsync(new RemoveExternalStream(url), CallerOf(call), call.Cancellation);
        return result.Refusal is { } refusal
            ? LegacyErrors.Of(refusal, Shown(url))
            : JsonRpcAnswer.Result(
                new LegacyExternalRemoved(Shown(url), "REMOVED", Now()), LegacyJson.Default.LegacyExternalRemoved);
    }

    /// <summary>What was added, and what was seen and not added.</summary>
    private async ValueTask<JsonRpcAnswer> ListAsync(JsonRpcCall call)
    {
        if (!rule.IsEnabled)
        {
            return SwitchedOff();
        }

        var streams = await list.ListAsync(sessions.Of(call.Connection).Identity!, call.Cancellation);
        LegacyExternal[] all = [.. streams.Select(Show)];
        return JsonRpcAnswer.Result(
            new LegacyExternalList(
                all,
                OfType(all, ExternalStreamKind.SkydioStanag4609),
                OfType(all, ExternalStreamKind.GenericRtsp),
                all.Length,
                Now()),
            LegacyJson.Default.LegacyExternalList);
    }

    private async ValueTask<JsonRpcAnswer> SetIntervalAsync(JsonRpcCall call)
    {
        var given = new CallParams(call.Params);
        int seconds = given.Integer("scan_interval", 0, Discovery.IntervalSecondsMax);
        if (given.Error is { } error)
        {
            return error;
        }

        CommandResult result = await bus.SendAsync(new SetDiscoveryInterval(seconds), CallerOf(call), call.Cancellation);
        return result.Refusal is { } refusal
            ? LegacyErrors.Of(refusal, string.Empty)
            : JsonRpcAnswer.Result(
                new LegacyInterval(
                    seconds,
                    "UPDATED",
                    seconds == 0 ? "Streams are looked for when somebody asks." : "The interval counts from now on.",
                    Now()),
                LegacyJson.Default.LegacyInterval);
    }

    private Caller CallerOf(JsonRpcCall call) => sessions.Of(call.Connection).CallerNow();

    private string Now() => LegacyText.Instant(time.GetUtcNow());

    private static JsonRpcError SwitchedOff() => LegacyErrors.Of(ExternalStreamRefusals.SwitchedOff, string.Empty);

    /// <summary>As it was given, but never with a password in it.</summary>
    private static string Shown(string url) =>
        SourceAddress.TryParse(url) is { Credentials: not null } address ? address.Source.ToString() : url;

    private static LegacyExternal[] OfType(IEnumerable<LegacyExternal> all, ExternalStreamKind kind) =>
        [.. all.Where(stream => stream.Type == NameOf(kind))];

    private static LegacyExternal Show(ExternalStream stream) =>
        new(
            stream.Source.ToString(),
            NameOf(stream.Kind),
            stream.Name,
            "DISCOVERED",
            LegacyText.Instant(stream.FirstSeenAt),
            LegacyText.Instant(stream.LastSeenAt),
            CapabilitiesOf(stream));

    private static LegacyExternalCapabilities CapabilitiesOf(ExternalStream stream)
    {
        LegacyExternalCapabilities known = stream.Found is { } found
            ? new LegacyExternalCapabilities(
                "rtsp",
                found.Place.Port,
                found.Place.Path,
                found.Place.Label.Length == 0 ? null : found.Place.Label,
                found.Codec,
                found.Model,
                found.NeedsLogin)
            : new LegacyExternalCapabilities(stream.Source.Scheme, Codec: stream.Camera?.Codec);
        return known with { Device = stream.Camera?.Number.ToString() };
    }

    private static string NameOf(ExternalStreamKind kind) =>
        kind is ExternalStreamKind.SkydioStanag4609 ? "skydio_stanag4609" : "generic_rtsp";

    private static ExternalStreamKind? KindOf(string type) =>
        type switch
        {
            "generic_rtsp" => ExternalStreamKind.GenericRtsp,
            "skydio_stanag4609" => ExternalStreamKind.SkydioStanag4609,
            _ => null,
        };
}
