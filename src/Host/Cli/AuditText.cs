using System.Globalization;
using Events.EventStore.Seals;
using Events.Host.Audit;
using static System.FormattableString;

namespace Events.Host.Cli;

/// <summary>What an audit came to, in words. Nothing is called whole that was not looked at.</summary>
internal static class AuditText
{
    public static AuditFindingRow RowOf(AuditFinding finding) =>
        new(
            finding.Level.ToString().ToLowerInvariant(),
            finding.What,
            finding.Message,
            finding.Index,
            finding.Position,
            finding.Stream,
            finding.Version,
            finding.Expected,
            finding.Found,
            finding.Nearest);

    public static void Write(AuditOutcome outcome, bool isJson)
    {
        if (isJson)
        {
            CommandLine.Print(outcome, AuditJson.Default.AuditOutcome);
            return;
        }

        TextWriter to = Console.Out;
        to.WriteLine($"Log {Terminal.OneLine(outcome.Origin ?? "without a signed head")}");
        to.WriteLine(Invariant(
            $"Looked at ({string.Join(", ", outcome.Levels)}): {outcome.Heads} heads, {outcome.Tiles} tiles, ")
            + Invariant($"{outcome.Facts} facts, {outcome.Anchors} anchors that hold, {outcome.Files} files, ")
            + Invariant($"in {outcome.Seconds:0.0} s"));
        to.WriteLine();
        foreach (AuditFindingRow finding in outcome.Findings)
        {
            Write(to, finding);
        }

        to.WriteLine(VerdictOf(outcome));
        Write(to, "To be known:", outcome.Notices);
        Write(to, "Not checked:", outcome.NotChecked);
    }

    public static void Write(AuditStatusRow status, bool isJson)
    {
        if (isJson)
        {
            CommandLine.Print(status, AuditJson.Default.AuditStatusRow);
            return;
        }

        TextWriter to = Console.Out;
        to.WriteLine($"Log            {status.Origin ?? "no head is signed yet"}");
        to.WriteLine(Invariant($"Proved         up to position {status.ProvedPosition}, {status.FactsSince} facts since"));
        to.WriteLine(Invariant($"Facts proved   {status.ProvedFacts}"));
        to.WriteLine($"Newest head    {(status.SignedAt is { } at ? TimeOf(at) : "-")}");
        to.WriteLine($"Sealer         {SealerOf(status)}");
        foreach (string key in status.Keys)
        {
            to.WriteLine($"Key            {Terminal.OneLine(key)}");
        }

        foreach (AnchorStatus anchor in status.Anchors)
        {
            string sent = anchor.SentAt is { } moment ? $"since {TimeOf(moment)}" : "never";
            to.WriteLine(Invariant(
                $"Shown outside  {anchor.Sink}: {anchor.Size} facts, {sent}; {anchor.Lag} facts behind ({anchor.State})"));
            if (anchor.Trouble is { } why)
            {
                to.WriteLine($"               {why}");
            }
        }

        if (status.Anchors.Count == 0)
        {
            to.WriteLine("Shown outside  nowhere: whoever owns this machine and the key could write another history");
        }
    }

    private static string SealerOf(AuditStatusRow status) =>
        !status.IsHostRunning ? "no host runs" : status.Trouble is { } why ? $"signs nothing: {why}" : "follows the log";

    private static void Write(TextWriter to, AuditFindingRow finding)
    {
        to.WriteLine($"{finding.What.ToUpperInvariant()} (level {finding.Level})");
        to.WriteLine($"  {Terminal.OneLine(finding.Message)}");
        (string Word, string? Value)[] parts =
        [
            ("index", Text(finding.Index)),
            ("position", Text(finding.Position)),
            ("stream", finding.Stream),
            ("version", Text(finding.Version)),
            ("expected", finding.Expected),
            ("found", finding.Found),
            ("good up to", finding.Nearest is { } head
                ? Invariant($"position {head.Position}, {head.Size} facts, {TimeOf(head.SignedAt)}") : null),
        ];
        foreach ((string word, string? value) in parts.Where(part => part.Value is not null))
        {
            to.WriteLine($"    {word,-11}{Terminal.OneLine(value!)}");
        }

        to.WriteLine();
    }

    private static string VerdictOf(AuditOutcome outcome)
    {
        string proved = Invariant($"proved up to position {outcome.ProvedPosition}, {outcome.FactsSince} facts since");
        return outcome.Verdict switch
        {
            "contradicted" => Invariant($"CONTRADICTED: {outcome.Findings.Count} findings; the log is not what was sealed."),
            "undecided" => $"UNDECIDED: {Terminal.OneLine(outcome.Undecided ?? "")}",
            _ when outcome.Levels.Contains("events") => outcome.Range is { } range
                ? $"PROVEN: the facts {range} are what was sealed. The log is {proved}; the others were not looked at."
                : $"PROVEN: {proved}.",
            _ when outcome.Levels.Contains("tiles") =>
                "Heads and tiles are consistent with each other. The facts were not looked at: this says nothing about them.",
            _ when outcome.Levels.Contains("heads") =>
                "The heads are consistent with each other. Neither tiles nor facts were looked at: this says nothing about them.",
            _ => $"Nothing contradicts what was looked at: {string.Join(", ", outcome.Levels)}. The facts were not looked at.",
        };
    }

    private static void Write(TextWriter to, string title, IReadOnlyList<string> lines)
    {
        if (lines.Count == 0)
        {
            return;
        }

        to.WriteLine();
        to.WriteLine(title);
        foreach (string line in lines)
        {
            to.WriteLine($"  - {Terminal.OneLine(line)}");
        }
    }

    internal static string TimeOf(DateTimeOffset moment) =>
        moment.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string? Text(long? number) => number?.ToString(CultureInfo.InvariantCulture);
}
