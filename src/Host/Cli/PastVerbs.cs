using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Events.Application;
using Events.Application.Contracts;
using Events.Host.Audit;
using Spectre.Console;
using static System.FormattableString;

namespace Events.Host.Cli;

/// <summary><c>replay</c>, <c>diff</c> and <c>audit trail</c>: how things were, what changed, and who did it.</summary>
internal static class PastVerbs
{
    /// <summary>What was typed makes no sense: as for a word that is no option.</summary>
    private const int UsageCode = 1;

    public static Command Replay(Option<string> data, Option<string> format)
    {
        var at = new Option<string>("--at") { Description = "A moment (2026-03-01T12:00:00Z) or a position.", Required = true };
        Option<string[]> view = Views("The view, e.g. CameraView. Default: all.");
        var command = new Command("replay", "Shows views as they were, folded from the log.") { at, view, format };
        command.SetAction((given, cancellationToken) => AuditVerbs.RunAsync(data, given, async log =>
        {
            long position = await PositionAsync(log, given.GetRequiredValue(at), "--at", cancellationToken);
            PastRows past = new(log.PastViews, position, position);
            await using RowOutput output = RowOutput.Of(given.GetValue(format) == "json");
            foreach (View one in Chosen(given.GetValue(view)))
            {
                output.BeginView(one, position);
                await foreach (RowPair row in one.Accept(past).WithCancellation(cancellationToken))
                {
                    await output.AddAsync(row.Key, row.After!.Value);
                }

                output.EndView();
            }

            output.End();
            return 0;
        }));
        return command;
    }

    public static Command Diff(Option<string> data, Option<string> format)
    {
        var from = new Option<string>("--from") { Description = "A moment or a position.", Required = true };
        var to = new Option<string>("--to") { Description = "A later one.", Required = true };
        var camera = new Option<string?>("--camera")
        {
            Description = "Only rows of this camera: camera0, its id, or a name it had.",
        };
        Option<string[]> view = Views("Only this view.");
        var command = new Command("diff", "Shows what changed in the views between two moments.")
        {
            from, to, camera, view, format,
        };
        command.SetAction((given, cancellationToken) => AuditVerbs.RunAsync(data, given, async log =>
        {
            long first = await PositionAsync(log, given.GetRequiredValue(from), "--from", cancellationToken);
            long last = await PositionAsync(log, given.GetRequiredValue(to), "--to", cancellationToken);
            if (first > last || AreTurnedRound(given.GetRequiredValue(from), given.GetRequiredValue(to)))
            {
                await Console.Error.WriteLineAsync("--from is later than --to. Name the earlier moment first.");
                return UsageCode;
            }

            PastRows past = new(log.PastViews, first, last);
            string? id = given.GetValue(camera) is { } name
                ? One(name, "camera", await new Trail(log.Place.Connection).CamerasAsync(name, cancellationToken)) : null;
            await using ChangeOutput output = ChangeOutput.Of(given.GetValue(format) == "json");
            foreach (View one in Chosen(given.GetValue(view)))
            {
                await foreach (RowPair row in one.Accept(past).WithCancellation(cancellationToken))
                {
                    if (IsOf(id, row) && PastRows.ChangeOf(one, row) is { } change)
                    {
                        await output.AddAsync(change);
                    }
                }
            }

            output.End();
            return 0;
        }));
        return command;
    }

    public static Command TrailOf(Option<string> data, Option<string> format)
    {
        var user = new Option<string?>("--user")
        {
            Description = "Everything that this account did and looked at, and what followed from it.",
        };
        var camera = new Option<string?>("--camera")
        {
            Description = "Everything that touched this camera, who looked, and what was taken out.",
        };
        var recording = new Option<string?>("--recording")
        {
            Description = "Everything that touched this recording, who fetched it, and what was taken out.",
        };
        var from = new Option<long>("--from") { Description = "First position.", DefaultValueFactory = _ => 0 };
        var to = new Option<long>("--to") { Description = "Last position.", DefaultValueFactory = _ => long.MaxValue };
        var command = new Command("trail", "Shows who did what, as a tree of requests and what followed from them.")
        {
            user, camera, recording, from, to, format,
        };
        GivenWords.RefuseEmpty(user, camera, recording);
        AuditVerbs.RefuseTurnedRange(command, from, to);
        command.Validators.Add(result =>
        {
            if (result.GetValue(user) is null && result.GetValue(camera) is null && result.GetValue(recording) is null)
            {
                result.AddError("Say whose trail: --user, --camera or --recording.");
            }
        });
        command.SetAction((given, cancellationToken) => AuditVerbs.RunAsync(data, given, async log =>
        {
            Trail trail = new(log.Place.Connection);
            TrailFound found = await trail.FindAsync(
                given.GetValue(user),
                given.GetValue(camera) is { } one ? One(one, "camera", await trail.CamerasAsync(one, cancellationToken)) : null,
                given.GetValue(recording) is { } two
                    ? One(two, "recording", await trail.RecordingsAsync(two, cancellationToken)) : null,
                given.GetValue(from),
                given.GetValue(to),
                cancellationToken);
            Write(found, given.GetValue(format) == "json");
            return 0;
        }));
        return command;
    }

