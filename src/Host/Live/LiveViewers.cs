using System.Collections.Concurrent;
using System.Net;
using Events.Application.Contracts;
using Events.Domain.Kernel;

namespace Events.Host.Live;

/// <summary>
/// Who watches which camera. HTTP Live Streaming has no session, so an address counts as a viewer while it went on fetching
/// during the last <see cref="Patience"/>.
/// </summary>
internal sealed class LiveViewers(TimeProvider time) : ILiveAudience
{
    /// <summary>Two of the longest segments and a pause of the player.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>Addresses remembered per camera; beyond, the count stands still rather than the memory grow.</summary>
    private const int CountMax = 10_000;

    private readonly ConcurrentDictionary<CameraNumber, Audience> _audiences = [];

    public void Saw(CameraNumber number, IPAddress? address, long bytes)
    {
        Audience audience = _audiences.GetOrAdd(number, static _ => new Audience());
        Interlocked.Add(ref audience.BytesSent, bytes);
        lock (audience.LastSeen)
        {
            Forget(audience);
            if (audience.LastSeen.Count < CountMax)
            {
                audience.LastSeen[address ?? IPAddress.None] = time.GetTimestamp();
            }
        }
    }

    public int CountOf(CameraNumber number)
    {
        if (!_audiences.TryGetValue(number, out Audience? audience))
        {
            return 0;
        }

        lock (audience.LastSeen)
        {
            Forget(audience);
            return audience.LastSeen.Count;
        }
    }

    public long BytesSentTo(CameraNumber number) =>
        _audiences.TryGetValue(number, out Audience? audience) ? Interlocked.Read(ref audience.BytesSent) : 0;

    private void Forget(Audience audience)
    {
        foreach ((IPAddress address, long seen) in audience.LastSeen)
        {
            if (time.GetElapsedTime(seen) > Patience)
            {
                audience.LastSeen.Remove(address);
            }
        }
    }

    private sealed class Audience
    {
        public long BytesSent;

        public Dictionary<IPAddress, long> LastSeen { get; } = [];
    }
}
