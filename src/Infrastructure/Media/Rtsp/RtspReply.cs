using System.Globalization;
using System.Text;

namespace Events.Media.Rtsp;

/// <summary>An answer (RFC 2326, section 7).</summary>
internal sealed class RtspReply(RtspStatus status)
{
    private readonly List<(string Name, string Value)> _headers = [];
    private string _body = string.Empty;

    public RtspStatus Status => status;

    /// <summary>The connection ends behind this answer.</summary>
    public bool Closes { get; private set; }

    /// <summary>What comes once the answer is on its way; null for nothing.</summary>
    public Action? Then { get; private set; }

    public RtspReply With(string name, string value)
    {
        _headers.Add((name, value));
        return this;
    }

    /// <param name="type">Of the body.</param>
    /// <param name="address">What relative addresses in the body begin with.</param>
    public RtspReply WithBody(string type, string address, string body)
    {
        _body = body;
        return With("Content-Type", type).With("Content-Base", address);
    }

    public RtspReply Closing()
    {
        Closes = true;
        return this;
    }

    public RtspReply AndThen(Action act)
    {
        Then = act;
        return this;
    }

    /// <param name="sequence">The request's <c>CSeq</c>; null when it had none.</param>
    public byte[] ToBytes(string? sequence)
    {
        CultureInfo culture = CultureInfo.InvariantCulture;
        var text = new StringBuilder();
        text.Append(culture, $"RTSP/1.0 {status.Code} {status.Reason}\r\n");
        if (sequence is not null)
        {
            text.Append(culture, $"CSeq: {sequence}\r\n");
        }

        foreach ((string name, string value) in _headers)
        {
            text.Append(culture, $"{name}: {value}\r\n");
        }

        if (Closes)
        {
            text.Append("Connection: close\r\n");
        }

        byte[] body = Encoding.UTF8.GetBytes(_body);
        if (body.Length > 0)
        {
            text.Append(culture, $"Content-Length: {body.Length}\r\n");
        }

        return [.. Encoding.Latin1.GetBytes(text.Append("\r\n").ToString()), .. body];
    }
}
