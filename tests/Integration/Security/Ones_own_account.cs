using System.Text.Json;
using Events.Tests.Integration.Contract;
using Events.Tests.Integration.Faults;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Security;

/// <summary>People change what is their own by every door, as often as one address may by all of them together; nobody else can.</summary>
public sealed class Ones_own_account(Office office) : IClassFixture<Office>
{
    private const string Next = "one more walk in fog";

    private const string Change =
        "mutation($p: String!, $n: String!, $c: String) { changeOwnPassword(input: { password: $p, newPassword: $n, code: $c }) "
        + "{ accessToken expiresIn refreshToken errors { __typename ... on Error { message } ... on InvalidInputError { code field } "
        + "... on WrongStateError { code } ... on TooManyAttemptsError { code retryAfterSeconds } } } }";

    private const string Remove =
        "mutation($p: String!, $c: String) { removeOwnSecondFactor(input: { password: $p, code: $c }) { me { hasSecondFactor } "
        + "errors { __typename ... on TooManyAttemptsError { code } ... on InvalidInputError { code field } } } }";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private RunningHost Host => office.Host;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task has_another_password_by_json_rpc_and_no_session_of_before()
    {
        await using Person ada = await Person.MakeAsync(Host, office.Admin, "viewer");
        string other = await ada.SignInAsync(ada.Password);
        await using RpcClient desk = await ada.ConnectAsync(other);
        await using GraphQLSocket socket = await new GraphQLClient(Host, other).OpenAsync();
        Assert.Equal("connection_ack", await socket.GreetedAsync());

        RpcException weak = await Scene.RefusedAsync(
            ada.Rpc, "change_own_password", new { password = ada.Password, new_password = "password1234" });
        Assert.Equal((-32602, "new_password", "user.weak_password"), (weak.Code, weak.Data.Text("param"), weak.Data.Text("code")));
        RpcException wrong = await Scene.RefusedAsync(ada.Rpc, "change_own_password", new { password = "wrong", new_password = Next });
        Assert.Equal((-32602, "password", "auth.denied"), (wrong.Code, wrong.Data.Text("param"), wrong.Data.Text("code")));

        JsonElement done = await ada.Rpc.CallAsync("change_own_password", new { password = ada.Password, new_password = Next });
        Assert.Equal((ada.Name, "viewer", "Bearer"), (done.Text("user"), done.Text("role"), done.Text("token_type")));
        await Assert.ThrowsAsync<System.Threading.Channels.ChannelClosedException>(socket.NextAsync);
        foreach (RpcClient client in new[] { ada.Rpc, desk })
        {
            Assert.Equal(-32001, (await Scene.RefusedAsync(client, "who_am_i")).Code);
        }

        Assert.Equal("UNAUTHENTICATED", await new GraphQLClient(Host, other).CodeAsync("{ me { role } }"));
        Assert.Equal("auth.denied", await ada.RefusedAsync("sign-in", new { user = ada.Name, password = ada.Password }));

        // The socket is open for another login, and the answer has what it takes.
        await ada.Rpc.CallAsync("authenticate", new { auth_token = done.Text("access_token") });
        JsonElement account = await ada.Rpc.CallAsync("who_am_i");
        Assert.Equal((ada.Account, ada.Name), (account.Text("account"), account.Text("name")));
        Assert.Equal(("user", "viewer"), (account.Text("kind"), account.Text("role")));
        await ada.AnswerAsync("refresh", new { refreshToken = done.Text("refresh_token") });
        await ada.SignInAsync(Next);

        Assert.Equal(
            $"{ada.Account}|json-rpc",
            await Host.SqlAsync(
                "select user_name, headers->>'way' from events.mt_events where type = 'user_password_changed' "
                + $"and stream_id = '{ada.Account}' and user_name = stream_id order by seq_id desc limit 1"));

        // Three logins and the change; the weak one and the wrong one.
        await ToldAsync(ada, ("access_granted json-rpc", 4), ("access_refused json-rpc bad_credentials", 2));
        await LeavesNothingAsync("password1234", Next, ada.Password, done.Text("refresh_token"), done.Text("access_token"));
    }

