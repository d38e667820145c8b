using System.Text;
using System.Text.RegularExpressions;
using Events.Application.Contracts;
using Events.Domain.Kernel;

namespace Events.Media.Ingest;

/// <summary>
/// The last lines that ffmpeg said, with everything secret made unreadable: passwords as they are and as an address carries
/// them, whatever stands before an <c>@</c> in an address, and parameters that are credentials.
/// </summary>
internal sealed partial class ErrorTail(SourceCredentials? credentials)
{
    /// <summary>In lines: enough to see how a connection failed.</summary>
    public const int LinesMax = 100;

    /// <summary>What is told then, whatever ffmpeg found there: nobody shall look around by it.</summary>
    public const string SentOnWords = "The camera sends us on to another address, which is not followed.";

    /// <summary>In bytes. ffmpeg's own lines are shorter; what a camera makes it print may not be.</summary>
    private const int LineBytesMax = 1_024;

    /// <summary>
    /// In characters. A shorter parameter is hidden beside its name alone: it would blank out half of what is said.
    /// </summary>
    private const int ValueLengthMin = 3;

    private const string Dots = "•••";

    /// <summary>How lines begin that tell nobody anything. The second is about the header that we give.</summary>
    private static readonly string[] _empty = ["Last message repeated", "No trailing CRLF found in HTTP header"];

    private readonly Queue<string> _lines = new();
    private readonly string[] _secrets = SecretsOf(credentials);

    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lines)
            {
                return [.. _lines];
            }
        }
    }

    /// <summary>Whether the camera told ffmpeg to ask elsewhere.</summary>
    public bool IsSentOn { get; private set; }

    /// <summary>Reads lines to the end of the stream. Blocks.</summary>
    /// <param name="sentOn">
    /// Called at once when the camera sends ffmpeg on to another address. ffmpeg follows over RTSP and has no word against it.
    /// </param>
    public void ReadToEnd(Stream stream, Action? sentOn = null)
    {
        byte[] buffer = new byte[1024];
        var line = new List<byte>(LineBytesMax);
        for (int got = stream.Read(buffer); got > 0; got = stream.Read(buffer))
        {
            foreach (byte value in buffer.AsSpan(0, got))
            {
                if (value is (byte)'\n' or (byte)'\r')
                {
                    Take(Encoding.UTF8.GetString([.. line]), sentOn);
                    line.Clear();
                }
                else if (line.Count < LineBytesMax)
                {
                    line.Add(value);
                }
            }
        }

        Take(Encoding.UTF8.GetString([.. line]), sentOn);
    }

    public string Mask(string text)
    {
        foreach (string secret in _secrets)
        {
            text = text.Replace(secret, Dots, StringComparison.OrdinalIgnoreCase);
        }

        return CredentialParameters.Hide(UserInfo().Replace(text, "://" + Dots + "@"));
    }

    /// <returns>
    /// The last line that says something, without ffmpeg's context in brackets; null when it said nothing.
    /// </returns>
    public string? LastWords()
    {
        string[] said = [.. Lines.Select(line => Context().Replace(line, string.Empty).Trim())];
        return said.Any(line => line.StartsWith("Format not on whitelist", StringComparison.Ordinal))
            ? "What comes from there is no stream of a camera. Playlists (HLS, DASH, SDP) are not followed."
            : said.LastOrDefault(
                line => line.Length > 0 && !_empty.Any(start => line.StartsWith(start, StringComparison.Ordinal)));
    }

    private void Take(string line, Action? sentOn)
    {
        if (SendsOn().IsMatch(line))
        {
            IsSentOn = true;
            sentOn?.Invoke();
        }
        else if (string.IsNullOrWhiteSpace(line) || Chatter().IsMatch(line))
        {
            return;
        }

        lock (_lines)
        {
            _lines.Enqueue(Mask(line));
            if (_lines.Count > LinesMax)
            {
                _lines.Dequeue();
            }
        }
    }

    /// <summary>Longest first, so that none is left in pieces by another that is a part of it.</summary>
    private static string[] SecretsOf(SourceCredentials? credentials)
    {
        List<string> secrets = [];
        if (credentials is { Password.Length: > 0 })
        {
            secrets.AddRange(FormsOf(credentials.Password));
            secrets.Add(Convert.ToBase64String(Encoding.UTF8.GetBytes($"{credentials.UserName}:{credentials.Password}")));
        }

        if (credentials?.Address is { } address)
        {
            var values = CredentialParameters.ValuesIn(address).Where(value => value.Length >= ValueLengthMin);
            secrets.AddRange(values.SelectMany(FormsOf));
        }

        return [.. secrets.Distinct().OrderByDescending(secret => secret.Length)];
    }

    private static IEnumerable<string> FormsOf(string secret)
    {
        string plain = Uri.UnescapeDataString(secret);
        return [secret, plain, Uri.EscapeDataString(secret), Uri.EscapeDataString(plain)];
    }

    [GeneratedRegex(@"://[^/\s'""]*@")]
    private static partial Regex UserInfo();

    [GeneratedRegex(@"^(\[[^\]]* @ [^\]]*\] )*\[info\] Status 3[0-9]{2}: Redirecting to")]
    private static partial Regex SendsOn();

    [GeneratedRegex(@"^(\[[^\]]* @ [^\]]*\] )*\[info\] ")]
    private static partial Regex Chatter();

    [GeneratedRegex(@"^(\[[^\]]*\]\s*)+")]
    private static partial Regex Context();
}
