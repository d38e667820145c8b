using System.CommandLine;
using System.CommandLine.Help;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Events.Host.Control;
using Events.Host.Settings;

namespace Events.Host.Cli;

/// <summary>The command line: <c>up</c> runs the host, every other verb speaks to a running one.</summary>
internal static class CommandLine
{
    /// <summary>How long a token is good that is asked for as the older generator had it, without saying how long.</summary>
    private const int OlderTokenHours = 48;

    private static readonly Option<string?> _config = new("--config")
    {
        Description = "A settings file. Default ./events.yaml, when it is there.",
        Recursive = true,
    };

    private static readonly Option<string> _data = new("--data")
    {
        Description = "The data folder of the installation. Default: as the settings say, or ./data.",
        DefaultValueFactory = given => FolderIn(given.GetValue(_config)),
        Recursive = true,
    };

    private static readonly Option<string> _format = new("--format")
    {
        Description = "How to print: table or json.",
        DefaultValueFactory = _ => "table",
    };

    static CommandLine() => _format.AcceptOnlyFromAmong("table", "json");

    public static Command Build()
    {
        // Not a RootCommand, whose help calls it by the name of its file; people call the script.
        var root = new Command("events", "Events: an event-sourced camera backend.")
        {
            new HelpOption(),
            new VersionOption(),
            UpCommand.Build(_data, _config),
            Camera(),
            Recording(),
            Snapshot(),
            RetentionVerbs.Build(_format),
            KeyVerbs.Build(_format),
            UserVerbs.Build(_format),
            SecretsVerbs.Build(_format),
            AuditVerbs.Build(_data, _format),
            ProjectionVerbs.Build(_data, _format),
            PastVerbs.Replay(_data, _format),
            PastVerbs.Diff(_data, _format),
            MigrateVerb.Build(_data),
            BackupVerbs.Backup(_data, _format),
            BackupVerbs.Restore(_data, _format),
            Token(),
            Database(),
            Status(),
        };
        root.Options.Add(_data);
        root.Options.Add(_config);
        return root;
    }

    /// <summary>The settings file that was named; null for the usual one.</summary>
    public static string? ConfigOf(ParseResult given) => given.GetValue(_config);

    /// <returns>
    /// What is wrong with the settings file that was named for a verb; null when there is nothing. Without a word the verb would
    /// speak to another installation. <c>up</c> says it by itself.
    /// </returns>
    public static string? WrongFileOf(ParseResult given)
    {
        if (given.CommandResult.Command.Name == "up" || given.GetResult(_config) is not { Implicit: false })
        {
            return null;
        }

        try
        {
            SettingsReader.Read(SettingsSources.OfProcess(ConfigOf(given), new Dictionary<string, string>()), []);
            return null;
        }
        catch (SettingsException e)
        {
            return e.Message;
        }
    }

    /// <summary>Where a host with these settings keeps its data. One with wrong settings does not run.</summary>
    private static string FolderIn(string? config)
    {
        const string usual = "./data";
        try
        {
            var sources = SettingsSources.OfProcess(config, new Dictionary<string, string>());
            string folder = SettingsReader.Read(sources, []).Data.Folder;
            return folder == Path.GetFullPath(usual) ? usual : folder;
        }
        catch (SettingsException)
        {
            return usual;
        }
    }

    private static Command Camera()
    {
        var name = new Option<string>("--name") { Description = "What people call it.", Required = true };
        var source = new Option<string>("--source")
        {
            Description = "rtsp://[user:password@]host/path, http(s)://…, v4l2:/dev/video0, file:///clip.mp4, test:pattern; "
                + "or - to read it from standard input, where no other account of this machine sees a password.",
            Required = true,
        };
        var which = new Argument<string>("camera") { Description = "camera0, its id, or its name." };
        var reason = new Option<string>("--reason") { Description = "Why.", DefaultValueFactory = _ => "requested" };
        var all = new Option<bool>("--all") { Description = "Retired ones, too." };

        return new Command("camera", "Cameras.")
        {
            Verb("add", "Registers a camera.", [name, source, _format], async (given, client, token) => Show(
                await client.PostAsync(
                    "/control/cameras",
                    new CameraDraft(given.GetRequiredValue(name), SourceIn(given.GetRequiredValue(source))),
                    ControlJson.Default.CameraDraft,
                    ControlJson.Default.CameraRow,
                    token),
                given)),
            Verb("list", "Lists cameras.", [all, _format], async (given, client, token) => Tables.Cameras(
                await client.GetAsync(
                    $"/control/cameras?retired={(given.GetValue(all) ? "true" : "false")}",
                    ControlJson.Default.IReadOnlyListCameraRow,
                    token),
                IsJson(given))),
            Verb("rename", "Gives a camera another name.", [which, name, _format], async (given, client, token) => Show(
                await client.PostAsync(
                    PathOf(given.GetRequiredValue(which), "name"),
                    new NewName(given.GetRequiredValue(name)),
                    ControlJson.Default.NewName,
                    ControlJson.Default.CameraRow,
                    token),
                given)),
            Verb("move", "Takes a camera's pictures from another source.", [which, source, _format],
                async (given, client, token) =>
                Show(
                    await client.PostAsync(
                        PathOf(given.GetRequiredValue(which), "source"),
                        new NewSource(SourceIn(given.GetRequiredValue(source))),
                        ControlJson.Default.NewSource,
                        ControlJson.Default.CameraRow,
                        token),
                    given)),
            Verb("retire", "Takes a camera out of service for good.", [which, reason, _format],
            async (given, client, token) => Show(
                await client.PostAsync(
                    PathOf(given.GetRequiredValue(which), "retirement"),
                    new Reason(given.GetRequiredValue(reason)),
                    ControlJson.Default.Reason,
                    ControlJson.Default.CameraRow,
                    token),
                given)),
        };
    }

