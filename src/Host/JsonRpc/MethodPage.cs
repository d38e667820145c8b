using System.Globalization;
using System.Text;
using Events.Host.Security;

namespace Events.Host.JsonRpc;

/// <summary>Writes <c>docs/api/json-rpc.md</c> from the two tables of methods, so that it cannot be out of date.</summary>
internal static class MethodPage
{
    private const string Head = """
        # JSON-RPC

        Made from the table in `src/Host/JsonRpc/MethodTable.cs`; a test fails when the two differ
        (`EVENTS_WRITE_DOCS=1 ./events test JSON_RPC_page` writes it anew).

        One WebSocket at `ws://host:8002/ws`, one JSON-RPC 2.0 message in each text frame; batches of 1 to 50 requests are taken,
        too. Parameters are given by name, in an object. `authenticate` logs the socket in; a token that expires later gets
        -32001 on the next call, and the socket stays open for a new login. The calls of one socket run in order.

        A socket that has never logged in is closed after 150 s (1008). While all places are taken, a newcomer gets that of the
        oldest one that has been open for 10 s without a login; it is closed with 1013. If there is none, the newcomer is answered
        with status 503.

        Checks come in this order: rate, method, login, role, readiness, parameters.

        ## Words in the tables
        | word | meaning |
        | --- | --- |
        | `camera` | `camera0`, `camera1`, ...: given once, never reused |
        | `instant` | RFC 3339 in UTC with whole seconds: `2026-03-01T12:00:00Z` |
        | `count`, `positive` | a whole number from 0, from 1 |
        | `number`, `percent` | any number from 0; from 0 to 100 |
        | `size` | width and height of a picture: `1280x720` |
        | `span` | a length of time as Go writes it: `300s`, `2.5s` |
        | `url` | an absolute address, rtsp, http or https |
        | `text`, `bool`, `object` | of any content |
        | `[X]`, `{*: X}` | a list of X; an object whose members are all X |
        | `name?` | may be left out; nothing is ever null |

        ## Errors
        `error.data` is an object with at least `reason`.

        | code | message | when | more in `data` |
        | --- | --- | --- | --- |
        | -32700 | Parse error | not JSON, or nested too deeply | |
        | -32600 | Invalid Request | not a request; a batch that is empty or too long | `hint` |
        | -32601 | Method not found | | `hint` |
        | -32602 | Invalid parameters | a parameter is missing or wrong | `param`, `rule`, `hint` |
        | -32603 | Internal server error | a fault of the server; its log has the same id | `request_id` |
        | -32001 | Authentication failed or token expired | `auth_required` or `auth_failed` | `suggestion` |
        | -32002 | Permission denied | the role is too low | `required_role`, `have_role` |
        | -32002 | Permission denied | it is not for a caller that is limited to some cameras | |
        | -32010 | Resource not found | camera, recording, snapshot or stream | `resource`, `id` |
        | -32020 | Invalid state | e.g. recording already, or not at all | `state`, `allowed_states` |
        | -32030 | Unsupported | switched off, or not to be had here | `feature` |
        | -32040 | Rate limited | too many calls | `retry_after_ms` |
        | -32050 | Dependency failed | camera, disk or PostgreSQL; not ready after a start | `dependency`, `detail` |

        Any method may answer with -32040, -32602 and -32603, each but `ping` and `authenticate` also with -32001 and -32002. The
        tables name the others.


        """;

    private const string Administration = """
        ## Administration
        Made from `src/Host/JsonRpc/AdministrationTable.cs`. The older service has none of these methods, and its clients need not
        know them. They are called on the same socket after the same login, and do what GraphQL does with keys, users, and what is
        one's own.

        - A parameter that a method does not take is -32602 with the rule `unknown`: a limit that is misspelled would leave a key
          without it.
        - `error.data` has the refusal's stable `code`, as GraphQL has it, e.g. `api_key.wider`. -32020 has no states; its
          `reason` is `wrong_state`, or `conflict` when somebody else changed the same, also since `expected_version`.
        - A secret is in one answer and cannot be shown again. Passwords are in no answer.
        - One's own password, second factor and sessions are of who logged in by the token of a session (`POST /auth/sign-in`,
          see [security](../security.md)). Keys and other tokens get -32020 with the code `user.not_signed_in`.
        - Whatever changes a password or a second factor asks for the password again, and counts as under `/auth`: one address has
          20 attempts, then one in two seconds, over all doors together (`auth.rate_limited`); five wrong passwords or codes lock
          the user (`auth.locked`). Both are -32040 with `retry_after_ms` and that `code`. A wrong password or code is -32602 with
          the code `auth.denied`, a code that is missing `auth.code_needed`. Each code is good once.
        - After `change_own_password` and `end_own_sessions` the socket stays open and is logged out: the next call gets -32001,
          it is told of nothing any more, and `authenticate` with a new token logs it in again. So are all other sockets of the
          user; those of GraphQL and of live pictures are closed.


        """;

