using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;

namespace Events.Tests.Integration.Kit;

/// <summary>Codes that a device makes of a secret and the time, six digits every 30 s.</summary>
internal static class OneTimeCode
{
    private const int StepS = 30;

    /// <summary>Long enough for a request on a busy machine to arrive in the same step.</summary>
    private const int MarginS = 5;

    /// <returns>The step of now, which lasts for a while yet.</returns>
    public static async Task<long> StepAsync()
    {
        long now = 0;
        await Until.TrueAsync(
            () => Task.FromResult(((now = DateTimeOffset.UtcNow.ToUnixTimeSeconds()) % StepS) < StepS - MarginS),
            TimeSpan.FromSeconds(2 * MarginS),
            "the next step");
        return now / StepS;
    }

    /// <summary>By the standard's own words (RFC 4226, section 5.3), not by what the host uses.</summary>
    public static string Of(string secret, long step)
    {
        List<byte> key = [];
        int bits = 0, count = 0;
        foreach (char letter in secret)
        {
            bits = ((bits << 5) | "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".IndexOf(letter, StringComparison.Ordinal)) & 0xfff;
            if ((count += 5) >= 8)
            {
                key.Add((byte)(bits >> (count -= 8)));
            }
        }

        byte[] counter = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(counter, step);
#pragma warning disable CA5350 // What devices compute is the standard's choice.
        byte[] hash = HMACSHA1.HashData(key.ToArray(), counter);
#pragma warning restore CA5350
        int at = hash[^1] & 0xf;
        int number = BinaryPrimitives.ReadInt32BigEndian(hash.AsSpan(at)) & int.MaxValue;
        return (number % 1_000_000).ToString("D6", CultureInfo.InvariantCulture);
    }
}
