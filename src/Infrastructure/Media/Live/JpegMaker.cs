using System.Buffers.Binary;
using Events.Application.Contracts;

namespace Events.Media.Live;

/// <summary>A picture as a file.</summary>
internal sealed record Jpeg(ReadOnlyMemory<byte> Bytes, int Width, int Height);

/// <summary>Turns a cached key frame into a JPEG, with a short-lived ffmpeg. No connection to the camera is needed.</summary>
internal sealed class JpegMaker(MediaOptions options, IChildProcesses processes, TimeProvider time) : IDisposable
{
    /// <summary>In bytes. An 8K picture at this quality has about 10 MB.</summary>
    private const int JpegBytesMax = 32 * 1024 * 1024;

    /// <summary>Decoders at once: each takes a core for a fifth of a second, and live pictures must go on.</summary>
    private const int AtOnceMax = 4;

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    private static readonly string[] Arguments =
    [
        "-hide_banner", "-nostats", "-loglevel", "error", "-threads", "1", "-f", "mp4", "-i", "pipe:0",
        "-frames:v", "1", "-f", "image2pipe", "-c:v", "mjpeg", "-q:v", "3", "-threads", "1", "pipe:1",
    ];

    private readonly SemaphoreSlim _places = new(AtOnceMax);

    public void Dispose() => _places.Dispose();

    /// <param name="file">An MP4 of one key frame.</param>
    /// <returns>Null when no picture came out within 5 s.</returns>
    /// <exception cref="DependencyUnavailableException">There is no ffmpeg.</exception>
    public async Task<Jpeg?> MakeAsync(byte[] file, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Timeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        await _places.WaitAsync(both.Token);
        try
        {
            byte[] jpeg = await ConvertAsync(file, both.Token);
            return SizeOf(jpeg) is (int width, int height) ? new Jpeg(jpeg, width, height) : null;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
        finally
        {
            _places.Release();
        }
    }

    private async Task<byte[]> ConvertAsync(byte[] file, CancellationToken cancellationToken)
    {
        await using IChildProcess process = processes.Start(new ChildProcessSpec(options.Ffmpeg, Arguments));

        // Reads of a pipe do not always heed a token; ending the process always ends them.
        await using CancellationTokenRegistration end = cancellationToken.Register(() => process.Signal(9));
        Task feeding = FeedAsync(process.Input, file, cancellationToken);
        Task ignored = process.Error.CopyToAsync(Stream.Null, cancellationToken);
        using var output = new MemoryStream();
        byte[] buffer = new byte[32 * 1024];
        for (int got = -1; got != 0 && output.Length < JpegBytesMax;)
        {
            got = await process.Output.ReadAsync(buffer, cancellationToken);
            output.Write(buffer, 0, got);
        }

        await Task.WhenAll(feeding, ignored);
        cancellationToken.ThrowIfCancellationRequested();
        return output.ToArray();
    }

    private static async Task FeedAsync(Stream input, byte[] file, CancellationToken cancellationToken)
    {
        try
        {
            await input.WriteAsync(file, cancellationToken);
            await input.DisposeAsync();
        }
        catch (IOException)
        {
            // ffmpeg had enough before the end, or is gone: its output tells which.
            return;
        }
    }

    /// <summary>Reads the frame header (ITU-T T.81, B.2.2).</summary>
    /// <returns>Null when it is no whole JPEG.</returns>
    public static (int Width, int Height)? SizeOf(ReadOnlySpan<byte> jpeg)
    {
        if (jpeg.Length < 4 || jpeg[0] != 0xff || jpeg[1] != 0xd8 || jpeg[^2] != 0xff || jpeg[^1] != 0xd9)
        {
            return null;
        }

        for (int at = 2; at + 9 <= jpeg.Length && jpeg[at] == 0xff;)
        {
            if (jpeg[at + 1] is >= 0xc0 and <= 0xc3)
            {
                int height = BinaryPrimitives.ReadUInt16BigEndian(jpeg[(at + 5)..]);
                return (BinaryPrimitives.ReadUInt16BigEndian(jpeg[(at + 7)..]), height);
            }

            at += 2 + BinaryPrimitives.ReadUInt16BigEndian(jpeg[(at + 2)..]);
        }

        return null;
    }
}
