using System.Net;
using Events.Application.Access;
using Events.Application.Users;
using Events.Host.JsonRpc;
using Events.Host.Security;

namespace Events.Host.Users;

/// <summary>Not now: an address, an account, or this machine has had enough for a while.</summary>
/// <param name="Code">Stable, e.g. <c>auth.locked</c>.</param>
internal sealed record SignInWait(string Code, string Message, TimeSpan Time)
{
    /// <summary>Whole, and at least one.</summary>
    public int Seconds => (int)Math.Max(1, Math.Ceiling(Time.TotalSeconds));
}

/// <summary>
/// What all doors have in common at which somebody shows a password: one address has so many attempts at all of them together,
/// and the audit is told what came of each.
/// </summary>
internal sealed class SignInAttempts(AccessLedger ledger, TimeProvider time)
{
    /// <summary>Per address: as often as a household with bad memories needs, and no more.</summary>
    private static readonly RateRule _rule = new(PerSecond: 0.5, Burst: 20);

    private readonly AddressLimits _limits = new(_rule, time);

    /// <summary>Counts one attempt.</summary>
    /// <returns>Null when it may be made.</returns>
    public SignInWait? Take(IPAddress? from) =>
        _limits.Take(from) is var wait && wait > TimeSpan.Zero
            ? new SignInWait("auth.rate_limited", "Too many attempts from this address.", wait)
            : null;

    /// <returns>Null unless what is refused now may be taken later.</returns>
    public SignInWait? WaitAfter(SignInResult result) =>
        result switch
        {
            SignInResult.Locked locked => new(
                "auth.locked", "Too many wrong passwords. Wait, then try again.", locked.Until - time.GetUtcNow()),
            SignInResult.TooMany => new("auth.too_many", "Too many at once. Try again in a moment.", TimeSpan.FromSeconds(1)),
            _ => null,
        };

    /// <param name="who">Whose attempt it was; empty when nobody is known. Never what was typed.</param>
    /// <param name="way">The way in, as facts name it.</param>
    public void Tell(SignInResult result, string who, string way, IPAddress? from)
    {
        string? account = result switch
        {
            SignInResult.Done done => done.Account,
            SignInResult.StillIn still => still.Account,
            _ => null,
        };
        if (account is not null)
        {
            ledger.Granted(account, way, from);
        }
        else if (result is not SignInResult.Enrolled)
        {
            ledger.Refused(who, way, from, "bad_credentials");
        }
    }
}
