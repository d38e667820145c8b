using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Events.Application.Contracts;
using Events.EventStore.Seals;
using Events.Host.Audit;
using Events.Host.Control;
using Npgsql;

namespace Events.Host.Cli;

/// <summary><c>audit</c>: what proves the log, and whether it does.</summary>
internal static class AuditVerbs
{
    /// <summary>Everything that was looked at is as it was sealed.</summary>
    public const int ProvenCode = 0;

    /// <summary>Something contradicts the seals.</summary>
    public const int ContradictedCode = 1;

    /// <summary>No verdict: the log cannot be reached, or there is nothing to hold it against.</summary>
    public const int UndecidedCode = 2;

    /// <summary>What was typed makes no sense.</summary>
    public const int UsageCode = 3;

    private const AuditLevels Usual = AuditLevels.Heads | AuditLevels.Tiles | AuditLevels.Events;

    private static readonly Dictionary<string, AuditLevels> _levels = new(StringComparer.Ordinal)
    {
        ["heads"] = AuditLevels.Heads,
        ["tiles"] = AuditLevels.Heads | AuditLevels.Tiles,
        ["events"] = Usual,
        ["anchors"] = AuditLevels.Heads | AuditLevels.Anchors,
        ["files"] = AuditLevels.Files,
        ["side"] = AuditLevels.Side,
        ["all"] = Usual | AuditLevels.Anchors | AuditLevels.Files | AuditLevels.Side,
    };

    public static Command Build(Option<string> data, Option<string> format) =>
        new("audit", "Whether the log is what was written, and who touched what.")
        {
            Verify(data, format),
            Status(data, format),
            BundleVerbs.Export(data, format),
            BundleVerbs.Verify(format),
            Fork(format),
            Witnessed(format),
            RotateKey(format),
            Adopt(format),
            PastVerbs.TrailOf(data, format),
            CustodyVerb.Build(data, format),
            CompareVerb.Build(data, format),
        };

    /// <summary>Whether a command line that could not be read was meant for an audit, whose exit codes are its own.</summary>
    public static bool Owns(ParseResult given) =>
        given.CommandResult.Command.Name == "audit" || given.CommandResult.Command.Parents.Any(one => one.Name == "audit");

    private static Command Verify(Option<string> data, Option<string> format)
    {
        var from = new Option<long>("--from") { Description = "First position to look at." };
        var to = new Option<long>("--to") { Description = "Last position to look at.", DefaultValueFactory = _ => long.MaxValue };
        Option<string[]> level = Level();
        var files = new Option<bool>("--files")
        {
            Description = "Compare files of recordings and snapshots with their facts, too.",
        };
        Option<string?> anchors = Text(
            "--anchors",
            "What was kept outside: a file of signed heads, one that a syslog receiver wrote, time stamps, or a folder of such "
            + "files. Default: Anchors.Folder.");
        var keys = new Option<string[]>("--key")
        {
            Description = "A public key that you hold (its text, or a file of them). Without it, those in the folder keys are "
                + "taken, or where there are none, those in the database.",
        };
        Option<string?> authority = Text(
            "--stamp-ca", "A file with certificates (PEM) of the time-stamp authorities that you trust.");
        var witnesses = new Option<string[]>("--witness-key")
        {
            Description = "A witness's public key that you hold, or a file of them: a head that it cosigned must be there.",
        };
        Option<string?> stolen = Text(
            "--stolen-key",
            "A public key (its text, or a file) whose private half others have had. What it signed proves only what heads that "
            + "were kept outside hold, too.");
        var above = new Option<long>("--stolen-above")
        {
            Description = "Up to so many facts the stolen key is believed: the size of a head from before the theft.",
        };
        var command = new Command("verify", "Holds the log against its seals. 0: proven, 1: contradicted, 2: could not decide.")
        {
            from, to, level, files, anchors, keys, authority, witnesses, stolen, above, format,
        };
        RefuseTurnedRange(command, from, to);
        GivenWords.RefuseEmpty(anchors, keys, authority, witnesses, stolen);
        command.SetAction((given, cancellationToken) => RunAsync(data, given, async log =>
        {
            AuditLevels levels = (given.GetValue(level) ?? []).Aggregate(default(AuditLevels), (sum, one) => sum | _levels[one]);
            levels = (levels == default ? Usual : levels) | (given.GetValue(files) ? AuditLevels.Files : default);
            AuditQuestion question = QuestionOf(
                levels,
                log.Place,
                given.GetValue(anchors),
                given.GetValue(authority),
                KeysIn(given.GetValue(witnesses) ?? [])) with
            {
                Keys = KeysIn(given.GetValue(keys) ?? []),
                Stolen = given.GetValue(stolen) is { } key ? StolenOf(key, given.GetValue(above)) : null,
                From = given.GetValue(from),
                To = given.GetValue(to),
            };
            AuditOutcome outcome = await AskAsync(log, question, AsksOutside(given.GetValue(anchors), levels), cancellationToken);
            AuditText.Write(outcome, given.GetValue(format) == "json");
            return outcome.Verdict switch { "proven" => ProvenCode, "contradicted" => ContradictedCode, _ => UndecidedCode };
        }));
        return command;
    }

