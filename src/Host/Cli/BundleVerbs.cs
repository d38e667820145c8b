using System.CommandLine;
using Events.EventStore.Seals;
using Events.Host.Audit;
using Events.Host.Control;
using static System.FormattableString;

namespace Events.Host.Cli;

/// <summary><c>audit export</c> and <c>audit verify-bundle</c>: facts for people who trust neither us nor the database.</summary>
internal static class BundleVerbs
{
    /// <summary>Nobody reads more in a terminal; all are in the JSON.</summary>
    private const int LinesShownMax = 100;

    public static Command Export(Option<string> data, Option<string> format)
    {
        var stream = new Option<string[]>("--stream") { Description = "Facts of this stream; more than one may be given." };
        var camera = new Option<string?>("--camera") { Description = "Facts of this camera, its recordings and its snapshots." };
        var from = new Option<long?>("--from") { Description = "First position. What is between and not asked for is withheld." };
        var to = new Option<long?>("--to") { Description = "Last position." };
        var file = new Option<string>("--out")
        {
            Description = "The bundle, a zip archive.",
            DefaultValueFactory = _ => "events-bundle.zip",
        };
        var files = new Option<bool>("--files") { Description = "With the files of recordings and snapshots." };
        var reason = new Option<string>("--reason")
        {
            Description = "For whom and why, e.g. a case number.",
            DefaultValueFactory = _ => "requested",
        };
        var anchors = new Option<string?>("--anchors")
        {
            Description = "Heads that were kept outside, to prove that it goes on.",
        };
        var command = new Command("export", "Takes facts out, with proofs. The export itself is a fact.")
        {
            stream, camera, from, to, file, files, reason, anchors, format,
        };
        GivenWords.RefuseEmpty(stream, camera, file, anchors);
        AuditVerbs.RefuseTurnedRange(command, from, to);
        command.Validators.Add(result =>
        {
            if (result.GetValue(stream) is not { Length: > 0 } && result.GetValue(camera) is null
                && result.GetResult(from) is null && result.GetResult(to) is null)
            {
                result.AddError("Say what to export: --stream, --camera, or --from and --to.");
            }
        });
        command.SetAction((given, cancellationToken) => AuditVerbs.RunAsync(data, given, async log =>
        {
            Exports exports = new(log, TimeProvider.System);
            ExportRow row = await exports.WriteAsync(
                new ExportQuestion(
                    await StreamsAsync(log, exports, given.GetValue(stream) ?? [], given.GetValue(camera), cancellationToken),
                    given.GetValue(from) ?? 1,
                    given.GetValue(to) ?? long.MaxValue,
                    given.GetValue(from) is not null || given.GetValue(to) is not null)
                {
                    By = Environment.UserName,
                    Reason = given.GetRequiredValue(reason),
                    At = TimeProvider.System.GetUtcNow(),
                    Program = $"Events {typeof(BundleVerbs).Assembly.GetName().Version!.ToString(3)}",
                    Anchors = given.GetValue(anchors) is { } path ? AuditVerbs.NotesIn(path) : [],
                },
                ScopeOf(given.GetValue(stream) ?? [], given.GetValue(camera), given.GetValue(from), given.GetValue(to)),
                given.GetValue(files),
                given.GetRequiredValue(file),
                cancellationToken);
            Write(row, given.GetValue(format) == "json");
            return WriteTroubles(row);
        }));
        return command;
    }

    /// <returns>Null for all. What is in the log now is sealed first, within bounds.</returns>
    private static async Task<List<string>?> StreamsAsync(
        LogAccess log, Exports exports, string[] named, string? camera, CancellationToken cancellationToken)
    {
        List<string>? streams = named.Length > 0 ? [.. named] : null;
        if (camera is not null)
        {
            string id = await CameraIdAsync(log, camera, cancellationToken);
            streams = [.. streams ?? [], .. await exports.StreamsOfCameraAsync(id, cancellationToken)];
        }

        await exports.WaitForSealsAsync(cancellationToken);
        return streams;
    }

    public static Command Verify(Option<string> format)
    {
        var file = new Argument<string>("bundle") { Description = "A file that audit export wrote." };
        var keys = new Option<string[]>("--key") { Description = "A public key that you hold, or a file of them." };
        var anchors = new Option<string?>("--anchors")
        {
            Description = "Heads that you kept: a file of them, or a folder of such files.",
        };
        var command = new Command(
            "verify-bundle", "Checks a bundle; needs no installation. 0: proven, 1: contradicted, 2: no verdict.")
        {
            file, keys, anchors, format,
        };
        GivenWords.RefuseEmpty(file);
        GivenWords.RefuseEmpty(keys, anchors);
        command.SetAction(async (given, cancellationToken) =>
        {
            try
            {
                await using FileStream stream = File.OpenRead(given.GetRequiredValue(file));
                BundleReport report = await ProgressBar.RunAsync("Holding facts against proofs", progress => BundleAudit.RunAsync(
                    stream,
                    AuditVerbs.KeysIn(given.GetValue(keys) ?? []),
                    given.GetValue(anchors) is { } path ? AuditVerbs.NotesIn(path) : [],
                    progress,
                    cancellationToken));
                return Show(report, given.GetValue(format) == "json");
            }
            catch (Exception failed) when (failed is IOException or UnauthorizedAccessException or CommandFailedException)
            {
                await Console.Error.WriteLineAsync(failed.Message);
                return AuditVerbs.UndecidedCode;
            }
            catch (Exception unforeseen)
            {
                return await AuditVerbs.UnforeseenAsync(unforeseen);
            }
        });
        return command;
    }

