using System.Globalization;
using System.Net.Sockets;
using Events.Application.Contracts;
using Events.Media.Live;
using Events.Media.Mp4;

namespace Events.Media.Rtsp;

/// <summary>
/// What one connection has said so far, and the answer to what it says next (RFC 2326, section 10). Signing in comes before
/// everything that shows anything; a session's own name stands for it from then on.
/// </summary>
internal sealed class RtspDialog(RtspConnection connection, RtspHouse house)
{
    private const string Methods = "OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, GET_PARAMETER, SET_PARAMETER, TEARDOWN";
    private const string SdpType = "application/sdp";
    private const string Range = "npt=now-";

    /// <summary>Then the connection ends: nobody guesses so often by mistake.</summary>
    private const int RefusalsMax = 5;

    /// <summary>How long a camera may take to show its first picture before the player is told to try later.</summary>
    private static readonly TimeSpan PictureMax = TimeSpan.FromSeconds(5);

    /// <summary>For a connection that never asked for anything yet.</summary>
    private static readonly TimeSpan StrangerPatience = TimeSpan.FromSeconds(15);

    private LiveAdmission.Granted? _right;
    private string? _rightCamera;
    private RtspSession? _session;
    private int _refusals;
    private bool _hasAsked;

    /// <summary>Whether it has a right to look that has not ended, or a session, which ends with its right.</summary>
    public bool IsSignedIn =>
        _session is not null
        || (_right is { Ended.IsCancellationRequested: false } right && right.Until > house.Time.GetUtcNow());

    /// <summary>A player that gets its pictures here need not say anything: that it takes them is sign enough.</summary>
    public bool MayStayQuiet => _session is { IsPlaying: true };

    /// <summary>How long to wait for the next request otherwise.</summary>
    public TimeSpan Patience => _hasAsked ? RtspSession.IdleMax : StrangerPatience;

    public void TakePacket(byte channel, ReadOnlySpan<byte> packet)
    {
        if (_session is { IsInterleaved: true } session && (channel & 1) == 1)
        {
            session.TakeReport(packet);
        }
    }

    /// <summary>The connection is over. A player over UDP may come back with another one.</summary>
    public async Task LeaveAsync()
    {
        if (_session is { } session && session.Owner == connection)
        {
            session.Owner = null;
            if (session.IsInterleaved || !session.IsPlaying)
            {
                await session.DisposeAsync();
            }
        }
    }

    public async Task<RtspReply> AnswerAsync(RtspRequest request, CancellationToken cancellationToken)
    {
        _hasAsked = true;
        try
        {
            RtspReply? refusal = Check(request, out RtspAddress? address);
            return refusal ?? await AnswerAsync(request, address!, cancellationToken);
        }
        catch (DependencyUnavailableException e)
        {
            house.LogUnavailable(e);
            return new RtspReply(RtspStatus.Unavailable);
        }
        catch (MalformedMediaException e)
        {
            house.LogUnavailable(e);
            return new RtspReply(RtspStatus.UnsupportedMedia);
        }
        catch (Exception e) when (e is not (OperationCanceledException or IOException))
        {
            house.LogBroke(request.Method, e);
            return new RtspReply(RtspStatus.InternalError).Closing();
        }
    }

    private static RtspReply? Check(RtspRequest request, out RtspAddress? address)
    {
        address = null;
        if (request.Version != "RTSP/1.0")
        {
            return request.Version.StartsWith("RTSP/", StringComparison.Ordinal)
                ? new RtspReply(RtspStatus.VersionNotSupported)
                : new RtspReply(RtspStatus.BadRequest).Closing();
        }

        if (request.Header("CSeq") is not { Length: > 0 and <= 20 } sequence || !sequence.All(char.IsAsciiDigit))
        {
            return new RtspReply(RtspStatus.BadRequest);
        }

        if (request.Header("Require") is { Length: > 0 } required)
        {
            return new RtspReply(RtspStatus.OptionNotSupported).With("Unsupported", required);
        }

        address = RtspAddress.TryParse(request.Target);
        return address is null ? new RtspReply(RtspStatus.NotFound) : null;
    }

