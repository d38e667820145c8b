using System.CommandLine;
using System.Globalization;
using Events.Host.Control;
using Events.Host.Security;

namespace Events.Host.Cli;

/// <summary><c>secrets</c>: what lies encrypted in the database.</summary>
internal static class SecretsVerbs
{
    public static Command Build(Option<string> format)
    {
        var reason = new Option<string>("--reason") { Description = "Why, in one line.", Required = true };
        return new Command("secrets", "Passwords of cameras and users, and keys of recordings, encrypted in the database.")
        {
            CommandLine.Verb(
                "rotate-key",
                "Encrypts all of them under another key and destroys the old one. Repeated, it goes on where it broke off.",
                [reason, format],
                async (given, client, token) => Show(
                    await client.PostAsync(
                        "/control/secrets/rotation",
                        new Reason(given.GetRequiredValue(reason)),
                        ControlJson.Default.Reason,
                        ControlJson.Default.SecretsRotated,
                        token),
                    CommandLine.IsJson(given))),
        };
    }

    private static void Show(SecretsRotated done, bool isJson)
    {
        if (isJson)
        {
            CommandLine.Print(done, ControlJson.Default.SecretsRotated);
            return;
        }

        Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{done.Changed} secrets are under another key."));
        if (done.Unreadable > 0)
        {
            Console.Out.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{done.Unreadable} did not open before and do not now; the host's log names them."));
        }

        Console.Out.WriteLine("Back up the keys folder again: copies of the old key open nothing that is written from now on.");
    }
}
