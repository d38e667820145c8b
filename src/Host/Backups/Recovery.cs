using System.Globalization;
using Events.Host.Cli;
using Events.Host.Operations;
using Events.Processes;
using Npgsql;

namespace Events.Host.Backups;

/// <summary>PostgreSQL replays a backup's write-ahead log over its base, up to a moment; if there is less, to its end.</summary>
/// <param name="wal">Where the write-ahead log is.</param>
/// <param name="timeline">Of the base backup. Of two that were restored from it, each one's own facts are wanted.</param>
internal sealed class Recovery(string wal, string timeline, Action<string> say, TimeProvider time)
{
    private const string EndedEarly = "recovery ended before configured recovery target was reached";

    private static readonly TimeSpan RecoveryTimeMax = TimeSpan.FromHours(12);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(200);

    /// <summary>What recovery alone needs.</summary>
    private static readonly string[] Settings =
    [
        "restore_command", "recovery_target_timeline", "recovery_target_time", "recovery_target_action",
    ];

    /// <summary>In words: write-ahead log that the backup has and that could not be replayed; null for none.</summary>
    public string? Gap { get; private set; }

    /// <param name="data">Holds the base backup.</param>
    /// <param name="to">The moment, UTC; null for all there is.</param>
    /// <exception cref="CommandFailedException">It cannot be done.</exception>
    public async Task<EmbeddedPostgres> RunAsync(DataFolder data, DateTimeOffset? to, CancellationToken cancellationToken)
    {
        // Before it begins: the old host may still run, and what it archives from now on is not missing.
        HashSet<string> archived =
        [
            .. (Directory.Exists(wal) ? Directory.EnumerateFiles(wal).Where(BaseOrigin.IsWal) : [])
                .Select(path => Path.GetFileName(path)).Where(name => name.StartsWith(timeline, StringComparison.Ordinal)),
        ];
        File.Delete(Path.Combine(data.PostgresPath, Backup.ArchiveTo));
        EmbeddedPostgres? postgres = await ReplayAsync(data, to, cancellationToken);
        if (postgres is null)
        {
            say("The write-ahead log ends before that moment: all that can be replayed is restored.");
            to = null;
            postgres = await ReplayAsync(data, null, cancellationToken)
                ?? throw new CommandFailedException($"PostgreSQL wants a moment that it was not given: see {data.FullPath}");
        }

        try
        {
            Gap = to is null ? await GapAsync(data, postgres, archived, cancellationToken) : null;
            return postgres;
        }
        catch
        {
            await postgres.DisposeAsync();
            throw;
        }
    }

    /// <returns>Null when the write-ahead log ends before the moment.</returns>
    private async Task<EmbeddedPostgres?> ReplayAsync(DataFolder data, DateTimeOffset? to, CancellationToken cancellationToken)
    {
        Configure(data.PostgresPath, to);
        GiveAll(data.PostgresPath);
        EmbeddedPostgres postgres;
        try
        {
            using ILoggerFactory logs = LoggerFactory.Create(_ => { });
            postgres = await EmbeddedPostgres.StartAsync(
                data, ProcessesModule.Create(), say, time, logs.CreateLogger("PostgreSQL"), cancellationToken);
        }
        catch (StartRefusedException refused)
        {
            return to is not null && refused.Message.Contains(EndedEarly, StringComparison.Ordinal)
                ? null : throw new CommandFailedException(refused.Message);
        }

        try
        {
            if (await IsPromotedAsync(postgres, to is not null, cancellationToken))
            {
                return postgres;
            }

            await postgres.DisposeAsync();
            return null;
        }
        catch
        {
            await postgres.DisposeAsync();
            throw;
        }
    }

    /// <summary>Connections open while it still replays; what is asked then would be of an earlier moment.</summary>
    /// <returns>False when it ended because the moment was not reached.</returns>
    private async Task<bool> IsPromotedAsync(EmbeddedPostgres postgres, bool hasMoment, CancellationToken cancellationToken)
    {
        long start = time.GetTimestamp();
        while (true)
        {
            try
            {
                await using NpgsqlConnection connection = new(postgres.ConnectionString + ";Pooling=false");
                await connection.OpenAsync(cancellationToken);
                await using NpgsqlCommand command = new("select pg_is_in_recovery()", connection);
                if (await command.ExecuteScalarAsync(cancellationToken) is false)
                {
                    foreach (string setting in Settings)
                    {
                        await using NpgsqlCommand reset = new($"alter system reset {setting}", connection);
                        await reset.ExecuteNonQueryAsync(cancellationToken);
                    }

                    return true;
                }
            }
            catch (NpgsqlException) when (time.GetElapsedTime(start) < RecoveryTimeMax)
            {
                // It closes connections when it becomes a server of its own, and when it gives up.
                if (hasMoment && (await File.ReadAllTextAsync(postgres.LogPath, cancellationToken)).Contains(
                    EndedEarly, StringComparison.Ordinal))
                {
                    return false;
                }
            }

            await Task.Delay(LookEvery, time, cancellationToken);
        }
    }

