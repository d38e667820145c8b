using System.CommandLine;
using System.Security.Cryptography;
using Events.EventStore.Seals;
using Events.Host.Audit;
using Events.Host.Audit.Custody;
using static System.FormattableString;

namespace Events.Host.Cli;

/// <summary><c>audit custody</c>: who did what with one recording, as pages.</summary>
internal static class CustodyVerb
{
    public static Command Build(Option<string> data, Option<string> format)
    {
        var recording = new Option<string>("--recording") { Description = "Its name or id.", Required = true };
        var file = new Option<string>("--out") { Description = "The page, a PDF file.", Required = true };
        var reason = new Option<string>("--reason")
        {
            Description = "For whom and why, e.g. a case number.",
            DefaultValueFactory = _ => "requested",
        };
        var command = new Command(
            "custody", "Writes the chain of custody of a recording as a PDF. That it was made is itself a fact.")
        {
            recording, file, reason, format,
        };
        GivenWords.RefuseEmpty(recording, file);
        command.SetAction((given, cancellationToken) => AuditVerbs.RunAsync(data, given, async log =>
        {
            string name = given.GetRequiredValue(recording);
            string id = PastVerbs.One(
                name, "recording", await new Trail(log.Place.Connection).RecordingsAsync(name, cancellationToken));
            CustodyRow row = await WriteAsync(
                log, id, given.GetRequiredValue(reason), given.GetRequiredValue(file), cancellationToken);
            Write(row, given.GetValue(format) == "json");
            return row.FilesWhole + row.FilesUnread < row.Files ? AuditVerbs.ContradictedCode
                : row.FilesUnread > 0 ? AuditVerbs.UndecidedCode
                : AuditVerbs.ProvenCode;
        }));
        return command;
    }

    /// <summary>As an export: written beside its place, noted in the log, and only then put there.</summary>
    private static async Task<CustodyRow> WriteAsync(
        LogAccess log, string recordingId, string reason, string file, CancellationToken cancellationToken)
    {
        if (log.Host is not { } host)
        {
            throw new CommandFailedException(
                "What is taken out is noted in the log, and no host runs that could do so. Start one: ./events up");
        }

        if (File.Exists(file))
        {
            throw new CommandFailedException($"{file} is there already. Name another file with --out.");
        }

        CustodyReport report = await FindAsync(log, recordingId, reason, cancellationToken);
        byte[] page = CustodyPage.Of(report);
        string sha256 = Convert.ToHexStringLower(SHA256.HashData(page));
        string draft = file + ".part";
        try
        {
            await File.WriteAllBytesAsync(draft, page, cancellationToken);
            Noted noted = await host.PostAsync(
                "/control/audit/exports",
                new ExportNote(
                    Guid.CreateVersion7(),
                    $"chain of custody of recording {report.Name}",
                    report.Entries.Count,
                    report.Head.Size,
                    sha256,
                    reason),
                AuditJson.Default.ExportNote,
                AuditJson.Default.Noted,
                cancellationToken);
            File.Move(draft, file);
            return new CustodyRow(
                file,
                report.Name,
                report.Entries.Count,
                report.Head.Facts.Count,
                report.Files.Count,
                report.Files.Count(one => one.Found == "whole"),
                report.Files.Count(one => one.Found == "unreadable"),
                report.Head.Size,
                sha256,
                noted.Position);
        }
        finally
        {
            File.Delete(draft);
        }
    }

    private static async Task<CustodyReport> FindAsync(
        LogAccess log, string recordingId, string reason, CancellationToken cancellationToken)
    {
        await new Exports(log, TimeProvider.System).WaitForSealsAsync(cancellationToken);
        try
        {
            return await new CustodySearch(log, TimeProvider.System).FindAsync(
                recordingId,
                Environment.UserName,
                reason,
                $"Events {typeof(CustodyVerb).Assembly.GetName().Version!.ToString(3)}",
                cancellationToken);
        }
        catch (ExportRefusedException refused)
        {
            throw new CommandFailedException(refused.Message);
        }
    }

    private static void Write(CustodyRow row, bool isJson)
    {
        if (isJson)
        {
            CommandLine.Print(row, AuditJson.Default.CustodyRow);
            return;
        }

        Console.Out.WriteLine($"Page       {row.File}");
        Console.Out.WriteLine(Invariant($"Holds      {row.Recording}: {row.Facts} facts, {row.Proved} of them proved"));
        Console.Out.WriteLine(Invariant($"Files      {row.Files}, {row.FilesWhole} of them whole")
            + (row.FilesUnread > 0 ? Invariant($", {row.FilesUnread} NOT READ") : string.Empty));
        Console.Out.WriteLine(Invariant($"Proved by  the head of {row.TreeSize} facts"));
        Console.Out.WriteLine($"SHA-256    {row.Sha256}");
        Console.Out.WriteLine(Invariant($"Noted      as a fact at position {row.Position}"));
    }
}
