// A host for tests to kill: takes the data folder given as argument, starts its PostgreSQL, prints the server's process id and
// waits for the end of its input.
using Events.Host.Operations;
using Events.Processes;

using Microsoft.Extensions.Logging.Abstractions;

try
{
    using var data = DataFolder.Open(args[0]);
    await using var postgres = await EmbeddedPostgres.StartAsync(
        data, ProcessesModule.Create(), _ => { }, TimeProvider.System, NullLogger.Instance, CancellationToken.None);
    Console.WriteLine($"{postgres.ProcessId} {postgres.ConnectionString}");
    Console.In.ReadToEnd();
    return 0;
}
catch (StartRefusedException refused)
{
    Console.WriteLine(refused.Message);
    return 1;
}
