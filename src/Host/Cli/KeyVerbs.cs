using System.CommandLine;
using System.Globalization;
using Events.Host.Control;
using Events.Host.Security;

namespace Events.Host.Cli;

/// <summary><c>keys</c>: secrets with which programs come in.</summary>
internal static class KeyVerbs
{
    private const string Older = "generate";
    private const string OlderExpiry = "90d";

    public static Command Build(Option<string> format) => new("keys", "Keys with which programs come in.")
    {
        Issue(format),
        List(format),
        Rotate(format),
        Narrow(format),
        End("suspend", "Lets nobody in with a key until it is resumed.", "suspension", format),
        Resume(format),
        End("revoke", "Ends a key for good.", "revocation", format),
        KeyBookVerbs.Export(KeyId()),
        KeyBookVerbs.CleanUp(format),
        KeyBookVerbs.Stats(format),
    };

    private static Command Issue(Option<string> format)
    {
        Option<string> role = Role(isRequired: true);
        var name = new Option<string>("--name", "--description") { Description = "Whose it is, or what for.", Required = true };
        Option<string[]> cameras = Cameras();
        Option<string[]> addresses = Addresses();
        Option<string?> expires = Expires();
        Option<int?> rate = Rate();
        Option<string[]> scopes = Scopes();
        var force = new Option<bool>("--force") { Description = "Nothing: the older service's key tool knew it.", Hidden = true };
        Command issue = CommandLine.Verb(
            "issue",
            "Makes a key and prints its secret, alone, this once; as JSON, with its id.",
            [role, name, cameras, addresses, expires, rate, scopes, force, format],
            async (given, client, token) => Show(given, await client.PostAsync(
                "/control/keys",
                new KeyWish(
                    given.GetRequiredValue(role),
                    given.GetRequiredValue(name),
                    SomeOf(given.GetValue(cameras)),
                    SomeOf(given.GetValue(addresses)),
                    InstantOf(given.GetValue(expires) ?? UnaskedOf(given)),
                    given.GetValue(rate),
                    SomeOf(given.GetValue(scopes))),
                ControlJson.Default.KeyWish,
                ControlJson.Default.IssuedKey,
                token)));

        // The older service's key tool calls it so, as it calls two of the options by another name.
        issue.Aliases.Add(Older);
        return issue;
    }

    /// <summary>Who types the older tool's verb expects that tool's time: the key would else be good for ever.</summary>
    /// <returns>Null for never.</returns>
    private static string? UnaskedOf(ParseResult given) =>
        given.CommandResult.IdentifierToken.Value == Older ? OlderExpiry : null;

    private static Command List(Option<string> format)
    {
        Option<string> role = Role(isRequired: false);
        var status = new Option<string>("--status") { Description = "Only those: active, suspended, revoked or expired." };
        status.AcceptOnlyFromAmong("active", "suspended", "revoked", "expired");
        return CommandLine.Verb(
            "list", "Lists keys, the oldest first. Secrets are not kept, and not shown.", [role, status, format],
            async (given, client, token) =>
            {
                IReadOnlyList<KeyRow> all =
                    await client.GetAsync("/control/keys", ControlJson.Default.IReadOnlyListKeyRow, token);
                Tables.Keys(
                    [
                        .. all.Where(key => (given.GetValue(role) ?? key.Role) == key.Role)
                            .Where(key => (given.GetValue(status) ?? key.Status) == key.Status),
                    ],
                    CommandLine.IsJson(given));
            });
    }

    private static Command Rotate(Option<string> format)
    {
        Option<string> id = KeyId(isRequired: false);
        Option<string> role = Role(isRequired: false);
        var force = new Option<bool>("--force") { Description = "With --role: rotates all of them without asking back." };
        var overlap = new Option<string>("--overlap")
        {
            Description = "How long the old secret stays good: 0s, 30m, 24h, 7d.",
            DefaultValueFactory = _ => "24h",
        };
        return CommandLine.Verb(
            "rotate",
            "Gives a key another secret and prints it, alone, this once; or all active keys of a role, with their ids.",
            [id, role, force, overlap, format],
            async (given, client, token) =>
            {
                var rotation = new KeyRotation((int)Spans.Parse(given.GetRequiredValue(overlap), "--overlap").TotalSeconds);
                switch (given.GetValue(id), given.GetValue(role))
                {
                    case ({ } one, null):
                        Show(given, await RotateAsync(one, rotation, client, token));
                        break;
                    case (null, { } some):
                        await RotateAllAsync(some, given, given.GetValue(force), rotation, client, token);
                        break;
                    default:
                        throw new CommandFailedException("Name a key with --key-id, or all of a role with --role.");
                }
            });
    }

    private static async Task RotateAllAsync(
        string role,
        ParseResult given,
        bool isForced,
        KeyRotation rotation,
        ControlClient client,
        CancellationToken cancellationToken)
    {
        KeyRow[] keys =
        [
            .. (await KeyBookVerbs.AllAsync(client, cancellationToken)).Where(key => key.Role == role && key.Status == "active"),
        ];
        if (keys.Length > 0 && !isForced)
        {
            throw new CommandFailedException(
                $"That gives {keys.Length} keys other secrets: {string.Join(", ", keys.Select(key => key.Name))}. "
                + "Say so with --force.");
        }

        foreach (KeyRow key in keys)
        {
            // One after the other and at once: if the next one fails, this secret is not lost.
            IssuedKey rotated = await RotateAsync(key.Id, rotation, client, cancellationToken);
            Show(given, rotated, $"{rotated.Id} ");
        }
    }

