using Events.Application.Contracts;
using Events.EventStore.Seals;
using Events.Host.Cli;
using Events.Media;
using Npgsql;

namespace Events.Host.Audit;

/// <summary>Takes facts out of the log of a running host: a bundle, and the fact that there is one.</summary>
internal sealed class Exports(LogAccess log, TimeProvider time)
{
    private static readonly TimeSpan SealTimeMax = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);

    /// <summary>In seconds. A camera's streams are looked for in the whole log.</summary>
    private const int SearchTimeoutSeconds = 300;

    /// <summary>The numbers' stream is that of all cameras.</summary>
    private const string OfCamera =
        """
        select distinct stream_id from events.mt_events
        where (data->>'cameraId' = $1 or stream_id like '%-' || $1) and stream_id not like 'camera_numbers-%' order by stream_id
        """;

    public async Task<IReadOnlyList<string>> StreamsOfCameraAsync(string cameraId, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = new(log.Place.Connection);
        await connection.OpenAsync(cancellationToken);
        await using NpgsqlCommand command = new(OfCamera, connection)
        {
            CommandTimeout = SearchTimeoutSeconds,
            Parameters = { new NpgsqlParameter<string> { TypedValue = cameraId } },
        };
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        List<string> streams = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            streams.Add(reader.GetString(0));
        }

        return streams;
    }

    /// <summary>Waits until what is in the log now is sealed; not for ever, since what is not yet is left out and said.</summary>
    public async Task WaitForSealsAsync(CancellationToken cancellationToken)
    {
        long start = time.GetTimestamp();
        long newest = (await LogAudit.StatusAsync(log.Place.Connection, cancellationToken)).Newest;
        while (((await LogAudit.StatusAsync(log.Place.Connection, cancellationToken)).Head?.Position ?? 0) < newest
            && time.GetElapsedTime(start) < SealTimeMax)
        {
            await Task.Delay(LookEvery, time, cancellationToken);
        }
    }

    /// <summary>Writes the bundle beside its place, notes the export in the log, and only then puts it there.</summary>
    /// <param name="question">Without its media.</param>
    /// <exception cref="CommandFailedException">It cannot be done; there is no file then.</exception>
    public async Task<ExportRow> WriteAsync(
        ExportQuestion question, string scope, bool withFiles, string file, CancellationToken cancellationToken)
    {
        if (log.Host is not { } host)
        {
            throw new CommandFailedException(
                "An export is noted in the log, and no host runs that could do so. Start one: ./events up");
        }

        if (File.Exists(file))
        {
            throw new CommandFailedException($"{file} is there already. Name another file with --out.");
        }

        (List<ExportMedia> media, Dictionary<string, string> gone) = await MediaAsync(question, withFiles, cancellationToken);
        question = question with { Media = media };
        string draft = file + ".part";
        try
        {
            ExportReport report = await ProgressBar.RunAsync("Taking facts and proofs out", async progress =>
            {
                await using FileStream stream = File.Create(draft);
                return await LogExport.RunAsync(log.Place.Connection, question, stream, progress, cancellationToken);
            });
            Noted noted = await host.PostAsync(
                "/control/audit/exports",
                new ExportNote(
                    Guid.CreateVersion7(), scope, report.Facts, report.Size, report.ManifestSha256, question.Reason),
                AuditJson.Default.ExportNote,
                AuditJson.Default.Noted,
                cancellationToken);
            File.Move(draft, file);
            return new ExportRow(
                file,
                scope,
                report.Facts,
                report.Hidden,
                report.Media,
                report.Size,
                report.ManifestSha256,
                noted.Position,
                GapsOf(report, gone),
                report.Contradicted.Count > 0 ? report.Contradicted : null,
                report.Notices.Count > 0 ? report.Notices : null);
        }
        catch (ExportRefusedException refused)
        {
            throw new CommandFailedException(refused.Message);
        }
        finally
        {
            File.Delete(draft);
        }
    }

    /// <returns>Files that facts describe; and of those that were asked for and cannot be taken out, why.</returns>
    private async Task<(List<ExportMedia> Media, Dictionary<string, string> Gone)> MediaAsync(
        ExportQuestion question, bool withFiles, CancellationToken cancellationToken)
    {
        List<FactFile> files = await new FileCheck(log.Log, log.Facts, log.Place.Storage).FilesAsync(
            question.From, question.To, cancellationToken);
        List<ExportMedia> media = [];
        Dictionary<string, string> gone = new(StringComparer.Ordinal);
        foreach (FactFile one in files)
        {
            (Func<Stream>? open, string? why) = (null, null);
            if (withFiles)
            {
                (open, why) = await OpenerOfAsync(one, cancellationToken);
            }

            if (why is not null)
            {
                gone[one.Path] = why;
            }

            media.Add(new ExportMedia(one.Fact.Position, one.Path, one.Sha256, open));
        }

        return (media, gone);
    }

    private static List<ExportGap>? GapsOf(ExportReport report, Dictionary<string, string> gone)
    {
        List<ExportGap> gaps =
        [
            .. report.Left.Where(gone.ContainsKey).Select(path => new ExportGap(path, gone[path])),
            .. report.Changed.Select(path => new ExportGap(path, "changed")),
        ];
        return gaps.Count > 0 ? gaps : null;
    }

    /// <summary>What goes into a bundle is what the fact's hash is of, so an encrypted file goes into it in the clear.</summary>
    /// <returns>What opens it; or in one word, why it cannot be opened.</returns>
    private async Task<(Func<Stream>? Open, string? Why)> OpenerOfAsync(FactFile file, CancellationToken cancellationToken)
    {
        string path = Path.Combine(log.Place.Storage, file.Path);
        Func<Stream> open = () => File.OpenRead(path);
        if (file.Encrypted is { } encrypted)
        {
            if (await KeyOfAsync(encrypted, cancellationToken) is not { } key)
            {
                return (null, File.Exists(path) ? "locked" : "missing");
            }

            open = () => FootagePaths.OpenEncrypted(path, encrypted.Number, key);
        }

        try
        {
            await using Stream tried = open();
            return (open, null);
        }
        catch (Exception gone) when (gone is FileNotFoundException or DirectoryNotFoundException)
        {
            return (null, "missing");
        }
        catch (FootageUnreadableException)
        {
            return (null, "changed");
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return (null, "unreadable");
        }
    }

    /// <returns>Null also for one that does not open here.</returns>
    private async Task<FootageKey?> KeyOfAsync(EncryptedFile file, CancellationToken cancellationToken)
    {
        try
        {
            return log.FootageKeys is { } keys ? await file.KeyAsync(keys, cancellationToken) : null;
        }
        catch (FootageUnreadableException)
        {
            return null;
        }
    }
}