    private static Command Recording()
    {
        var camera = new Option<string?>("--camera") { Description = "Only of this camera." };
        var which = new Argument<string>("recording") { Description = "Its name or its id." };
        var why = new Option<string>("--reason") { Description = "Why, in one line, e.g. a case number.", Required = true };
        var limit = new Option<int>("--limit") { Description = "At most so many, 1 to 1000.", DefaultValueFactory = _ => 100 };
        return new Command("recording", "Recordings.")
        {
            Verb("list", "Lists recordings, newest first.", [camera, limit, _format], async (given, client, token) =>
                Tables.Recordings(
                    await client.GetAsync(
                        string.Create(CultureInfo.InvariantCulture, $"/control/recordings?limit={given.GetValue(limit)}")
                        + (given.GetValue(camera) is { } one ? $"&camera={Uri.EscapeDataString(one)}" : string.Empty),
                        ControlJson.Default.IReadOnlyListRecordingRow,
                        token),
                    IsJson(given))),
            Verb("hold", "Puts a recording under legal hold: nobody can delete it.", [which, why, _format],
                (given, client, token) =>
                ChangeAsync(given, which, "hold", new Reason(given.GetRequiredValue(why)), client, token)),
            Verb("release", "Ends a legal hold.", [which, why, _format], (given, client, token) =>
                ChangeAsync(given, which, "release", new Reason(given.GetRequiredValue(why)), client, token)),
            Verb(
                "shred",
                "Destroys the key of an encrypted recording: no copy of its files can be read again. Also for a deleted one.",
                [which, why, _format],
                (given, client, token) =>
                ChangeAsync(given, which, "shred", new Reason(given.GetRequiredValue(why)), client, token)),
            Verb("delete", "Deletes a recording and its files.", [which, _format], async (given, client, token) => Show(
                await client.PostAsync(
                    $"/control/recordings/{Uri.EscapeDataString(given.GetRequiredValue(which))}/deletion",
                    new NothingMore(),
                    ControlJson.Default.NothingMore,
                    ControlJson.Default.RecordingRow,
                    token),
                given)),
        };
    }

    private static Command Snapshot()
    {
        var which = new Argument<string>("snapshot") { Description = "Its file name or its id." };
        var why = new Option<string>("--reason") { Description = "Why, in one line, e.g. a case number.", Required = true };
        return new Command("snapshot", "Snapshots.")
        {
            Verb(
                "shred",
                "Destroys the key of an encrypted snapshot: no copy of its file can be read again. Also for a deleted one.",
                [which, why, _format],
                async (given, client, token) => Tables.Snapshot(
                    await client.PostAsync(
                        $"/control/snapshots/{Uri.EscapeDataString(given.GetRequiredValue(which))}/shred",
                        new Reason(given.GetRequiredValue(why)),
                        ControlJson.Default.Reason,
                        ControlJson.Default.SnapshotRow,
                        token),
                    IsJson(given))),
        };
    }

    private static async Task ChangeAsync(
        ParseResult given, Argument<string> which, string what, Reason reason, ControlClient client, CancellationToken token) =>
        Show(
            await client.PostAsync(
                $"/control/recordings/{Uri.EscapeDataString(given.GetRequiredValue(which))}/{what}",
                reason,
                ControlJson.Default.Reason,
                ControlJson.Default.RecordingRow,
                token),
            given);

