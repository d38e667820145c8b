using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Audit;

/// <summary>The schema, tried on a copy before it is moved on.</summary>
[Trait("pace", "slow")]
public sealed class Migrating
{
    [Fact]
    public async Task is_tried_on_a_copy_and_leaves_the_original_as_it_was()
    {
        await using RunningHost host = await RunningHost.StartAsync();
        string version = await host.SqlAsync("select max(version) from events_own.schema_version");
        Assert.Contains("nothing to do", (await host.CliAsync("migrate", "--check")).Ok(), StringComparison.Ordinal);

        // As the program before the last script left it.
        await host.SqlAsync(
            "alter table events_own.audit_anchor drop constraint pk_audit_anchor, drop column origin, "
            + "add constraint pk_audit_anchor primary key (size, sink); delete from events_own.schema_version where version = 11");
        CliResult busy = await host.CliAsync("migrate");
        Assert.Equal(2, busy.ExitCode);
        Assert.Contains("Stop it first", busy.Errors, StringComparison.Ordinal);

        // On a copy it is tried also while the host goes on.
        Assert.Contains($"version {int.Parse(version) - 1} to {version}", (await host.CliAsync("migrate", "--check")).Ok(), StringComparison.Ordinal);
        Assert.Equal("0", await host.SqlAsync("select count(*) from pg_database where datname like '%migrate_check'"));
        Assert.Equal("10", await host.SqlAsync("select max(version) from events_own.schema_version"));
        Assert.Equal(0, await host.StopAsync());
        Assert.Contains($"version {int.Parse(version) - 1} to {version}", (await host.CliAsync("migrate", "--check")).Ok(), StringComparison.Ordinal);
        Assert.Contains("On a copy", (await host.CliAsync("migrate", "--check")).Ok(), StringComparison.Ordinal);
        Assert.Contains("was moved", (await host.CliAsync("migrate")).Ok(), StringComparison.Ordinal);
        Assert.Contains("nothing to do", (await host.CliAsync("migrate", "--check")).Ok(), StringComparison.Ordinal);
        await host.StartAgainAsync();
        await host.SqlAsync("insert into events_own.schema_version (version, name) values (999, '0999_later')");
        CliResult newer = await host.CliAsync("migrate", "--check");
        Assert.Equal(1, newer.ExitCode);
        Assert.Contains("Start the newer program", newer.Errors, StringComparison.Ordinal);
    }
}
