using System.CommandLine;
using System.Globalization;
using Events.EventStore;
using Events.EventStore.Seals;
using Events.Host.Control;
using Events.Host.Projections;
using static System.FormattableString;

namespace Events.Host.Cli;

/// <summary><c>projections</c>: the views, which can all be thrown away and built anew.</summary>
internal static class ProjectionVerbs
{
    /// <summary>Exit code of a verification that found differences.</summary>
    private const int DifferentCode = 1;

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(500);

    public static Command Build(Option<string> data, Option<string> format)
    {
        var one = new Argument<string>("view") { Description = "Its name, e.g. CameraView." };
        var some = new Argument<string[]>("view") { Description = "Names; none for all.", Arity = ArgumentArity.ZeroOrMore };
        var all = new Option<bool>("--all") { Description = "All views." };
        var noWait = new Option<bool>("--no-wait") { Description = "Do not wait for the end; see: projections list" };
        var position = new Option<long>("--position") { Description = "The fact's.", Required = true };
        var reason = new Option<string>("--reason") { Description = "Why, in one line.", Required = true };
        return new Command("projections", "The views that are computed from the log.")
        {
            CommandLine.Verb("list", "Shows how far each view is, and what it stands still at.", [format],
                async (given, client, token) => Write(await ListAsync(client, token), CommandLine.IsJson(given))),
            Rebuild(some, all, noWait, format),
            Verify(data, some, all, format),
            Simple("pause", "Makes a view stand still, also over a restart.", "pause", one, format),
            Simple("resume", "Lets a paused view go on.", "resumption", one, format),
            Simple("reset", "Empties a view and folds the log into it anew; readers see it grow.", "reset", one, format),
            Park("park", "Makes a view pass over a fact that it cannot fold. The log says who did so and why.", true),
            Park("unpark", "Lets a view fold a parked fact, when it is next rebuilt.", false),
        };

        Command Park(string name, string description, bool isParked) =>
            CommandLine.Verb(name, description, [one, position, reason, format], async (given, client, token) => Write(
                await client.PostAsync(
                    PathOf(given.GetRequiredValue(one), "parked"),
                    new ParkWish(given.GetValue(position), isParked, given.GetRequiredValue(reason)),
                    ProjectionJson.Default.ParkWish,
                    ProjectionJson.Default.IReadOnlyListProjectionStatus,
                    token),
                CommandLine.IsJson(given)));
    }

    private static Command Simple(string name, string description, string what, Argument<string> view, Option<string> format) =>
        CommandLine.Verb(name, description, [view, format], async (given, client, token) => Write(
            await PostAsync(client, given.GetRequiredValue(view), what, token), CommandLine.IsJson(given)));

    private static Command Rebuild(
        Argument<string[]> views, Option<bool> all, Option<bool> noWait, Option<string> format) =>
        CommandLine.Verb(
            "rebuild",
            "Builds views anew beside the live ones, which are read meanwhile, and swaps them. Goes on over a restart.",
            [views, all, noWait, format],
            async (given, client, token) =>
            {
                string[] names = await NamesAsync(client, given.GetValue(views), token);
                foreach (string name in names)
                {
                    await PostAsync(client, name, "rebuild", token);
                }

                if (!given.GetValue(noWait))
                {
                    await ProgressBar.RunAsync("Building anew", async progress =>
                    {
                        await WaitAsync(client, names, progress, token);
                        return true;
                    });
                }

                IReadOnlyList<ProjectionStatus> now = await ListAsync(client, token);
                ProjectionStatus? failed = now.FirstOrDefault(view => names.Contains(view.Name) && view.RebuildFault is not null);
                Write(now, CommandLine.IsJson(given));
                if (failed is not null)
                {
                    throw new CommandFailedException($"The rebuild of {failed.Name} ended: {failed.RebuildFault}");
                }
            });

    private static async Task WaitAsync(
        ControlClient client, string[] names, Action<AuditProgress> progress, CancellationToken cancellationToken)
    {
        while (true)
        {
            IReadOnlyList<ProjectionStatus> all = await ListAsync(client, cancellationToken);
            ProjectionStatus[] busy = [.. all.Where(view => names.Contains(view.Name) && view.Aside is not null)];
            if (busy.Length == 0)
            {
                return;
            }

            long head = busy.Max(view => view.Aside!.Head);
            progress(new AuditProgress(
                (head * (names.Length - busy.Length)) + busy.Sum(view => view.Aside!.Position),
                Math.Max(1, head * names.Length)));
            await Task.Delay(LookEvery, cancellationToken);
        }
    }

