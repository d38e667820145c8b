using System.CommandLine;
using Events.Host.Cli;

// The library would end the program two seconds after a signal, whatever is still to be written. "up" heeds signals itself.
return await CommandLine.Build().Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
