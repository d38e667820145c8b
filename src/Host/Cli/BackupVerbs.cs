using System.CommandLine;
using System.Globalization;
using Events.Host.Backups;
using Events.Host.Security;
using static System.FormattableString;

namespace Events.Host.Cli;

/// <summary><c>backup</c> and <c>restore</c>: the log and its keys, with PostgreSQL's own tools.</summary>
internal static class BackupVerbs
{
    /// <summary>Of base backups, when nobody says how many.</summary>
    private const int KeepDefault = 7;

    private const int KeepMax = 10_000;

    /// <summary>Nobody reads more in a terminal; the rest is in the file.</summary>
    private const int PathsShownMax = 20;

    /// <summary>Restored, but seals or views contradict it, or there is more in the backup.</summary>
    private const int NotWholeCode = 1;

    public static Command Backup(Option<string> data, Option<string> format)
    {
        var to = new Option<string>("--to") { Description = "Where backups are kept: another disk.", Required = true };
        var keep = new Option<int>("--keep")
        {
            Description = "Base backups that are kept; older ones go.",
            DefaultValueFactory = _ => KeepDefault,
        };
        keep.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && int.TryParse(text, out int count) && count is < 1 or > KeepMax)
            {
                result.AddError($"--keep takes 1 to {KeepMax}.");
            }
        });
        var footage = new Option<bool>("--footage")
        {
            Description = "Copies files of recordings and snapshots, too; what is there already is left alone.",
        };
        Option<string?> passphrase = Passphrase();
        var command = new Command(
            "backup", "Takes a base backup of the log, and copies its write-ahead log to the same place from then on.")
        {
            to, keep, footage, passphrase, format,
        };
        command.SetAction((given, cancellationToken) => AuditVerbs.RunAsync(data, given, async log =>
        {
            BackupRow row = await new Backup(log.Place, log.Log, log.Facts, TimeProvider.System).RunAsync(
                given.GetRequiredValue(to),
                PassphraseIn(given.GetValue(passphrase)),
                given.GetValue(keep),
                given.GetValue(footage),
                cancellationToken);
            Write(row, given.GetValue(format) == "json");
            return 0;
        }));
        return command;
    }

    public static Command Restore(Option<string> data, Option<string> format)
    {
        var from = new Option<string>("--from") { Description = "The folder that backup wrote to.", Required = true };
        var to = new Option<string?>("--to")
        {
            Description = "The moment, e.g. 2026-03-01T12:00:00Z. Default: all that the backup has.",
        };
        var chosen = new Option<string?>("--base")
        {
            Description = "The base backup to begin with, e.g. base-20260301T120000Z. Default: the newest of before the moment.",
        };
        Option<string?> passphrase = Passphrase();
        var command = new Command(
            "restore", "Brings a backup back into an empty folder (--data), up to a moment, and checks it by seals and views.")
        {
            from, to, chosen, passphrase, format,
        };
        command.SetAction(async (given, cancellationToken) =>
        {
            try
            {
                RestoreRow row = await new Restore(Console.Error.WriteLine, TimeProvider.System).RunAsync(
                    given.GetRequiredValue(from),
                    given.GetValue(to) is { } text ? Moments.Parse(text, "--to") : null,
                    given.GetValue(chosen),
                    given.GetRequiredValue(data),
                    PassphraseIn(given.GetValue(passphrase)),
                    cancellationToken);
                Write(row, given.GetValue(format) == "json");
                return row.Seals == "contradicted" || row.ViewsDifferent.Count > 0 || row.WalGap is not null ? NotWholeCode
                    : row.Seals == "undecided" ? AuditVerbs.UndecidedCode
                    : 0;
            }
            catch (Exception failed) when (failed is CommandFailedException or IOException or UnauthorizedAccessException
                or Npgsql.NpgsqlException or Application.Contracts.DependencyUnavailableException)
            {
                await Console.Error.WriteLineAsync(failed.Message);
                return AuditVerbs.UndecidedCode;
            }
        });
        return command;
    }

    private static Option<string?> Passphrase() => new("--passphrase-file")
    {
        Description = "A file with the passphrase that encrypts the keys in the backup. Without it they are left out.",
    };

    private static string? PassphraseIn(string? file)
    {
        if (file is not null && KeyFiles.IsOpenToOthers(file))
        {
            Console.Error.WriteLine($"warning: others may read {file}. Run: chmod 600 {file}");
        }

        return WrappedKeys.PassphraseIn(file);
    }

    private static void Write(BackupRow row, bool isJson)
    {
        if (isJson)
        {
            CommandLine.Print(row, BackupJson.Default.BackupRow);
            return;
        }

        Console.Out.WriteLine($"Backup    {row.Folder}, {AuditText.TimeOf(row.TakenAt)}");
        Console.Out.WriteLine(
            Invariant($"Log       {row.Facts} facts, up to position {row.Position}; ")
            + Invariant($"{row.Bytes / (1024.0 * 1024):0.0} MB in {row.Seconds:0.0} s"));
        Console.Out.WriteLine(
            Invariant($"Footage   {row.Files} files in the catalogue; ")
            + (row.Footage is { } copied
                ? Invariant($"{copied.Files} are in the backup, {copied.Copied} of them new ")
                    + Invariant($"({copied.Bytes / (1024.0 * 1024):0.0} MB)")
                : "they are not copied (--footage)"));
        foreach (string path in (row.Footage?.Missing ?? []).Take(PathsShownMax))
        {
            Console.Out.WriteLine($"  - {path} is missing, or is not the file of its fact");
        }

        Console.Out.WriteLine("Keys      "
            + (row.HasKeys ? "encrypted in the backup" : "not in the backup: keep a copy of the folder keys elsewhere"));
        Console.Out.WriteLine("From now on the write-ahead log goes to the same place, each minute at the latest.");
    }

    private static void Write(RestoreRow row, bool isJson)
    {
        if (isJson)
        {
            CommandLine.Print(row, BackupJson.Default.RestoreRow);
            return;
        }

        Console.Out.WriteLine($"Restored  {row.Folder} from {row.From}");
        Console.Out.WriteLine(Invariant($"Log       {row.Facts} facts, up to position {row.Position}")
            + (row.NewestAt is { } at ? $", the newest of {AuditText.TimeOf(at)}" : string.Empty));
        if (row.WalGap is { } gap)
        {
            Console.Out.WriteLine($"Not all   {Terminal.OneLine(gap)}");
        }

        Console.Out.WriteLine(Invariant($"Seals     {row.Seals}, proved up to position {row.ProvedPosition}"));
        Console.Out.WriteLine(
            Invariant($"Views     {row.Views - row.ViewsDifferent.Count} of {row.Views} are what the log makes of them")
            + (row.ViewsDifferent.Count > 0 ? $"; different: {string.Join(", ", row.ViewsDifferent)}" : string.Empty));
        Console.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"Time      {row.RestoreSeconds:0.0} s to restore, {row.CheckSeconds:0.0} s to check"));
        foreach (string path in row.Missing.Take(PathsShownMax))
        {
            Console.Out.WriteLine($"Missing   {path}");
        }

        foreach (string note in row.Notes)
        {
            Console.Out.WriteLine($"  - {note}");
        }

        foreach (string line in row.NotChecked)
        {
            Console.Out.WriteLine($"  - not checked: {Terminal.OneLine(line)}");
        }
    }
}
