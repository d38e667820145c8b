using Events.Application.Contracts;
using Events.Application.Users;
using Events.Domain.Kernel;
using Events.Domain.Users;
using Events.Host.Cameras;
using Events.Host.JsonRpc;
using Events.Host.Security;
using Events.JsonRpc;

namespace Events.Host.Users;

/// <param name="Cameras">Null, and left out, for all.</param>
/// <param name="LockedUntil">Null, and left out, while there is no lock; what else is null is left out, too.</param>
internal sealed record ShownUser(
    string Name,
    string Role,
    string Status,
    IReadOnlyList<string>? Cameras,
    bool MustChangePassword,
    bool HasSecondFactor,
    string CreatedAt,
    string PasswordChangedAt,
    string? LockedUntil,
    string? Reason,
    long Version,
    string Stream);

internal sealed record ShownUsers(IReadOnlyList<ShownUser> Users, long Total, int Limit, int Offset);

/// <param name="Stream">In which the user's facts stay; null, and left out, when the views had no such user.</param>
internal sealed record ErasedUser(string Name, bool Erased, string? Stream);

/// <summary>Users over JSON-RPC, for administrators; auditors see which there are.</summary>
internal sealed class UserJsonRpc(
    UserAccounts accounts,
    UserIndex index,
    AdministrationCalls calls,
    LegacyCameras cameras,
    IReadModels views,
    TimeProvider time)
    : IAdministrationMethods
{
    private static readonly MethodRule _reading = new(Right.ReadAudit, NeedsCameras: false);
    private static readonly MethodRule _managing = new(Right.ManageAccess, NeedsCameras: false);

    public IEnumerable<JsonRpcMethod> Methods =>
    [
        new("list_users", ListAsync, _reading),
        new("get_user", FindAsync, _reading),
        new("create_user", CreateAsync, _managing),
        new("set_user_password", SetPasswordAsync, _managing),
        new("change_user_role", ChangeRoleAsync, _managing),
        new("change_user_cameras", ChangeCamerasAsync, _managing),
        new("disable_user", DisableAsync, _managing),
        new("enable_user", call => ChangeAsync(call, user => new EnableUser(user)), _managing),
        new("unlock_user", call => ChangeAsync(call, user => new UnlockUser(user)), _managing),
        new("remove_user_second_factor", RemoveSecondFactorAsync, _managing),
        new("end_user_sessions", call => ChangeAsync(call, user => new EndUserSessions(user, time.GetUtcNow())), _managing),
        new("erase_user", EraseAsync, _managing),
    ];

    private async ValueTask<JsonRpcAnswer> ListAsync(JsonRpcCall call)
    {
        var given = new CallParams(call.Params);
        (int limit, int offset) = AdministrationCalls.Paging(given);
        if (given.Error is { } error)
        {
            return error;
        }

        Page<UserView> page = await views.ListAsync(
            UserViewProjection.View, ViewQuery.All with { OrderBy = "name", Limit = limit, Offset = offset }, call.Cancellation);
        return JsonRpcAnswer.Result(
            new ShownUsers(await ShowAsync(page.Rows, call.Cancellation), page.Total, limit, offset),
            AdministrationJson.Default.ShownUsers);
    }

    private async ValueTask<JsonRpcAnswer> FindAsync(JsonRpcCall call)
    {
        var given = new CallParams(call.Params);
        string name = NameIn(given);
        return given.Error is { } error ? error
            : await ShowAsync(name, call.Cancellation) ?? LegacyErrors.ByFamily(UserRefusals.NotFound, name);
    }

    private async ValueTask<JsonRpcAnswer> CreateAsync(JsonRpcCall call)
    {
        var given = new CallParams(call.Params);
        string name = NameIn(given);
        Role? role = AccessTokens.RoleOf(given.Choice("role", AdministrationTable.Roles));
        string password = given.Text("password", Passwords.LengthMax);
        (CameraList? list, JsonRpcError? error) = await GivenCameras.ReadAsync(
            given, cameras, UserRefusals.BadCameras, call.Cancellation);
        return error is not null
            ? error
            : await calls.AnswerAsync(
                call,
                name,
                caller => accounts.CreateAsync(name, role!.Value, list, password, true, caller, call.Cancellation),
                () => ShowAsync(name, call.Cancellation));
    }

    private async ValueTask<JsonRpcAnswer> SetPasswordAsync(JsonRpcCall call)
    {
        var given = new CallParams(call.Params);
        string name = NameIn(given);
        string password = given.Text("password", Passwords.LengthMax);
        return given.Error is { } error
            ? error
            : await SendAsync(
                call, name, (user, caller) => accounts.SetPasswordAsync(user, password, true, caller, call.Cancellation));
    }

    private ValueTask<JsonRpcAnswer> ChangeRoleAsync(JsonRpcCall call)
    {
        var given = new CallParams(call.Params);
        Role? role = AccessTokens.RoleOf(given.Choice("role", AdministrationTable.Roles));
        return ChangeAsync(call, given, user => new ChangeUserRole(user, role!.Value));
    }

    private async ValueTask<JsonRpcAnswer> ChangeCamerasAsync(JsonRpcCall call)
    {
        var given = new CallParams(call.Params);
        (CameraList? list, JsonRpcError? error) = await GivenCameras.ReadAsync(
            given, cameras, UserRefusals.BadCameras, call.Cancellation);
        return error is not null ? error : await ChangeAsync(call, given, user => new ChangeUserCameras(user, list));
    }

    private ValueTask<JsonRpcAnswer> DisableAsync(JsonRpcCall call)
    {
        var given = new CallParams(call.Params);
        string reason = given.OptionalText("reason", UserRefusals.ReasonLengthMax) ?? AdministrationTable.ReasonUnasked;
        return ChangeAsync(call, given, user => new DisableUser(user, reason));
    }

    private async ValueTask<JsonRpcAnswer> RemoveSecondFactorAsync(JsonRpcCall call)
    {
        var given = new CallParams(call.Params);
        string name = NameIn(given);
        int? version = AdministrationCalls.ExpectedVersion(given);
        return given.Error is { } error
            ? error
            : await SendAsync(
                call, name, (user, caller) => accounts.RemoveSecondFactorAsync(user, caller, version, call.Cancellation));
    }

    private async ValueTask<JsonRpcAnswer> EraseAsync(JsonRpcCall call)
    {
        var given = new CallParams(call.Params);
        string name = NameIn(given);
        string reason = given.Text("reason", UserRefusals.ReasonLengthMax);
        int? version = AdministrationCalls.ExpectedVersion(given);
        if (given.Error is { } error)
        {
            return error;
        }

        UserView? before = await index.FindAsync(name, call.Cancellation);
        JsonRpcError? refused = await calls.SendAsync(
            call,
            name,
            caller => KnownAsync(
                name, user => accounts.SendAsync(new EraseUser(user, reason), caller, version, call.Cancellation)));
        return refused is not null
            ? refused
            : JsonRpcAnswer.Result(
                new ErasedUser(name, true, before is null ? null : UserNode.Of(before).Stream),
                AdministrationJson.Default.ErasedUser);
    }

    private ValueTask<JsonRpcAnswer> ChangeAsync(JsonRpcCall call, Func<UserName, UserCommand> command) =>
        ChangeAsync(call, new CallParams(call.Params), command);

    private async ValueTask<JsonRpcAnswer> ChangeAsync(
        JsonRpcCall call, CallParams given, Func<UserName, UserCommand> command)
    {
        string name = NameIn(given);
        int? version = AdministrationCalls.ExpectedVersion(given);
        return given.Error is { } error
            ? error
            : await SendAsync(
                call, name, (user, caller) => accounts.SendAsync(command(user), caller, version, call.Cancellation));
    }

    private ValueTask<JsonRpcAnswer> SendAsync(JsonRpcCall call, string name, Func<UserName, Caller, Task<CommandResult>> send) =>
        calls.AnswerAsync(
            call,
            name,
            caller => KnownAsync(name, user => send(user, caller)),
            () => ShowAsync(name, call.Cancellation));

    /// <summary>What cannot be a name is nobody's.</summary>
    private static Task<CommandResult> KnownAsync(string name, Func<UserName, Task<CommandResult>> send) =>
        UserName.TryParse(name) is { } user ? send(user) : Task.FromResult(CommandResult.Refused(UserRefusals.NotFound));

    private static string NameIn(CallParams given) => given.Text("name", UserName.LengthMax);

    private async Task<JsonRpcAnswer?> ShowAsync(string name, CancellationToken cancellationToken) =>
        await index.FindAsync(name, cancellationToken) is { } view
            ? JsonRpcAnswer.Result((await ShowAsync([view], cancellationToken))[0], AdministrationJson.Default.ShownUser)
            : null;

    private async Task<IReadOnlyList<ShownUser>> ShowAsync(IReadOnlyList<UserView> rows, CancellationToken cancellationToken)
    {
        Dictionary<Guid, string> devices = await cameras.NamesOfAsync(
            rows.SelectMany(row => row.Cameras?.All ?? []), cancellationToken);
        return [.. rows.Select(row => Show(row, devices))];
    }

    private ShownUser Show(UserView view, Dictionary<Guid, string> devices)
    {
        UserNode user = UserNode.Of(view);
        bool isLocked = user.LockedUntil > time.GetUtcNow();
        return new ShownUser(
            user.Name,
            AccessTokens.NameOf(user.Role),
            user.DisabledFor is not null ? "DISABLED" : isLocked ? "LOCKED" : "ACTIVE",
            user.Cameras?.Select(id => devices[id]).ToList(),
            user.MustChangePassword,
            user.HasSecondFactor,
            LegacyText.Instant(user.CreatedAt),
            LegacyText.Instant(user.PasswordChangedAt),
            isLocked ? LegacyText.Optional(user.LockedUntil) : null,
            user.DisabledFor,
            user.Version,
            user.Stream);
    }
}