    public static string Render()
    {
        var page = new StringBuilder(Head);
        page.Append("## Shapes\n");
        Append(page, MethodTable.Shapes);
        page.Append("\n## Methods\n");
        foreach (MethodRow row in MethodTable.Rows)
        {
            string role = row.Right is { } right ? AccessTokens.NameOf(Policy.LeastOf(right)) : "none, open before login";
            Append(page, row, $"role: {role}");
        }

        page.Append(Administration);
        Append(page, AdministrationTable.Shapes);
        page.Append('\n');
        foreach (MethodRow row in AdministrationTable.Rows)
        {
            Append(page, row, $"roles: {string.Join(", ", Policy.Table[row.Right!.Value].Select(AccessTokens.NameOf))}");
        }

        return page.ToString().TrimEnd() + "\n";
    }

    private static void Append(StringBuilder page, IReadOnlyDictionary<string, string> shapes)
    {
        page.Append("| name | shape |\n| --- | --- |\n");
        foreach ((string name, string shape) in shapes)
        {
            page.Append(CultureInfo.InvariantCulture, $"| {name} | {Code(shape)} |\n");
        }
    }

    private static void Append(StringBuilder page, MethodRow row, string roles)
    {
        page.Append(CultureInfo.InvariantCulture, $"### {row.Name}\n{row.Meaning}\n\n");
        page.Append(CultureInfo.InvariantCulture, $"- {roles}\n");
        foreach (ParamRow param in row.Params)
        {
            string must = param.IsRequired ? "required" : param.Default.Length > 0 ? $"default `{param.Default}`" : "optional";
            page.Append(CultureInfo.InvariantCulture, $"- `{param.Name}`: {KindOf(param)}; {must}\n");
        }

        page.Append(CultureInfo.InvariantCulture, $"- result: `{row.Result}`\n");
        if (row.Errors.Count > 0)
        {
            page.Append(CultureInfo.InvariantCulture, $"- errors: {string.Join(", ", row.Errors)}\n");
        }

        page.Append('\n');
    }

    private static string KindOf(ParamRow param) =>
        param.Kind switch
        {
            ParamKind.Camera => "camera",
            ParamKind.Text => string.Create(CultureInfo.InvariantCulture, $"text of 1 to {param.Max} characters"),
            ParamKind.FileName => "file name of letters, digits, dot, hyphen and underscore, without \"..\"",
            ParamKind.StreamUrl => "address like `rtsp://host/path`",
            ParamKind.Integer => string.Create(CultureInfo.InvariantCulture, $"whole number from {param.Min} to {param.Max}"),
            ParamKind.Number => string.Create(CultureInfo.InvariantCulture, $"number from {param.Min} to {param.Max}"),
            ParamKind.Flag => "true or false",
            ParamKind.Choice => $"one of {string.Join(", ", param.Choices!.Select(choice => $"`{choice}`"))}",
            ParamKind.Topics => "list of topics like `camera.connected`: lower case, at most 64 characters",
            ParamKind.Object => "object: `device`, `topic`, `timestamp_after`, `timestamp_before`, all of which must hold",
            ParamKind.Id => "UUID",
            ParamKind.Instant => "moment with its offset like `2027-03-01T12:00:00Z`",
            ParamKind.Cameras => string.Create(CultureInfo.InvariantCulture, $"list of 1 to {param.Max} cameras"),
            ParamKind.Scopes => $"list of some of {string.Join(", ", param.Choices!.Select(choice => $"`{choice}`"))}",
            ParamKind.Addresses => string.Create(
                CultureInfo.InvariantCulture, $"list of 1 to {param.Max} addresses or networks like `10.0.0.0/8`"),
            _ => throw new ArgumentOutOfRangeException(nameof(param), param.Kind, "No words for this kind."),
        };

    private static string Code(string shape) => $"`{shape.Replace("|", "\\|", StringComparison.Ordinal)}`";
}
