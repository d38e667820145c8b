namespace Events.Application.Contracts;

/// <summary>Codes that a person's device makes of a secret and the time, six digits every 30 s (RFC 6238).</summary>
public interface IOneTimeCodes
{
    /// <returns>A new secret, in base 32 as devices take it.</returns>
    string NewSecret();

    /// <returns>Which time step the code is of, at most one before or after the present one; null when it is wrong.</returns>
    long? StepOf(string secret, string code, DateTimeOffset now);
}
