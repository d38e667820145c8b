using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Events.Host.JsonRpc;
using Events.Host.Security;
using Events.Tests.Integration.Faults;
using Events.Tests.Integration.Kit;
using Events.Tests.Integration.Security;
using Xunit;

namespace Events.Tests.Integration.Contract;

/// <summary>Keys and users over JSON-RPC: every method, for every role, at the real host, and what comes of it by the other ways in.</summary>
public sealed class The_administration_methods(Office office) : IClassFixture<Office>
{
    private const string Unknown = "0199a000-0000-7000-8000-0000000000ff";

    private static readonly TimeSpan HeardWithin = TimeSpan.FromSeconds(1);

    /// <summary>What a good call would need is not looked at before the parameters are right.</summary>
    private static readonly Dictionary<string, object> Absent = new()
    {
        ["id"] = Unknown,
        ["name"] = "nobody",
        ["role"] = "viewer",
        ["password"] = Office.Password,
        ["overlap"] = 60,
        ["reason"] = "Lost",
        ["new_password"] = "another walk in snow",
        ["code"] = "123456",
    };

    public static TheoryData<string, string> MethodsAndRoles
    {
        get
        {
            var all = new TheoryData<string, string>();
            foreach (AdministrationRow row in AdministrationContract.Rows)
            {
                foreach (string role in AdministrationContract.Roles)
                {
                    all.Add(row.Method, role);
                }
            }

            return all;
        }
    }

    /// <summary>A method, its parameter, and a value as JSON that the parameter does not take; empty to leave it out.</summary>
    public static TheoryData<string, string, string> BadParams
    {
        get
        {
            var all = new TheoryData<string, string, string>();
            foreach (MethodRow row in AdministrationTable.Rows)
            {
                foreach (ParamRow param in row.Params)
                {
                    foreach (string value in BadValues.Of(param).Concat(param.IsRequired ? ["", "null"] : Array.Empty<string>()))
                    {
                        all.Add(row.Name, param.Name, value);
                    }
                }
            }

            return all;
        }
    }

    public static TheoryData<string> Methods => [.. AdministrationTable.Rows.Select(row => row.Name)];

    public static TheoryData<string> OfOneKey =>
        [.. AdministrationTable.Rows.Where(row => row.Params.Any(param => param is { Name: "id", IsRequired: true })).Select(row => row.Name)];

    public static TheoryData<string> OfOneUser =>
        [.. AdministrationTable.Rows.Select(row => row.Name).Where(name => name.Contains("user", StringComparison.Ordinal))
            .Except(["create_user", "list_users"])];

    private RunningHost Host => office.Host;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void are_documented_as_they_are_tested()
    {
        Assert.Equal(AdministrationContract.Named.OrderBy(shape => shape.Key), AdministrationTable.Shapes.OrderBy(shape => shape.Key));
        Assert.Equal(
            AdministrationContract.Rows.Select(row => $"{row.Method} {string.Join(' ', row.Roles)} {row.Shape}").Order(),
            AdministrationTable.Rows.Select(row => $"{row.Name} {RolesOf(row)} {row.Result}").Order());
    }

    [Fact]
    public void are_none_of_the_legacy_contract()
    {
        Assert.Empty(AdministrationTable.Rows.Select(row => row.Name).Intersect(ContractTable.Rows.Select(row => row.Method)));
        Assert.Equal(34, MethodTable.Rows.Count);
    }

    [Theory]
    [MemberData(nameof(MethodsAndRoles))]
    public async Task let_a_role_call_what_it_may_and_answer_in_shape(string method, string role)
    {
        AdministrationRow row = AdministrationContract.Of(method);
        if (row.Roles.Contains(role))
        {
            Assert.Equal([], AdministrationContract.FaultsOf(method, await CalledAsync(row, role)));
            return;
        }

        // Wrong on purpose: who may not call it is not told what it takes.
        RpcException refused = await Scene.RefusedAsync(office.Of(role), method, new { nothing = 1 });
        Assert.Equal(role.Length == 0 ? -32001 : -32002, refused.Code);
        Assert.Equal(role.Length == 0 ? "auth_required" : "permission_denied", refused.Data.Text("reason"));
        if (role.Length > 0)
        {
            Assert.Equal((row.Roles[0], role), (refused.Data.Text("required_role"), refused.Data.Text("have_role")));
        }
    }

    private async Task<JsonElement> CalledAsync(AdministrationRow row, string role)
    {
        if (row.OwnParams is not { } own)
        {
            return await office.Of(role).CallAsync(row.Method, await row.Params(office));
        }

        await using Person person = await Person.MakeAsync(Host, office.Admin, role);
        return await person.Rpc.CallAsync(row.Method, await own(person));
    }

