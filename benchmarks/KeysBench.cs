using System.Diagnostics;
using System.Net;
using Events.Application.ApiKeys;
using Events.Application.Users;
using Events.Domain.Kernel;

namespace Events.Benchmarks;

/// <summary>What it costs to look at a key among as many as an installation can have, and at a password.</summary>
internal static class KeysBench
{
    private const int Rounds = 200_000;

    /// <summary>In microseconds of CPU: a request that costs more for its key than for its answer is badly off.</summary>
    private const double KeyUsMax = 200;

    public static async Task RunAsync(BenchContext context)
    {
        using var ring = new ApiKeyRing(TimeProvider.System);
        List<string> secrets = [];
        for (int i = 0; i < ApiKeyRing.CountMax; i++)
        {
            (string secret, string hash) = ApiKeySecret.New();
            secrets.Add(secret);
            ring.Put(new ApiKeyView(
                ApiKeyId.New(), "bench", Role.Viewer, ApiKeyStatus.Active, null, "10.0.0.0/8", DateTimeOffset.UnixEpoch, null, hash,
                null, null, null, 0, null, 1));
        }

        IPAddress from = IPAddress.Parse("10.0.0.7");
        Measure(Rounds / 10, i => ring.Find(secrets[i % secrets.Count], from));
        double good = Measure(Rounds, i => ring.Find(secrets[i % secrets.Count], from));
        string[] bad = [.. secrets.Select(secret => secret[..^2] + "zz")];
        double refused = Measure(Rounds, i => ring.Find(bad[i % bad.Length], from));
        context.Add(new BenchFigure(
            "a good key", "µs", good, null, null, KeyUsMax, $"CPU of one look among {ApiKeyRing.CountMax}, with a list of addresses"));
        context.Add(new BenchFigure("a bad key", "µs", refused, null, null, KeyUsMax, "the same"));

        using var passwords = new Passwords();
        string kept = (await passwords.HashAsync("a long walk in rain", CancellationToken.None))!;
        TimeSpan before = Process.GetCurrentProcess().TotalProcessorTime;
        const int Checks = 10;
        for (int i = 0; i < Checks; i++)
        {
            await passwords.CheckAsync("a long walk in rain", kept, CancellationToken.None);
        }

        double ms = (Process.GetCurrentProcess().TotalProcessorTime - before).TotalMilliseconds / Checks;
        context.Add(new BenchFigure("a password", "ms", ms, null, null, null, "CPU of one check; two at once, 32 wait"));
    }

    private static double Measure(int rounds, Func<int, object?> look)
    {
        TimeSpan before = Process.GetCurrentProcess().TotalProcessorTime;
        for (int i = 0; i < rounds; i++)
        {
            look(i);
        }

        return (Process.GetCurrentProcess().TotalProcessorTime - before).TotalMicroseconds / rounds;
    }
}
