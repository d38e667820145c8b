using Events.Application.ApiKeys;
using Events.Application.Users;
using Events.Domain.ApiKeys;
using Events.Domain.Kernel;
using Events.Domain.Users;
using Events.Host.Security;
using Events.JsonRpc;

namespace Events.Host.JsonRpc;

/// <summary>
/// Methods on the same socket that the legacy contract does not know: who may come in, and what is one's own. They are called
/// like GraphQL's fields. <c>docs/api/json-rpc.md</c> tells of them after those of <see cref="MethodTable"/>, and the host does
/// not start with one that differs from its row.
/// </summary>
internal static class AdministrationTable
{
    /// <summary>Rows of one answer; each may name many cameras.</summary>
    public const int LimitMax = 100;

    public const int LimitUnasked = 50;

    /// <summary>What is one's own is everybody's: any right that every role has.</summary>
    public const Right OfEveryRole = Right.ReadCatalogue;

    /// <summary>What the log says where nobody said why.</summary>
    public const string ReasonUnasked = "requested";

    private const int NotFound = -32010;
    private const int InvalidState = -32020;
    private const int DependencyFailed = -32050;

    private static readonly int[] _errors = [NotFound, InvalidState, DependencyFailed];

    private static readonly ParamRow[] _page =
    [
        new("limit", ParamKind.Integer, Default: "50", Min: 1, Max: LimitMax),
        new("offset", ParamKind.Integer, Default: "0", Max: int.MaxValue),
    ];

    private static readonly ParamRow _key = new("id", ParamKind.Id, IsRequired: true);
    private static readonly ParamRow _cameras = new("cameras", ParamKind.Cameras, Max: CameraList.CountMax);
    private static readonly ParamRow _addresses = new("addresses", ParamKind.Addresses, Max: AddressSet.CountMax);
    private static readonly ParamRow _expiresAt = new("expires_at", ParamKind.Instant);
    private static readonly ParamRow _rate =
        new("calls_per_second", ParamKind.Integer, Min: 1, Max: ApiKeyRefusals.CallsPerSecondMax);

    private static readonly ParamRow _scopes =
        new("scopes", ParamKind.Scopes, Max: ScopeNames.All.Count, Choices: ScopeNames.All);

    private static readonly ParamRow _version = new("expected_version", ParamKind.Integer, Min: 1, Max: int.MaxValue);
    private static readonly ParamRow _keyReason =
        new("reason", ParamKind.Text, Default: ReasonUnasked, Max: ApiKeyRefusals.ReasonLengthMax);

    private static readonly ParamRow _user = new("name", ParamKind.Text, IsRequired: true, Max: UserName.LengthMax);
    private static readonly ParamRow _password = new("password", ParamKind.Text, IsRequired: true, Max: Passwords.LengthMax);

    private static readonly ParamRow _newPassword =
        new("new_password", ParamKind.Text, IsRequired: true, Max: Passwords.LengthMax);

    /// <summary>Needed from who has a second factor.</summary>
    private static readonly ParamRow _code = new("code", ParamKind.Text, Max: SignIns.CodeLengthMax);

    public static IReadOnlyList<string> Roles { get; } = [.. Enum.GetValues<Role>().Select(AccessTokens.NameOf)];

    private static readonly ParamRow _role = new("role", ParamKind.Choice, IsRequired: true, Choices: Roles);

    /// <summary>Shapes that several results share.</summary>
    public static IReadOnlyDictionary<string, string> Shapes { get; } = new Dictionary<string, string>
    {
        ["ApiKey"] =
            "{id: text, name: text, role: Role, status: \"ACTIVE\"|\"SUSPENDED\"|\"REVOKED\"|\"EXPIRED\", cameras?: [camera], "
            + "addresses?: [text], issued_at: instant, expires_at?: instant, calls_per_second?: positive, "
            + "scopes?: [Scope], old_secret_until?: instant, reason?: text, use_count: count, last_used_at?: instant, "
            + "version: positive, stream: text}",
        ["User"] =
            "{name: text, role: Role, status: \"ACTIVE\"|\"LOCKED\"|\"DISABLED\", cameras?: [camera], "
            + "must_change_password: bool, has_second_factor: bool, created_at: instant, password_changed_at: instant, "
            + "locked_until?: instant, reason?: text, version: positive, stream: text}",
        ["Account"] =
            "{account: text, name: text, kind: \"user\"|\"key\"|\"token\", role: Role, cameras?: [camera], "
            + "scopes?: [Scope], has_second_factor: bool, must_change_password: bool}",
        ["Role"] = "\"viewer\"|\"operator\"|\"admin\"|\"auditor\"",
        ["Scope"] = string.Join('|', ScopeNames.All.Select(name => $"\"{name}\"")),
    };