    private static Command Token()
    {
        var role = new Option<string>("--role") { Description = "viewer, operator, admin or auditor.", Required = true };
        role.AcceptOnlyFromAmong("viewer", "operator", "admin", "auditor");
        var user = new Option<string>("--user", "--user-id") { Description = "Whose.", DefaultValueFactory = _ => "local" };
        var ttl = new Option<string?>("--ttl") { Description = "How long it is good: 30m, 24h, 7d. Default: as configured." };
        var hours = new Option<int?>("--expiry-hours") { Description = "The same in hours, as the older generator has it." };
        hours.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && int.TryParse(text, out int given) && given is < 1 or > 366 * 24)
            {
                result.AddError("--expiry-hours is a number of hours from 1 to 8784.");
            }
        });
        var secret = new Option<string?>("--secret-key")
        {
            Description = "Nothing: the older generator signed with what it was given.", Hidden = true,
        };
        var form = new Option<string>("--format")
        {
            Description = "token: alone; or json.", DefaultValueFactory = _ => "token",
        };
        form.AcceptOnlyFromAmong("token", "json");
        Symbol[] options = [role, user, ttl, hours, secret, form];
        return Verb("token", "Prints an access token, alone.", options, async (given, client, token) =>
        {
            bool isSecretGiven = given.GetResult(secret) is { Implicit: false };
            if (isSecretGiven)
            {
                await Console.Error.WriteLineAsync(
                    "--secret-key is passed over: the installation signs with its own secret, Security.JwtSecretKey.");
            }

            int? life = given.GetValue(hours);
            if (life is null && (isSecretGiven || given.GetResult(user)?.IdentifierToken?.Value == "--user-id"))
            {
                life = OlderTokenHours;
            }

            long? seconds = given.GetValue(ttl) is { } text ? (long)Spans.Parse(text, "--ttl").TotalSeconds : life * 3_600L;
            IssuedToken issued = await client.PostAsync(
                "/control/tokens",
                new TokenWish(given.GetRequiredValue(role), given.GetRequiredValue(user), seconds),
                ControlJson.Default.TokenWish,
                ControlJson.Default.IssuedToken,
                token);
            if (given.GetValue(form) == "json")
            {
                Print(issued, ControlJson.Default.IssuedToken);
                return;
            }

            Console.Out.WriteLine(issued.Token);
        });
    }

    private static Command Database() => new("db", "The database behind the log.")
    {
        Verb("url", "Prints a libpq connection string, alone: psql \"$(./events db url)\"", [], async (_, client, token) =>
            Console.Out.WriteLine((await client.GetAsync("/control/database", ControlJson.Default.DatabaseUrl, token)).Url)),
    };

    private static Command Status() =>
        Verb("status", "Says how a running host is.", [_format], async (given, client, token) => Tables.Status(
            await client.GetAsync("/control/status", ControlJson.Default.StatusReport, token), IsJson(given)));

    internal static Command Verb(
        string name, string description, Symbol[] symbols, Func<ParseResult, ControlClient, CancellationToken, Task> run)
    {
        var command = new Command(name, description);
        foreach (Symbol symbol in symbols)
        {
            if (symbol is Argument argument)
            {
                command.Arguments.Add(argument);
            }
            else
            {
                command.Options.Add((Option)symbol);
            }
        }

        command.SetAction(async (given, cancellationToken) =>
        {
            try
            {
                using ControlClient client = ControlClient.For(given.GetRequiredValue(_data));
                await run(given, client, cancellationToken);
                return 0;
            }
            catch (CommandFailedException e)
            {
                await Console.Error.WriteLineAsync(e.Message);
                return 1;
            }
        });
        return command;
    }

    private static string PathOf(string camera, string what) => $"/control/cameras/{Uri.EscapeDataString(camera)}/{what}";

    internal static bool IsJson(ParseResult given) => given.GetValue(_format) == "json";

    private static string SourceIn(string option) =>
        option == "-" ? (Console.In.ReadLine() ?? string.Empty).Trim() : option;

    private static void Show(CameraRow camera, ParseResult given)
    {
        if (IsJson(given))
        {
            Print(camera, ControlJson.Default.CameraRow);
        }
        else
        {
            Tables.Cameras([camera], isJson: false);
        }
    }

    private static void Show(RecordingRow recording, ParseResult given)
    {
        if (IsJson(given))
        {
            Print(recording, ControlJson.Default.RecordingRow);
        }
        else
        {
            Tables.Recordings([recording], isJson: false);
        }
    }

    internal static void Print<T>(T value, JsonTypeInfo<T> json) => Console.Out.WriteLine(JsonSerializer.Serialize(value, json));
}
