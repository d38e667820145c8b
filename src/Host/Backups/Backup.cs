using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Events.Application.Contracts;
using Events.Host.Audit;
using Events.Host.Cli;
using Events.Host.Operations;
using Events.Host.Security;
using Events.Processes;
using Npgsql;

namespace Events.Host.Backups;

/// <summary>What a backup is of.</summary>
/// <param name="TakenAt">When the base backup ended, UTC: the earliest moment that can be restored from it.</param>
/// <param name="Position">Of the newest fact in it.</param>
/// <param name="Facts">Facts in it.</param>
/// <param name="Files">Files of recordings and pictures in the catalogue.</param>
/// <param name="HasKeys">Whether the keys are in it, encrypted with a passphrase.</param>
internal sealed record BackupRow(
    string Folder, DateTimeOffset TakenAt, long Position, long Facts, long Files, bool HasKeys, long Bytes, double Seconds)
{
    /// <summary>What came of copying the footage; null when it was not asked for.</summary>
    public FootageCopied? Footage { get; init; }
}

/// <summary>
/// Takes a base backup with PostgreSQL's own program, and has the server copy its write-ahead log to the same place from then on.
/// <c>base-TIME/</c> (postgres, catalogue.jsonl, keys.bin, backup.json) and <c>wal/</c>.
/// </summary>
internal sealed class Backup(LogPlace at, ILog log, IFacts search, TimeProvider time)
{
    public const string WalFolder = "wal";

    /// <summary>In the cluster's folder; names the folder that its server archives to.</summary>
    public const string ArchiveTo = "archive-to";

    public const string BasePrefix = "base-";
    public const string RowName = "backup.json";
    public const string CatalogueName = "catalogue.jsonl";

    /// <summary>Of a base backup that is not whole: being made, or being removed.</summary>
    public const string DraftEnding = ".part";

    /// <summary>A quiet log is on the other disk after so long, too.</summary>
    private const int ArchiveTimeoutSeconds = 60;

    /// <summary>The sealer signs within ten seconds.</summary>
    private static readonly TimeSpan FirstHeadTimeMax = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan FirstHeadPause = TimeSpan.FromMilliseconds(200);

    /// <param name="passphrase">Encrypts the keys; null to leave them out.</param>
    /// <param name="keepMax">Older base backups than so many are removed, with the write-ahead log that only they need.</param>
    /// <param name="withFootage">Whether files of recordings and pictures are copied, too.</param>
    /// <exception cref="CommandFailedException">It cannot be done; what is unfinished is removed.</exception>
    public async Task<BackupRow> RunAsync(
        string folder, string? passphrase, int keepMax, bool withFootage, CancellationToken cancellationToken)
    {
        long start = time.GetTimestamp();
        var place = new NpgsqlConnectionStringBuilder(at.Connection);
        string cluster = Path.Combine(at.Storage, "postgres");
        if (place.Host?.StartsWith('/') != true || !Directory.Exists(cluster))
        {
            throw new CommandFailedException(
                "The log is in a PostgreSQL of your own (setting PostgreSql.ConnectionString). Back it up with its own tools.");
        }

        folder = Path.GetFullPath(folder);
        (long system, _) = await LineAsync(cancellationToken);
        string wal = BaseOrigin.WalOf(folder, system);
        Directory.CreateDirectory(folder);
        Directory.CreateDirectory(wal);
        UnixFile owner = UnixFiles.Look(cluster)!;
        GiveTo(owner, wal);
        await ArchiveAsync(cluster, owner, wal, cancellationToken);

        string name = BasePrefix + time.GetUtcNow().UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        string draft = Path.Combine(folder, name + DraftEnding);
        BackupDrafts.RemoveLeft(folder);
        try
        {
            using FileStream held = BackupDrafts.Take(draft);
            await FirstHeadAsync(cancellationToken);
            await BaseAsync(place, Path.Combine(draft, "postgres"), cancellationToken);
            BackupRow row = await DescribeAsync(
                draft, Path.Combine(folder, name), passphrase, withFootage, start, cancellationToken);
            File.Delete(held.Name);
            UnixFiles.SyncFolder(draft);
            Directory.Move(draft, row.Folder);
            ErasedList.Merge(Path.Combine(at.Keys, ErasedList.Name), Path.Combine(folder, ErasedList.Name));
            UnixFiles.SyncFolder(folder);
            Prune(folder, wal, system, keepMax, row.Folder);
            return row;
        }
        finally
        {
            if (Directory.Exists(draft))
            {
                Directory.Delete(draft, recursive: true);
            }
        }
    }

