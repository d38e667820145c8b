using System.CommandLine;

namespace Events.Host.Cli;

/// <summary>What was typed, as this command line has it.</summary>
internal static class GivenWords
{
    /// <summary>
    /// An empty value is a slip, such as a variable of a script that is not set: it is neither a file nor the want of one.
    /// </summary>
    public static void RefuseEmpty(params Option[] options)
    {
        foreach (Option option in options)
        {
            option.Validators.Add(result =>
            {
                if (result.Tokens.Any(token => string.IsNullOrWhiteSpace(token.Value)))
                {
                    result.AddError($"{option.Name} is empty.");
                }
            });
        }
    }

    /// <inheritdoc cref="RefuseEmpty(Option[])"/>
    public static void RefuseEmpty(Argument argument) =>
        argument.Validators.Add(result =>
        {
            if (result.Tokens.Any(token => string.IsNullOrWhiteSpace(token.Value)))
            {
                result.AddError($"{argument.Name} is empty.");
            }
        });

    /// <summary>
    /// The older service's key tool took these before the verb, with one dash or two; and it had <c>version</c> and <c>help</c>.
    /// </summary>
    /// <returns>The same, with its flags behind the verb.</returns>
    public static string[] Translate(string[] words)
    {
        List<string> flags = [];
        int i = 0;
        for (; i < words.Length && words[i].StartsWith('-'); i++)
        {
            (string name, string? value) = words[i].Split('=', 2) is [var left, var right] ? (left, right) : (words[i], null);
            switch (name.TrimStart('-'))
            {
                case "config" or "format" when value is not null || i + 1 < words.Length:
                    flags.AddRange(["--" + name.TrimStart('-'), value ?? words[++i]]);
                    break;
                case "verbose":
                    // It has nothing more to tell.
                    break;
                default:
                    return words;
            }
        }

        string[] verbs = words[i..];
        return verbs switch
        {
            ["version"] => ["--version"],
            ["help", .. var of] => [.. of, "--help"],
            [] => words,
            _ => [.. verbs, .. flags],
        };
    }
}
