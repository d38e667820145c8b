using System.Text.RegularExpressions;

namespace Events.Media.Rtsp;

/// <summary>
/// What a request asks for, e.g. <c>rtsp://host:8554/camera0/video?exp=…&amp;sig=…</c>. Prints without its query.
/// </summary>
/// <param name="Authority">Host and port as the client knows us, without credentials; empty when it named none.</param>
/// <param name="Camera">The path's first part; empty for the server itself.</param>
/// <param name="IsTrack">The picture track, rather than the camera as a whole.</param>
/// <param name="Query">Without the question mark; may be empty.</param>
internal sealed partial record RtspAddress(string Authority, string Camera, bool IsTrack, string Query)
{
    /// <summary>The path's last part for the one track that there is.</summary>
    public const string Track = "video";

    /// <returns>Null when it is no address of this kind, or has more path than a camera and its track.</returns>
    public static RtspAddress? TryParse(string target)
    {
        if (target == "*")
        {
            return new RtspAddress(string.Empty, string.Empty, false, string.Empty);
        }

        Match match = Form().Match(target);
        if (!match.Success)
        {
            return null;
        }

        string query = match.Groups["query"].Value;
        string path = match.Groups["path"].Value;

        // Some players put the track behind the whole address, query included.
        if (query.EndsWith($"/{Track}", StringComparison.Ordinal))
        {
            query = query[..^(Track.Length + 1)];
            path = $"{path.TrimEnd('/')}/{Track}";
        }

        string[] parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        string authority = match.Groups["authority"].Value;
        return parts switch
        {
            [] => new RtspAddress(authority, string.Empty, false, query),
            [string camera] => new RtspAddress(authority, camera, false, query.TrimEnd('/')),
            [string camera, Track] => new RtspAddress(authority, camera, true, query.TrimEnd('/')),
            _ => null,
        };
    }

    /// <param name="scheme">Of the way that the client came.</param>
    /// <param name="authority">To use when the client named none.</param>
    public string ToUrl(string scheme, string authority, bool isTrack)
    {
        string host = Authority.Length > 0 ? Authority : authority;
        string track = isTrack ? $"/{Track}" : string.Empty;
        return $"{scheme}://{host}/{Camera}{track}{(Query.Length > 0 ? $"?{Query}" : string.Empty)}";
    }

    public override string ToString() => $"rtsp://{Authority}/{Camera}";

    [GeneratedRegex(
        @"^(?:rtsp[su]?://(?:[^/?@\s]*@)?(?<authority>[A-Za-z0-9._\-\[\]:]{1,262}))?(?<path>/[A-Za-z0-9._~/\-]*)?"
        + @"(?:\?(?<query>[A-Za-z0-9._~/%&=+,:;@!$'()*\-]*))?\z",
        RegexOptions.IgnoreCase)]
    private static partial Regex Form();
}
