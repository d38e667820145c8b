using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Events.Application.Contracts;
using Events.Media;
using Events.Media.Recordings;

namespace Events.Benchmarks;

/// <summary>
/// What it costs to write a minute of 1280x720 at 30 pictures per second and 2 Mbit/s encrypted, against in the clear, and to
/// read it again: the bytes that a recorder writes picture by picture, with the hashes that go into the log. Taking in and
/// cutting are the same for both, and left out.
/// </summary>
internal static class EncryptionBench
{
    private const int Rounds = 15;
    private const int PicturesPerSecond = 30;
    private const int Pictures = 60 * PicturesPerSecond;
    private const int BitsPerSecond = 2_000_000;

    /// <summary>A key frame each second is so many times as large as the pictures between.</summary>
    private const int KeyFrameFactor = 10;

    public static Task RunAsync(BenchContext context)
    {
        string folder = Directory.CreateTempSubdirectory("events-bench-").FullName;
        try
        {
            byte[][] pictures = Minute();
            var key = new FootageKey(Guid.CreateVersion7(), RandomNumberGenerator.GetBytes(FootageKey.SecretBytes));
            long bytes = pictures.Sum(picture => (long)picture.Length);
            context.Say(string.Create(CultureInfo.InvariantCulture,
                $"{Pictures} pictures, {bytes / 1e6:F1} MB; medians of {Rounds} rounds, one of each kind in turn"));
            List<double>[] took = [[], [], [], []];
            for (int round = 0; round <= Rounds; round++)
            {
                string clear = Path.Combine(folder, "clear.mp4");
                string vault = Path.Combine(folder, "vault.mp4");
                double[] now =
                [
                    CpuMs(() => Write(clear, null, pictures)), CpuMs(() => Write(vault, key, pictures)),
                    CpuMs(() => Read(File.OpenRead(clear))), CpuMs(() => Read(FootagePaths.OpenEncrypted(vault, 1, key))),
                ];
                for (int i = 0; i < now.Length && round > 0; i++)
                {
                    took[i].Add(now[i]); // The first round warms up.
                }
            }

            string[] what = ["written in the clear", "written encrypted", "read in the clear", "read encrypted"];
            for (int i = 0; i < what.Length; i++)
            {
                took[i].Sort();
                double median = took[i][Rounds / 2];
                string note = i < 2
                    ? string.Create(CultureInfo.InvariantCulture, $"CPU; {median / 600:F2} % of a core while it records")
                    : "CPU";
                context.Add(new BenchFigure(
                    $"a minute {what[i]}", "ms", median, took[i][Rounds * 95 / 100], null, null, note));
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        return Task.CompletedTask;
    }

    private static byte[][] Minute()
    {
        int small = BitsPerSecond / 8 / (PicturesPerSecond - 1 + KeyFrameFactor);
        byte[][] pictures = new byte[Pictures][];
        for (int i = 0; i < Pictures; i++)
        {
            pictures[i] = new byte[i % PicturesPerSecond == 0 ? KeyFrameFactor * small : small];
            RandomNumberGenerator.Fill(pictures[i]);
        }

        return pictures;
    }

    private static void Write(string path, FootageKey? key, byte[][] pictures)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using SegmentOutput output = SegmentOutput.Create(path, key, 1);
        foreach (byte[] picture in pictures)
        {
            output.Append([picture]);
            hash.AppendData(picture);
        }

        output.Finish();
        hash.GetHashAndReset();
    }

    private static void Read(Stream stream)
    {
        using Stream open = stream;
        byte[] buffer = new byte[64 * 1024];
        while (open.Read(buffer) > 0)
        {
            // As a download does.
        }
    }

    private static double CpuMs(Action act)
    {
        using Process process = Process.GetCurrentProcess();
        double before = process.TotalProcessorTime.TotalMilliseconds;
        act();
        process.Refresh();
        return process.TotalProcessorTime.TotalMilliseconds - before;
    }
}
