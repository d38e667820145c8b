using System.Net;
using System.Text.Json;
using Events.Domain.Kernel;
using Events.Host.JsonRpc;
using Events.Host.Security;
using Events.Tests.Integration.Faults;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Security;

/// <summary>
/// Way in by action by role, derived from the policy: every method, every field of every root, every address, tried by everyone.
/// A field that nobody has put into the table below fails the test.
/// </summary>
public sealed class The_matrix(House house) : IClassFixture<House>
{
    private const string Id = "\"0199a000-0000-7000-8000-0000000000ff\"";

    /// <summary>What each root field needs, and how it is asked. Nothing it asks for is there, so nothing comes of it.</summary>
    private static readonly Dictionary<string, (Right Right, string Text)> Fields = new()
    {
        ["query cameras"] = (Right.ReadCatalogue, "cameras { totalCount }"),
        ["query camera"] = (Right.ReadCatalogue, "camera(number: 9) { id }"),
        ["query recordings"] = (Right.ReadCatalogue, "recordings { totalCount }"),
        ["query recording"] = (Right.ReadCatalogue, $"recording(id: {Id}) {{ id }}"),
        ["query snapshots"] = (Right.ReadCatalogue, "snapshots { totalCount }"),
        ["query snapshot"] = (Right.ReadCatalogue, $"snapshot(id: {Id}) {{ id }}"),
        ["query timeline"] = (
            Right.ReadCatalogue,
            $"timeline(cameraId: {Id}, from: \"2026-03-01T00:00:00Z\", to: \"2026-03-01T01:00:00Z\") {{ to }}"),
        ["query storage"] = (Right.ReadCatalogue, "storage { totalBytes }"),
        ["query retentionPolicy"] = (Right.ReadStatus, "retentionPolicy { isEnabled }"),
        ["query cleanups"] = (Right.ReadStatus, "cleanups { totalCount }"),
        ["query externalStreams"] = (Right.SeePictures, "externalStreams { totalCount }"),
        ["query discovery"] = (Right.SeePictures, "discovery { isEnabled }"),
        ["query projections"] = (Right.ReadStatus, "projections { name }"),
        ["query events"] = (Right.ReadFacts, "events { nodes { type } }"),
        ["query apiKeys"] = (Right.ReadAudit, "apiKeys { totalCount }"),
        ["query apiKey"] = (Right.ReadAudit, $"apiKey(id: {Id}) {{ id }}"),
        ["mutation addCamera"] = (Right.Administer, "addCamera(input: { name: \"\", source: \"x\" }) { position }"),
        ["mutation renameCamera"] = (Right.Administer, $"renameCamera(input: {{ id: {Id}, name: \"x\" }}) {{ position }}"),
        ["mutation moveCamera"] = (Right.Administer, $"moveCamera(input: {{ id: {Id}, source: \"x\" }}) {{ position }}"),
        ["mutation retireCamera"] = (Right.Administer, $"retireCamera(input: {{ id: {Id} }}) {{ position }}"),
        ["mutation startRecording"] = (Right.Control, $"startRecording(input: {{ cameraId: {Id} }}) {{ position }}"),
        ["mutation stopRecording"] = (Right.Control, $"stopRecording(input: {{ id: {Id} }}) {{ position }}"),
        ["mutation deleteRecording"] = (Right.Administer, $"deleteRecording(input: {{ id: {Id} }}) {{ position }}"),
        ["mutation shredRecording"] =
            (Right.Administer, $"shredRecording(input: {{ id: {Id}, reason: \"why\" }}) {{ position }}"),
        ["mutation placeLegalHold"] = (Right.Administer, $"placeLegalHold(input: {{ id: {Id}, reason: \"x\" }}) {{ position }}"),
        ["mutation releaseLegalHold"] = (Right.Administer, $"releaseLegalHold(input: {{ id: {Id}, reason: \"x\" }}) {{ position }}"),
        ["mutation setRetentionPolicy"] =
            (Right.Administer, "setRetentionPolicy(input: { type: AGE, isEnabled: true }) { position }"),
        ["mutation cleanUpFiles"] = (Right.Administer, "cleanUpFiles(input: {}) { position }"),
        ["mutation startBroadcast"] = (Right.Control, $"startBroadcast(input: {{ cameraId: {Id} }}) {{ position }}"),
        ["mutation stopBroadcast"] = (Right.Control, $"stopBroadcast(input: {{ cameraId: {Id} }}) {{ position }}"),
        ["mutation discoverExternalStreams"] = (Right.Control, "discoverExternalStreams(input: {}) { took }"),
        ["mutation addExternalStream"] =
            (Right.Control, "addExternalStream(input: { name: \"\", source: \"x\" }) { position }"),
        ["mutation removeExternalStream"] = (Right.Control, "removeExternalStream(input: { source: \"x\" }) { position }"),
        ["mutation setDiscoveryInterval"] = (Right.Administer, "setDiscoveryInterval(input: { intervalSeconds: -1 }) { position }"),
        ["mutation parkFact"] =
            (Right.Administer, "parkFact(input: { view: \"x\", position: \"1\", reason: \"x\" }) { position }"),
        ["mutation unparkFact"] =
            (Right.Administer, "unparkFact(input: { view: \"x\", position: \"1\", reason: \"x\" }) { position }"),
        ["mutation takeSnapshot"] = (Right.Control, $"takeSnapshot(input: {{ cameraId: {Id} }}) {{ position }}"),
        ["mutation deleteSnapshot"] = (Right.Administer, $"deleteSnapshot(input: {{ id: {Id} }}) {{ position }}"),
        ["mutation shredSnapshot"] =
            (Right.Administer, $"shredSnapshot(input: {{ id: {Id}, reason: \"why\" }}) {{ position }}"),
        ["mutation issueApiKey"] = (Right.ManageAccess, "issueApiKey(input: { name: \"\", role: VIEWER }) { position }"),
        ["mutation rotateApiKey"] = (Right.ManageAccess, $"rotateApiKey(input: {{ id: {Id}, overlap: \"PT1S\" }}) {{ position }}"),
        ["mutation narrowApiKey"] = (Right.ManageAccess, $"narrowApiKey(input: {{ id: {Id} }}) {{ position }}"),
        ["mutation suspendApiKey"] = (Right.ManageAccess, $"suspendApiKey(input: {{ id: {Id} }}) {{ position }}"),
        ["mutation resumeApiKey"] = (Right.ManageAccess, $"resumeApiKey(input: {{ id: {Id} }}) {{ position }}"),
        ["mutation revokeApiKey"] = (Right.ManageAccess, $"revokeApiKey(input: {{ id: {Id} }}) {{ position }}"),
        ["query users"] = (Right.ReadAudit, "users { totalCount }"),
        ["query user"] = (Right.ReadAudit, "user(name: \"x\") { name }"),
        ["mutation createUser"] =
            (Right.ManageAccess, "createUser(input: { name: \"X\", role: VIEWER, password: \"x\" }) { position }"),
        ["mutation setUserPassword"] =
            (Right.ManageAccess, "setUserPassword(input: { name: \"x\", password: \"x\" }) { position }"),
        ["mutation changeUserRole"] = (Right.ManageAccess, "changeUserRole(input: { name: \"x\", role: VIEWER }) { position }"),
        ["mutation changeUserCameras"] = (Right.ManageAccess, "changeUserCameras(input: { name: \"x\" }) { position }"),
        ["mutation disableUser"] = (Right.ManageAccess, "disableUser(input: { name: \"x\" }) { position }"),
        ["mutation eraseUser"] = (Right.ManageAccess, "eraseUser(input: { name: \"x\", reason: \"x\" }) { position }"),
        ["mutation enableUser"] = (Right.ManageAccess, "enableUser(input: { name: \"x\" }) { position }"),
        ["mutation removeUserSecondFactor"] = (Right.ManageAccess, "removeUserSecondFactor(input: { name: \"x\" }) { position }"),
        ["mutation unlockUser"] = (Right.ManageAccess, "unlockUser(input: { name: \"x\" }) { position }"),
        ["mutation endUserSessions"] = (Right.ManageAccess, "endUserSessions(input: { name: \"x\" }) { position }"),
        ["query me"] = (AdministrationTable.OfEveryRole, "me { role }"),
        ["mutation changeOwnPassword"] =
            (AdministrationTable.OfEveryRole, "changeOwnPassword(input: { password: \"x\", newPassword: \"x\" }) { expiresIn }"),
        ["mutation enrolOwnSecondFactor"] =
            (AdministrationTable.OfEveryRole, "enrolOwnSecondFactor(input: { password: \"x\" }) { address }"),
        ["mutation confirmOwnSecondFactor"] =
            (AdministrationTable.OfEveryRole, "confirmOwnSecondFactor(input: { password: \"x\", code: \"x\" }) { me { role } }"),
        ["mutation removeOwnSecondFactor"] =
            (AdministrationTable.OfEveryRole, "removeOwnSecondFactor(input: { password: \"x\" }) { me { role } }"),
        ["mutation endOwnSessions"] = (AdministrationTable.OfEveryRole, "endOwnSessions { position }"),
        ["subscription cameraChanged"] = (Right.ReadCatalogue, "cameraChanged(after: \"0\") { position }"),
        ["subscription recordingChanged"] = (Right.ReadCatalogue, "recordingChanged(after: \"0\") { position }"),
        ["subscription snapshotTaken"] = (Right.ReadCatalogue, "snapshotTaken(after: \"0\") { position }"),
        ["subscription events"] = (Right.ReadFacts, "events(after: \"0\") { position }"),
    };