    private static Task<IssuedKey> RotateAsync(
        string id, KeyRotation rotation, ControlClient client, CancellationToken cancellationToken) =>
        client.PostAsync(
            PathOf(id, "rotation"),
            rotation,
            ControlJson.Default.KeyRotation,
            ControlJson.Default.IssuedKey,
            cancellationToken);

    private static Command Narrow(Option<string> format)
    {
        Option<string> id = KeyId();
        Option<string> role = Role(isRequired: false);
        Option<string[]> cameras = Cameras();
        Option<string[]> addresses = Addresses();
        Option<string?> expires = Expires();
        Option<int?> rate = Rate();
        Option<string[]> scopes = Scopes();
        return CommandLine.Verb(
            "narrow",
            "Lets a key do less. What is not given stays as it is.",
            [id, role, cameras, addresses, expires, rate, scopes, format],
            async (given, client, token) => Show(
                await client.PostAsync(
                    PathOf(given.GetRequiredValue(id), "narrowing"),
                    new KeyNarrowing(
                        given.GetValue(role),
                        SomeOf(given.GetValue(cameras)),
                        SomeOf(given.GetValue(addresses)),
                        InstantOf(given.GetValue(expires)),
                        given.GetValue(rate),
                        SomeOf(given.GetValue(scopes))),
                    ControlJson.Default.KeyNarrowing,
                    ControlJson.Default.KeyRow,
                    token),
                given));
    }

    private static Command End(string verb, string description, string what, Option<string> format)
    {
        Option<string> id = KeyId();
        var reason = new Option<string>("--reason") { Description = "Why.", DefaultValueFactory = _ => "requested" };
        return CommandLine.Verb(verb, description, [id, reason, format], async (given, client, token) => Show(
            await client.PostAsync(
                PathOf(given.GetRequiredValue(id), what),
                new Reason(given.GetRequiredValue(reason)),
                ControlJson.Default.Reason,
                ControlJson.Default.KeyRow,
                token),
            given));
    }

    private static Command Resume(Option<string> format)
    {
        Option<string> id = KeyId();
        return CommandLine.Verb("resume", "Ends a suspension.", [id, format], async (given, client, token) => Show(
            await client.PostAsync(
                PathOf(given.GetRequiredValue(id), "resumption"),
                new NothingMore(),
                ControlJson.Default.NothingMore,
                ControlJson.Default.KeyRow,
                token),
            given));
    }

    private static Option<string> KeyId(bool isRequired = true) =>
        new("--key-id") { Description = "The key's id, as keys list has it. No secret.", Required = isRequired };

    private static Option<string> Role(bool isRequired)
    {
        var role = new Option<string>("--role") { Description = "viewer, operator, admin or auditor.", Required = isRequired };
        role.AcceptOnlyFromAmong("viewer", "operator", "admin", "auditor");
        return role;
    }

    private static Option<string[]> Cameras() => new("--camera")
    {
        Description = "A camera it may know of: camera0, its id, or its name. Repeatable; without it, all.",
    };

    private static Option<string[]> Addresses() => new("--address")
    {
        Description = "Where it may be used from: an address or a network like 10.0.0.0/8. Repeatable; without it, anywhere.",
    };

    private static Option<string?> Expires() => new("--expires", "--expiry")
    {
        Description = "When it ends: in 90s, 30m, 24h or 30d, or at 2027-01-31T00:00:00Z. Without it, never.",
    };

    private static Option<int?> Rate() => new("--calls-per-second")
    {
        Description = "Calls and requests that it may make over all it has open, 1 to 100000. Without it, as any account.",
    };

    private static Option<string[]> Scopes()
    {
        var scopes = new Option<string[]>("--scope")
        {
            Description = $"A right of the role that it has: {string.Join(", ", ScopeNames.All)}. Repeatable; without it, all.",
        };
        scopes.AcceptOnlyFromAmong([.. ScopeNames.All]);
        return scopes;
    }

    private static string PathOf(string id, string what) => $"/control/keys/{Uri.EscapeDataString(id)}/{what}";

    private static string[]? SomeOf(string[]? given) => given is { Length: > 0 } ? given : null;

    /// <exception cref="CommandFailedException">It is neither a span nor an instant.</exception>
    private static DateTimeOffset? InstantOf(string? text) =>
        text is null ? null
        : DateTimeOffset.TryParse(
            text,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out DateTimeOffset at) ? at
        : TimeProvider.System.GetUtcNow().Add(Spans.Parse(text, "--expires"));

    /// <param name="before">What stands before the secret, in text.</param>
    private static void Show(ParseResult given, IssuedKey key, string before = "")
    {
        if (CommandLine.IsJson(given))
        {
            CommandLine.Print(key, ControlJson.Default.IssuedKey);
        }
        else
        {
            Console.Out.WriteLine(before + key.Secret);
        }
    }

    private static void Show(KeyRow key, ParseResult given)
    {
        if (CommandLine.IsJson(given))
        {
            CommandLine.Print(key, ControlJson.Default.KeyRow);
        }
        else
        {
            Tables.Keys([key], isJson: false);
        }
    }
}
