using Events.Application.Contracts;
using OtpNet;

namespace Events.Host.Security;

internal sealed class OneTimeCodes : IOneTimeCodes
{
    /// <summary>As many as the hash has (RFC 4226, section 4).</summary>
    private const int SecretBytes = 20;

    private static readonly VerificationWindow _clocksDiffer = new(previous: 1, future: 1);

    public string NewSecret() => Base32Encoding.ToString(KeyGeneration.GenerateRandomKey(SecretBytes));

    public long? StepOf(string secret, string code, DateTimeOffset now) =>
        new Totp(Base32Encoding.ToBytes(secret)).VerifyTotp(now.UtcDateTime, code, out long step, _clocksDiffer) ? step : null;
}