    private async Task<RtspReply> AnswerAsync(RtspRequest request, RtspAddress address, CancellationToken cancellationToken)
    {
        switch (request.Method)
        {
            case "OPTIONS":
                TouchSession(request);
                return new RtspReply(RtspStatus.Ok).With("Public", Methods);
            case "DESCRIBE":
                return await DescribeAsync(request, address, cancellationToken);
            case "SETUP":
                return await SetupAsync(request, address, cancellationToken);
            case "PLAY" or "PAUSE" or "TEARDOWN" or "GET_PARAMETER" or "SET_PARAMETER":
                return await InSessionAsync(request, address);
            case "ANNOUNCE" or "RECORD" or "REDIRECT":
                return new RtspReply(RtspStatus.MethodNotAllowed).With("Allow", Methods);
            default:
                return new RtspReply(RtspStatus.NotImplemented).With("Public", Methods);
        }
    }

    private async Task<RtspReply> DescribeAsync(RtspRequest request, RtspAddress address, CancellationToken cancellationToken)
    {
        if (request.Header("Accept") is { Length: > 0 } accept
            && !accept.Contains(SdpType, StringComparison.OrdinalIgnoreCase) && !accept.Contains("*/*", StringComparison.Ordinal))
        {
            return new RtspReply(RtspStatus.NotAcceptable);
        }

        if (await RefuseAsync(request, address, cancellationToken) is RtspReply refusal)
        {
            return refusal;
        }

        if (await CameraAsync(cancellationToken) is not (CameraFeed feed, StreamHeader header))
        {
            return NotNow();
        }

        string whole = UrlOf(address, isTrack: false);
        double rate = feed.ToSignal(null).Format?.FramesPerSecond ?? 0;
        string sdp = Sdp.Write(
            _right!.Number.ToString(), connection.Local, house.Started, CodecSetup.Of(header), rate, whole,
            UrlOf(address, isTrack: true));
        return new RtspReply(RtspStatus.Ok).WithBody(SdpType, whole, sdp);
    }

    private async Task<RtspReply> SetupAsync(RtspRequest request, RtspAddress address, CancellationToken cancellationToken)
    {
        if (await RefuseAsync(request, address, cancellationToken) is RtspReply refusal)
        {
            return refusal;
        }

        RtspSession? present = request.Header("Session") is null ? null : Find(request);
        if (request.Header("Session") is not null && present is null)
        {
            return new RtspReply(RtspStatus.SessionNotFound);
        }

        present ??= _session;
        if (present is { IsPlaying: true } || (present is not null && present.CameraId != _right!.CameraId))
        {
            return new RtspReply(RtspStatus.NotValidInState);
        }

        if (RtspTransport.Choose(request.Header("Transport"), mayBeUdp: !connection.IsEncrypted) is not RtspTransport offer)
        {
            return new RtspReply(RtspStatus.UnsupportedTransport);
        }

        if (await CameraAsync(cancellationToken) is not (CameraFeed feed, StreamHeader header))
        {
            return NotNow();
        }

        RtspSession? session = present ?? house.TryOpen(_right!, feed, header, connection);
        if (session is null || !await TakePathAsync(session, offer))
        {
            await (session?.DisposeAsync() ?? ValueTask.CompletedTask);
            _session = null;
            return new RtspReply(RtspStatus.NotEnoughBandwidth);
        }

        _session = session;
        return InSession(session, RtspStatus.Ok).With("Transport", session.Transport);
    }

    private async Task<bool> TakePathAsync(RtspSession session, RtspTransport offer)
    {
        if (!offer.IsUdp)
        {
            await session.TakeAsync(new InterleavedPath(connection, offer));
            return true;
        }

        if (house.Ports.TryTake(connection.Local, connection.Remote, offer) is not (Socket, Socket) sockets)
        {
            return false;
        }

        await session.TakeAsync(new UdpPath(sockets, offer, session.TakeReport, house.Time));
        return true;
    }

    private async Task<RtspReply> InSessionAsync(RtspRequest request, RtspAddress address)
    {
        if (Find(request) is not RtspSession session)
        {
            // Some players keep a connection alive so before they have a session.
            bool isKeepAlive = request.Method == "GET_PARAMETER" && request.Header("Session") is null && request.BodyBytes == 0;
            return new RtspReply(isKeepAlive ? RtspStatus.Ok : RtspStatus.SessionNotFound);
        }

        session.TakeSign();
        switch (request.Method)
        {
            case "PLAY":
                return Play(session, address);
            case "PAUSE" when !session.IsPlaying:
                return InSession(session, RtspStatus.NotValidInState);
            case "PAUSE":
                await session.PauseAsync();
                return InSession(session, RtspStatus.Ok);
            case "TEARDOWN":
                _session = null;
                await session.DisposeAsync();
                return InSession(session, RtspStatus.Ok);
            default:
                return InSession(session, request.BodyBytes == 0 ? RtspStatus.Ok : RtspStatus.ParameterNotUnderstood);
        }
    }