    [Fact]
    public async Task has_another_password_by_graphql_and_no_session_of_before()
    {
        await using Person bea = await Person.MakeAsync(Host, office.Admin, "auditor");
        JsonElement weak = await ErrorAsync(bea, bea.Password, "short");
        Assert.Equal(("InvalidInputError", "user.weak_password", "newPassword"), (weak.Text("__typename"), weak.Text("code"), weak.Text("field")));
        JsonElement wrong = await ErrorAsync(bea, "wrong", Next);
        Assert.Equal(("InvalidInputError", "auth.denied", "password"), (wrong.Text("__typename"), wrong.Text("code"), wrong.Text("field")));

        JsonElement done = (await bea.Graph.AskAsync(Change, new { p = bea.Password, n = Next })).GetProperty("changeOwnPassword");
        Assert.Equal(900, done.Number("expiresIn"));
        Assert.Equal("UNAUTHENTICATED", await bea.Graph.CodeAsync("{ me { role } }"));
        Assert.Equal(-32001, (await Scene.RefusedAsync(bea.Rpc, "who_am_i")).Code);
        JsonElement me = (await new GraphQLClient(Host, done.Text("accessToken")).AskAsync(
            "{ me { account name kind role cameras hasSecondFactor mustChangePassword } }")).GetProperty("me");
        Assert.Equal((bea.Account, bea.Name, "USER", "AUDITOR"), (me.Text("account"), me.Text("name"), me.Text("kind"), me.Text("role")));
        Assert.Equal(JsonValueKind.Null, me.GetProperty("cameras").ValueKind);
        Assert.False(me.GetProperty("hasSecondFactor").GetBoolean() || me.GetProperty("mustChangePassword").GetBoolean());
        await bea.AnswerAsync("refresh", new { refreshToken = done.Text("refreshToken") });
        Assert.Equal("auth.denied", await bea.RefusedAsync("sign-in", new { user = bea.Name, password = bea.Password }));
        await ToldAsync(bea, ("access_refused graphql bad_credentials", 2));
    }

    [Fact]
    public async Task is_locked_by_wrong_passwords_at_all_doors_together()
    {
        await using Person cleo = await Person.MakeAsync(Host, office.Admin, "operator");
        object wrong = new { password = "wrong", new_password = Next };
        for (int i = 0; i < 2; i++)
        {
            Assert.Equal("auth.denied", (await Scene.RefusedAsync(cleo.Rpc, "change_own_password", wrong)).Data.Text("code"));
            Assert.Equal("auth.denied", (await ErrorAsync(cleo, "wrong", Next)).Text("code"));
        }

        Assert.Equal("auth.locked", await cleo.RefusedAsync("sign-in", new { user = cleo.Name, password = "wrong" }));
        RpcException locked = await Scene.RefusedAsync(cleo.Rpc, "enrol_own_second_factor", new { password = cleo.Password });
        Assert.Equal((-32040, "auth.locked"), (locked.Code, locked.Data.Text("code")));
        Assert.InRange(locked.Data.Number("retry_after_ms"), 1, 30_000);
        JsonElement later = await ErrorAsync(cleo, cleo.Password, Next);
        Assert.Equal(("TooManyAttemptsError", "auth.locked"), (later.Text("__typename"), later.Text("code")));
        Assert.InRange(later.Number("retryAfterSeconds"), 1, 30);
        Assert.Equal(
            "1", await Host.SqlAsync($"select count(*) from events.mt_events where type = 'user_locked' and stream_id = '{cleo.Account}'"));

        // Whoever is in stays in, and can leave.
        await cleo.Rpc.CallAsync("who_am_i");
        await cleo.Rpc.CallAsync("end_own_sessions");
        Assert.Equal(-32001, (await Scene.RefusedAsync(cleo.Rpc, "who_am_i")).Code);
    }

