using Events.EventStore.Seals;
using Events.Host.Cli;
using PdfSharp.Drawing;
using static System.FormattableString;

namespace Events.Host.Audit.Custody;

/// <summary>A report as pages for people: what it is about, its files, the timeline, and what proves it.</summary>
internal static class CustodyPage
{
    private const double Rail = PageWriter.Left + 6;
    private const double Beside = PageWriter.Left + 20;
    private const double Dot = 3;

    public static byte[] Of(CustodyReport report)
    {
        using PageWriter page = new($"Chain of custody of {report.Name}", $"Chain of custody of {report.Name}", report.MadeAt);
        page.Line("Chain of custody", PageWriter.Title);
        page.Skip(6);
        foreach ((string word, string value) in Head(report))
        {
            page.Line($"{word}: {value}", PageWriter.Plain);
        }

        WriteFiles(page, report);
        WriteTimeline(page, report);
        WriteProof(page, report);
        return page.Save();
    }

    private static IEnumerable<(string Word, string Value)> Head(CustodyReport report)
    {
        yield return ("Recording", $"{report.Name} ({report.RecordingId})");
        yield return ("Camera", report.Camera);
        yield return ("Log", report.Head.Origin);
        yield return ("Made", $"{AuditText.TimeOf(report.MadeAt)} by {report.MadeBy}, {report.Program}");
        yield return ("Reason", report.Reason);
        yield return ("Holds", Invariant($"{report.Entries.Count} facts, {report.Head.Facts.Count} of them proved, ")
            + Invariant($"{report.Files.Count} files, {report.Files.Count(file => file.Found == "whole")} of them whole"));
    }

    private static void WriteFiles(PageWriter page, CustodyReport report)
    {
        Heading(page, "Files");
        if (report.Files.Count == 0)
        {
            page.Line("No file ought to be there: none was made, or the timeline says who had them deleted.", PageWriter.Plain);
        }

        foreach (CustodyFile file in report.Files)
        {
            bool isWhole = file.Found == "whole";
            page.Need(3 * PageWriter.Plain.Height);
            page.Line(
                Invariant($"{file.Path}: {file.SizeBytes} bytes, {WordsOf(file.Found)} (fact at position {file.Position})"),
                PageWriter.Plain,
                isWhole ? XBrushes.Black : XBrushes.DarkRed,
                PageWriter.Left);
            page.Line($"SHA-256 {file.Sha256}", PageWriter.Small, XBrushes.DimGray, Beside);
        }
    }

    private static string WordsOf(string found) => found switch
    {
        "whole" => "is the file that the fact describes",
        "missing" => "IS MISSING, and no fact says that it was deleted",
        "changed" => "IS ANOTHER FILE than the fact describes",
        "unreadable" => "WAS NOT READ: the disk or this account's rights did not let it, and that says nothing of it",
        _ => "was deleted while this page was made",
    };

    private static void WriteTimeline(PageWriter page, CustodyReport report)
    {
        Heading(page, "Timeline");
        foreach (CustodyEntry entry in report.Entries)
        {
            string who = entry.Way.Length > 0 ? $"{entry.Who} by {entry.Way}" : entry.Who;
            string title = Invariant($"{AuditText.TimeOf(entry.At)}  {who}  position {entry.Position}");
            string proof = entry.Proof is { } proved
                ? Invariant($"index {proved.Index}, leaf {proved.Leaf}, proof SHA-256 {proved.ProofSha256}")
                : report.Head.Adopted.TryGetValue(entry.Position, out long by)
                    ? Invariant($"in no tree: it appeared later, and the fact at position {by} adopted it and has its hash")
                    : "not proved: younger than the newest head";
            double height = page.HeightOf(title, PageWriter.Plain, Beside) + page.HeightOf(entry.What, PageWriter.Plain, Beside)
                + page.HeightOf(proof, PageWriter.Small, Beside);
            page.Need(height);
            page.Page.DrawLine(XPens.LightGray, Rail, page.Y, Rail, page.Y + height + Dot);
            page.Page.DrawEllipse(
                entry.Proof is null ? XBrushes.DarkRed : XBrushes.SteelBlue, Rail - Dot, page.Y + Dot, 2 * Dot, 2 * Dot);
            page.Line(title, PageWriter.Plain, XBrushes.SteelBlue, Beside);
            page.Line(entry.What, PageWriter.Plain, Beside);
            page.Line(proof, PageWriter.Small, XBrushes.DimGray, Beside);
            page.Skip(Dot);
        }
    }

    private static void WriteProof(PageWriter page, CustodyReport report)
    {
        Heading(page, "What proves it");
        page.Line(
            Invariant($"Each fact above was read from the log, hashed, and led by a proof to the signed head of ")
            + Invariant($"{report.Head.Size} facts, of {AuditText.TimeOf(report.Head.SignedAt)}. Root: {report.Head.Root}"),
            PageWriter.Plain);
        page.Skip(4);
        foreach (string line in report.Head.Note.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            page.Line(line, PageWriter.Small, XBrushes.DimGray, Beside);
        }

        page.Skip(4);
        foreach (string key in report.Keys)
        {
            page.Line($"Public key, to be compared with one that you hold: {key}", PageWriter.Small);
        }

        foreach (AnchorStatus anchor in report.Anchors.Where(anchor => anchor.SentAt is not null))
        {
            page.Line(
                Invariant($"Shown outside: {anchor.Sink}, a head of {anchor.Size} facts, ")
                + AuditText.TimeOf(anchor.SentAt!.Value),
                PageWriter.Small);
        }

        page.Skip(6);
        page.Line(
            "To check it without this page: events audit export --stream recording-" + report.RecordingId
            + " --files; the bundle has the same leaves and can be verified without this program. Exports are found by the words "
            + "of their scope; one of a range of positions may have held these facts, too. That a fact was true when it was "
            + "written is proved by nothing here. This page has its own SHA-256 in the log, as what was taken out.",
            PageWriter.Plain);
    }

    private static void Heading(PageWriter page, string text)
    {
        page.Skip(12);
        page.Need(4 * PageWriter.Plain.Height);
        page.Line(text, PageWriter.Heading);
        page.Skip(3);
    }
}
