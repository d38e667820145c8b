using Events.Application.ApiKeys;
using Events.Application.Contracts;
using Events.Domain.ApiKeys;
using Events.Domain.Kernel;
using Events.Host.Cameras;
using Events.Host.JsonRpc;
using Events.Host.Security;
using Events.JsonRpc;

namespace Events.Host.ApiKeys;

/// <param name="Cameras">Null, and left out, for all; what else is null is left out, too.</param>
internal sealed record ShownApiKey(
    string Id,
    string Name,
    string Role,
    string Status,
    IReadOnlyList<string>? Cameras,
    IReadOnlyList<string>? Addresses,
    string IssuedAt,
    string? ExpiresAt,
    int? CallsPerSecond,
    IReadOnlyList<string>? Scopes,
    string? OldSecretUntil,
    string? Reason,
    long UseCount,
    string? LastUsedAt,
    long Version,
    string Stream);

internal sealed record ShownApiKeys(IReadOnlyList<ShownApiKey> ApiKeys, long Total, int Limit, int Offset);

/// <param name="Secret">Shown this once.</param>
internal sealed record ShownSecret(string Id, string Secret)
{
    public override string ToString() => $"{nameof(ShownSecret)} {Id}";
}

/// <summary>Keys over JSON-RPC, for administrators; auditors see which there are.</summary>
internal sealed class ApiKeyJsonRpc(
    ApiKeyDesk desk, AdministrationCalls calls, LegacyCameras cameras, IReadModels views, TimeProvider time)
    : IAdministrationMethods
{
    private static readonly MethodRule _reading = new(Right.ReadAudit, NeedsCameras: false);
    private static readonly MethodRule _managing = new(Right.ManageAccess, NeedsCameras: false);

    public IEnumerable<JsonRpcMethod> Methods =>
    [
        new("list_api_keys", ListAsync, _reading),
        new("get_api_key", FindAsync, _reading),
        new("issue_api_key", IssueAsync, _managing),
        new("rotate_api_key", RotateAsync, _managing),
        new("narrow_api_key", NarrowAsync, _managing),
        new("suspend_api_key", call => EndAsync(call, (key, reason) => new SuspendApiKey(key, reason)), _managing),
        new("resume_api_key", ResumeAsync, _managing),
        new("revoke_api_key", call => EndAsync(call, (key, reason) => new RevokeApiKey(key, reason)), _managing),
    ];

    private async ValueTask<JsonRpcAnswer> ListAsync(JsonRpcCall call)
    {
        var given = new CallParams(call.Params);
        (int limit, int offset) = AdministrationCalls.Paging(given);
        if (given.Error is { } error)
        {
            return error;
        }

        Page<ApiKeyView> page = await views.ListAsync(
            ApiKeyViewProjection.View,
            ViewQuery.All with { OrderBy = "issued_at", Limit = limit, Offset = offset },
            call.Cancellation);
        return JsonRpcAnswer.Result(
            new ShownApiKeys(await ShowAsync(page.Rows, call.Cancellation), page.Total, limit, offset),
            AdministrationJson.Default.ShownApiKeys);
    }

    private async ValueTask<JsonRpcAnswer> FindAsync(JsonRpcCall call)
    {
        var given = new CallParams(call.Params);
        var key = new ApiKeyId(given.Id("id"));
        return given.Error is { } error ? error
            : await ShowAsync(key, call.Cancellation) ?? LegacyErrors.ByFamily(ApiKeyRefusals.NotFound, key.ToString());
    }

    private async ValueTask<JsonRpcAnswer> IssueAsync(JsonRpcCall call)
    {
        var given = new CallParams(call.Params);
        string name = given.Text("name", ApiKeyRefusals.NameLengthMax);
        Role? role = AccessTokens.RoleOf(given.Choice("role", AdministrationTable.Roles));
        ApiKeyId key = given.OptionalId("id") is { } id ? new ApiKeyId(id) : ApiKeyId.New();
        var limits = await ReadAsync(given, call.Cancellation);
        if (limits.Error is { } error)
        {
            return error;
        }

        (string secret, string hash) = ApiKeySecret.New();
        return await ShowOnceAsync(
            call,
            key,
            secret,
            new IssueApiKey(key, name, limits.Of(role!.Value), hash),
            null);
    }

    private async ValueTask<JsonRpcAnswer> RotateAsync(JsonRpcCall call)
    {
        var given = new CallParams(call.Params);
        var key = new ApiKeyId(given.Id("id"));
        int overlap = given.Integer("overlap", 0, ApiKeyRefusals.OverlapSMax);
        int? version = AdministrationCalls.ExpectedVersion(given);
        if (given.Error is { } error)
        {
            return error;
        }

        (string secret, string hash) = ApiKeySecret.New();
        return await ShowOnceAsync(call, key, secret, new RotateApiKey(key, hash, overlap), version);
    }

    private async ValueTask<JsonRpcAnswer> NarrowAsync(JsonRpcCall call)
    {
        var given = new CallParams(call.Params);
        var key = new ApiKeyId(given.Id("id"));
        Role? role = AccessTokens.RoleOf(given.OptionalChoice("role", AdministrationTable.Roles));
        int? version = AdministrationCalls.ExpectedVersion(given);
        var limits = await ReadAsync(given, call.Cancellation);
        if (limits.Error is { } error)
        {
            return error;
        }

        NarrowApiKey command = await desk.NarrowingOfAsync(
            key, role, limits.Lists, limits.ExpiresAt, limits.CallsPerSecond, call.Cancellation);
        return await ChangeAsync(call, command, version);
    }

    private async ValueTask<JsonRpcAnswer> EndAsync(JsonRpcCall call, Func<ApiKeyId, string, ApiKeyCommand> command)
    {
        var given = new CallParams(call.Params);
        var key = new ApiKeyId(given.Id("id"));
        string reason = given.OptionalText("reason", ApiKeyRefusals.ReasonLengthMax) ?? AdministrationTable.ReasonUnasked;
        int? version = AdministrationCalls.ExpectedVersion(given);
        return given.Error is { } error ? error : await ChangeAsync(call, command(key, reason), version);
    }

    private async ValueTask<JsonRpcAnswer> ResumeAsync(JsonRpcCall call)
    {
        var given = new CallParams(call.Params);
        var key = new ApiKeyId(given.Id("id"));
        int? version = AdministrationCalls.ExpectedVersion(given);
        return given.Error is { } error ? error : await ChangeAsync(call, new ResumeApiKey(key), version);
    }

    /// <summary>The secret does not wait for the views: nobody could show it again.</summary>
    private async ValueTask<JsonRpcAnswer> ShowOnceAsync(
        JsonRpcCall call, ApiKeyId key, string secret, ApiKeyCommand command, long? expectedVersion)
    {
        JsonRpcError? refused = await calls.SendAsync(
            call, key.ToString(), caller => desk.SendAsync(command, caller, expectedVersion, call.Cancellation));
        return refused is not null
            ? refused
            : JsonRpcAnswer.Result(new ShownSecret(key.ToString(), secret), AdministrationJson.Default.ShownSecret);
    }

    private ValueTask<JsonRpcAnswer> ChangeAsync(JsonRpcCall call, ApiKeyCommand command, long? expectedVersion) =>
        calls.AnswerAsync(
            call,
            command.KeyId.ToString(),
            caller => desk.SendAsync(command, caller, expectedVersion, call.Cancellation),
            () => ShowAsync(command.KeyId, call.Cancellation));

    /// <summary>Who calls names cameras as the contract does; a list that is there and empty is not "all".</summary>
    private async Task<GivenLimits> ReadAsync(CallParams given, CancellationToken cancellationToken)
    {
        var devices = given.OptionalTexts(
            "cameras", CameraList.CountMax, text => CameraNumber.TryParse(text) is not null, ApiKeyRefusals.BadCameras.Message);
        var addresses = given.OptionalTexts(
            "addresses", AddressSet.CountMax, static _ => true, ApiKeyRefusals.BadAddresses.Message);
        var scopes = given.OptionalTexts(
            "scopes",
            ScopeNames.All.Count,
            name => ScopeNames.RightOf(name) is not null,
            $"Some of {string.Join(", ", ScopeNames.All)}.");
        DateTimeOffset? expiresAt = given.OptionalInstant("expires_at");
        int? rate = given.OptionalInteger("calls_per_second", 1, ApiKeyRefusals.CallsPerSecondMax);
        if (given.Error is { } error)
        {
            return GivenLimits.Wrong(error);
        }

        List<CameraId>? ids = devices is null ? null : [];
        foreach (string device in devices ?? [])
        {
            if (await cameras.FindAsync(CameraNumber.TryParse(device)!.Value, cancellationToken) is not { } camera)
            {
                return GivenLimits.Wrong(LegacyErrors.NotFound("camera", device));
            }

            ids!.Add(camera.Id);
        }

        var rights = scopes?.Select(name => ScopeNames.RightOf(name)!.Value);
        return ApiKeyDesk.TryRead(ids, addresses, rights, out GivenLists lists) is { } refusal
            ? GivenLimits.Wrong(LegacyErrors.ByFamily(refusal, string.Empty))
            : new GivenLimits(lists, expiresAt, rate, null);
    }

    private async Task<JsonRpcAnswer?> ShowAsync(ApiKeyId key, CancellationToken cancellationToken) =>
        await views.FindAsync(ApiKeyViewProjection.View, key.ToString(), cancellationToken) is { } view
            ? JsonRpcAnswer.Result(
                (await ShowAsync([view], cancellationToken))[0], AdministrationJson.Default.ShownApiKey)
            : null;

    private async Task<IReadOnlyList<ShownApiKey>> ShowAsync(
        IReadOnlyList<ApiKeyView> rows, CancellationToken cancellationToken)
    {
        Dictionary<Guid, string> devices = await cameras.NamesOfAsync(
            rows.SelectMany(row => row.Cameras?.All ?? []), cancellationToken);
        DateTimeOffset now = time.GetUtcNow();
        return [.. rows.Select(row => Show(ApiKeyNode.Of(row, now), devices))];
    }

    private static ShownApiKey Show(ApiKeyNode key, Dictionary<Guid, string> devices) =>
        new(
            key.Id.ToString("d"),
            key.Name,
            AccessTokens.NameOf(key.Role),
            key.Status.ToString().ToUpperInvariant(),
            key.Cameras?.Select(id => devices[id]).ToList(),
            key.Addresses,
            LegacyText.Instant(key.IssuedAt),
            LegacyText.Optional(key.ExpiresAt),
            key.CallsPerSecond,
            key.Scopes?.Select(ScopeNames.Of).ToList(),
            LegacyText.Optional(key.OldSecretUntil),
            key.Reason,
            key.UseCount,
            LegacyText.Optional(key.LastUsedAt),
            key.Version,
            key.Stream);

    /// <param name="Error">Null when all could be read.</param>
    private sealed record GivenLimits(GivenLists Lists, DateTimeOffset? ExpiresAt, int? CallsPerSecond, JsonRpcError? Error)
    {
        public static GivenLimits Wrong(JsonRpcError error) => new(new GivenLists(null, null, null), null, null, error);

        public ApiKeyLimits Of(Role role) => Lists.Of(role, ExpiresAt, CallsPerSecond);
    }
}
