using System.Text.Json;
using Events.Tests.Integration.Kit;

namespace Events.Tests.Integration.Contract;

/// <summary>One method of administration as it is promised, and one good call of it.</summary>
/// <param name="Roles">All that may call it.</param>
/// <param name="Shape">Of its result.</param>
/// <param name="Params">Of a good call; a function of the office, since most are about somebody who must be there.</param>
internal sealed record AdministrationRow(string Method, string[] Roles, string Shape, Func<Office, Task<object>> Params)
{
    /// <summary>Of a good call of what is one's own, by somebody who signed in; null for what is not.</summary>
    public Func<Person, Task<object>>? OwnParams { get; init; }
}

/// <summary>All methods of administration, written from what they are promised to be, not from the product's table.</summary>
internal static class AdministrationContract
{
    public static readonly string[] Roles = ["", "viewer", "operator", "admin", "auditor"];

    private const string Secret = "{id: text, secret: text}";

    private static readonly string[] _readers = ["auditor", "admin"];
    private static readonly string[] _managers = ["admin"];
    private static readonly string[] _everybody = ["viewer", "operator", "admin", "auditor"];

    public static IReadOnlyDictionary<string, string> Named { get; } = new Dictionary<string, string>
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
        ["Scope"] =
            "\"read_catalogue\"|\"see_pictures\"|\"read_facts\"|\"read_audit\"|\"control\"|\"read_status\"|\"administer\"",
    };

    public static IReadOnlyList<AdministrationRow> Rows { get; } =
    [
        new("list_api_keys", _readers, "{api_keys: [ApiKey], total: count, limit: count, offset: count}",
            async office =>
            {
                await office.KeyAsync();
                return new { limit = 100, offset = 0 };
            }),
        new("get_api_key", _readers, "ApiKey", Key),
        new("issue_api_key", _managers, Secret, _ => Task.FromResult<object>(new
        {
            id = Guid.CreateVersion7(),
            name = "Wall of screens",
            role = "viewer",
            cameras = new[] { Office.Device },
            addresses = new[] { "127.0.0.1", "10.0.0.0/8" },
            expires_at = "2099-03-01T12:00:00+01:00",
            calls_per_second = 50,
            scopes = new[] { "see_pictures", "read_catalogue" },
        })),
        new("rotate_api_key", _managers, Secret, async office => new { (await office.KeyAsync()).id, overlap = 60, expected_version = 1 }),
        new("narrow_api_key", _managers, "ApiKey", async office => new
        {
            (await office.KeyAsync()).id,
            role = "viewer",
            cameras = new[] { Office.Device },
            addresses = new[] { "fd00::/8" },
            expires_at = "2099-03-01T12:00:00.5Z",
            calls_per_second = 20,
            scopes = new[] { "read_catalogue" },
            expected_version = 1,
        }),
        new("suspend_api_key", _managers, "ApiKey",
            async office => new { (await office.KeyAsync()).id, reason = "On leave", expected_version = 1 }),
        new("resume_api_key", _managers, "ApiKey", async office => new { (await office.KeyAsync()).id, expected_version = 1 }),
        new("revoke_api_key", _managers, "ApiKey",
            async office => new { (await office.KeyAsync()).id, reason = "Lost", expected_version = 1 }),
        new("list_users", _readers, "{users: [User], total: count, limit: count, offset: count}",
            async office =>
            {
                await office.UserAsync();
                return new { limit = 100, offset = 0 };
            }),
        new("get_user", _readers, "User", User),
        new("create_user", _managers, "User",
            office => Task.FromResult<object>(new
            {
                name = office.NewName(),
                role = "operator",
                password = Office.Password,
                cameras = new[] { Office.Device },
            })),
        new("set_user_password", _managers, "User",
            async office => new { name = await office.UserAsync(), password = "another walk in snow" }),
        new("change_user_role", _managers, "User",
            async office => new { name = await office.UserAsync(), role = "auditor", expected_version = 1 }),
        new("change_user_cameras", _managers, "User",
            async office => new { name = await office.UserAsync(), cameras = new[] { Office.Device }, expected_version = 1 }),
        new("disable_user", _managers, "User",
            async office => new { name = await office.UserAsync(), reason = "Has left", expected_version = 1 }),
        new("enable_user", _managers, "User", async office => new { name = await office.UserAsync(), expected_version = 1 }),
        new("unlock_user", _managers, "User", async office => new { name = await office.UserAsync(), expected_version = 1 }),
        new("remove_user_second_factor", _managers, "User",
            async office => new { name = await office.UserAsync(), expected_version = 1 }),
        new("end_user_sessions", _managers, "User", User),
        new("erase_user", _managers, "{name: text, erased: true, stream?: text}",
            async office => new { name = await office.UserAsync(isDisabled: true), reason = "Asked for", expected_version = 2 }),
        Own("who_am_i", "Account", _ => Task.FromResult<object>(new { })),
        Own("change_own_password",
            "{access_token: text, token_type: \"Bearer\", expires_in: positive, refresh_token: text, user: text, role: Role}",
            person => Task.FromResult<object>(new { password = person.Password, new_password = "one more walk in fog" })),
        Own("enrol_own_second_factor", "{secret: text, address: text}",
            person => Task.FromResult<object>(new { password = person.Password })),
        Own("confirm_own_second_factor", "Account", async person =>
        {
            JsonElement enrolled = await person.Rpc.CallAsync("enrol_own_second_factor", new { password = person.Password });
            return new { password = person.Password, code = OneTimeCode.Of(enrolled.Text("secret"), await OneTimeCode.StepAsync()) };
        }),
        Own("remove_own_second_factor", "Account",
            person => Task.FromResult<object>(new { password = person.Password, code = "123456" })),
        Own("end_own_sessions", "{ended: true}", _ => Task.FromResult<object>(new { })),
    ];

    public static AdministrationRow Of(string method) => Rows.Single(row => row.Method == method);

    public static IReadOnlyList<string> FaultsOf(string method, JsonElement result) =>
        Contract.Shape.Parse(Of(method).Shape, Named).FaultsOf(result);

    private static AdministrationRow Own(string method, string shape, Func<Person, Task<object>> given) =>
        new(method, _everybody, shape, _ => throw new InvalidOperationException("It takes somebody who signed in.")) { OwnParams = given };

    private static async Task<object> Key(Office office) => new { (await office.KeyAsync()).id };

    private static async Task<object> User(Office office) => new { name = await office.UserAsync() };
}