    private static Command Verify(Option<string> data, Argument<string[]> views, Option<bool> all, Option<string> format)
    {
        var command = new Command(
            "verify", "Builds a shadow of each view and compares it with the live one, row by row. 0: the same, 1: different.")
        {
            views, all, format,
        };
        command.SetAction(async (given, cancellationToken) =>
        {
            try
            {
                using ControlClient client = ControlClient.For(given.GetRequiredValue(data), Timeout.InfiniteTimeSpan);
                List<ViewComparison> found = [];
                string[] names = await NamesAsync(client, given.GetValue(views), cancellationToken);
                await ProgressBar.RunAsync("Comparing with a rebuild", async progress =>
                {
                    foreach (string name in names)
                    {
                        found.Add(await client.PostAsync(
                            PathOf(name, "verification"),
                            new NothingMore(),
                            ControlJson.Default.NothingMore,
                            ProjectionJson.Default.ViewComparison,
                            cancellationToken));
                        progress(new AuditProgress(found.Count, names.Length));
                    }

                    return true;
                });
                Write(found, CommandLine.IsJson(given));
                return found.Exists(one => one.DifferenceCount > 0) ? DifferentCode : 0;
            }
            catch (CommandFailedException failed)
            {
                await Console.Error.WriteLineAsync(failed.Message);
                return AuditVerbs.UndecidedCode;
            }
        });
        return command;
    }

    /// <returns>All views' names, or those given, as the list has them. No view's name stays, for the host to say so.</returns>
    private static async Task<string[]> NamesAsync(ControlClient client, string[]? given, CancellationToken cancellationToken)
    {
        string[] all = [.. (await ListAsync(client, cancellationToken)).Select(view => view.Name)];
        return given is { Length: > 0 }
            ? [.. given.Select(name => all.FirstOrDefault(one => Plain(one) == Plain(name)) ?? name).Distinct()]
            : all;

        static string Plain(string name) => name.Replace("_", string.Empty, StringComparison.Ordinal).ToUpperInvariant();
    }

    private static Task<IReadOnlyList<ProjectionStatus>> ListAsync(ControlClient client, CancellationToken cancellationToken) =>
        client.GetAsync("/control/projections", ProjectionJson.Default.IReadOnlyListProjectionStatus, cancellationToken);

    private static Task<IReadOnlyList<ProjectionStatus>> PostAsync(
        ControlClient client, string view, string what, CancellationToken cancellationToken) =>
        client.PostAsync(
            PathOf(view, what),
            new NothingMore(),
            ControlJson.Default.NothingMore,
            ProjectionJson.Default.IReadOnlyListProjectionStatus,
            cancellationToken);

    private static string PathOf(string view, string what) => $"/control/projections/{Uri.EscapeDataString(view)}/{what}";

    private static void Write(IReadOnlyList<ProjectionStatus> views, bool isJson)
    {
        if (isJson)
        {
            CommandLine.Print(views, ProjectionJson.Default.IReadOnlyListProjectionStatus);
            return;
        }

        Tables.Write(
            ["view", "version", "state", "position", "lag", "per s", "left", "beside it", "parked"],
            views.Select(view => new[]
            {
                view.Name,
                view.Version.ToString(CultureInfo.InvariantCulture),
                view.Fault is { } why ? $"{view.State}: {why}" : view.State.ToString(),
                view.Position.ToString(CultureInfo.InvariantCulture),
                view.Lag.ToString(CultureInfo.InvariantCulture),
                Invariant($"{view.Rate:0}"),
                view.SecondsLeft is { } left ? Invariant($"{left:0} s") : "-",
                AsideOf(view),
                view.Parked.Count == 0 ? "-" : string.Join(", ", view.Parked),
            }),
            "There are no views.");
    }

    private static string AsideOf(ProjectionStatus view) =>
        view.Aside is { } aside
            ? Invariant($"{aside.What}: {aside.Position} of {aside.Head}, {aside.Rate:0} per s")
                + (aside.SecondsLeft is { } left ? Invariant($", {left:0} s left") : string.Empty)
            : view.RebuildFault is { } why ? $"rebuild ended: {why}" : "-";

    private static void Write(IReadOnlyList<ViewComparison> found, bool isJson)
    {
        if (isJson)
        {
            CommandLine.Print(found, ProjectionJson.Default.IReadOnlyListViewComparison);
            return;
        }

        foreach (ViewComparison one in found)
        {
            string what = one.DifferenceCount == 0 ? "the same" : Invariant($"{one.DifferenceCount} rows differ");
            Console.Out.WriteLine(
                Invariant($"{one.Name}: {what} at position {one.Position} ")
                + Invariant($"({one.LiveRows} rows live, {one.RebuiltRows} rebuilt)"));
            foreach (RowDifference row in one.Differences)
            {
                Console.Out.WriteLine($"  {row.Key}");
                Console.Out.WriteLine($"    live    {row.Live ?? "no such row"}");
                Console.Out.WriteLine($"    rebuilt {row.Rebuilt ?? "no such row"}");
            }
        }
    }
}