    private static readonly MethodRow[] _ofKeys =
    [
        new("list_api_keys", Right.ReadAudit, "Keys, the oldest first. Revoked and expired ones are among them.", _page,
            "{api_keys: [ApiKey], total: count, limit: count, offset: count}", [DependencyFailed]),
        new("get_api_key", Right.ReadAudit, "One key.", [_key], "ApiKey", [NotFound, DependencyFailed]),
        new("issue_api_key", Right.ManageAccess,
            "Makes a key. Its secret is in this answer and nowhere else. Without cameras, addresses, scopes and an end it is "
            + "for all cameras, from anywhere, for all that its role may, for ever. With an id of the client's own, a repeated "
            + "call makes no second key.",
            [
                new("name", ParamKind.Text, IsRequired: true, Max: ApiKeyRefusals.NameLengthMax),
                _role,
                _cameras,
                _addresses,
                _expiresAt,
                _rate,
                _scopes,
                _key with { IsRequired = false },
            ],
            "{id: text, secret: text}", _errors),
        new("rotate_api_key", Right.ManageAccess,
            "Gives a key another secret, in this answer and nowhere else. The old one stays good for so many seconds.",
            [_key, new("overlap", ParamKind.Integer, IsRequired: true, Max: ApiKeyRefusals.OverlapSMax), _version],
            "{id: text, secret: text}", _errors),
        new("narrow_api_key", Right.ManageAccess,
            "Lets a key do less. What is left out stays as it is; nothing can become more.",
            [_key, _role with { IsRequired = false }, _cameras, _addresses, _expiresAt, _rate, _scopes, _version], "ApiKey",
            _errors),
        new("suspend_api_key", Right.ManageAccess,
            "Lets nobody in with a key until it is resumed. What is open on its behalf ends.", [_key, _keyReason, _version],
            "ApiKey", _errors),
        new("resume_api_key", Right.ManageAccess, "Ends a suspension.", [_key, _version], "ApiKey", _errors),
        new("revoke_api_key", Right.ManageAccess, "Ends a key for good. What is open on its behalf ends.",
            [_key, _keyReason, _version], "ApiKey", _errors),
    ];

    private static readonly MethodRow[] _ofUsers =
    [
        new("list_users", Right.ReadAudit, "Users, by name. Disabled ones are among them.", _page,
            "{users: [User], total: count, limit: count, offset: count}", [DependencyFailed]),
        new("get_user", Right.ReadAudit, "One user.", [_user], "User", [NotFound, DependencyFailed]),
        new("create_user", Right.ManageAccess,
            "Makes a user, who has to change the password first. A password has 12 characters or more, and is none that "
            + "everybody tries first. Without cameras the user is for all of them.",
            [_user, _role, _password, _cameras], "User", _errors),
        new("set_user_password", Right.ManageAccess,
            "Gives a user another password, which is to be changed first. All sessions end.",
            [_user, _password], "User", _errors),
        new("change_user_role", Right.ManageAccess, "Gives a user another role. All sessions end.", [_user, _role, _version],
            "User", _errors),
        new("change_user_cameras", Right.ManageAccess,
            "Says which cameras a viewer or operator may know of; without cameras, all of them. All sessions end.",
            [_user, _cameras, _version], "User", _errors),
        new("disable_user", Right.ManageAccess, "Shuts a user out. All sessions end.",
            [_user, new("reason", ParamKind.Text, Default: ReasonUnasked, Max: UserRefusals.ReasonLengthMax), _version],
            "User", _errors),
        new("enable_user", Right.ManageAccess, "Lets a user in again.", [_user, _version], "User", _errors),
        new("unlock_user", Right.ManageAccess, "Ends a lock for wrong passwords.", [_user, _version], "User", _errors),
        new("remove_user_second_factor", Right.ManageAccess,
            "Takes the second factor from a user whose device is lost: the password alone is enough then.", [_user, _version],
            "User", _errors),
        new("end_user_sessions", Right.ManageAccess, "Ends all sessions of a user.", [_user], "User", _errors),
        new("erase_user", Right.ManageAccess,
            "Forgets a person for good. The user has to be disabled first. The reason stays readable; it must name nobody.",
            [_user, new("reason", ParamKind.Text, IsRequired: true, Max: UserRefusals.ReasonLengthMax), _version],
            "{name: text, erased: true, stream?: text}", _errors),
    ];

    private static readonly MethodRow[] _ofOneself =
    [
        new("who_am_i", OfEveryRole, "Who is logged in on this socket, by a session, a key or a token.", [], "Account",
            [DependencyFailed]),
        new("change_own_password", OfEveryRole,
            "Changes one's own password. All sessions end, that of this socket among them; another one begins, and is in this "
            + "answer and nowhere else.",
            [_password, _newPassword, _code],
            "{access_token: text, token_type: \"Bearer\", expires_in: positive, refresh_token: text, user: text, role: Role}",
            [InvalidState, DependencyFailed]),
        new("enrol_own_second_factor", OfEveryRole,
            "Sets up a second factor, which counts once it is confirmed. The secret, and the address that devices read it from, "
            + "are in this answer and nowhere else.",
            [_password, _code], "{secret: text, address: text}", [InvalidState, DependencyFailed]),
        new("confirm_own_second_factor", OfEveryRole, "Shows that the device works: from now on its codes are asked for.",
            [_password, _code with { IsRequired = true }], "Account", [InvalidState, DependencyFailed]),
        new("remove_own_second_factor", OfEveryRole,
            "Takes one's own second factor away, with a last code of it: the password alone is enough then.",
            [_password, _code], "Account", [InvalidState, DependencyFailed]),
        new("end_own_sessions", OfEveryRole, "Ends all one's own sessions, that of this socket among them.", [],
            "{ended: true}", [InvalidState, DependencyFailed]),
    ];

    public static IReadOnlyList<MethodRow> Rows { get; } = [.. _ofKeys, .. _ofUsers, .. _ofOneself];

    /// <summary>
    /// Lets the host not start with a method that the table does not know, and the method not be called with a parameter that it
    /// does not take: a limit that is misspelled would leave a key without it.
    /// </summary>
    /// <exception cref="InvalidOperationException">There is no such row, or it has another right.</exception>
    public static JsonRpcMethod Require(JsonRpcMethod method)
    {
        string[] names = [.. MethodTable.RowOf(method, Rows, nameof(AdministrationTable)).Params.Select(param => param.Name)];
        return method with
        {
            Handler = call =>
            {
                var given = new CallParams(call.Params);
                given.TakesOnly(names);
                return given.Error is { } error ? ValueTask.FromResult<JsonRpcAnswer>(error) : method.Handler(call);
            },
        };
    }
}