    /// <summary>What each method of administration needs, and how it is called. Nobody and nothing it names is there.</summary>
    private static readonly Dictionary<string, (Right Right, string Params)> Administration = new()
    {
        ["list_api_keys"] = (Right.ReadAudit, "{}"),
        ["get_api_key"] = (Right.ReadAudit, $"{{\"id\":{Id}}}"),
        ["issue_api_key"] = (Right.ManageAccess, "{\"name\":\" \",\"role\":\"viewer\"}"),
        ["rotate_api_key"] = (Right.ManageAccess, $"{{\"id\":{Id},\"overlap\":1}}"),
        ["narrow_api_key"] = (Right.ManageAccess, $"{{\"id\":{Id}}}"),
        ["suspend_api_key"] = (Right.ManageAccess, $"{{\"id\":{Id}}}"),
        ["resume_api_key"] = (Right.ManageAccess, $"{{\"id\":{Id}}}"),
        ["revoke_api_key"] = (Right.ManageAccess, $"{{\"id\":{Id}}}"),
        ["list_users"] = (Right.ReadAudit, "{}"),
        ["get_user"] = (Right.ReadAudit, "{\"name\":\"x\"}"),
        ["create_user"] = (Right.ManageAccess, "{\"name\":\"X\",\"role\":\"viewer\",\"password\":\"x\"}"),
        ["set_user_password"] = (Right.ManageAccess, "{\"name\":\"x\",\"password\":\"a long walk in rain\"}"),
        ["change_user_role"] = (Right.ManageAccess, "{\"name\":\"x\",\"role\":\"viewer\"}"),
        ["change_user_cameras"] = (Right.ManageAccess, "{\"name\":\"x\"}"),
        ["disable_user"] = (Right.ManageAccess, "{\"name\":\"x\"}"),
        ["enable_user"] = (Right.ManageAccess, "{\"name\":\"x\"}"),
        ["unlock_user"] = (Right.ManageAccess, "{\"name\":\"x\"}"),
        ["remove_user_second_factor"] = (Right.ManageAccess, "{\"name\":\"x\"}"),
        ["end_user_sessions"] = (Right.ManageAccess, "{\"name\":\"x\"}"),
        ["erase_user"] = (Right.ManageAccess, "{\"name\":\"x\",\"reason\":\"x\"}"),
        ["who_am_i"] = (AdministrationTable.OfEveryRole, "{}"),
        ["change_own_password"] = (AdministrationTable.OfEveryRole, "{\"password\":\"x\",\"new_password\":\"x\"}"),
        ["enrol_own_second_factor"] = (AdministrationTable.OfEveryRole, "{\"password\":\"x\"}"),
        ["confirm_own_second_factor"] = (AdministrationTable.OfEveryRole, "{\"password\":\"x\",\"code\":\"x\"}"),
        ["remove_own_second_factor"] = (AdministrationTable.OfEveryRole, "{\"password\":\"x\"}"),
        ["end_own_sessions"] = (AdministrationTable.OfEveryRole, "{}"),
    };