    private static async Task<string> CameraIdAsync(LogAccess log, string camera, CancellationToken cancellationToken)
    {
        if (log.Host is not { } host)
        {
            throw new CommandFailedException(
                "An export is noted in the log, and no host runs that could do so. Start one: ./events up");
        }

        IReadOnlyList<CameraRow> all = await host.GetAsync(
            "/control/cameras?retired=true", ControlJson.Default.IReadOnlyListCameraRow, cancellationToken);
        CameraRow[] found = [.. all.Where(row => row.Camera == camera || row.Id == camera || row.Name == camera)];
        return found.Length == 1
            ? found[0].Id
            : throw new CommandFailedException(
                found.Length == 0
                    ? $"There is no camera {camera}." : $"{found.Length} cameras are called {camera}. Give its id.");
    }

    private static string ScopeOf(string[] streams, string? camera, long? from, long? to)
    {
        List<string> words = [];
        words.AddRange(streams.Length > 0 ? [$"stream {string.Join(", ", streams)}"] : []);
        words.AddRange(camera is null ? [] : [$"camera {camera}"]);
        words.AddRange(from is null && to is null
            ? [] : [Invariant($"positions {from ?? 1} to {(to is { } last ? Invariant($"{last}") : "the end")}")]);
        return string.Join("; ", words);
    }

    private static void Write(ExportRow row, bool isJson)
    {
        if (isJson)
        {
            CommandLine.Print(row, AuditJson.Default.ExportRow);
            return;
        }

        Console.Out.WriteLine($"Bundle     {row.File}");
        Console.Out.WriteLine(Invariant($"Holds      {row.Scope}: {row.Facts} facts, {row.Hidden} withheld, {row.Media} files"));
        Console.Out.WriteLine(Invariant($"Proved by  the head of {row.TreeSize} facts"));
        Console.Out.WriteLine($"Manifest   sha256 {row.ManifestSha256}");
        Console.Out.WriteLine(Invariant($"Noted      as a fact at position {row.Position}"));
    }

    /// <summary>To standard error, so that whoever keeps the output sees it, too.</summary>
    private static int WriteTroubles(ExportRow row)
    {
        (IReadOnlyList<ExportGap> gaps, IReadOnlyList<long> contradicted) = (row.Gaps ?? [], row.Contradicted ?? []);
        Tell(row.Notices ?? []);
        Tell(gaps.Select(gap => $"{gap.Path} {WordsOf(gap.What)}."));
        if (gaps.Count > 0)
        {
            Console.Error.WriteLine(
                Invariant($"The bundle is written all the same: {gaps.Count} of the files that were asked for are not in it, ")
                + "or are others.");
        }

        Tell(contradicted.Select(position => Invariant($"The fact at position {position} is not what was sealed at its place.")));
        if (contradicted.Count > 0)
        {
            Console.Error.WriteLine(
                Invariant($"CONTRADICTED: {contradicted.Count} facts. The bundle is written all the same, and whoever checks it ")
                + "is told so, too. events audit verify says more.");
        }

        return contradicted.Count > 0 ? AuditVerbs.ContradictedCode
            : gaps.Count > 0 ? AuditVerbs.UndecidedCode
            : AuditVerbs.ProvenCode;
    }

    private static void Tell(IEnumerable<string> lines)
    {
        foreach (string line in lines.Take(LinesShownMax))
        {
            Console.Error.WriteLine(Terminal.OneLine(line));
        }
    }

    private static string WordsOf(string gap) => gap switch
    {
        "missing" => "is missing",
        "locked" => "is encrypted, and no key that is here opens it",
        "unreadable" => "cannot be read",
        _ => "is not the file that its fact describes",
    };

    private static int Show(BundleReport report, bool isJson)
    {
        string verdict = report.Contradictions.Count > 0 ? "contradicted" : report.Undecided is null ? "proven" : "undecided";
        if (isJson)
        {
            CommandLine.Print(
                new BundleRow(
                    verdict,
                    report.Origin,
                    report.TreeSize,
                    report.Proven,
                    report.Withheld,
                    report.Media,
                    report.Contradictions,
                    report.NotChecked,
                    report.Undecided,
                    report.ManifestSha256),
                AuditJson.Default.BundleRow);
        }
        else
        {
            foreach (string line in report.Contradictions)
            {
                Console.Out.WriteLine($"CONTRADICTED: {Terminal.OneLine(line)}");
            }

            if (report.ManifestSha256 is { } manifest)
            {
                Console.Out.WriteLine($"manifest sha256 {manifest}");
            }

            Console.Out.WriteLine(Invariant(
                $"{report.Proven} facts proven, {report.Withheld} withheld, {report.Media} files of recordings and pictures ")
                + "hold");
            Console.Out.WriteLine(
                verdict == "undecided" ? $"UNDECIDED: {Terminal.OneLine(report.Undecided!)}" : verdict.ToUpperInvariant());
            foreach (string line in report.NotChecked)
            {
                Console.Out.WriteLine($"not checked: {Terminal.OneLine(line)}");
            }
        }

        return verdict switch
        {
            "proven" => AuditVerbs.ProvenCode,
            "contradicted" => AuditVerbs.ContradictedCode,
            _ => AuditVerbs.UndecidedCode,
        };
    }
}
