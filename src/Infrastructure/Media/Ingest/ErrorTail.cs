using System.Text;
using System.Text.RegularExpressions;
using Events.Application.Contracts;

namespace Events.Media.Ingest;

/// <summary>
/// The last lines that ffmpeg said, with everything secret made unreadable: the password as it is and as an address carries
/// it, and whatever stands before an <c>@</c> in an address.
/// </summary>
internal sealed partial class ErrorTail(SourceCredentials? credentials)
{
    /// <summary>In lines: enough to see how a connection failed.</summary>
    public const int LinesMax = 100;

    /// <summary>In bytes. ffmpeg's own lines are shorter; what a camera makes it print may not be.</summary>
    private const int LineBytesMax = 1_024;

    private const string Dots = "•••";

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

    /// <summary>Reads lines to the end of the stream. Blocks.</summary>
    public void ReadToEnd(Stream stream)
    {
        byte[] buffer = new byte[1024];
        var line = new List<byte>(LineBytesMax);
        for (int got = stream.Read(buffer); got > 0; got = stream.Read(buffer))
        {
            foreach (byte value in buffer.AsSpan(0, got))
            {
                if (value is (byte)'\n' or (byte)'\r')
                {
                    Add(Encoding.UTF8.GetString([.. line]));
                    line.Clear();
                }
                else if (line.Count < LineBytesMax)
                {
                    line.Add(value);
                }
            }
        }

        Add(Encoding.UTF8.GetString([.. line]));
    }

    public string Mask(string text)
    {
        foreach (string secret in _secrets)
        {
            text = text.Replace(secret, Dots, StringComparison.OrdinalIgnoreCase);
        }

        return UserInfo().Replace(text, "://" + Dots + "@");
    }

    /// <returns>The last line that says something, without ffmpeg's context in brackets; null when it said nothing.</returns>
    public string? LastWords() =>
        Lines.Reverse()
            .Select(line => Context().Replace(line, string.Empty).Trim())
            .FirstOrDefault(line => line.Length > 0 && !line.StartsWith("Last message repeated", StringComparison.Ordinal));

    private void Add(string line)
    {
        if (string.IsNullOrWhiteSpace(line))
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

    private static string[] SecretsOf(SourceCredentials? credentials) =>
        credentials is { Password.Length: > 0 }
            ?
            [
                credentials.Password,
                Uri.EscapeDataString(credentials.Password),
                Convert.ToBase64String(Encoding.UTF8.GetBytes($"{credentials.UserName}:{credentials.Password}")),
            ]
            : [];

    [GeneratedRegex(@"://[^/\s'""]*@")]
    private static partial Regex UserInfo();

    [GeneratedRegex(@"^(\[[^\]]*\]\s*)+")]
    private static partial Regex Context();
}
