using System.CommandLine;
using Events.Host.Cli;

Terminal.Install();

// The library would end the program two seconds after a signal, whatever is still to be written. "up" heeds signals itself.
ParseResult given = CommandLine.Build().Parse(GivenWords.Translate(args));
if (given.Errors.Count == 0 && CommandLine.WrongFileOf(given) is { } wrong)
{
    await Console.Error.WriteLineAsync(wrong);
    return AuditVerbs.Owns(given) ? AuditVerbs.UsageCode : 1;
}

int code = await given.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
return given.Errors.Count > 0 && AuditVerbs.Owns(given) ? AuditVerbs.UsageCode : code;
