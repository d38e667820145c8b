using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Events.Media.Rtp;

namespace Events.Media.Rtsp;

/// <summary>
/// Reads messages from the front of a buffer (RFC 2326, sections 4 to 6 and 10.12). Pure: no bytes make it throw, and none make
/// it ask for more than the bounds. Lines may end with a line feed alone; empty lines before a request are passed over.
/// </summary>
internal static class RtspParser
{
    /// <summary>In bytes, of the request line. A signed address has about 200.</summary>
    public const int LineBytesMax = 4 * 1024;

    /// <summary>In bytes, of the request line and all headers. A token in a header has up to 6 kB.</summary>
    public const int HeadBytesMax = 16 * 1024;

    public const int HeadersMax = 64;

    /// <summary>In bytes. Bodies hold names of parameters; nobody needs many.</summary>
    public const int BodyBytesMax = 4 * 1024;

    /// <summary>In bytes, of a packet between requests. Reports have some 100.</summary>
    public const int PacketBytesMax = 8 * 1024;

    /// <summary>In bytes: no message is larger.</summary>
    public const int MessageBytesMax = HeadBytesMax + BodyBytesMax;

    private const string MethodExtras = "_-";

    /// <param name="used">Bytes to take off the front, whatever was found.</param>
    /// <param name="request">Set for a request.</param>
    /// <param name="fault">Set for what is broken: what to answer before closing.</param>
    public static RtspFind Read(ReadOnlySpan<byte> bytes, out int used, out RtspRequest? request, out RtspStatus fault)
    {
        used = 0;
        request = null;
        fault = RtspStatus.BadRequest;
        int start = bytes.IndexOfAnyExcept((byte)'\r', (byte)'\n');
        if (start < 0)
        {
            used = bytes.Length;
            return RtspFind.NotYet;
        }

        used = start;
        ReadOnlySpan<byte> rest = bytes[start..];
        if (rest[0] == PacketBatch.Mark)
        {
            return ReadPacket(rest, start, out used);
        }

        int headBytes = HeadEnd(rest);
        if (headBytes < 0 || headBytes > HeadBytesMax)
        {
            bool isLongLine = rest.IndexOf((byte)'\n') is < 0 or > LineBytesMax && rest.Length > LineBytesMax;
            fault = isLongLine ? RtspStatus.TargetTooLong : RtspStatus.BadRequest;
            return isLongLine || rest.Length > HeadBytesMax ? RtspFind.Broken : RtspFind.NotYet;
        }

        request = ReadHead(rest[..headBytes], ref fault);
        if (request is null)
        {
            return RtspFind.Broken;
        }

        if (headBytes + request.BodyBytes > rest.Length)
        {
            request = null;
            return RtspFind.NotYet;
        }

        used = start + headBytes + request.BodyBytes;
        return RtspFind.Request;
    }

    private static RtspFind ReadPacket(ReadOnlySpan<byte> bytes, int skipped, out int used)
    {
        used = skipped;
        if (bytes.Length < PacketBatch.PrefixBytes)
        {
            return RtspFind.NotYet;
        }

        int size = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
        if (size > PacketBytesMax)
        {
            return RtspFind.Broken;
        }

        if (bytes.Length < PacketBatch.PrefixBytes + size)
        {
            return RtspFind.NotYet;
        }

        used = skipped + PacketBatch.PrefixBytes + size;
        return RtspFind.Packet;
    }

    /// <returns>Bytes up to and with the empty line; -1 when there is none yet.</returns>
    private static int HeadEnd(ReadOnlySpan<byte> bytes)
    {
        for (int at = 0; ;)
        {
            int feed = bytes[at..].IndexOf((byte)'\n');
            if (feed < 0)
            {
                return -1;
            }

            at += feed + 1;
            ReadOnlySpan<byte> next = bytes[at..];
            int empty = next.StartsWith("\r\n"u8) ? 2 : next.StartsWith("\n"u8) ? 1 : 0;
            if (empty > 0)
            {
                return at + empty;
            }
        }
    }

    private static RtspRequest? ReadHead(ReadOnlySpan<byte> head, ref RtspStatus fault)
    {
        string text = Encoding.Latin1.GetString(head).Replace("\r\n", "\n", StringComparison.Ordinal);
        string[] lines = text.TrimEnd('\n').Split('\n');
        if (lines[0].Length > LineBytesMax)
        {
            fault = RtspStatus.TargetTooLong;
            return null;
        }

        string[] words = lines[0].Split(' ');
        if (lines.Length - 1 > HeadersMax || lines.Any(HasControls) || words is not [string method, string target, string version]
            || !IsMethod(method) || target.Length == 0)
        {
            return null;
        }

        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (string line in lines.AsSpan(1))
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0 || !IsMethod(line[..colon]))
            {
                return null;
            }

            string value = line[(colon + 1)..].Trim();
            headers[line[..colon]] = headers.TryGetValue(line[..colon], out string? before) ? $"{before}, {value}" : value;
        }

        return BodyOf(headers, ref fault) is int bodyBytes
            ? new RtspRequest(method, target, version, headers, bodyBytes)
            : null;
    }

    private static int? BodyOf(Dictionary<string, string> headers, ref RtspStatus fault)
    {
        if (!headers.TryGetValue("Content-Length", out string? text))
        {
            return 0;
        }

        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long bytes))
        {
            return null;
        }

        if (bytes > BodyBytesMax)
        {
            fault = RtspStatus.BodyTooLarge;
            return null;
        }

        return (int)bytes;
    }

    /// <summary>A token of RFC 2326, section 15.1, as far as anybody uses it; headers' names are such, too.</summary>
    private static bool IsMethod(string text) =>
        text.Length is > 0 and <= 64 && text.All(letter => char.IsAsciiLetterOrDigit(letter) || MethodExtras.Contains(letter));

    private static bool HasControls(string line) => line.Any(letter => char.IsControl(letter) && letter != '\t');
}