    /// <summary>What is no number is told by the option itself.</summary>
    internal static void RefuseTurnedRange(Command command, Option from, Option to) =>
        command.Validators.Add(result =>
        {
            if (result.GetResult(from)?.Tokens is [{ Value: var first }] && result.GetResult(to)?.Tokens is [{ Value: var last }]
                && long.TryParse(first, CultureInfo.InvariantCulture, out long begin)
                && long.TryParse(last, CultureInfo.InvariantCulture, out long end)
                && begin > end)
            {
                result.AddError("--from is behind --to: there is nothing between them to look at.");
            }
        });

    /// <summary>Who wants all that there is does not say that there is something outside; who names it does.</summary>
    private static bool AsksOutside(string? anchors, AuditLevels levels) =>
        anchors is not null || (levels.HasFlag(AuditLevels.Anchors) && levels != _levels["all"]);

    private static Option<string?> Text(string name, string description) => new(name) { Description = description };

    private static StolenKey StolenOf(string key, long above) => new(KeysIn([key])[0], above);

    private static Option<string[]> Level()
    {
        var level = new Option<string[]>("--level")
        {
            Description = "heads, tiles, events (the usual), anchors, files, side, all; more than one with commas.",
            CustomParser = result => [.. result.Tokens.SelectMany(token => token.Value.Split(','))],
        };
        level.Validators.Add(result =>
        {
            foreach (string unknown in result.Tokens.SelectMany(token => token.Value.Split(','))
                .Where(one => !_levels.ContainsKey(one)))
            {
                result.AddError($"There is no level {unknown}. There are: {string.Join(", ", _levels.Keys)}.");
            }
        });
        return level;
    }

    /// <summary>Who names something from outside wants the log held against it.</summary>
    private static AuditQuestion QuestionOf(
        AuditLevels levels, LogPlace place, string? anchors, string? authority, List<string> witnesses)
    {
        string? kept = anchors ?? (Directory.Exists(place.Anchors) ? place.Anchors : null);
        KeptHeads heads = kept is null ? KeptHeads.None : KeptHeads.In(kept);
        bool isOutsideAsked = kept is not null || authority is not null || witnesses.Count > 0;
        return new AuditQuestion(levels | (isOutsideAsked ? AuditLevels.Anchors : default), [], place.Keys)
        {
            Anchors = heads.Notes,
            Stamps = heads.Stamps,
            Unread = heads.Unread,
            StampAuthorities = authority is null ? null : File.ReadAllText(authority),
            WitnessKeys = witnesses,
        };
    }

    private static Command Status(Option<string> data, Option<string> format)
    {
        var command = new Command("status", "Says how far the log is sealed and shown outside. Checks nothing.") { format };
        command.SetAction((given, cancellationToken) => RunAsync(data, given, async log =>
        {
            AuditStatus status = await LogAudit.StatusAsync(log.Place.Connection, cancellationToken);
            AuditText.Write(
                new AuditStatusRow(
                    log.Host is not null,
                    status.Origin,
                    status.Head?.Size ?? 0,
                    status.Head?.Position ?? 0,
                    status.Newest,
                    status.FactsSince,
                    status.Keys,
                    AnchorsOf(status, log.Place),
                    status.Head?.SignedAt,
                    log.Place.Trouble),
                given.GetValue(format) == "json");
            return ProvenCode;
        }));
        return command;
    }

    /// <summary>What a running host says of a place is newer than what the database says; of others the database knows.</summary>
    private static List<AnchorStatus> AnchorsOf(AuditStatus status, LogPlace place)
    {
        IReadOnlyList<AnchorStatus> live = place.Shown ?? [];
        return
        [
            .. live.Concat(status.Anchors.Where(old => live.All(one => one.Sink != old.Sink)))
                .Select(one => one with { Lag = Math.Max(0, (status.Head?.Size ?? 0) - one.Size) })
                .OrderBy(one => one.Sink, StringComparer.Ordinal),
        ];
    }

