namespace Events.Domain.Kernel;

/// <summary>
/// Where a camera's pictures come from. It carries no user info, and where it is to be kept, no parameters that are credentials
/// (<see cref="CredentialParameters"/>): facts are kept for ever, passwords must not be.
/// <list type="bullet">
/// <item><c>rtsp://host/path</c>, <c>rtsps://</c>, <c>http://</c>, <c>https://</c>: a camera on the network</item>
/// <item><c>v4l2:/dev/video0</c>: a camera on this machine</item>
/// <item><c>file:///clips/gate.mp4</c>: a file, played in a loop at its own speed</item>
/// <item><c>test:pattern?size=1280x720&amp;fps=30</c>: a picture that ffmpeg makes</item>
/// </list>
/// </summary>
public sealed record SourceUrl
{
    /// <summary>
    /// In characters, as it is stored. Longer than any camera's address; short enough for a fact and a table row.
    /// </summary>
    public const int LengthMax = 1024;

    private SourceUrl(Uri uri) => Uri = uri;

    public Uri Uri { get; }

    public string Scheme => Uri.Scheme;

    /// <returns>
    /// Null unless <paramref name="text"/> is an absolute address of a known scheme without user info. An @ is refused wherever
    /// it stands: behind a slash it is what is left of a password that was not escaped. One that is meant is written %40.
    /// </returns>
    public static SourceUrl? TryParse(string text) =>
        text.Length <= LengthMax
        && !text.AsSpan().ContainsAnyInRange('\0', ' ')
        && Uri.TryCreate(text, UriKind.Absolute, out Uri? uri)
        && IsComplete(uri)
        && IsStorable(uri)
            ? new SourceUrl(uri)
            : null;

    public override string ToString() => Uri.AbsoluteUri;

    /// <summary>What is written to the log must be read again, and as the same.</summary>
    private static bool IsStorable(Uri uri) =>
        uri.AbsoluteUri.Length <= LengthMax
        && !uri.AbsoluteUri.Contains('@', StringComparison.Ordinal)
        && Uri.TryCreate(uri.AbsoluteUri, UriKind.Absolute, out Uri? again)
        && again == uri
        && again.AbsoluteUri == uri.AbsoluteUri;

    private static bool IsComplete(Uri uri) =>
        uri.Scheme switch
        {
            "rtsp" or "rtsps" or "http" or "https" => uri.Host.Length > 0,
            "v4l2" => uri.Host.Length == 0
                && uri.AbsolutePath.StartsWith("/dev/", StringComparison.Ordinal)
                && !uri.AbsolutePath.Contains("..", StringComparison.Ordinal),
            "file" => uri.Host.Length == 0 && uri.AbsolutePath.Length > 1,
            "test" => uri.AbsolutePath.Length > 0,
            _ => false,
        };
}