    [Fact]
    public async Task is_tried_as_often_as_one_address_may_at_all_doors_together()
    {
        await using Person dora = await Person.MakeAsync(Host, office.Admin, "viewer");

        // Right passwords count, too, and nothing is changed by taking away what is not there. Two came before.
        JsonElement signed = await dora.AnswerAsync("sign-in", new { user = dora.Name, password = dora.Password });
        Func<Task<string>>[] doors = [() => ByRpcAsync(dora), () => ByGraphAsync(dora), () => ByHttpAsync(dora)];
        int count = 2;
        while (count < 60 && await doors[count % doors.Length]() != "auth.rate_limited")
        {
            count++;
        }

        // Twenty, and one for each two seconds that they took.
        Assert.InRange(count, 20, 59);
        foreach (Func<Task<string>> door in doors)
        {
            await Until.TrueAsync(async () => await door() == "auth.rate_limited", Limit, "no attempt to be left");
        }

        await Until.TrueAsync(
            async () => await Host.SqlAsync(
                "select count(distinct data->>'way') from events.mt_events where type = 'access_refused' "
                + "and data->>'why' = 'rate_limited'") == "3",
            Limit,
            "the audit to know of it by each door");

        // Another address is another matter, and so is what takes no password.
        await using Person eve = await Person.MakeAsync(Host, office.Admin, "viewer");
        await dora.Rpc.CallAsync("who_am_i");
        await dora.AnswerAsync("refresh", new { refreshToken = signed.Text("refreshToken") });
    }

    [Fact]
    public async Task gets_a_second_factor_and_loses_it_again()
    {
        await using Person fay = await Person.MakeAsync(Host, office.Admin, "admin");
        JsonElement enrolled = await fay.Rpc.CallAsync("enrol_own_second_factor", new { password = fay.Password });
        string secret = enrolled.Text("secret");
        string address = enrolled.Text("address");
        Assert.StartsWith($"otpauth://totp/Events:{fay.Name}?secret={secret}&issuer=Events", address, StringComparison.Ordinal);
        await fay.SignInAsync(fay.Password); // Not confirmed, it does not count.
        RpcException wrong = await Scene.RefusedAsync(fay.Rpc, "confirm_own_second_factor", new { password = fay.Password, code = "12345" });
        Assert.Equal((-32602, "auth.denied"), (wrong.Code, wrong.Data.Text("code")));

        // The one before is taken, too: three in a row take no minute then.
        long step = await OneTimeCode.StepAsync() - 1;
        JsonElement account = await fay.Rpc.CallAsync(
            "confirm_own_second_factor", new { password = fay.Password, code = OneTimeCode.Of(secret, step) });
        Assert.True(account.GetProperty("has_second_factor").GetBoolean());
        RpcException needed = await Scene.RefusedAsync(fay.Rpc, "change_own_password", new { password = fay.Password, new_password = Next });
        Assert.Equal((-32602, "code", "auth.code_needed"), (needed.Code, needed.Data.Text("param"), needed.Data.Text("code")));
        JsonElement also = await ErrorAsync(fay, fay.Password, Next);
        Assert.Equal(("code", "auth.code_needed"), (also.Text("field"), also.Text("code")));
        Assert.Equal("auth.code_needed", await fay.RefusedAsync("sign-in", new { user = fay.Name, password = fay.Password }));

        string used = OneTimeCode.Of(secret, step + 1);
        string token = await fay.SignInAsync(fay.Password, used);
        RpcException again = await Scene.RefusedAsync(fay.Rpc, "remove_own_second_factor", new { password = fay.Password, code = used });
        Assert.Equal("auth.denied", again.Data.Text("code"));
        JsonElement removed = (await new GraphQLClient(Host, token, fay.Http).AskAsync(
            Remove, new { p = fay.Password, c = OneTimeCode.Of(secret, step + 2) })).GetProperty("removeOwnSecondFactor");
        Assert.False(removed.GetProperty("me").GetProperty("hasSecondFactor").GetBoolean());
        await fay.SignInAsync(fay.Password);
        await fay.Rpc.CallAsync("who_am_i"); // Her first session went on all the while.
        Assert.Equal(
            "user_second_factor_enrolled user_second_factor_confirmed user_second_factor_used user_second_factor_used "
            + "user_second_factor_removed",
            await Host.SqlAsync(
                "select string_agg(type, ' ' order by seq_id) from events.mt_events where type like 'user_second_factor_%' "
                + $"and stream_id = '{fay.Account}' and user_name = stream_id"));
        await LeavesNothingAsync(secret, fay.Password, Next);
    }