    [Theory]
    [MemberData(nameof(BadParams))]
    public async Task refuse_a_parameter_that_is_wrong(string method, string param, string value)
    {
        JsonObject given = GoodParams(method);
        given.Remove(param);
        if (value.Length > 0)
        {
            given[param] = JsonNode.Parse(value);
        }

        RpcException refused = await Scene.RefusedAsync(office.Admin, method, given);
        Assert.Equal((-32602, param), (refused.Code, refused.Data.Text("param")));
        Assert.NotEmpty(refused.Data.Text("rule"));
        Assert.NotEmpty(refused.Data.Text("hint"));
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public async Task refuse_a_parameter_that_they_do_not_take(string method)
    {
        foreach (string name in new[] { "camera", "expiresAt", "auth_token", "" })
        {
            JsonObject given = GoodParams(method);
            given[name] = "camera0";
            RpcException refused = await Scene.RefusedAsync(office.Admin, method, given);
            Assert.Equal((-32602, name, "unknown"), (refused.Code, refused.Data.Text("param"), refused.Data.Text("rule")));
        }

        RpcException longer = await Scene.RefusedAsync(office.Admin, method, new JsonObject { [new string('x', 100_000)] = 1 });
        Assert.Equal((-32602, "params"), (longer.Code, longer.Data.Text("param")));
    }

    [Theory]
    [MemberData(nameof(OfOneKey))]
    public async Task know_no_other_key(string method)
    {
        RpcException refused = await Scene.RefusedAsync(office.Admin, method, GoodParams(method));
        Assert.Equal((-32010, "api_key", Unknown), (refused.Code, refused.Data.Text("resource"), refused.Data.Text("id")));
        Assert.Equal("api_key.not_found", refused.Data.Text("code"));
    }

    [Theory]
    [MemberData(nameof(OfOneUser))]
    public async Task know_no_other_user(string method)
    {
        foreach (string name in new[] { "nobody", "No Body", "../etc/passwd", "a\u0000b" })
        {
            JsonObject given = GoodParams(method);
            given["name"] = name;
            RpcException refused = await Scene.RefusedAsync(office.Admin, method, given);
            Assert.Equal((-32010, "user", name), (refused.Code, refused.Data.Text("resource"), refused.Data.Text("id")));
            Assert.Equal("user.not_found", refused.Data.Text("code"));
        }
    }

    [Fact]
    public async Task say_by_stable_codes_why_a_key_is_not_so()
    {
        (string id, _) = await office.KeyAsync();
        string[] device = [Office.Device];
        string expires_at = "2020-03-01T12:00:00Z";
        await RefusedAsync(-32602, "name", "api_key.bad_name", "issue_api_key", new { name = " Wall", role = "viewer" });
        await RefusedAsync(-32602, "expires_at", "api_key.bad_expiry", "issue_api_key", new { name = "W", role = "viewer", expires_at });
        await RefusedAsync(
            -32602, "cameras", "api_key.cameras_of_whole_role", "issue_api_key", new { name = "W", role = "admin", cameras = device });
        await RefusedAsync(-32020, null, "api_key.already_issued", "issue_api_key", new { id, name = "W", role = "viewer" });
        await RefusedAsync(-32020, null, "api_key.wider", "narrow_api_key", new { id, role = "admin" });
        await RefusedAsync(-32020, null, "command.version_changed", "suspend_api_key", new { id, expected_version = 99 });
        await RefusedAsync(-32602, "reason", "api_key.bad_reason", "revoke_api_key", new { id, reason = "a\nb" });
        RpcException camera = await Scene.RefusedAsync(
            office.Admin, "narrow_api_key", new { id, cameras = new[] { Office.Device, "camera999" } });
        Assert.Equal((-32010, "camera999"), (camera.Code, camera.Data.Text("id")));

        await office.Admin.CallAsync("revoke_api_key", new { id });
        await RefusedAsync(-32020, null, "api_key.ended", "resume_api_key", new { id });
        Assert.Equal("wrong_state", (await Scene.RefusedAsync(office.Admin, "resume_api_key", new { id })).Data.Text("reason"));
    }

    [Fact]
    public async Task say_by_stable_codes_why_a_user_is_not_so()
    {
        string name = await office.UserAsync();
        string password = Office.Password;
        await RefusedAsync(-32602, "name", "user.bad_name", "create_user", new { name = "Ada B", role = "viewer", password });
        await RefusedAsync(-32602, "password", "user.weak_password", "create_user", new { name = "bea", role = "viewer", password = "password1234" });
        await RefusedAsync(-32020, null, "user.already_created", "create_user", new { name, role = "viewer", password });
        await RefusedAsync(-32602, "password", "user.weak_password", "set_user_password", new { name, password = "short" });
        await RefusedAsync(-32020, null, "user.not_disabled", "erase_user", new { name, reason = "Asked for" });
        await RefusedAsync(-32602, "reason", "user.bad_reason", "disable_user", new { name, reason = " " });
        await RefusedAsync(-32020, null, "command.version_changed", "disable_user", new { name, expected_version = 99 });

        string[] cameras = [Office.Device];
        string boss = await office.UserAsync("admin");
        await RefusedAsync(
            -32602, "cameras", "user.cameras_of_whole_role", "create_user", new { name = "bea", role = "auditor", password, cameras });
        await RefusedAsync(-32602, "cameras", "user.cameras_of_whole_role", "change_user_cameras", new { name = boss, cameras });
        RpcException camera = await Scene.RefusedAsync(
            office.Admin, "change_user_cameras", new { name, cameras = new[] { Office.Device, "camera999" } });
        Assert.Equal((-32010, "camera999"), (camera.Code, camera.Data.Text("id")));
        JsonElement some = await office.Admin.CallAsync("change_user_cameras", new { name, cameras });
        Assert.Equal("camera0", Assert.Single(some.GetProperty("cameras").EnumerateArray()).GetString());
        await RefusedAsync(-32602, "cameras", "user.cameras_of_whole_role", "change_user_role", new { name, role = "admin" });
        JsonElement all = await office.Admin.CallAsync("change_user_cameras", new { name, expected_version = some.Number("version") });
        Assert.False(all.TryGetProperty("cameras", out _));
        Assert.Equal("admin", (await office.Admin.CallAsync("change_user_role", new { name, role = "admin" })).Text("role"));
    }

    [Fact]
    public async Task add_nothing_when_they_are_repeated()
    {
        (string id, _) = await office.KeyAsync();
        JsonElement once = await office.Admin.CallAsync("suspend_api_key", new { id, reason = "On leave" });
        JsonElement twice = await office.Admin.CallAsync("suspend_api_key", new { id, reason = "Again" });
        Assert.Equal(("SUSPENDED", "On leave", 2), (once.Text("status"), once.Text("reason"), (int)once.Number("version")));
        Assert.Equal(once.GetRawText(), twice.GetRawText());
        JsonElement resumed = await office.Admin.CallAsync("resume_api_key", new { id });
        Assert.Equal(("ACTIVE", false), (resumed.Text("status"), resumed.TryGetProperty("reason", out _)));

        string name = await office.UserAsync(isDisabled: true);
        JsonElement disabled = await office.Admin.CallAsync("disable_user", new { name, reason = "Again" });
        Assert.Equal(("DISABLED", "requested", 2), (disabled.Text("status"), disabled.Text("reason"), (int)disabled.Number("version")));
        Assert.Equal("ACTIVE", (await office.Admin.CallAsync("enable_user", new { name })).Text("status"));
    }

    [Fact]
    public async Task narrow_what_they_are_told_and_leave_the_rest()
    {
        (string id, _) = await office.KeyAsync();
        JsonElement key = await office.Admin.CallAsync(
            "narrow_api_key", new { id, cameras = new[] { Office.Device }, addresses = new[] { "10.1.2.3/8" } });
        Assert.Equal(("operator", "camera0 10.0.0.0/8"), (key.Text("role"), ListsOf(key)));
        key = await office.Admin.CallAsync("narrow_api_key", new { id, role = "viewer", expires_at = "2099-03-01T12:00:00+01:00" });
        Assert.Equal(("viewer", "2099-03-01T11:00:00Z"), (key.Text("role"), key.Text("expires_at")));
        Assert.Equal("camera0 10.0.0.0/8", ListsOf(key));
        Assert.Equal(key.GetRawText(), (await office.Of("auditor").CallAsync("get_api_key", new { id })).GetRawText());

        static string ListsOf(JsonElement key) =>
            string.Join(' ', key.GetProperty("cameras").EnumerateArray().Concat(key.GetProperty("addresses").EnumerateArray()));
    }

    [Fact]
    public async Task give_pages_as_they_were_asked_for()
    {
        (string first, _) = await office.KeyAsync();
        (string second, _) = await office.KeyAsync();
        await office.UserAsync();
        JsonElement all = await office.Admin.CallAsync("list_api_keys", new { limit = 100 });
        string[] ids = [.. all.GetProperty("api_keys").EnumerateArray().Select(key => key.Text("id"))];
        Assert.True(Array.IndexOf(ids, first) < Array.IndexOf(ids, second) || ids.Length == 100);
        JsonElement page = await office.Admin.CallAsync("list_api_keys", new { limit = 1, offset = 1 });
        Assert.Equal(ids[1], Assert.Single(page.GetProperty("api_keys").EnumerateArray()).Text("id"));
        Assert.Equal((1, 1), ((int)page.Number("limit"), (int)page.Number("offset")));
        Assert.True(page.Number("total") >= 2);
        JsonElement beyond = await office.Admin.CallAsync("list_users", new { offset = 1_000_000 });
        Assert.Equal((0, 50), (beyond.GetProperty("users").GetArrayLength(), (int)beyond.Number("limit")));
        Assert.True(beyond.Number("total") >= 2);
    }

    [Fact]
    public async Task let_a_program_in_until_its_key_is_revoked()
    {
        JsonElement issued = await office.Admin.CallAsync(
            "issue_api_key", new { name = "Visitor", role = "viewer", cameras = new[] { Office.Device }, addresses = new[] { "127.0.0.0/8" } });
        (string id, string old) = (issued.Text("id"), issued.Text("secret"));
        Assert.Matches("^csk_[A-Za-z0-9_-]{43}$", old);
        await using RpcClient program = await Host.ConnectAsync(role: null);
        Assert.Equal("viewer", (await program.CallAsync("authenticate", new { auth_token = old })).Text("role"));
        Assert.Equal(1, (await program.CallAsync("get_camera_list")).Number("total"));

        // Another secret, the old one at once no longer; what is open on its behalf has to log in again.
        string secret = (await office.Admin.CallAsync("rotate_api_key", new { id, overlap = 0 })).Text("secret");
        Assert.Equal(-32001, (await Scene.RefusedAsync(program, "get_camera_list")).Code);
        Assert.Equal(-32001, (await Scene.RefusedAsync(program, "authenticate", new { auth_token = old })).Code);
        await program.CallAsync("authenticate", new { auth_token = secret });
        Assert.Equal(1, (await program.CallAsync("get_camera_list")).Number("total"));

        JsonElement revoked = await office.Admin.CallAsync("revoke_api_key", new { id, reason = "Lost" });
        TimeSpan heard = await House.TimeOfAsync(RefusedAtLastAsync(program));
        Assert.InRange(heard, TimeSpan.Zero, HeardWithin);
        Assert.Equal(("REVOKED", "Lost"), (revoked.Text("status"), revoked.Text("reason")));
        Assert.Equal(-32001, (await Scene.RefusedAsync(program, "authenticate", new { auth_token = secret })).Code);
        Assert.Equal("UNAUTHENTICATED", await new GraphQLClient(Host, secret).CodeAsync("{ __typename }"));
    }

    [Fact]
    public async Task let_a_person_in_until_somebody_says_no()
    {
        string user = await office.UserAsync("operator");
        using HttpResponseMessage early = await PostAsync("sign-in", new { user, password = Office.Password });
        Assert.Equal(HttpStatusCode.Forbidden, early.StatusCode);
        string password = "another walk in snow";
        JsonElement signed = await AnswerAsync(await PostAsync("password", new { user, password = Office.Password, newPassword = password }));
        await using RpcClient person = await Host.ConnectAsync(role: null);
        Assert.Equal("operator", (await person.CallAsync("authenticate", new { auth_token = signed.Text("accessToken") })).Text("role"));
        Assert.Equal(-32002, (await Scene.RefusedAsync(person, "list_users")).Code);

        Assert.Equal("auditor", (await office.Admin.CallAsync("change_user_role", new { name = user, role = "auditor" })).Text("role"));
        Assert.InRange(await House.TimeOfAsync(RefusedAtLastAsync(person)), TimeSpan.Zero, HeardWithin);
        await person.CallAsync("authenticate", new { auth_token = await TokenAsync() });
        Assert.True((await person.CallAsync("list_users")).Number("total") > 1);

        await office.Admin.CallAsync("end_user_sessions", new { name = user });
        Assert.Equal(-32001, (await Scene.RefusedAsync(person, "list_users")).Code);
        await person.CallAsync("authenticate", new { auth_token = await TokenAsync() });
        await office.Admin.CallAsync("disable_user", new { name = user, reason = "Has left" });
        Assert.Equal(-32001, (await Scene.RefusedAsync(person, "list_users")).Code);
        using HttpResponseMessage late = await PostAsync("sign-in", new { user, password });
        Assert.Equal(HttpStatusCode.Unauthorized, late.StatusCode);

        JsonElement erased = await office.Admin.CallAsync("erase_user", new { name = user, reason = "Asked for" });
        Assert.StartsWith("user-", erased.Text("stream"), StringComparison.Ordinal);
        Assert.Equal(-32010, (await Scene.RefusedAsync(office.Admin, "get_user", new { name = user })).Code);

        async Task<string> TokenAsync() => (await AnswerAsync(await PostAsync("sign-in", new { user, password }))).Text("accessToken");
    }

    [Fact]
    public async Task are_on_record_with_who_asked_and_without_a_secret()
    {
        (string admin, string own) = await KeyOfAdminAsync();
        await using RpcClient client = await Host.ConnectAsync(role: null);
        await client.CallAsync("authenticate", new { auth_token = own });
        JsonElement issued = await client.CallAsync("issue_api_key", new { name = "Seen", role = "viewer" });
        string id = issued.Text("id");
        string next = (await client.CallAsync("rotate_api_key", new { id, overlap = 60 })).Text("secret");
        const string password = "pl4nted 0ne for administration";
        const string weak = "pl4nted pl4nted pl4nted";
        string name = office.NewName();
        await client.CallAsync("create_user", new { name, role = "viewer", password });
        await Scene.RefusedAsync(client, "create_user", new { name = office.NewName(), role = "viewer", password = weak, wrong = weak });
        JsonElement keys = await client.CallAsync("list_api_keys", new { limit = 100 });
        JsonElement users = await client.CallAsync("list_users", new { limit = 100 });

        Assert.Equal(
            $"api_key_issued|key-{admin}|json-rpc\napi_key_rotated|key-{admin}|json-rpc",
            await Host.SqlAsync(
                "select type, user_name, headers->>'way' from events.mt_events "
                + $"where stream_id = 'api_key-{id}' and type in ('api_key_issued', 'api_key_rotated') order by seq_id"));
        var planted = new Planted(own, issued.Text("secret"), next, password, weak);
        Assert.Empty(planted.InFolder(Host.Data));
        Assert.Empty(planted.In("printed", Host.Output));
        Assert.Empty(planted.In("lists", keys.GetRawText() + users.GetRawText()));
        Assert.Empty(planted.In(
            "the log", await Host.SqlAsync("select string_agg(data::text || headers::text, ' ') from events.mt_events")));
        Assert.DoesNotContain("hash", keys.GetRawText(), StringComparison.OrdinalIgnoreCase);
    }

    private async Task<(string Id, string Secret)> KeyOfAdminAsync()
    {
        JsonElement made = await office.Admin.CallAsync("issue_api_key", new { name = "Administrator", role = "admin" });
        return (made.Text("id"), made.Text("secret"));
    }

    private static async Task RefusedAtLastAsync(RpcClient client) =>
        await Until.TrueAsync(
            async () =>
            {
                try
                {
                    await client.CallAsync("get_system_status");
                    return false;
                }
                catch (RpcException refused)
                {
                    return refused.Code == -32001;
                }
            },
            TimeSpan.FromSeconds(10),
            "the socket to be refused");

    /// <param name="param">Null for what is no matter of one parameter.</param>
    private async Task RefusedAsync(int code, string? param, string why, string method, object given)
    {
        RpcException refused = await Scene.RefusedAsync(office.Admin, method, given);
        Assert.Equal((code, why), (refused.Code, refused.Data.Text("code")));
        Assert.NotEmpty(refused.Data.Text("details"));
        if (param is not null)
        {
            Assert.Equal(param, refused.Data.Text("param"));
        }
    }

    /// <summary>All that must be there, and nobody whom it is about.</summary>
    private static JsonObject GoodParams(string method) =>
        JsonSerializer.SerializeToNode(
            AdministrationTable.Rows.Single(row => row.Name == method).Params
                .Where(param => param.IsRequired)
                .ToDictionary(param => param.Name, param => Absent[param.Name]))!.AsObject();

    private static string RolesOf(MethodRow row) =>
        string.Join(' ', Policy.Table[row.Right!.Value].Select(AccessTokens.NameOf));

    private Task<HttpResponseMessage> PostAsync(string what, object body) =>
        Host.Http.PostAsJsonAsync(new Uri($"/auth/{what}", UriKind.Relative), body, Cancel);

    private static async Task<JsonElement> AnswerAsync(HttpResponseMessage response)
    {
        string text = await response.Content.ReadAsStringAsync(Cancel);
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonElement.Parse(text);
    }
}
