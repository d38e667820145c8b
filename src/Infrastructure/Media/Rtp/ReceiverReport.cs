using System.Buffers.Binary;

namespace Events.Media.Rtp;

/// <summary>What a viewer says of how our stream arrives (RFC 3550, section 6.4.2).</summary>
/// <param name="LostCount">Packets that never came, since the beginning.</param>
internal readonly record struct ReceiverReport(int LostCount)
{
    private const int BlockBytes = 24;

    /// <summary>Looks through a compound packet. Any bytes may come.</summary>
    /// <param name="source">Of the stream that is reported on.</param>
    /// <param name="report">Null when the packet says nothing of that stream.</param>
    /// <returns>Whether it is an RTCP packet at all: a sign of life.</returns>
    public static bool TryRead(ReadOnlySpan<byte> packet, uint source, out ReceiverReport? report)
    {
        report = null;
        bool isAny = false;
        while (packet.Length >= 8 && packet[0] >> 6 == 2 && packet[1] is >= 200 and <= 207)
        {
            int bytes = (BinaryPrimitives.ReadUInt16BigEndian(packet[2..]) + 1) * 4;
            if (bytes > packet.Length)
            {
                return isAny;
            }

            isAny = true;
            int blocks = packet[0] & 0x1f;
            int start = packet[1] switch { 201 => 8, 200 => 28, _ => bytes };
            for (int at = start; blocks > 0 && at + BlockBytes <= bytes; at += BlockBytes, blocks--)
            {
                if (BinaryPrimitives.ReadUInt32BigEndian(packet[at..]) == source)
                {
                    report = new ReceiverReport((BinaryPrimitives.ReadInt32BigEndian(packet[(at + 4)..]) << 8) >> 8);
                }
            }

            packet = packet[bytes..];
        }

        return isAny;
    }
}