    [Fact]
    public async Task gets_a_second_factor_by_graphql()
    {
        await using Person gil = await Person.MakeAsync(Host, office.Admin, "viewer");
        JsonElement enrolled = (await gil.Graph.AskAsync(
            "mutation($p: String!) { enrolOwnSecondFactor(input: { password: $p }) { secret address errors { __typename } } }",
            new { p = gil.Password })).GetProperty("enrolOwnSecondFactor");
        string secret = enrolled.Text("secret");
        Assert.StartsWith("otpauth://totp/", enrolled.Text("address"), StringComparison.Ordinal);
        JsonElement confirmed = (await gil.Graph.AskAsync(
            "mutation($p: String!, $c: String!) { confirmOwnSecondFactor(input: { password: $p, code: $c }) { me { hasSecondFactor } } }",
            new { p = gil.Password, c = OneTimeCode.Of(secret, await OneTimeCode.StepAsync()) })).GetProperty("confirmOwnSecondFactor");
        Assert.True(confirmed.GetProperty("me").GetProperty("hasSecondFactor").GetBoolean());
        Assert.Equal("auth.code_needed", await gil.RefusedAsync("sign-in", new { user = gil.Name, password = gil.Password }));
    }

    [Fact]
    public async Task ends_all_its_sessions_from_any_of_them()
    {
        await using Person hal = await Person.MakeAsync(Host, office.Admin, "operator");
        await using RpcClient desk = await hal.ConnectAsync(await hal.SignInAsync(hal.Password));
        Assert.True((await desk.CallAsync("end_own_sessions")).GetProperty("ended").GetBoolean());
        Assert.Equal(-32001, (await Scene.RefusedAsync(hal.Rpc, "who_am_i")).Code);
        Assert.Equal(-32001, (await Scene.RefusedAsync(desk, "who_am_i")).Code);

        var first = new GraphQLClient(Host, await hal.SignInAsync(hal.Password));
        var second = new GraphQLClient(Host, await hal.SignInAsync(hal.Password));
        JsonElement ended = (await first.AskAsync("mutation { endOwnSessions { position errors { __typename } } }")).GetProperty("endOwnSessions");
        Assert.Equal(JsonValueKind.String, ended.GetProperty("position").ValueKind);
        Assert.Equal("UNAUTHENTICATED", await first.CodeAsync("{ me { role } }"));
        Assert.Equal("UNAUTHENTICATED", await second.CodeAsync("{ me { role } }"));
    }

    [Fact]
    public async Task is_nothing_that_a_key_or_another_token_has()
    {
        JsonElement key = await office.Admin.CallAsync(
            "issue_api_key", new { name = "Wall of screens", role = "viewer", cameras = new[] { Office.Device } });
        string token = (await Host.CliAsync("token", "--role", "auditor", "--user", "desk 7")).Ok().Trim();
        foreach ((string secret, string[] who) in new[]
        {
            (key.Text("secret"), new[] { $"key-{key.Text("id")}", "Wall of screens", "key", "viewer", Office.Device }),
            (token, ["desk 7", "desk 7", "token", "auditor", ""]),
        })
        {
            await using RpcClient client = await Host.ConnectAsync(role: null);
            await client.CallAsync("authenticate", new { auth_token = secret });
            JsonElement account = await client.CallAsync("who_am_i");
            string cameras = account.TryGetProperty("cameras", out JsonElement some)
                ? string.Join(' ', some.EnumerateArray().Select(camera => camera.GetString()))
                : "";
            string[] shown = [account.Text("account"), account.Text("name"), account.Text("kind"), account.Text("role"), cameras];
            Assert.Equal(who, shown);
            foreach ((string method, object given) in new (string, object)[]
            {
                ("change_own_password", new { password = "x", new_password = Next }), ("enrol_own_second_factor", new { password = "x" }),
                ("confirm_own_second_factor", new { password = "x", code = "123456" }), ("remove_own_second_factor", new { password = "x" }),
                ("end_own_sessions", new { }),
            })
            {
                RpcException refused = await Scene.RefusedAsync(client, method, given);
                Assert.Equal((-32020, "user.not_signed_in"), (refused.Code, refused.Data.Text("code")));
            }

            var graph = new GraphQLClient(Host, secret);
            Assert.Equal(who[2].ToUpperInvariant(), (await graph.AskAsync("{ me { kind } }")).GetProperty("me").Text("kind"));
            JsonElement error = (await graph.AskAsync(Change, new { p = "x", n = Next }))
                .GetProperty("changeOwnPassword").GetProperty("errors")[0];
            Assert.Equal(("WrongStateError", "user.not_signed_in"), (error.Text("__typename"), error.Text("code")));
            JsonElement end = (await graph.AskAsync("mutation { endOwnSessions { errors { ... on WrongStateError { code } } } }"))
                .GetProperty("endOwnSessions");
            Assert.Equal("user.not_signed_in", end.GetProperty("errors")[0].Text("code"));
        }

        Assert.Equal("AUTH_NOT_AUTHENTICATED", await new GraphQLClient(Host, null).CodeAsync("{ me { role } }"));
    }

