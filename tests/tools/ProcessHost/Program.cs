// A host for tests to kill: starts the program given as arguments (death signal first), prints its process id, and waits.
using Events.Application.Contracts;
using Events.Processes;

await using var child = ProcessesModule.Create().Start(new ChildProcessSpec(args[1], args[2..], args[0]));
Console.WriteLine(child.Id);
return await child.Exited;
