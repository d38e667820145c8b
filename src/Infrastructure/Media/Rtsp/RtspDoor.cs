using System.Net;
using System.Net.Sockets;

namespace Events.Media.Rtsp;

/// <summary>
/// Places for connections of players: so many in all, so many for one address, and of those only some for who has not shown yet
/// that it may look. Of IPv6, a network of 64 bits counts as one address: that is what one subscriber has.
/// </summary>
internal sealed class RtspDoor(RtspLimits limits)
{
    private readonly Lock _gate = new();

    /// <summary>Has no more entries than there are places.</summary>
    private readonly Dictionary<IPAddress, Taken> _taken = [];
    private int _all;

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _all;
            }
        }
    }

    /// <returns>A place to be given back once; null when there is none for this address.</returns>
    public Place? Enter(IPAddress address)
    {
        IPAddress key = KeyOf(address);
        lock (_gate)
        {
            Taken own = _taken.GetValueOrDefault(key);
            if (_all >= limits.ConnectionsMax || own.All >= limits.ConnectionsPerAddressMax
                || own.Strangers >= limits.StrangersPerAddressMax)
            {
                return null;
            }

            _all++;
            _taken[key] = new Taken(own.All + 1, own.Strangers + 1);
            return new Place(this, key);
        }
    }

    private static IPAddress KeyOf(IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address;
        }

        byte[] bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }

    private readonly record struct Taken(int All, int Strangers);

    /// <summary>Of one connection; at first, of a stranger.</summary>
    internal sealed class Place(RtspDoor door, IPAddress key) : IDisposable
    {
        private bool _isKnown;
        private bool _isLeft;

        /// <summary>It has shown that it may look, and leaves a stranger's place to others.</summary>
        public void SignIn()
        {
            lock (door._gate)
            {
                if (!_isKnown && !_isLeft)
                {
                    _isKnown = true;
                    Taken own = door._taken[key];
                    door._taken[key] = own with { Strangers = own.Strangers - 1 };
                }
            }
        }

        public void Dispose()
        {
            lock (door._gate)
            {
                if (_isLeft)
                {
                    return;
                }

                _isLeft = true;
                door._all--;
                Taken own = door._taken[key];
                Taken left = new(own.All - 1, own.Strangers - (_isKnown ? 0 : 1));
                if (left.All == 0)
                {
                    door._taken.Remove(key);
                }
                else
                {
                    door._taken[key] = left;
                }
            }
        }
    }
}
