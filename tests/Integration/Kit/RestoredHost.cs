namespace Events.Tests.Integration.Kit;

/// <summary>A host on a restored folder, started as the runbook says.</summary>
internal static class RestoredHost
{
    /// <summary>
    /// Until a backup of it can be held against something: a restore of a log without a signed head is undecided. The head is over
    /// all facts.
    /// </summary>
    public static Task SignedAsync(RunningHost host) => Until.TrueAsync(
        async () => await host.SqlAsync(
            "select (select max(seq_id) from events.mt_events) = (select max(last_seq) from events_own.audit_head)") == "t",
        TimeSpan.FromSeconds(30),
        "a signed head over all facts");

    /// <summary>
    /// Starts it and waits until it is ready. Whether facts were signed between the copy of the keys and the end of the old host is
    /// a matter of seconds; if so, it takes no facts until somebody says why.
    /// </summary>
    public static Task<RunningHost> StartAsync(string data)
    {
        bool isForked = false;
        return RunningHost.StartAsync(data: data, meanwhile: async host =>
        {
            if (!isForked && host.Output.Contains("events audit fork", StringComparison.Ordinal))
            {
                isForked = true;
                (await host.CliAsync("audit", "fork", "--reason", "Restored from the backup")).Ok();
            }
        });
    }
}