    private void Configure(string cluster, DateTimeOffset? to)
    {
        string settings = Path.Combine(cluster, "postgresql.auto.conf");
        List<string> lines =
        [
            .. File.ReadAllLines(settings).Where(line =>
                !Settings.Any(setting => line.StartsWith(setting, StringComparison.Ordinal))),
            "restore_command = " + RestoreCommandOf(wal),
            "recovery_target_timeline = 'current'",
        ];
        if (to is { } moment)
        {
            lines.Add(string.Create(
                CultureInfo.InvariantCulture, $"recovery_target_time = '{moment.UtcDateTime:yyyy-MM-dd HH:mm:ss.ffffff}+00'"));
            lines.Add("recovery_target_action = 'promote'");
        }

        File.WriteAllLines(settings, lines);
        File.WriteAllText(Path.Combine(cluster, "recovery.signal"), string.Empty);
    }

    /// <summary>A folder's name goes through the file of settings, PostgreSQL's own placeholders and a shell.</summary>
    private static string RestoreCommandOf(string wal)
    {
        if (wal.Any(char.IsControl))
        {
            throw new CommandFailedException($"{Terminal.OneLine(wal)} has a control character in its name. Rename the folder.");
        }

        string word = "'" + wal.Replace("'", @"'\''", StringComparison.Ordinal) + "'";
        string command = $"cp {word.Replace("%", "%%", StringComparison.Ordinal)}/%f \"%p\"";
        string text = command.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal);
        return $"'{text}'";
    }

    /// <summary>PostgreSQL takes a file that is not there for the end of the log, whatever lies behind it.</summary>
    private async Task<string?> GapAsync(
        DataFolder data, EmbeddedPostgres postgres, HashSet<string> archived, CancellationToken cancellationToken)
    {
        if (archived.Max(StringComparer.Ordinal) is not { } newest)
        {
            return null;
        }

        (string now, ulong segmentBytes) = await LineAsync(postgres, cancellationToken);
        string history = Path.Combine(data.PostgresPath, "pg_wal", $"{now}.history");
        string[] ends = (await File.ReadAllLinesAsync(history, cancellationToken))
            .Last(line => line.Length > 0 && line[0] != '#').Split('\t')[1].Split('/');
        ulong end = (ulong.Parse(ends[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture) << 32)
            + ulong.Parse(ends[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        string last = NameOf(end / segmentBytes, segmentBytes);
        if (string.CompareOrdinal(last, newest) >= 0)
        {
            return null;
        }

        for (ulong segment = end / segmentBytes; ; segment++)
        {
            string name = NameOf(segment, segmentBytes);
            if (string.CompareOrdinal(name, newest) >= 0)
            {
                return $"The write-ahead log goes on to {newest} in {wal}, but {last} there cannot be read to its end. "
                    + "Nothing behind that place is restored.";
            }

            if (!archived.Contains(name))
            {
                return $"The write-ahead log goes on to {newest} in {wal}, but {name} is missing there. "
                    + "Nothing behind it is restored: put the file back, and restore again.";
            }
        }
    }

    /// <summary>As PostgreSQL names a file of write-ahead log: the timeline, then the segment's number in two halves.</summary>
    private string NameOf(ulong segment, ulong segmentBytes)
    {
        ulong half = (1UL << 32) / segmentBytes;
        return string.Create(CultureInfo.InvariantCulture, $"{timeline}{segment / half:X8}{segment % half:X8}");
    }

    /// <returns>The timeline that begins where recovery ended, and how large a file of write-ahead log is.</returns>
    private static async Task<(string Timeline, ulong SegmentBytes)> LineAsync(
        EmbeddedPostgres postgres, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = new(postgres.ConnectionString + ";Pooling=false");
        await connection.OpenAsync(cancellationToken);
        await using NpgsqlCommand command = new(
            """
            select pg_walfile_name(pg_current_wal_lsn()), setting::bigint from pg_settings where name = 'wal_segment_size'
            """,
            connection);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return (reader.GetString(0)[..BaseOrigin.TimelineLength], (ulong)reader.GetInt64(1));
    }

    private static void GiveAll(string cluster)
    {
        // As root the server runs under another account, and takes only what is its own.
        if (EmbeddedPostgresPlace.ServerAccount() is not { } account)
        {
            return;
        }

        foreach (string path in Directory.EnumerateFileSystemEntries(cluster, "*", SearchOption.AllDirectories).Prepend(cluster))
        {
            UnixFiles.GiveTo(path, account.UserId, account.GroupId);
        }
    }
}
