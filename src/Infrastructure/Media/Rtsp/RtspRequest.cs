namespace Events.Media.Rtsp;

/// <summary>A request (RFC 2326, section 6). Prints its method only: addresses and headers may carry secrets.</summary>
/// <param name="Target">As it came: an address or an asterisk.</param>
/// <param name="Version">E.g. <c>RTSP/1.0</c>.</param>
/// <param name="Headers">By name, in any case; one that came more than once is joined with commas.</param>
internal sealed record RtspRequest(
    string Method, string Target, string Version, IReadOnlyDictionary<string, string> Headers, int BodyBytes)
{
    public string? Header(string name) => Headers.GetValueOrDefault(name);

    public override string ToString() => Method;
}

/// <summary>What lies at the front of what a client sent.</summary>
internal enum RtspFind
{
    /// <summary>The beginning of something: read on.</summary>
    NotYet,

    Request,

    /// <summary>A packet between the requests (RFC 2326, section 10.12).</summary>
    Packet,

    /// <summary>Nothing that can be understood; where the next message begins is not known.</summary>
    Broken,
}

/// <summary>The answer's code, and what people call it (RFC 2326, section 7.1.1).</summary>
internal readonly record struct RtspStatus(int Code, string Reason)
{
    public static readonly RtspStatus Ok = new(200, "OK");
    public static readonly RtspStatus BadRequest = new(400, "Bad Request");
    public static readonly RtspStatus Unauthorized = new(401, "Unauthorized");
    public static readonly RtspStatus Forbidden = new(403, "Forbidden");
    public static readonly RtspStatus NotFound = new(404, "Not Found");
    public static readonly RtspStatus MethodNotAllowed = new(405, "Method Not Allowed");
    public static readonly RtspStatus NotAcceptable = new(406, "Not Acceptable");
    public static readonly RtspStatus RequestTimeout = new(408, "Request Time-out");
    public static readonly RtspStatus BodyTooLarge = new(413, "Request Entity Too Large");
    public static readonly RtspStatus TargetTooLong = new(414, "Request-URI Too Large");
    public static readonly RtspStatus UnsupportedMedia = new(415, "Unsupported Media Type");
    public static readonly RtspStatus ParameterNotUnderstood = new(451, "Parameter Not Understood");
    public static readonly RtspStatus NotEnoughBandwidth = new(453, "Not Enough Bandwidth");
    public static readonly RtspStatus SessionNotFound = new(454, "Session Not Found");
    public static readonly RtspStatus NotValidInState = new(455, "Method Not Valid in This State");
    public static readonly RtspStatus UnsupportedTransport = new(461, "Unsupported transport");
    public static readonly RtspStatus InternalError = new(500, "Internal Server Error");
    public static readonly RtspStatus NotImplemented = new(501, "Not Implemented");
    public static readonly RtspStatus Unavailable = new(503, "Service Unavailable");
    public static readonly RtspStatus VersionNotSupported = new(505, "RTSP Version not supported");
    public static readonly RtspStatus OptionNotSupported = new(551, "Option not supported");
}
