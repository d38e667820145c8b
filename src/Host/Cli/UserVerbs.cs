using System.CommandLine;
using Events.Host.Control;

namespace Events.Host.Cli;

/// <summary><c>users</c>: people who sign in with a name and a password.</summary>
internal static class UserVerbs
{
    public static Command Build(Option<string> format)
    {
        Option<string> name = new("--name") { Description = "The user's name.", Required = true };
        var role = new Option<string>("--role") { Description = "viewer, operator, admin or auditor.", Required = true };
        role.AcceptOnlyFromAmong("viewer", "operator", "admin", "auditor");
        var reads = new Option<bool>("--password-stdin")
        {
            Description = "Read the password from standard input. Without it one is made up, printed alone (as JSON, with the "
                + "user), and to be changed.",
        };
        var reason = new Option<string>("--reason") { Description = "Why.", DefaultValueFactory = _ => "requested" };
        return new Command("users", "People who sign in.")
        {
            CommandLine.Verb("list", "Lists users.", [format], async (given, client, token) => Tables.Users(
                await client.GetAsync("/control/users", ControlJson.Default.IReadOnlyListUserRow, token),
                CommandLine.IsJson(given))),
            Add(name, role, reads, format),
            CommandLine.Verb("password", "Gives a user another password. All sessions end.", [name, reads, format],
                async (given, client, token) => Show(
                    await client.PostAsync(
                        PathOf(given.GetRequiredValue(name), "password"),
                        new NewPassword(PasswordIn(given.GetValue(reads))),
                        ControlJson.Default.NewPassword,
                        ControlJson.Default.UserMade,
                        token),
                    given)),
            CommandLine.Verb("role", "Gives a user another role. All sessions end.", [name, role, format],
                async (given, client, token) => Show(
                    await client.PostAsync(
                        PathOf(given.GetRequiredValue(name), "role"),
                        new NewRole(given.GetRequiredValue(role)),
                        ControlJson.Default.NewRole,
                        ControlJson.Default.UserRow,
                        token),
                    given)),
            ChangeCameras(name, format),
            CommandLine.Verb("disable", "Shuts a user out. All sessions end.", [name, reason, format],
                async (given, client, token) => Show(
                    await client.PostAsync(
                        PathOf(given.GetRequiredValue(name), "disabling"),
                        new Reason(given.GetRequiredValue(reason)),
                        ControlJson.Default.Reason,
                        ControlJson.Default.UserRow,
                        token),
                    given)),
            Erase(name, format),
            Plain("enable", "Lets a user in again.", "enabling", name, format),
            Plain("unlock", "Ends a lock for wrong passwords.", "unlocking", name, format),
            Plain("remove-second-factor", "Takes the second factor from a user whose device is lost.",
                "second-factor-removal", name, format),
            Plain("end-sessions", "Ends all sessions of a user.", "sessions-end", name, format),
        };
    }

    private static Command Add(Option<string> name, Option<string> role, Option<bool> reads, Option<string> format)
    {
        Option<string[]> cameras = Cameras("Without it, all.");
        return CommandLine.Verb("add", "Makes a user.", [name, role, cameras, reads, format],
            async (given, client, token) => Show(
                await client.PostAsync(
                    "/control/users",
                    new UserDraft(
                        given.GetRequiredValue(name),
                        given.GetRequiredValue(role),
                        PasswordIn(given.GetValue(reads)),
                        SomeOf(given.GetValue(cameras))),
                    ControlJson.Default.UserDraft,
                    ControlJson.Default.UserMade,
                    token),
                given));
    }

    private static Command ChangeCameras(Option<string> name, Option<string> format)
    {
        Option<string[]> cameras = Cameras("All that are not named are out.");
        var all = new Option<bool>("--all") { Description = "All of them, also those that are added later." };
        return CommandLine.Verb(
            "cameras",
            "Says which cameras a viewer or operator may know of. All sessions end.",
            [name, cameras, all, format],
            async (given, client, token) =>
            {
                string[]? some = SomeOf(given.GetValue(cameras));
                if (some is null != given.GetValue(all))
                {
                    throw new CommandFailedException("Name cameras with --camera, or say --all.");
                }

                Show(
                    await client.PostAsync(
                        PathOf(given.GetRequiredValue(name), "cameras"),
                        new NewCameras(some),
                        ControlJson.Default.NewCameras,
                        ControlJson.Default.UserRow,
                        token),
                    given);
            });
    }

    private static Command Erase(Option<string> name, Option<string> format)
    {
        Option<string> why = new("--reason") { Description = "Why. It stays readable; name nobody in it.", Required = true };
        return CommandLine.Verb(
            "erase",
            "Forgets a person for good: name, addresses and what was written about the user. The facts stay, and stay proved. "
                + "The user has to be disabled first.",
            [name, why, format],
            async (given, client, token) =>
            {
                UserGone gone = await client.PostAsync(
                    PathOf(given.GetRequiredValue(name), "erasure"),
                    new Reason(given.GetRequiredValue(why)),
                    ControlJson.Default.Reason,
                    ControlJson.Default.UserGone,
                    token);
                if (CommandLine.IsJson(given))
                {
                    CommandLine.Print(gone, ControlJson.Default.UserGone);
                }
                else
                {
                    Console.Out.WriteLine(
                        $"The person is erased. What {gone.Account} did stays in the log. Backups of before can still be read "
                        + "by whoever has their keys, until they are pruned.");
                }
            });
    }

    private static Command Plain(string verb, string description, string what, Option<string> name, Option<string> format) =>
        CommandLine.Verb(verb, description, [name, format], async (given, client, token) => Show(
            await client.PostAsync(
                PathOf(given.GetRequiredValue(name), what),
                new NothingMore(),
                ControlJson.Default.NothingMore,
                ControlJson.Default.UserRow,
                token),
            given));

    private static Option<string[]> Cameras(string more) => new("--camera")
    {
        Description = $"A camera that the user may know of: camera0, its id, or its name. Repeatable. {more}",
    };

    private static string[]? SomeOf(string[]? given) => given is { Length: > 0 } ? given : null;

    private static string PathOf(string name, string what) => $"/control/users/{Uri.EscapeDataString(name)}/{what}";

    private static string? PasswordIn(bool reads) => reads ? Console.In.ReadLine() ?? string.Empty : null;

    private static void Show(UserMade made, ParseResult given)
    {
        if (made.Password is not { } password)
        {
            Show(made.User, given);
        }
        else if (CommandLine.IsJson(given))
        {
            CommandLine.Print(made, ControlJson.Default.UserMade);
        }
        else
        {
            Console.Out.WriteLine(password);
        }
    }

    private static void Show(UserRow user, ParseResult given)
    {
        if (CommandLine.IsJson(given))
        {
            CommandLine.Print(user, ControlJson.Default.UserRow);
        }
        else
        {
            Tables.Users([user], isJson: false);
        }
    }
}