    /// <summary>Live has one place to play from: whatever range was asked for, the answer says which one it is.</summary>
    private RtspReply Play(RtspSession session, RtspAddress address)
    {
        if (session.IsPlaying)
        {
            return InSession(session, RtspStatus.Ok).With("Range", Range);
        }

        (ushort sequence, uint? timestamp) = session.Play();
        RtspAddress track = address.Camera.Length > 0 ? address : address with { Camera = _rightCamera ?? string.Empty };
        string time = timestamp is uint ticks ? string.Create(CultureInfo.InvariantCulture, $";rtptime={ticks}") : string.Empty;
        return InSession(session, RtspStatus.Ok)
            .With("Range", Range)
            .With("RTP-Info", string.Create(CultureInfo.InvariantCulture, $"url={UrlOf(track, true)};seq={sequence}{time}"))
            .AndThen(session.Send);
    }

    private static RtspReply InSession(RtspSession session, RtspStatus status) =>
        new RtspReply(status).With("Session", string.Create(
            CultureInfo.InvariantCulture, $"{session.Id};timeout={(int)RtspSession.IdleMax.TotalSeconds}"));

    /// <summary>A session belongs to the address that set it up; over UDP it may change its connection.</summary>
    private RtspSession? Find(RtspRequest request)
    {
        string? id = request.Header("Session")?.Split(';')[0].Trim();
        if (id is null || house.Find(id) is not RtspSession session || !session.Client.Equals(connection.Remote))
        {
            return null;
        }

        if (session.Owner is null && _session is null)
        {
            session.Owner = connection;
            _session = session;
            connection.SignIn();
        }

        return session.Owner == connection ? session : null;
    }

    private void TouchSession(RtspRequest request)
    {
        if (request.Header("Session") is not null)
        {
            Find(request)?.TakeSign();
        }
    }

    /// <returns>Null when the caller may look; <see cref="_right"/> says at what.</returns>
    private async Task<RtspReply?> RefuseAsync(RtspRequest request, RtspAddress address, CancellationToken cancellationToken)
    {
        if (address.Camera.Length == 0)
        {
            return new RtspReply(RtspStatus.NotFound);
        }

        if (_rightCamera == address.Camera && _right is { Ended.IsCancellationRequested: false } known
            && known.Until > house.Time.GetUtcNow())
        {
            return null;
        }

        LiveAdmission admission = await house.Gate.AdmitAsync(
            new LiveRequest(address.Camera, address.Query, request.Header("Authorization"), connection.Remote),
            cancellationToken);
        if (admission is LiveAdmission.Granted right)
        {
            (_right, _rightCamera, _refusals) = (right, address.Camera, 0);
            connection.SignIn();
            return null;
        }

        RtspReply refusal = ((LiveAdmission.Refused)admission).Why switch
        {
            // Some players read the first way alone.
            LiveRefusal.NotLoggedIn => new RtspReply(RtspStatus.Unauthorized)
                .With("WWW-Authenticate", "Basic realm=\"events\"").With("WWW-Authenticate", "Bearer realm=\"events\""),
            LiveRefusal.NotAllowed => new RtspReply(RtspStatus.Forbidden),
            _ => new RtspReply(RtspStatus.NotFound),
        };
        return ++_refusals < RefusalsMax ? refusal : refusal.Closing();
    }

    /// <summary>Waits a little for a camera that is just connecting.</summary>
    /// <returns>Null when it shows nothing now.</returns>
    private async Task<(CameraFeed Feed, StreamHeader Header)?> CameraAsync(CancellationToken cancellationToken)
    {
        if (house.FeedOf(_right!.CameraId) is not CameraFeed feed)
        {
            return null;
        }

        Task nextKey = feed.NextKey();
        if (feed.PresentHeader() is null)
        {
            await nextKey.WaitAsync(PictureMax, house.Time, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
        }

        return feed.PresentHeader() is StreamHeader header ? (feed, header) : null;
    }

    private string UrlOf(RtspAddress address, bool isTrack)
    {
        bool isV6 = connection.Local.AddressFamily == AddressFamily.InterNetworkV6;
        string host = isV6 ? $"[{connection.Local}]" : connection.Local.ToString();
        string own = string.Create(CultureInfo.InvariantCulture, $"{host}:{connection.LocalPort}");
        return address.ToUrl(connection.IsEncrypted ? "rtsps" : "rtsp", own, isTrack);
    }

    private static RtspReply NotNow() => new RtspReply(RtspStatus.Unavailable).With("Retry-After", "5");
}