    private static Command Fork(Option<string> format)
    {
        var reason = new Option<string>("--reason") { Description = "Why the log was set back, in one line.", Required = true };
        return CommandLine.Verb(
            "fork",
            "Goes on with a log that was set back, under a new name. What lies between is lost, and a fact says so.",
            [reason, format],
            async (given, client, token) =>
            {
                SealFork fork = await client.PostAsync(
                    "/control/audit/fork",
                    new Reason(given.GetRequiredValue(reason)),
                    ControlJson.Default.Reason,
                    AuditJson.Default.SealFork,
                    token);
                if (CommandLine.IsJson(given))
                {
                    CommandLine.Print(fork, AuditJson.Default.SealFork);
                    return;
                }

                Console.Out.WriteLine($"Log      {fork.NewOrigin}, before {fork.OldOrigin}");
                Console.Out.WriteLine(FormattableString.Invariant(
                    $"Left     {fork.Size} facts; {fork.LostSize} were signed before"));
            });
    }

    /// <summary>Its output is a file of heads, as <c>audit verify --anchors</c> of the other installation takes it.</summary>
    private static Command Witnessed(Option<string> format) => CommandLine.Verb(
        "witness",
        "Prints the newest head of each log that this installation cosigned, and, to standard error, its own key.",
        [format],
        async (given, client, token) =>
        {
            WitnessList list = await client.GetAsync("/control/witness", AuditJson.Default.WitnessList, token);
            if (CommandLine.IsJson(given))
            {
                CommandLine.Print(list, AuditJson.Default.WitnessList);
                return;
            }

            await Console.Error.WriteLineAsync($"Key {list.Key}");
            Console.Out.Write(string.Join('\n', list.Logs.Select(log => log.Note)));
        });

    private static Command RotateKey(Option<string> format)
    {
        var reason = new Option<string>("--reason") { Description = "Why the key is changed, in one line.", Required = true };
        return CommandLine.Verb(
            "rotate-key",
            "Has the log signed with a new key from the next head on. The next head is signed by both, and a fact says so.",
            [reason, format],
            async (given, client, token) =>
            {
                SealKeys keys = await client.PostAsync(
                    "/control/audit/rotation",
                    new Reason(given.GetRequiredValue(reason)),
                    ControlJson.Default.Reason,
                    AuditJson.Default.SealKeys,
                    token);
                if (CommandLine.IsJson(given))
                {
                    CommandLine.Print(keys, AuditJson.Default.SealKeys);
                    return;
                }

                Console.Out.WriteLine($"Old key  {keys.Present}");
                Console.Out.WriteLine($"New key  {keys.Next}");
                Console.Out.WriteLine("The new key signs within 10 s. Hand it to whoever holds the old one.");
            });
    }

    private static Command Adopt(Option<string> format)
    {
        var position = new Option<long>("--position") { Description = "Of the row that appeared later.", Required = true };
        var reason = new Option<string>("--reason") { Description = "Where the row comes from, in one line.", Required = true };
        return CommandLine.Verb(
            "adopt",
            "Accounts for a row that appeared below what was sealed: a fact names it and its hash, and audits hold it to that.",
            [position, reason, format],
            async (given, client, token) =>
            {
                AdoptedRow row = await client.PostAsync(
                    "/control/audit/adoptions",
                    new AdoptionWish(given.GetValue(position), given.GetRequiredValue(reason)),
                    AuditJson.Default.AdoptionWish,
                    AuditJson.Default.AdoptedRow,
                    token);
                if (CommandLine.IsJson(given))
                {
                    CommandLine.Print(row, AuditJson.Default.AdoptedRow);
                    return;
                }

                Console.Out.WriteLine(FormattableString.Invariant(
                    $"Adopted  position {row.Position} (stream {row.Stream ?? "none"}, version {row.Version})"));
                Console.Out.WriteLine($"Hash     {row.Leaf}");
                Console.Out.WriteLine(FormattableString.Invariant(
                    $"The fact at position {row.By} says so. An audit takes its word when it is sealed, within 10 s."));
            });
    }

    /// <summary>Runs a verb on the log behind the data folder, whether or not a host serves it.</summary>
    internal static async Task<int> RunAsync(Option<string> data, ParseResult given, Func<LogAccess, Task<int>> run)
    {
        try
        {
            await using LogAccess log = await LogAccess.OpenAsync(
                given.GetRequiredValue(data), CommandLine.ConfigOf(given), Console.Error.WriteLine, CancellationToken.None);
            return await run(log);
        }
        catch (Exception failed) when (failed is CommandFailedException or DependencyUnavailableException or NpgsqlException
            or IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync(failed.Message);
            return UndecidedCode;
        }
        catch (Exception unforeseen)
        {
            return await UnforeseenAsync(unforeseen);
        }
    }

