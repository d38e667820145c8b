using Events.EventStore.Seals.Checking;
using Events.EventStore.Seals.Notes;
using Events.EventStore.Seals.Sealing;
using Npgsql;

namespace Events.EventStore.Seals;

/// <summary>Checks a log against its seals, from any machine that reaches its database. Changes nothing.</summary>
public static class LogAudit
{
    /// <param name="connectionString">For Npgsql; a role that may read is enough.</param>
    /// <param name="progress">Called now and then, on the audit's own thread.</param>
    /// <returns>What was found. An audit that could not be carried out says so in <see cref="AuditReport.Undecided"/>.</returns>
    public static async Task<AuditReport> RunAsync(
        string connectionString, AuditQuestion question, Action<AuditProgress> progress, CancellationToken cancellationToken)
    {
        try
        {
            await using NpgsqlConnection connection = new(connectionString);
            await connection.OpenAsync(cancellationToken);
            return await new Audit(connection, question, progress).RunAsync(cancellationToken);
        }
        catch (Exception failed) when (failed is NpgsqlException or NoteRefusedException or SealRefusedException or IOException)
        {
            string[] notChecked = ["anything: the audit was not carried out to its end"];
            return new AuditReport(null, 0, 0, 0, 0, 0, [], notChecked, failed.Message);
        }
    }
}