    /// <summary>
    /// Whether this log has no base backup in the folder that is young enough and of the line it is on now, or archives to
    /// another place, or to none: after a restore, and when the folder was another installation's.
    /// </summary>
    public async Task<bool> IsDueAsync(string folder, TimeSpan interval, CancellationToken cancellationToken)
    {
        string target = Path.Combine(at.Storage, "postgres", ArchiveTo);
        if (!File.Exists(target))
        {
            return true;
        }

        folder = Path.GetFullPath(folder);
        (long system, string timeline) = await LineAsync(cancellationToken);
        return (await File.ReadAllTextAsync(target, cancellationToken)).TrimEnd('\n') != BaseOrigin.WalOf(folder, system)
            || !In(folder).Any(one => time.GetUtcNow() < one.Row.TakenAt + interval
                && BaseOrigin.Of(one.Path) is { } origin && origin.System == system && origin.Timeline == timeline);
    }

    /// <summary>Base backups in a folder, the oldest first. One whose description cannot be read is left out.</summary>
    /// <param name="say">Is told of those; null to leave them out in silence.</param>
    public static IReadOnlyList<(string Path, BackupRow Row)> In(string folder, Action<string>? say = null)
    {
        List<(string Path, BackupRow Row)> found = [];
        foreach (string path in BasesIn(folder).Where(path => File.Exists(Path.Combine(path, RowName))))
        {
            try
            {
                found.Add((path, JsonSerializer.Deserialize(
                    File.ReadAllText(Path.Combine(path, RowName)), BackupJson.Default.BackupRow)
                    ?? throw new JsonException("It is empty.")));
            }
            catch (Exception bad) when (bad is JsonException or IOException or UnauthorizedAccessException)
            {
                say?.Invoke($"{path} is left out: its {RowName} cannot be read. {bad.Message}");
            }
        }

        return found;
    }

    private static IEnumerable<string> BasesIn(string folder) =>
        !Directory.Exists(folder) ? [] : Directory.EnumerateDirectories(folder, BasePrefix + "*")
            .Where(path => !path.EndsWith(DraftEnding, StringComparison.Ordinal)).Order(StringComparer.Ordinal);

    private static void GiveTo(UnixFile owner, string path)
    {
        if (UnixFiles.OwnUserId == 0 && owner.UserId != 0)
        {
            UnixFiles.GiveTo(path, owner.UserId, owner.GroupId);
        }
    }

