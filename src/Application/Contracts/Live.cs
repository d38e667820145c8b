using System.Net;
using Events.Domain.Kernel;

namespace Events.Application.Contracts;

/// <summary>One viewer of fragmented MP4. Dispose it when nobody looks any more; one reader at a time.</summary>
public interface ILiveViewer : IDisposable
{
    /// <summary>Pictures that were left out because the viewer took them too slowly.</summary>
    long SkippedCount { get; }

    /// <summary>
    /// Waits for the next piece: a header first and whenever the camera's format changes, then a fragment per picture, or of all
    /// pictures that came meanwhile. A viewer that is too slow misses pictures up to a key frame.
    /// </summary>
    /// <returns>Null when the camera is gone for good.</returns>
    ValueTask<LivePiece?> NextAsync(CancellationToken cancellationToken);
}

/// <param name="MediaType">Of a header, e.g. <c>video/mp4; codecs="avc1.42c01f"</c>; null for a fragment.</param>
/// <param name="Width">Of a header, in pixels; otherwise 0.</param>
/// <param name="Height">Of a header, in pixels; otherwise 0.</param>
/// <param name="Bytes">Good until the next piece is asked for.</param>
public readonly record struct LivePiece(string? MediaType, int Width, int Height, ReadOnlyMemory<byte> Bytes);

/// <summary>Asked by ways out of the media layer before they show anything, and told who looks.</summary>
public interface ILiveGate
{
    /// <exception cref="DependencyUnavailableException">PostgreSQL does not answer.</exception>
    Task<LiveAdmission> AdmitAsync(LiveRequest request, CancellationToken cancellationToken);

    /// <summary>Takes one of the bounded number of places for viewers. Dispose it when the viewer leaves.</summary>
    /// <returns>Null when all are taken, or all that one address or account may have.</returns>
    ILiveSeat? TakeSeat(LiveAdmission.Granted right, IPAddress address);

    /// <summary>Puts on record that somebody was turned away before anybody knew who it is. Cheap, also in a flood.</summary>
    /// <param name="why">As the log names it, e.g. <c>too_many_connections</c>.</param>
    void TurnedAway(IPAddress from, string why);
}

/// <summary>The RTSP server, as the makers of addresses see it.</summary>
public interface IRtspOutput
{
    /// <summary>The port it listens on; 0 before it does.</summary>
    int Port { get; }

    /// <summary>The port of RTSP within TLS; 0 where there is none, and before it listens.</summary>
    int TlsPort { get; }
}

/// <summary>A viewer's place.</summary>
public interface ILiveSeat : IDisposable
{
    /// <summary>Counts what was sent, in bytes.</summary>
    void Sent(long bytes);
}

/// <summary>A wish to look, as an address and a header have it. Prints no secret.</summary>
/// <param name="Camera">As the address names it, e.g. <c>camera0</c>.</param>
/// <param name="Query">What stands behind the question mark; may be empty.</param>
/// <param name="Authorization">The header of that name; null when none came.</param>
/// <param name="From">Where the player is.</param>
public sealed record LiveRequest(string Camera, string Query, string? Authorization, IPAddress From)
{
    public override string ToString() => Camera;
}

public abstract record LiveAdmission
{
    private LiveAdmission()
    {
    }

    /// <param name="Until">When the right to look ends, UTC.</param>
    /// <param name="Ended">Cancelled when it ends before that.</param>
    public sealed record Granted(
        CameraId CameraId, CameraNumber Number, DateTimeOffset Until, CancellationToken Ended = default)
        : LiveAdmission
    {
        /// <summary>Whose right it is; null where that is not known, who then counts for an address alone.</summary>
        public string? Account { get; init; }
    }

    public sealed record Refused(LiveRefusal Why) : LiveAdmission;
}

public enum LiveRefusal
{
    /// <summary>Neither a good link nor a good token came along.</summary>
    NotLoggedIn,

    /// <summary>The token is good, but its role is too low.</summary>
    NotAllowed,

    /// <summary>There is no such camera.</summary>
    NotFound,
}
