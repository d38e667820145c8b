using System.Buffers.Binary;
using System.Text;
using Events.Domain.Kernel;

namespace Events.Media.Devices;

/// <summary>Asks a driver: the structure goes in, comes back filled, and the answer is whether the driver did it.</summary>
internal delegate bool DeviceCall(uint request, byte[] structure);

/// <summary>
/// What a video device says it can send (Video4Linux 2, <c>linux/videodev2.h</c>): pixel formats, for each its sizes, for each
/// size its rates. Numbers below are requests, and sizes and offsets in bytes of the kernel's structures, the same on all
/// architectures.
/// </summary>
internal static class V4l2Modes
{
    public const uint QueryCapabilities = 0x80685600;
    public const uint EnumerateFormats = 0xc0405602;
    public const uint EnumerateSizes = 0xc02c564a;
    public const uint EnumerateIntervals = 0xc034564b;

    public const uint Capture = 0x0000_0001;
    public const uint CaptureMultiPlane = 0x0000_1000;
    public const uint HasDeviceCapabilities = 0x8000_0000;

    private const int CapabilityBytes = 104;
    private const int CapabilitiesAt = 84;
    private const int DeviceCapabilitiesAt = 88;
    private const int FormatBytes = 64;
    private const int FormatTypeAt = 4;
    private const int PixelFormatAt = 44;
    private const int SizeBytes = 44;
    private const int SizeFormatAt = 4;
    private const int SizeTypeAt = 8;
    private const int IntervalBytes = 52;
    private const int IntervalFormatAt = 4;
    private const int IntervalWidthAt = 8;
    private const int IntervalHeightAt = 12;
    private const int IntervalTypeAt = 16;

    private const uint BufferTypeCapture = 1;
    private const uint BufferTypeCaptureMultiPlane = 9;
    private const uint Discrete = 1;

    /// <summary>A driver that never says "no more" must not keep us: far above what any has.</summary>
    private const int FormatCountMax = 64;
    private const int SizeCountMax = 64;
    private const int IntervalCountMax = 32;

    /// <summary>Of a range of sizes people want to know the usual ones.</summary>
    private static readonly (int Width, int Height)[] _usualSizes =
        [(320, 240), (640, 480), (800, 600), (1280, 720), (1920, 1080), (2560, 1440), (3840, 2160)];

    /// <returns>Null for a device that sends no pictures, or says nothing of them.</returns>
    public static CameraModes? Ask(DeviceCall call)
    {
        byte[] capability = new byte[CapabilityBytes];
        if (!call(QueryCapabilities, capability))
        {
            return null;
        }

        uint whole = Read(capability, CapabilitiesAt);
        uint node = (whole & HasDeviceCapabilities) != 0 ? Read(capability, DeviceCapabilitiesAt) : whole;
        return (node & Capture) != 0 ? CameraModes.From(Modes(call, BufferTypeCapture))
            : (node & CaptureMultiPlane) != 0 ? CameraModes.From(Modes(call, BufferTypeCaptureMultiPlane))
            : null;
    }

    private static IEnumerable<CameraMode> Modes(DeviceCall call, uint bufferType)
    {
        for (uint index = 0; index < FormatCountMax; index++)
        {
            byte[] format = Structure(FormatBytes, index);
            Write(format, FormatTypeAt, bufferType);
            if (!call(EnumerateFormats, format))
            {
                yield break;
            }

            uint pixelFormat = Read(format, PixelFormatAt);
            foreach ((int width, int height) in Sizes(call, pixelFormat))
            {
                yield return new CameraMode(NameOf(pixelFormat), width, height, Rates(call, pixelFormat, width, height));
            }
        }
    }

    private static IEnumerable<(int Width, int Height)> Sizes(DeviceCall call, uint pixelFormat)
    {
        for (uint index = 0; index < SizeCountMax; index++)
        {
            byte[] size = Structure(SizeBytes, index);
            Write(size, SizeFormatAt, pixelFormat);
            if (!call(EnumerateSizes, size))
            {
                yield break;
            }

            if (Read(size, SizeTypeAt) == Discrete)
            {
                yield return ((int)Read(size, 12), (int)Read(size, 16));
                continue;
            }

            // A range: least width, greatest, step, then the same of the height.
            (uint minWidth, uint maxWidth, uint minHeight, uint maxHeight) =
                (Read(size, 12), Read(size, 16), Read(size, 24), Read(size, 28));
            foreach ((int width, int height) in _usualSizes)
            {
                if (width >= minWidth && width <= maxWidth && height >= minHeight && height <= maxHeight)
                {
                    yield return (width, height);
                }
            }

            yield break;
        }
    }

    private static List<double> Rates(DeviceCall call, uint pixelFormat, int width, int height)
    {
        List<double> rates = [];
        for (uint index = 0; index < IntervalCountMax; index++)
        {
            byte[] interval = Structure(IntervalBytes, index);
            Write(interval, IntervalFormatAt, pixelFormat);
            Write(interval, IntervalWidthAt, (uint)width);
            Write(interval, IntervalHeightAt, (uint)height);
            if (!call(EnumerateIntervals, interval))
            {
                break;
            }

            rates.Add(RateAt(interval, 20));
            if (Read(interval, IntervalTypeAt) != Discrete)
            {
                // A range: the shortest interval was the first fraction, the longest is the second.
                rates.Add(RateAt(interval, 28));
                break;
            }
        }

        return [.. rates.OrderDescending()];
    }

    /// <summary>An interval is a fraction of a second; the rate is the fraction turned over.</summary>
    private static double RateAt(byte[] structure, int at) =>
        Read(structure, at) is var numerator and not 0 ? (double)Read(structure, at + 4) / numerator : 0;

    /// <summary>Four characters, the first in the lowest byte; a blank at the end is no part of the name.</summary>
    private static string NameOf(uint pixelFormat)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, pixelFormat & 0x7fff_ffff);
        return Encoding.ASCII.GetString(bytes).TrimEnd(' ', '\0').Replace(' ', '_');
    }

    private static byte[] Structure(int bytes, uint index)
    {
        byte[] structure = new byte[bytes];
        Write(structure, 0, index);
        return structure;
    }

    private static uint Read(byte[] structure, int at) => BitConverter.ToUInt32(structure, at);

    private static void Write(byte[] structure, int at, uint value) => BitConverter.TryWriteBytes(structure.AsSpan(at), value);
}
