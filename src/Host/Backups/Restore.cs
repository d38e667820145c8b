using Events.Application;
using Events.Application.Contracts;
using Events.Application.Users;
using Events.Domain.Kernel;
using Events.EventStore;
using Events.EventStore.Seals;
using Events.Host.Audit;
using Events.Host.Cli;
using Events.Host.Operations;
using Events.Host.Security;
using Events.Processes;
using Npgsql;

namespace Events.Host.Backups;

/// <summary>What came of a restore.</summary>
/// <param name="From">The base backup that it began with.</param>
/// <param name="Position">Of the newest fact that is there now.</param>
/// <param name="NewestAt">When that was recorded, UTC; null in an empty log.</param>
/// <param name="Seals">proven, contradicted or undecided: facts against the seals that came with them.</param>
/// <param name="Views">Views compared with a rebuild.</param>
/// <param name="ViewsDifferent">Those that differ.</param>
/// <param name="FilesMissing">Files that ought to be there by the restored log, and are not.</param>
/// <param name="HasKeys">Whether the keys are there, without which no camera's password can be read.</param>
/// <param name="Notes">In words: what is to be done next.</param>
internal sealed record RestoreRow(
    string Folder,
    string From,
    long Position,
    long Facts,
    string Seals,
    long ProvedPosition,
    int Views,
    IReadOnlyList<string> ViewsDifferent,
    long FilesMissing,
    bool HasKeys,
    double RestoreSeconds,
    double CheckSeconds,
    IReadOnlyList<string> Notes,
    DateTimeOffset? NewestAt = null)
{
    /// <summary>In words: write-ahead log that the backup has and that could not be replayed; null for none.</summary>
    public string? WalGap { get; init; }

    /// <summary>Paths of some of the missing files; all are in <see cref="Restore.MissingName"/> in the new folder.</summary>
    public IReadOnlyList<string> Missing { get; init; } = [];

    /// <summary>In words: what the seals were not held against, above all whose word the public key is.</summary>
    public IReadOnlyList<string> NotChecked { get; init; } = [];
}

/// <summary>Brings a backup back into an empty folder, up to a moment, and looks whether it is whole.</summary>
internal sealed class Restore(Action<string> say, TimeProvider time)
{
    /// <summary>Lists files that ought to be in the new folder and are not, one a line.</summary>
    public const string MissingName = "missing-files.txt";

    /// <summary>Of <see cref="RestoreRow.Missing"/>.</summary>
    private const int MissingMax = 1_000;

    /// <param name="to">The moment, UTC; null for all that the backup has.</param>
    /// <param name="chosen">Name of the base backup to begin with; null for the newest of before the moment.</param>
    /// <param name="passphrase">For the keys; null to leave them.</param>
    /// <exception cref="CommandFailedException">It cannot be done.</exception>
    public async Task<RestoreRow> RunAsync(
        string from, DateTimeOffset? to, string? chosen, string folder, string? passphrase, CancellationToken cancellationToken)
    {
        long start = time.GetTimestamp();
        from = Path.GetFullPath(from);
        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
        {
            throw new CommandFailedException($"{folder} is not empty. Name an empty or new folder with --data.");
        }

        ((string Path, BackupRow Row) source, BaseOrigin origin) = SourceIn(from, to, chosen);
        await RequireWholeAsync(source.Path, cancellationToken);

        // Before anything is copied: a slip of the pen should not cost an hour.
        Dictionary<string, byte[]>? keys = KeysIn(source.Path, passphrase);
        Recovery recovery = new(BaseOrigin.WalOf(from, origin.System), origin.Timeline, say, time);
        bool isNew = !Directory.Exists(folder);
        bool isTaken = false;
        bool isRestored = false;
        try
        {
            using DataFolder data = Open(folder);
            isTaken = true;
            string unfinished = Path.Combine(data.FullPath, DataFolder.UnfinishedName);
            await File.WriteAllTextAsync(unfinished, source.Path + "\n", cancellationToken);
            CopyFolder(Path.Combine(source.Path, "postgres"), data.PostgresPath);
            WrappedKeys.Write(keys ?? [], data.KeysPath);
            await using EmbeddedPostgres postgres = await recovery.RunAsync(data, to, cancellationToken);
            ErasedList.Merge(Path.Combine(from, ErasedList.Name), Path.Combine(data.KeysPath, ErasedList.Name));
            File.Delete(unfinished);
            isRestored = true;
            double restored = Math.Round(time.GetElapsedTime(start).TotalSeconds, 1);
            RestoreRow row = await CheckAsync(data, postgres, source, keys is not null, restored, cancellationToken);
            return row with { WalGap = recovery.Gap };
        }
        catch when (isTaken)
        {
            if (isRestored)
            {
                say($"The log is restored in {folder}, but it was not checked to the end.");
            }
            else
            {
                Empty(folder, isNew);
            }

            throw;
        }
    }