    private static async Task<JsonElement> ErrorAsync(Person person, string password, string next) =>
        (await person.Graph.AskAsync(Change, new { p = password, n = next })).GetProperty("changeOwnPassword").GetProperty("errors")[0];

    /// <returns>The code of the refusal; empty when it was done.</returns>
    private static async Task<string> ByRpcAsync(Person person)
    {
        try
        {
            await person.Rpc.CallAsync("remove_own_second_factor", new { password = person.Password });
            return "";
        }
        catch (RpcException limited) when (limited.Code == -32040)
        {
            return limited.Data.Text("code");
        }
    }

    /// <inheritdoc cref="ByRpcAsync"/>
    private static async Task<string> ByGraphAsync(Person person)
    {
        JsonElement errors = (await person.Graph.AskAsync(Remove, new { p = person.Password }))
            .GetProperty("removeOwnSecondFactor").GetProperty("errors");
        return errors.ValueKind == JsonValueKind.Null ? "" : errors[0].Text("code");
    }

    /// <inheritdoc cref="ByRpcAsync"/>
    private static async Task<string> ByHttpAsync(Person person)
    {
        using HttpResponseMessage answer = await person.PostAsync("sign-in", new { user = person.Name, password = person.Password });
        return answer.IsSuccessStatusCode ? "" : JsonElement.Parse(await answer.Content.ReadAsStringAsync(Cancel)).Text("code");
    }

    /// <summary>How often access by this person was told of, from where she is.</summary>
    private async Task ToldAsync(Person person, params (string What, int Count)[] expected)
    {
        Dictionary<string, int> told = [];
        await Until.TrueAsync(
            async () =>
            {
                JsonElement facts = await new GraphQLClient(Host, await Host.TokenAsync("auditor")).AskAsync(
                    "{ events(first: 500, types: [\"access_granted\", \"access_refused\"]) { nodes { type data } } }");
                told.Clear();
                foreach (JsonElement node in facts.GetProperty("events").GetProperty("nodes").EnumerateArray())
                {
                    JsonElement data = node.GetProperty("data");
                    if (data.Text("who") == person.Name && data.Text("from") == person.Address.ToString())
                    {
                        string why = data.TryGetProperty("why", out JsonElement word) ? $" {word.GetString()}" : "";
                        string what = $"{node.Text("type")} {data.Text("way")}{why}";
                        told[what] = told.GetValueOrDefault(what) + (int)data.Number("count");
                    }
                }

                return expected.All(one => told.GetValueOrDefault(one.What) == one.Count);
            },
            Limit,
            () => $"{string.Join("; ", expected)}; told: {string.Join("; ", told)}");
    }

    private async Task LeavesNothingAsync(params string[] secrets)
    {
        var planted = new Planted(secrets);
        Assert.Empty(planted.In("printed", Host.Output));
        Assert.Empty(planted.In(
            "the log", await Host.SqlAsync("select string_agg(data::text || headers::text, ' ') from events.mt_events")));
        Assert.Empty(planted.InFolder(Host.Data));
    }
}