    private static Option<string[]> Views(string description)
    {
        var view = new Option<string[]>("--view") { Description = description };
        view.Validators.Add(result =>
        {
            foreach (string unknown in result.Tokens.Select(token => token.Value).Where(name => Find(name) is null))
            {
                string all = string.Join(", ", ApplicationModule.Views.Select(one => one.Name));
                result.AddError($"There is no view {unknown}. There are: {all}.");
            }
        });
        return view;
    }

    private static View? Find(string name) =>
        ApplicationModule.Views.FirstOrDefault(view =>
            view.Name.Equals(name.Replace("_", string.Empty, StringComparison.Ordinal), StringComparison.OrdinalIgnoreCase));

    private static IEnumerable<View> Chosen(string[]? names) =>
        names is { Length: > 0 } ? names.Select(name => Find(name)!) : ApplicationModule.Views;

    private static async Task<long> PositionAsync(
        LogAccess log, string text, string option, CancellationToken cancellationToken) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long position)
            ? position
            : await log.Facts.PositionAtAsync(Moments.Parse(text, option), cancellationToken);

    /// <summary>Two moments between which nothing was recorded have the same position, whichever is first.</summary>
    private static bool AreTurnedRound(string from, string to) =>
        !long.TryParse(from, NumberStyles.None, CultureInfo.InvariantCulture, out _)
        && !long.TryParse(to, NumberStyles.None, CultureInfo.InvariantCulture, out _)
        && Moments.Parse(from, "--from") > Moments.Parse(to, "--to");

    internal static string One(string name, string what, IReadOnlyList<string> ids) =>
        ids.Count == 1 ? ids[0]
        : throw new CommandFailedException(
            ids.Count == 0 ? $"There was never a {what} {name}." : $"{ids.Count} of them were called {name}. Give an id.");

    /// <summary>Whether a row is of one camera: its own, or one that names it.</summary>
    private static bool IsOf(string? cameraId, RowPair row) =>
        cameraId is null || row.Key == cameraId || Names(row.Before, cameraId) || Names(row.After, cameraId);

    private static bool Names(JsonElement? row, string cameraId) =>
        row is { ValueKind: JsonValueKind.Object } one
        && one.TryGetProperty("cameraId", out JsonElement id) && id.GetString() == cameraId;

    private static void Write(TrailFound found, bool isJson)
    {
        if (isJson)
        {
            CommandLine.Print(found, AuditJson.Default.TrailFound);
            return;
        }

        if (found.Requests.Count == 0)
        {
            Console.Out.WriteLine("There is no such fact.");
            return;
        }

        if (Console.IsOutputRedirected)
        {
            AnsiConsole.Profile.Width = 1_000;
        }

        foreach (TrailNode node in found.Requests)
        {
            Tree tree = new(Shown(TitleOf(node)));
            Add(tree, node);
            AnsiConsole.Write(tree);
        }

        if (found.More is { } more)
        {
            Console.Out.WriteLine(more);
        }
    }

    private static void Add(IHasTreeNodes to, TrailNode node)
    {
        foreach (TrailFact fact in node.Facts)
        {
            string told = Invariant(
                $"#{fact.Position} {fact.Type} {AuditText.TimeOf(fact.At)} {fact.Stream} version {fact.Version}");
            to.AddNode(Shown(fact.What is { } what ? $"{told} {what}" : told));
        }

        foreach (TrailNode followed in node.Followed)
        {
            Add(to.AddNode(Shown(TitleOf(followed))), followed);
        }
    }

    private static string Shown(string text) => Markup.Escape(Terminal.OneLine(text));

    private static string TitleOf(TrailNode node)
    {
        TrailFact first = node.Facts[0];
        return $"{first.User ?? "somebody"} by {first.Way ?? "an unknown way"}, request {node.Correlation ?? "without a name"}";
    }
}