    /// <returns>The base backup to begin with: the one that was chosen, or the newest of before the moment.</returns>
    private ((string Path, BackupRow Row) Source, BaseOrigin Origin) SourceIn(string from, DateTimeOffset? to, string? chosen)
    {
        IReadOnlyList<(string Path, BackupRow Row)> all = Backup.In(from, say);
        IEnumerable<(string Path, BackupRow Row)> fitting = all.Where(one => to is null || one.Row.TakenAt <= to);
        (string Path, BackupRow Row) source = chosen is null
            ? fitting.LastOrDefault() : fitting.LastOrDefault(one => Path.GetFileName(one.Path) == chosen);
        if (source.Path is null)
        {
            string why = all is not [var first, ..] ? "holds no backup that can be read."
                : chosen is not null ? $"holds no base backup {chosen} that could bring that back. It holds:{Names(all)}"
                : $"has none of before {AuditText.TimeOf(first.Row.TakenAt)}; nothing earlier can be restored.";
            throw new CommandFailedException($"{from} {why}");
        }

        BaseOrigin origin = BaseOrigin.Of(source.Path)
            ?? throw new CommandFailedException(
                $"{source.Path} is no base backup of PostgreSQL: files are missing in it. Choose another one with --base NAME."
                + Names(all));
        BaseOrigin[] others = [.. all.Select(one => BaseOrigin.Of(one.Path)).OfType<BaseOrigin>()];
        if (chosen is null && others.Any(other => other.System != origin.System))
        {
            throw new CommandFailedException(
                $"{from} holds backups of several installations. Choose one with --base NAME.{Names(all)}");
        }

        if (chosen is null && others.Any(other => other.Timeline != origin.Timeline))
        {
            say($"{from} holds backups from before and after a restore. This begins with {source.Path}; another: --base NAME");
        }

        return (source, origin);
    }

    private static string Names(IEnumerable<(string Path, BackupRow Row)> all) =>
        string.Concat(all.Select(one =>
            $"\n  {Path.GetFileName(one.Path)}, {one.Row.Facts} facts" + (BaseOrigin.Of(one.Path) is { } origin
                ? $", installation {(ulong)origin.System}, line {origin.Timeline}" : string.Empty)));

    /// <summary>A disk that keeps backups for years loses bits; PostgreSQL's list of what it wrote tells.</summary>
    private static async Task RequireWholeAsync(string source, CancellationToken cancellationToken)
    {
        string cluster = Path.Combine(source, "postgres");
        if (!int.TryParse(await File.ReadAllTextAsync(Path.Combine(cluster, "PG_VERSION"), cancellationToken), out int major))
        {
            throw new CommandFailedException(
                $"{cluster} does not say which PostgreSQL it is of. Choose another one with --base NAME.");
        }

        IChildProcesses processes = ProcessesModule.Create();
        try
        {
            EmbeddedPostgresBinaries binaries = await EmbeddedPostgresBinaries.FindAsync(processes, major, cancellationToken);
            await ProgramRun.RequireAsync(
                processes, Path.Combine(binaries.Folder, "pg_verifybackup"), ["."], cluster, cancellationToken);
        }
        catch (StartRefusedException refused)
        {
            throw new CommandFailedException(refused.Message);
        }
        catch (CommandFailedException damaged)
        {
            throw new CommandFailedException(
                $"The base backup {source} is damaged. Choose another one with --base NAME. {damaged.Message}");
        }
    }

