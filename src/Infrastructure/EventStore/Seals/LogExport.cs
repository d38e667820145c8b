using Events.EventStore.Seals.Bundles;
using Events.EventStore.Seals.Notes;
using Events.EventStore.Seals.Sealing;
using Npgsql;

namespace Events.EventStore.Seals;

/// <summary>What is to be taken out of the log.</summary>
/// <param name="Streams">Only of these; null for all.</param>
/// <param name="From">First position.</param>
/// <param name="To">Last position.</param>
/// <param name="IsRange">
/// Whether what lies between is shown as withheld, so that nobody can say that more was left out than that.
/// </param>
public sealed record ExportQuestion(IReadOnlyList<string>? Streams, long From, long To, bool IsRange)
{
    /// <summary>In facts. A proof has some 1,000 bytes, and whoever checks them does so on a small machine.</summary>
    public const int FactsMax = 100_000;

    /// <summary>The same bound, where it is less.</summary>
    public int Room { get; init; } = FactsMax;

    /// <summary>For the manifest: who asked, why, when, and with which program.</summary>
    public required string By { get; init; }

    public required string Reason { get; init; }

    public required DateTimeOffset At { get; init; }

    public required string Program { get; init; }

    /// <summary>Files that facts describe, in any order; those of facts that are not taken out are left out.</summary>
    public IReadOnlyList<ExportMedia> Media { get; init; } = [];

    /// <summary>Signed heads that somebody kept outside: the bundle proves that the log goes on from them.</summary>
    public IReadOnlyList<string> Anchors { get; init; } = [];
}

/// <param name="Position">Of the fact that describes it.</param>
/// <param name="Path">Relative, with slashes.</param>
/// <param name="Sha256">Lower-case hex, as the fact says it.</param>
/// <param name="Open">Opens its content on this machine; null to name it and leave it out.</param>
public sealed record ExportMedia(long Position, string Path, string Sha256, Func<Stream>? Open);

/// <param name="Size">Facts under the head that proves them.</param>
/// <param name="ManifestSha256">Lower-case hex.</param>
/// <param name="Media">Files in it.</param>
public sealed record ExportReport(long Facts, long Hidden, long Media, long Size, string ManifestSha256)
{
    /// <summary>
    /// Positions of facts that are not what was sealed at their place. They are in it, shown or withheld or as those that lead
    /// to another key, and contradict it.
    /// </summary>
    public IReadOnlyList<long> Contradicted { get; init; } = [];

    /// <summary>In words: what contradicts nothing and should be known.</summary>
    public IReadOnlyList<string> Notices { get; init; } = [];

    /// <summary>Paths of files that are in it and are not those of their facts, or could not be read to their end.</summary>
    public IReadOnlyList<string> Changed { get; init; } = [];

    /// <summary>Paths of files that its facts describe and that are not in it.</summary>
    public IReadOnlyList<string> Left { get; init; } = [];
}

/// <summary>The facts cannot be exported as they were asked for; says why.</summary>
public sealed class ExportRefusedException(string message) : Exception(message);

/// <summary>Takes facts out of a log, with the proofs that they are in it.</summary>
public static class LogExport
{
    /// <param name="to">Where the bundle, a zip archive, is written.</param>
    /// <exception cref="ExportRefusedException">
    /// There is nothing to export, or too much, or nothing can be proved because the seals themselves are broken.
    /// </exception>
    /// <exception cref="NpgsqlException">The database does not answer.</exception>
    public static async Task<ExportReport> RunAsync(
        string connectionString,
        ExportQuestion question,
        Stream to,
        Action<AuditProgress> progress,
        CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = new(connectionString);
        await connection.OpenAsync(cancellationToken);
        try
        {
            await using Export export = await Export.BeginAsync(connection, question, to, progress, cancellationToken);
            return await export.RunAsync(cancellationToken);
        }
        catch (Exception contradicted) when (contradicted is SealRefusedException or NoteRefusedException)
        {
            throw new ExportRefusedException(contradicted.Message);
        }
    }
}