    /// <summary>A key of each role, and for each scope one of an admin that has nothing else.</summary>
    public static TheoryData<Role, string?> Keys
    {
        get
        {
            TheoryData<Role, string?> all = [];
            foreach (Role role in Enum.GetValues<Role>())
            {
                all.Add(role, null);
            }

            foreach (Right right in ScopeList.Known)
            {
                all.Add(Role.Admin, ScopeNames.Of(right));
            }

            return all;
        }
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public async Task of_json_rpc_is_the_policy(Role role, string? scope)
    {
        string secret = await SecretAsync(role, scope);
        await using RpcClient rpc = await house.RpcAsync(secret);
        foreach (MethodRow row in MethodTable.Rows.Where(row => row.Right is not null && row.Name != "discover_external_streams"))
        {
            int code = 0;
            try
            {
                // Wrong on purpose: who may call it is told about its parameters, or gets what it gives without any.
                await rpc.CallAsync(row.Name, row.Params.Any(param => param.IsRequired) ? new { } : new { limit = 1 });
            }
            catch (RpcException refused)
            {
                code = refused.Code;
            }

            Assert.True(Allows(role, scope, row.Right!.Value) == (code != -32002), $"{row.Name} by {role} {scope}: {code}");
        }
    }

    /// <summary>Beyond the gate, too: who may call it hears of what it names, by the command or the view.</summary>
    [Theory]
    [MemberData(nameof(Keys))]
    public async Task of_administration_by_json_rpc_is_the_policy(Role role, string? scope)
    {
        string secret = await SecretAsync(role, scope);
        await using RpcClient rpc = await house.RpcAsync(secret);
        foreach ((string method, (Right right, string given)) in Administration)
        {
            int code = 0;
            try
            {
                await rpc.CallAsync(method, JsonElement.Parse(given));
            }
            catch (RpcException refused)
            {
                code = refused.Code;
            }

            // A key has nothing of its own.
            int[] expected = !IsOwn(method) && !Allows(role, scope, right) ? [-32002]
                : method.Contains("_own_", StringComparison.Ordinal) ? [-32020]
                : given == "{}" ? [0]
                : [-32010, -32602];
            Assert.True(expected.Contains(code), $"{method} by {role} {scope}: {code}");
        }

        await using RpcClient nobody = await house.Host.ConnectAsync(role: null);
        foreach ((string method, (_, string given)) in Administration)
        {
            Assert.Equal(-32001, (await Scene.RefusedAsync(nobody, method, JsonElement.Parse(given))).Code);
        }
    }

    [Fact]
    public void has_every_method_of_administration() =>
        Assert.Equal(
            AdministrationTable.Rows.Select(row => $"{row.Name} {row.Right}").Order(),
            Administration.Select(pair => $"{pair.Key} {pair.Value.Right}").Order());

    [Theory]
    [MemberData(nameof(Keys))]
    public async Task of_graphql_is_the_policy(Role role, string? scope)
    {
        string secret = await SecretAsync(role, scope);
        var graph = new GraphQLClient(house.Host, secret);
        foreach ((string field, (Right right, string text)) in Fields.Where(pair => !pair.Key.StartsWith("sub", StringComparison.Ordinal)))
        {
            JsonElement answer = await graph.AnswerAsync($"{field.Split(' ')[0]} {{ {text} }}");
            bool may = IsOwn(field) || Allows(role, scope, right);
            Assert.True(may == !IsDenied(answer), $"{field} by {role} {scope}: {answer}");
        }

        foreach ((string field, (Right right, string text)) in Fields.Where(pair => pair.Key.StartsWith("sub", StringComparison.Ordinal)))
        {
            await using GraphQLSocket socket = await graph.OpenAsync();
            await socket.GreetedAsync();
            await socket.SubscribeAsync($"subscription {{ {text} }}");

            bool isDenied = IsDenied(Wrapped(await socket.NextAsync()));
            Assert.True(Allows(role, scope, right) == !isDenied, $"{field} by {role} {scope}");
        }
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public async Task of_pictures_is_the_policy(Role role, string? scope)
    {
        string secret = await SecretAsync(role, scope);
        bool maySee = Allows(role, scope, Right.SeePictures);
        HttpStatusCode expected = maySee ? HttpStatusCode.OK : HttpStatusCode.Forbidden;
        string[] paths =
        [
            $"/files/recordings/{house.Recordings[0]}.fmp4", $"/files/snapshots/{house.Snapshots[0]}", "/live/camera0.jpg", "/live/camera0",
            "/hls/camera0.m3u8",
        ];
        foreach (string path in paths)
        {
            Assert.Equal(expected, await house.GetWithAsync(secret, path));
        }

        Assert.Equal((int)expected, await house.DescribeAsync("camera0", secret));
        JsonElement links = await new GraphQLClient(house.Host, secret).AnswerAsync(
            "{ camera(number: 0) { streams { hls } } recordings { nodes { downloadUrl } } snapshots { nodes { downloadUrl } } }");
        bool mayRead = Allows(role, scope, Right.ReadCatalogue);
        Assert.Equal(!mayRead, IsDenied(links));
        Assert.Equal(maySee && mayRead, links.GetRawText().Contains("sig=", StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.Unauthorized, await house.GetWithAsync(secret, "/control/cameras"));
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public async Task of_facts_is_the_policy(Role role, string? scope)
    {
        string secret = await SecretAsync(role, scope);
        JsonElement answer = await new GraphQLClient(house.Host, secret).AnswerAsync(
            "{ all: events(first: 500) { nodes { type user } } keys: events(types: [\"api_key_issued\"]) { nodes { type } } }");
        Assert.Equal(!Allows(role, scope, Right.ReadFacts), IsDenied(answer));
        if (IsDenied(answer))
        {
            return;
        }

        JsonElement facts = answer.GetProperty("data");
        JsonElement[] all = [.. facts.GetProperty("all").GetProperty("nodes").EnumerateArray()];
        bool mayAudit = Allows(role, scope, Right.ReadAudit);
        Assert.NotEmpty(all);
        Assert.Equal(mayAudit, all.Any(fact => fact.Text("type") == "api_key_issued"));
        Assert.Equal(mayAudit, all.Any(fact => fact.GetProperty("user").ValueKind != JsonValueKind.Null));
        Assert.Equal(mayAudit, facts.GetProperty("keys").GetProperty("nodes").GetArrayLength() > 0);
    }

    /// <summary>Leaves name people, so whoever may read the audit follows the log, and nobody else.</summary>
    [Theory]
    [MemberData(nameof(Keys))]
    public async Task of_tiles_is_the_policy(Role role, string? scope)
    {
        string secret = await SecretAsync(role, scope);
        HttpStatusCode expected = Allows(role, scope, Right.ReadAudit) ? HttpStatusCode.OK : HttpStatusCode.Forbidden;
        foreach (string path in new[] { "/audit/checkpoint", "/audit/tile/0/000.p/1", "/audit/tile/entries/000.p/1" })
        {
            Assert.Equal(expected, await house.GetWithAsync(secret, path));
            Assert.Equal(HttpStatusCode.Unauthorized, await house.GetAsync(path));
        }
    }

    [Fact]
    public async Task has_every_field_of_the_schema()
    {
        JsonElement schema = (await new GraphQLClient(house.Host, null).AskAsync(
            "{ __schema { queryType { fields { name } } mutationType { fields { name } } subscriptionType { fields { name } } } }"))
            .GetProperty("__schema");
        string[] all =
        [
            .. new[] { "query", "mutation", "subscription" }.SelectMany(root =>
                schema.GetProperty($"{root}Type").GetProperty("fields").EnumerateArray().Select(field => $"{root} {field.Text("name")}")),
        ];
        Assert.Equal(all.Except(["query node", "query nodes"]).Order(), Fields.Keys.Order());
    }

    [Fact]
    public async Task lets_nobody_in_without_a_key_or_token()
    {
        var nobody = new GraphQLClient(house.Host, null);
        foreach ((string field, (_, string text)) in Fields.Where(pair => !pair.Key.StartsWith("sub", StringComparison.Ordinal)))
        {
            Assert.Equal("AUTH_NOT_AUTHENTICATED", await nobody.CodeAsync($"{field.Split(' ')[0]} {{ {text} }}"));
        }

        await using GraphQLSocket socket = await GraphQLSocket.OpenAsync(house.Host.Port, null);
        Assert.Equal("closed", await socket.GreetedAsync());
    }

    private static bool Allows(Role role, string? scope, Right right) =>
        Policy.Allows(role, scope is null ? null : ScopeList.From([ScopeNames.RightOf(scope)!.Value]), right);

    /// <summary>Of one's own account, which no scope takes away.</summary>
    private static bool IsOwn(string name) =>
        name is "query me" or "who_am_i" || name.Contains("Own", StringComparison.Ordinal) || name.Contains("_own_", StringComparison.Ordinal);

    /// <summary>Made once: a key is as good in one test as in another.</summary>
    private async Task<string> SecretAsync(Role role, string? scope)
    {
        if (!house.Secrets.TryGetValue((role, scope), out string? secret))
        {
            string[] more = scope is null ? [] : ["--scope", scope];
            (secret, _) = await house.KeyAsync(["--role", NameOf(role), .. more]);
            house.Secrets[(role, scope)] = secret;
        }

        return secret;
    }

    private static string NameOf(Role role) => role.ToString().ToLowerInvariant();

    private static bool IsDenied(JsonElement answer) =>
        answer.TryGetProperty("errors", out JsonElement errors)
        && errors.EnumerateArray().Any(error => error.GetProperty("extensions").Text("code") == "AUTH_NOT_AUTHORIZED");

    private static JsonElement Wrapped(JsonElement message) =>
        message.Text("type") == "error" ? JsonElement.Parse($"{{\"errors\":{message.GetProperty("payload").GetRawText()}}}")
        : message.TryGetProperty("payload", out JsonElement payload) ? payload
        : message;
}
