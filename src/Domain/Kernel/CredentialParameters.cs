using System.Text;
using System.Text.RegularExpressions;

namespace Events.Domain.Kernel;

/// <summary>
/// Credentials that an address carries as parameters: <c>?user=ada&amp;password=x</c>, or inside its path, as many cameras want
/// them, <c>/user=ada_password=x_channel=1</c>. No standard says which they are, so they are known by their names; and from the
/// first one on, whatever is not surely something else counts as a part of them.
/// </summary>
public static partial class CredentialParameters
{
    /// <summary>What stands where a value is hidden.</summary>
    public const string Mask = "***";

    /// <summary>What parts parameters, as it is and as an address escapes it.</summary>
    private const string Separator = "(?:[&;_/?,]|%26|%3B|%2F|%3F|%2C)";

    /// <summary>Anywhere in a name: <c>loginuse</c>, <c>access_token</c>, <c>authbasic</c>. One too many costs nothing.</summary>
    private static readonly string[] Stems =
    [
        "user", "usr", "login", "logon", "account", "pass", "pwd", "psw", "token", "auth", "secret", "cred", "session",
        "signature",
    ];

    private static readonly string[] Endings = ["key", "sig", "sid", "pin"];

    /// <summary>Alone, or behind the underscore that parts some cameras' parameters.</summary>
    private static readonly string[] WholeNames = ["u", "p", "un", "pw"];

    /// <summary>Stay readable behind a credential, so that two channels of one video recorder can be told apart.</summary>
    private static readonly string[] PlainNames =
    [
        "channel", "chan", "chn", "ch", "cam", "camera", "stream", "streamtype", "subtype", "substream", "type", "profile",
        "track", "trackid", "resolution", "res", "size", "width", "height", "fps", "rate", "framerate", "codec", "vcodec",
        "quality", "format", "proto", "protocol", "transport",
    ];

    /// <summary>Makes values of credentials unreadable. Any text may be given: each run without spaces is looked at.</summary>
    /// <returns>The same text when it has none. Hiding twice is hiding once.</returns>
    public static string Hide(string text) => Run().Replace(text, run => HideInRun(run.Value));

    /// <returns>The credentials in an address, as they stand there.</returns>
    public static IReadOnlyList<string> ValuesIn(string address) =>
        [
            .. Parameter().Matches(address)
                .Where(one => IsCredential(one.Groups["name"].Value))
                .Select(one => Value().Match(address, one.Index + one.Length).Value)
                .Where(value => value.Length > 0)
                .Distinct(),
        ];

    /// <summary>Whether an address is given back as it was shown, with the mask in place of what it hides.</summary>
    public static bool IsMasked(string address) => MaskedValue().IsMatch(address);

    private static string HideInRun(string run)
    {
        if (Parameter().Matches(run).FirstOrDefault(one => IsCredential(one.Groups["name"].Value)) is not { } first)
        {
            return run;
        }

        int tail = first.Index + first.Length;
        var shown = new StringBuilder(run, 0, tail, run.Length + Mask.Length).Append(Mask);
        foreach (Match parameter in Following().Matches(run, tail))
        {
            string name = parameter.Groups["name"].Value;
            if (IsCredential(name))
            {
                shown.Append(parameter.Groups["start"].Value).Append(Mask);
            }
            else if (parameter.Groups["plain"].Success && PlainNames.Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                shown.Append(parameter.Value);
            }
        }

        return shown.ToString();
    }

    private static bool IsCredential(string name)
    {
        string plain = string.Concat(name.Where(char.IsAsciiLetterOrDigit)).ToLowerInvariant();
        string last = name[(name.LastIndexOf('_') + 1)..].ToLowerInvariant();
        return WholeNames.Contains(last)
            || Stems.Any(stem => plain.Contains(stem, StringComparison.Ordinal))
            || Endings.Any(ending => plain.EndsWith(ending, StringComparison.Ordinal));
    }

    [GeneratedRegex(@"\S+")]
    private static partial Regex Run();

    [GeneratedRegex(@"(?<name>[a-z0-9_.~\[\]-]{1,64})(?:=|%3D)", RegexOptions.IgnoreCase)]
    private static partial Regex Parameter();

    /// <summary>A parameter behind the first credential; a value that is long or holds anything strange is not plain.</summary>
    [GeneratedRegex(
        "(?<start>" + Separator + "(?<name>[a-z][a-z0-9]{0,31})(?:=|%3D))"
        + "(?<plain>[a-z0-9.]{1,12}(?=" + Separator + "|[#'\"]|$))?",
        RegexOptions.IgnoreCase)]
    private static partial Regex Following();

    [GeneratedRegex("""\G[^&;/?#,=\s'"]*?(?=[&;/?#,=\s'"]|_[a-z][a-z0-9]{0,31}=|$)""", RegexOptions.IgnoreCase)]
    private static partial Regex Value();

    [GeneratedRegex(@"(?:=|%3D)\*\*\*(?=[&;_/?#,]|$)", RegexOptions.IgnoreCase)]
    private static partial Regex MaskedValue();
}
