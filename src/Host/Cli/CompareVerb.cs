using System.CommandLine;
using Events.EventStore.Seals;
using Events.Host.Audit;
using static System.FormattableString;

namespace Events.Host.Cli;

/// <summary><c>audit compare</c>: whether the log goes on from heads that somebody kept.</summary>
internal static class CompareVerb
{
    public static Command Build(Option<string> data, Option<string> format)
    {
        var head = new Option<string>("--head")
        {
            Description = "Heads that were kept, of this installation or as another one shows them: a file, or a folder of them.",
            Required = true,
        };
        var keys = new Option<string[]>("--key") { Description = "A public key that you hold, or a file of them." };
        var file = new Option<string?>("--out")
        {
            Description = "Where the proof from the oldest head is written to, as C2SP tlog-witness has it, for other programs.",
        };
        var command = new Command(
            "compare",
            "Says whether the newest head goes on from one that was kept, by a proof; looks at no fact. 0: it does, 1: it does "
            + "not, 2: no verdict.")
        {
            head, keys, file, format,
        };
        GivenWords.RefuseEmpty(head, keys, file);
        command.SetAction((given, cancellationToken) => AuditVerbs.RunAsync(data, given, async log =>
        {
            IReadOnlyList<string> notes = AuditVerbs.NotesIn(given.GetRequiredValue(head));
            HeadComparison found;
            try
            {
                found = await LogComparison.RunAsync(
                    log.Place.Connection, notes, AuditVerbs.KeysIn(given.GetValue(keys) ?? []), cancellationToken);
            }
            catch (FormatException wrong)
            {
                throw new CommandFailedException(wrong.Message);
            }

            if (given.GetValue(file) is { } path
                && found.Heads.Where(one => one.Proof is not null).MinBy(one => one.Size) is { } oldest)
            {
                await File.WriteAllTextAsync(path, oldest.Proof, cancellationToken);
            }

            Write(found, given.GetValue(format) == "json");
            return found.Heads.Any(one => one.Verdict == "contradicted") ? AuditVerbs.ContradictedCode
                : found.Heads.Count == 0 || found.Heads.Any(one => one.Verdict != "proven") ? AuditVerbs.UndecidedCode
                : AuditVerbs.ProvenCode;
        }));
        return command;
    }

    private static void Write(HeadComparison found, bool isJson)
    {
        if (isJson)
        {
            CommandLine.Print(found, AuditJson.Default.HeadComparison);
            return;
        }

        foreach (ComparedHead one in found.Heads)
        {
            Console.Out.WriteLine(Invariant($"{one.Verdict.ToUpperInvariant()}: {one.Origin}, {one.Size} facts. {one.Message}"));
        }

        if (found.Heads.Count == 0)
        {
            Console.Out.WriteLine("UNDECIDED: there is no head in what was named.");
        }

        Console.Out.WriteLine("The facts were not looked at: events audit verify does.");
    }
}