    /// <summary>From now on, and over restarts, the server copies what it has finished writing.</summary>
    private async Task ArchiveAsync(string cluster, UnixFile owner, string wal, CancellationToken cancellationToken)
    {
        // How its line began, too: else the next restore from here would begin one of the same name, and could not archive it.
        foreach (string history in Directory.EnumerateFiles(Path.Combine(cluster, "pg_wal"), "*.history"))
        {
            string kept = Path.Combine(wal, Path.GetFileName(history));
            if (!File.Exists(kept))
            {
                File.Copy(history, kept);
                GiveTo(owner, kept);
            }
        }

        string target = Path.Combine(cluster, ArchiveTo);
        await File.WriteAllTextAsync(target + ".new", wal, cancellationToken);
        GiveTo(owner, target + ".new");
        File.Move(target + ".new", target, overwrite: true);
        await using NpgsqlConnection connection = new(at.Connection);
        await connection.OpenAsync(cancellationToken);
        foreach (string sql in new[]
        {
            string.Create(CultureInfo.InvariantCulture, $"alter system set archive_timeout = '{ArchiveTimeoutSeconds}s'"),
            "select pg_reload_conf()",
        })
        {
            await using NpgsqlCommand command = new(sql, connection);
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    /// <summary>
    /// Waits for the first signed head of a log that began some seconds ago: without one, what is restored could not be held
    /// against anything. Not where no host runs, which would sign it.
    /// </summary>
    private async Task FirstHeadAsync(CancellationToken cancellationToken)
    {
        long start = time.GetTimestamp();
        await using NpgsqlConnection connection = new(at.Connection);
        await connection.OpenAsync(cancellationToken);
        await using NpgsqlCommand command = new("select exists (select from events_own.audit_head)", connection);
        while (at.Shown is not null
            && await command.ExecuteScalarAsync(cancellationToken) is false
            && time.GetElapsedTime(start) < FirstHeadTimeMax)
        {
            await Task.Delay(FirstHeadPause, time, cancellationToken);
        }
    }

    private static async Task BaseAsync(NpgsqlConnectionStringBuilder place, string target, CancellationToken cancellationToken)
    {
        IChildProcesses processes = ProcessesModule.Create();
        await using NpgsqlConnection connection = new(place.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        EmbeddedPostgresBinaries binaries = await EmbeddedPostgresBinaries.FindAsync(
            processes, connection.PostgreSqlVersion.Major, cancellationToken);
        await ProgramRun.RequireAsync(
            processes,
            Path.Combine(binaries.Folder, "pg_basebackup"),
            [
                "-h", place.Host!, "-p", place.Port.ToString(CultureInfo.InvariantCulture), "-U", place.Username!, "-D", target,
                "-X", "stream", "--checkpoint=fast", "--no-password",
            ],
            null,
            cancellationToken);

        // It hands the name on to a shell, between double quotes and no more: so it is not told the name.
        await ProgramRun.RequireAsync(
            processes, Path.Combine(binaries.Folder, "pg_verifybackup"), ["."], target, cancellationToken);
    }

    private async Task<BackupRow> DescribeAsync(
        string draft, string folder, string? passphrase, bool withFootage, long start, CancellationToken cancellationToken)
    {
        List<FactFile> files = await new FileCheck(log, search, at.Storage).FilesAsync(
            0, long.MaxValue, cancellationToken);
        await BackupDrafts.WriteAsync(
            Path.Combine(draft, CatalogueName),
            files.Select(file => JsonSerializer.SerializeToUtf8Bytes(
                new CatalogueLine(file.Path, file.SizeOnDisk, file.Sha256OnDisk), BackupLines.Default.CatalogueLine)),
            cancellationToken);
        if (passphrase is not null)
        {
            await BackupDrafts.WriteAsync(
                Path.Combine(draft, WrappedKeys.Name), WrappedKeys.Wrap(at.Keys, passphrase), cancellationToken);
        }

        // Last of all: what a cleanup deletes meanwhile is told as missing, and the log says why.
        string footage = Path.Combine(Path.GetDirectoryName(folder)!, FootageCopy.Folder);
        FootageCopied? copied = withFootage
            ? await new FootageCopy(at.Storage, footage).RunAsync(files, cancellationToken) : null;
        (long position, long facts) = await CountAsync(cancellationToken);
        long bytes = Directory.EnumerateFiles(draft, "*", SearchOption.AllDirectories).Sum(file => new FileInfo(file).Length);
        BackupRow row = new(
            folder,
            time.GetUtcNow(),
            position,
            facts,
            files.Count,
            passphrase is not null,
            bytes,
            Math.Round(time.GetElapsedTime(start).TotalSeconds, 1))
        {
            Footage = copied,
        };
        await BackupDrafts.WriteAsync(
            Path.Combine(draft, RowName),
            JsonSerializer.SerializeToUtf8Bytes(row, BackupJson.Default.BackupRow),
            cancellationToken);
        return row;
    }

    private async Task<(long Position, long Facts)> CountAsync(CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = new(at.Connection);
        await connection.OpenAsync(cancellationToken);
        await using NpgsqlCommand command = new("select coalesce(max(seq_id), 0), count(*) from events.mt_events", connection);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return (reader.GetInt64(0), reader.GetInt64(1));
    }

    /// <returns>The cluster's identifier, and its line as names of its write-ahead log begin.</returns>
    private async Task<(long System, string Timeline)> LineAsync(CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = new(at.Connection);
        await connection.OpenAsync(cancellationToken);
        await using NpgsqlCommand command = new(
            "select system_identifier, pg_walfile_name(pg_current_wal_lsn()) from pg_control_system()", connection);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return (reader.GetInt64(0), reader.GetString(1)[..BaseOrigin.TimelineLength]);
    }

    /// <summary>
    /// Removes the oldest, and the write-ahead log from before the first that those which are kept need. Other installations'
    /// are theirs to remove. The one just made stays also where a clock was set back, by which it would be the oldest.
    /// </summary>
    internal static void Prune(string folder, string wal, long system, int keepMax, string made)
    {
        List<(string Path, BaseOrigin Origin)> own = [];
        foreach ((string path, _) in In(folder))
        {
            if (BaseOrigin.Of(path) is { } origin && origin.System == system)
            {
                own.Add((path, origin));
            }
        }

        string[] gone = [.. own.Select(one => one.Path).Where(path => path != made).Take(Math.Max(0, own.Count - keepMax))];
        foreach (string path in gone)
        {
            BackupDrafts.Remove(path);
        }

        PruneFootage(folder);
        if (own.Where(one => !gone.Contains(one.Path)).Select(one => one.Origin.FirstWal).Min(StringComparer.Ordinal)
            is not { } needed)
        {
            return;
        }

        foreach (string file in Directory.EnumerateFiles(wal).Where(file => Path.GetFileName(file) is var name
            && name.Length >= needed.Length && string.CompareOrdinal(name[..needed.Length], needed) < 0))
        {
            File.Delete(file);
        }
    }

    /// <summary>All of it stays while one catalogue cannot be read: what that one speaks of is not known.</summary>
    private static void PruneFootage(string folder)
    {
        string footage = Path.Combine(folder, FootageCopy.Folder);
        if (!Directory.Exists(footage))
        {
            return;
        }

        HashSet<string> needed = new(StringComparer.Ordinal);
        foreach (string line in BasesIn(folder).Select(path => Path.Combine(path, CatalogueName)).Where(File.Exists)
            .SelectMany(File.ReadLines))
        {
            try
            {
                needed.Add((JsonSerializer.Deserialize(line, BackupLines.Default.CatalogueLine)
                    ?? throw new JsonException("It is empty.")).Path);
            }
            catch (JsonException)
            {
                return;
            }
        }

        new FootageCopy(string.Empty, footage).Prune(needed);
    }
}

/// <summary>The installation's keys in one file, encrypted: AES-256-GCM with a key from a passphrase.</summary>
internal static class WrappedKeys
{
    public const string Name = "keys.bin";

    /// <summary>What guessing a passphrase costs: about a tenth of a second each.</summary>
    private const int Rounds = 600_000;

    private const int SaltBytes = 16;
    private const int KeyBytes = 32;

    /// <summary>Of what is not whole yet, or was left behind by a host that was killed.</summary>
    private const string DraftEnding = ".new";

    /// <summary>Files come and go a few times in a log's life, not at every reading.</summary>
    private const int ReadingsMax = 5;

    /// <returns>Null without a file.</returns>
    /// <exception cref="CommandFailedException">There is nothing in it.</exception>
    public static string? PassphraseIn(string? file) =>
        file is null ? null
        : File.ReadAllText(file).Trim() is { Length: > 0 } text ? text
        : throw new CommandFailedException($"{file} is empty.");

    public static byte[] Wrap(string folder, string passphrase)
    {
        Dictionary<string, byte[]> files = FilesIn(folder);
        byte[] plain = JsonSerializer.SerializeToUtf8Bytes(files, BackupLines.Default.DictionaryStringByteArray);
        byte[] salt = RandomNumberGenerator.GetBytes(SaltBytes);
        byte[] nonce = RandomNumberGenerator.GetBytes(AesGcm.NonceByteSizes.MaxSize);
        byte[] tag = new byte[AesGcm.TagByteSizes.MaxSize];
        byte[] secret = new byte[plain.Length];
        using AesGcm cipher = new(KeyOf(passphrase, salt), tag.Length);
        cipher.Encrypt(nonce, plain, secret, tag);
        return [.. salt, .. nonce, .. tag, .. secret];
    }

    /// <returns>Files by name.</returns>
    /// <exception cref="CommandFailedException">The passphrase is another one, or the file is damaged.</exception>
    public static Dictionary<string, byte[]> Unwrap(byte[] wrapped, string passphrase)
    {
        int nonceBytes = AesGcm.NonceByteSizes.MaxSize;
        int tagBytes = AesGcm.TagByteSizes.MaxSize;
        try
        {
            ReadOnlySpan<byte> rest = wrapped;
            using AesGcm cipher = new(KeyOf(passphrase, rest[..SaltBytes].ToArray()), tagBytes);
            byte[] plain = new byte[rest.Length - SaltBytes - nonceBytes - tagBytes];
            cipher.Decrypt(
                rest.Slice(SaltBytes, nonceBytes),
                rest[(SaltBytes + nonceBytes + tagBytes)..],
                rest.Slice(SaltBytes + nonceBytes, tagBytes),
                plain);
            return JsonSerializer.Deserialize(plain, BackupLines.Default.DictionaryStringByteArray)!;
        }
        catch (Exception bad) when (bad is CryptographicException or ArgumentException or OverflowException)
        {
            throw new CommandFailedException("The keys in the backup do not open with this passphrase, or are damaged.");
        }
    }

    public static void Write(Dictionary<string, byte[]> files, string folder)
    {
        foreach ((string name, byte[] content) in files)
        {
            using FileStream stream = new(Path.Combine(folder, Path.GetFileName(name)), new FileStreamOptions
            {
                Mode = FileMode.Create,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
            stream.Write(content);
            stream.Flush(flushToDisk: true);
        }
    }

    /// <summary>
    /// The sealer goes on meanwhile. A file that went may have taken another one's place, as a key does that comes into use: then
    /// all are read again.
    /// </summary>
    private static Dictionary<string, byte[]> FilesIn(string folder)
    {
        for (int reading = 1; ; reading++)
        {
            try
            {
                Dictionary<string, byte[]> files = [];
                foreach (string file in Directory.EnumerateFiles(folder))
                {
                    if (!file.EndsWith(DraftEnding, StringComparison.Ordinal))
                    {
                        files[Path.GetFileName(file)] = File.ReadAllBytes(file);
                    }
                }

                return files;
            }
            catch (FileNotFoundException) when (reading < ReadingsMax)
            {
                // Gone between its name and its content.
            }
        }
    }

    private static byte[] KeyOf(string passphrase, byte[] salt) =>
        Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(passphrase), salt, Rounds, HashAlgorithmName.SHA256, KeyBytes);
}