    /// <summary>Half a restore is of no use, and the next attempt wants an empty folder.</summary>
    private void Empty(string folder, bool isNew)
    {
        try
        {
            foreach (string path in Directory.EnumerateDirectories(folder))
            {
                Directory.Delete(path, recursive: true);
            }

            foreach (string path in Directory.EnumerateFiles(folder))
            {
                File.Delete(path);
            }

            if (isNew)
            {
                Directory.Delete(folder);
            }
        }
        catch (Exception left) when (left is IOException or UnauthorizedAccessException)
        {
            say($"What was begun in {folder} is still there: {left.Message}");
        }
    }

    private static DataFolder Open(string folder)
    {
        try
        {
            return DataFolder.Open(folder);
        }
        catch (StartRefusedException refused)
        {
            throw new CommandFailedException(refused.Message);
        }
    }

    /// <returns>Null when there are none, or none are wanted.</returns>
    private static Dictionary<string, byte[]>? KeysIn(string source, string? passphrase)
    {
        string wrapped = Path.Combine(source, WrappedKeys.Name);
        return passphrase is null || !File.Exists(wrapped) ? null : WrappedKeys.Unwrap(File.ReadAllBytes(wrapped), passphrase);
    }

    private static void CopyFolder(string from, string to)
    {
        Directory.CreateDirectory(to, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        foreach (string folder in Directory.EnumerateDirectories(from, "*", SearchOption.AllDirectories))
        {
            Directory.CreateDirectory(
                Path.Combine(to, Path.GetRelativePath(from, folder)),
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            File.Copy(file, Path.Combine(to, Path.GetRelativePath(from, file)));
        }
    }

    private async Task<RestoreRow> CheckAsync(
        DataFolder data,
        EmbeddedPostgres postgres,
        (string Path, BackupRow Row) source,
        bool hasKeys,
        double restored,
        CancellationToken cancellationToken)
    {
        long start = time.GetTimestamp();
        AuditReport report = await ProgressBar.RunAsync("Holding facts against seals", progress => LogAudit.RunAsync(
            postgres.ConnectionString,
            new AuditQuestion(AuditLevels.Heads | AuditLevels.Tiles | AuditLevels.Events, [], data.KeysPath)
            {
                IsRestored = true,
            },
            progress,
            cancellationToken));
        (List<string> different, int erased) = await CheckViewsAsync(data, postgres.ConnectionString, cancellationToken);
        (long position, long facts, DateTimeOffset? newest) = await CountAsync(postgres.ConnectionString, cancellationToken);
        IReadOnlyList<string> missing = await BringFootageAsync(
            postgres.ConnectionString,
            Path.Combine(Path.GetDirectoryName(source.Path)!, FootageCopy.Folder),
            data.FullPath,
            cancellationToken);
        return new RestoreRow(
            data.FullPath,
            source.Path,
            position,
            facts,
            report.Findings.Count > 0 ? "contradicted" : report.Undecided is null ? "proven" : "undecided",
            report.ProvedPosition,
            ApplicationModule.Views.Count,
            different,
            missing.Count,
            hasKeys,
            restored,
            Math.Round(time.GetElapsedTime(start).TotalSeconds, 1),
            [.. NotesOf(hasKeys, missing.Count, erased, report)],
            newest)
        {
            Missing = [.. missing.Take(MissingMax)],
            NotChecked = report.NotChecked,
        };
    }

    /// <summary>Copies back what the backup has of the files that the restored log speaks of, each checked.</summary>
    /// <returns>Paths of those that are not there then.</returns>
    private static async Task<IReadOnlyList<string>> BringFootageAsync(
        string connectionString, string footage, string folder, CancellationToken cancellationToken)
    {
        await using ServiceProvider provider = new ServiceCollection()
            .AddLogging()
            .AddSingleton(EventTypes.Catalogue)
            .AddEventStore(new EventStoreOptions(() => connectionString))
            .BuildServiceProvider();
        List<FactFile> files = await new FileCheck(
            provider.GetRequiredService<ILog>(), provider.GetRequiredService<IFacts>(), folder).FilesAsync(
            0, long.MaxValue, cancellationToken);
        FootageCopied copied = await new FootageCopy(footage, folder).RunAsync(files, cancellationToken);
        if (copied.Missing.Count > 0)
        {
            await File.WriteAllLinesAsync(Path.Combine(folder, MissingName), copied.Missing, cancellationToken);
        }

        return copied.Missing;
    }

    private static IEnumerable<string> NotesOf(bool hasKeys, long missing, int erased, AuditReport report)
    {
        if (erased > 0)
        {
            yield return $"{erased} people are erased, as after this backup was taken, or were before.";
        }

        if (!hasKeys)
        {
            yield return "The keys are not here. Copy the folder keys of the old installation into the new one before it is "
                + "started. If they are gone for good, start it with up --secrets-lost: then neither cameras' passwords nor "
                + "users' names can be read. The view of users was not compared.";
        }

        if (missing > 0)
        {
            yield return $"{missing} files of recordings and pictures are not here; {MissingName} in the new folder lists them. "
                + "Copy recordings/, snapshots/ and .events-storage from where they are.";
        }

        if (report.Undecided is { } why)
        {
            yield return $"Whether the facts are those that were written, nobody can say: {why}";
        }

        if (report.FactsSince > 0)
        {
            yield return $"{report.FactsSince} facts are younger than the newest seal.";
        }

        yield return "The log was set back: a host that has the old keys signs nothing more until somebody says why: "
            + "events audit fork --reason";
    }

    /// <summary>Erases who was erased since, and compares the views with what the log makes of them then.</summary>
    /// <returns>Views that differ; one that cannot be compared counts as one. And how many people are erased.</returns>
    private static async Task<(List<string> Different, int Erased)> CheckViewsAsync(
        DataFolder data, string connectionString, CancellationToken cancellationToken)
    {
        ServiceCollection services = new();
        services.AddLogging().AddSingleton(EventTypes.Catalogue);
        foreach (View view in ApplicationModule.Views)
        {
            services.AddSingleton(view);
        }

        services.AddEventStore(new EventStoreOptions(() => connectionString));
        bool hasKeys = services.AddPersonalKeys(connectionString, data.FullPath, data.KeysPath);
        await using ServiceProvider provider = services.BuildServiceProvider();
        IReadOnlyList<UserId> erased = ErasedList.In(Path.Combine(data.KeysPath, ErasedList.Name));
        await EraseAsync(erased, provider.GetService<IUserNames>(), connectionString, cancellationToken);
        IProjections projections = provider.GetRequiredService<IProjections>();
        List<string> different = [];
        foreach (View view in ApplicationModule.Views)
        {
            if (view == UserViewProjection.View && !hasKeys)
            {
                continue; // Its names cannot be read here, so there is nothing to hold it against.
            }

            if (view == UserViewProjection.View && erased.Count > 0)
            {
                // Its rows hold names; those of the erased go with the old table.
                await provider.GetRequiredService<IRebuilds>().RebuildAsync(view, cancellationToken);
            }

            ViewComparison comparison = await projections.VerifyAsync(view, cancellationToken);
            if (comparison.DifferenceCount > 0)
            {
                different.Add(view.Name);
            }
        }

        return (different, erased.Count);
    }

    private static async Task EraseAsync(
        IReadOnlyList<UserId> erased, IUserNames? names, string connectionString, CancellationToken cancellationToken)
    {
        foreach (UserId id in erased)
        {
            if (names is not null)
            {
                await names.EraseAsync(id, cancellationToken);
                continue;
            }

            await using NpgsqlConnection connection = new(connectionString);
            await connection.OpenAsync(cancellationToken);
            foreach ((string sql, string key) in new[]
            {
                ("delete from events_own.protected_value where name = $1", $"subject/{id.Account}"),
                ($"delete from views.{UserViewProjection.View.Table} where key = $1", id.ToString()),
            })
            {
                await using NpgsqlCommand command = new(sql, connection) { Parameters = { new() { Value = key } } };
                await command.ExecuteNonQueryAsync(cancellationToken);
            }
        }
    }

    private static async Task<(long Position, long Facts, DateTimeOffset? Newest)> CountAsync(
        string connectionString, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = new(connectionString);
        await connection.OpenAsync(cancellationToken);
        await using NpgsqlCommand command = new(
            "select coalesce(max(seq_id), 0), count(*), max(timestamp) from events.mt_events", connection);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return (
            reader.GetInt64(0),
            reader.GetInt64(1),
            await reader.IsDBNullAsync(2, cancellationToken) ? null : reader.GetFieldValue<DateTimeOffset>(2));
    }
}
