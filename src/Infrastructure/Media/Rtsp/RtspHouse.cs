using System.Collections.Concurrent;
using System.Security.Cryptography;
using Events.Application.Contracts;
using Events.Domain.Kernel;
using Events.Media.Live;
using Events.Media.Mp4;
using Microsoft.Extensions.Logging;

namespace Events.Media.Rtsp;

/// <summary>What all connections of the server share: the way to cameras, the gate, the ports, and the sessions.</summary>
internal sealed partial class RtspHouse(
    Func<CameraId, CameraFeed?> feedOf, Func<ILiveGate> gate, UdpPorts ports, RtspLimits limits, TimeProvider time,
    ILogger logger)
{
    /// <summary>In bytes. RFC 2326, section 3.4, wants at least eight letters; this cannot be guessed.</summary>
    private const int SessionIdBytes = 16;

    private readonly ConcurrentDictionary<string, RtspSession> _sessions = new(StringComparer.Ordinal);

    public ILiveGate Gate => gate();

    public UdpPorts Ports => ports;

    public RtspLimits Limits => limits;

    public TimeProvider Time => time;

    public ILogger Logger => logger;

    /// <summary>In seconds since 1970: tells this run's descriptions from those of others.</summary>
    public long Started { get; } = time.GetUtcNow().ToUnixTimeSeconds();

    /// <returns>Null for a camera that is not watched.</returns>
    public CameraFeed? FeedOf(CameraId cameraId) => feedOf(cameraId);

    public RtspSession? Find(string id) => _sessions.GetValueOrDefault(id);

    /// <returns>Null when there is no place for another viewer.</returns>
    public RtspSession? TryOpen(LiveAdmission.Granted right, CameraFeed feed, StreamHeader header, RtspConnection connection)
    {
        if (gate().TakeSeat(right, connection.Remote) is not ILiveSeat seat)
        {
            return null;
        }

        string id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(SessionIdBytes));
        try
        {
            var session = new RtspSession(id, right, feed, header, seat, connection.Remote, Forget, time, logger)
            {
                Owner = connection,
            };
            _sessions[id] = session;
            return session;
        }
        catch
        {
            seat.Dispose();
            throw;
        }
    }

    public Task EndAllAsync(string why) => Task.WhenAll(_sessions.Values.Select(session => session.EndAsync(why).AsTask()));

    private void Forget(RtspSession session) => _sessions.TryRemove(session.Id, out _);

    [LoggerMessage(EventId = 5531, Level = LogLevel.Warning, Message = "An RTSP request could not be answered")]
    public partial void LogUnavailable(Exception exception);

    [LoggerMessage(EventId = 5532, Level = LogLevel.Error, Message = "Answering the RTSP request {Method} failed")]
    public partial void LogBroke(string method, Exception exception);
}