    /// <summary>What nobody thought of is no verdict either: the runtime would end the program with the code of one.</summary>
    internal static async Task<int> UnforeseenAsync(Exception unforeseen)
    {
        await Console.Error.WriteLineAsync(
            $"This could not be carried out ({unforeseen.GetType().Name}): {Terminal.OneLine(unforeseen.Message)}");
        return UndecidedCode;
    }

    private static async Task<AuditOutcome> AskAsync(
        LogAccess log, AuditQuestion question, bool areAnchorsAsked, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        bool looksAtFiles = question.Levels.HasFlag(AuditLevels.Files);
        FileCheck files = new(log.Log, log.Facts, log.Place.Storage, looksAtFiles ? log.FootageKeys : null);
        AuditReport report = await ProgressBar.RunAsync("Holding facts against seals", progress =>
            LogAudit.RunAsync(log.Place.Connection, question, progress, cancellationToken));
        string? notLookedAt = !looksAtFiles ? null
            : report.IsUnreached
                ? "files of recordings and snapshots: which there are the database says, and it was not reached"
                : await TryFilesAsync(() => ProgressBar.RunAsync("Holding files against facts", async progress =>
                {
                    await files.RunAsync(question.From, question.To, progress, cancellationToken);
                    return true;
                }));
        string? undecided = report.Undecided ?? notLookedAt ?? files.Unreadable
            ?? (areAnchorsAsked && report.Anchors == 0
                ? "No head was given that was kept outside: name a file or folder of them with --anchors." : null);
        AuditFinding[] findings = [.. report.Findings, .. files.Findings];
        string verdict = findings.Length > 0 ? "contradicted" : undecided is not null ? "undecided" : "proven";
        IEnumerable<string> filesLeft = FilesLeft(files, notLookedAt).Where(why => verdict != "undecided" || why != undecided);
        return new AuditOutcome(
            verdict,
            [
                .. Enum.GetValues<AuditLevels>().Where(one => question.Levels.HasFlag(one))
                    .Select(one => one.ToString().ToLowerInvariant()),
            ],
            report.Origin,
            report.ProvedPosition,
            report.FactsSince,
            report.Heads,
            report.Tiles,
            report.Facts,
            report.Anchors,
            files.Count,
            Math.Round(Stopwatch.GetElapsedTime(start).TotalSeconds, 3),
            [.. findings.Select(AuditText.RowOf)],
            [.. report.NotChecked, .. filesLeft],
            report.Notices,
            undecided,
            RangeOf(question));
    }

    private static string? RangeOf(AuditQuestion question) => question switch
    {
        { From: <= 0, To: long.MaxValue } => null,
        { To: long.MaxValue, From: var from } => FormattableString.Invariant($"from position {from} on"),
        { From: var from, To: var to } => FormattableString.Invariant($"from position {Math.Max(from, 0)} to {to}"),
    };

    /// <summary>What was found before stays found, also when the rest cannot be read.</summary>
    /// <returns>Why not all could be looked at; null when it was.</returns>
    private static async Task<string?> TryFilesAsync(Func<Task<bool>> look)
    {
        try
        {
            await look();
            return null;
        }
        catch (Exception failed) when (failed is not OperationCanceledException)
        {
            return $"Not all files could be looked at ({failed.GetType().Name}): {failed.Message}";
        }
    }

    /// <param name="notLookedAt">Why not all were looked at; null when they were.</param>
    private static IEnumerable<string> FilesLeft(FileCheck files, string? notLookedAt)
    {
        if (notLookedAt is not null)
        {
            yield return notLookedAt;
        }

        if (files.Unreadable is { } unreadable)
        {
            yield return unreadable;
        }

        if (files.Closed > 0)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"The content of {files.Closed} encrypted files, whose keys are not here; they are on disk as they were ")
                + "written.";
        }
    }

    /// <exception cref="CommandFailedException">
    /// There is no key in what was named: whoever names a file wants nothing proved by another key.
    /// </exception>
    internal static List<string> KeysIn(string[] given)
    {
        List<string> keys = [];
        foreach (string one in given)
        {
            string[] lines = one.Contains('+', StringComparison.Ordinal) && !File.Exists(one) ? [one] : File.ReadAllLines(one);
            string[] found = [.. lines.Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#')];
            if (found.Length == 0)
            {
                throw new CommandFailedException($"There is no key in {one}, so nothing was looked at.");
            }

            keys.AddRange(found);
        }

        return keys;
    }

    /// <summary>Signed heads in a file or folder.</summary>
    internal static IReadOnlyList<string> NotesIn(string path) => KeptHeads.In(path).Notes;
}
