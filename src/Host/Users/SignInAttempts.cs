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
/// one that speaks for many, like a proxy's, far more, and the audit is told what came of each.
/// </summary>
internal sealed class SignInAttempts(AccessLedger ledger, AddressGuard addresses, TimeProvider time)
{
    /// <summary>Per address: as often as a household with bad memories needs, and no more.</summary>
    private static readonly RateRule _rule = new(PerSecond: 0.5, Burst: 20);

    /// <summary>Of an address that speaks for many: about as many passwords as can be looked at, whoever sends them.</summary>
    private static readonly RateRule _ruleOfMany = new(PerSecond: 20, Burst: 400);

    private readonly AddressLimits _limits = new(_rule, time);
    private readonly AddressLimits _limitsOfMany = new(_ruleOfMany, time);

    /// <summary>Counts one attempt.</summary>
    /// <inheritdoc cref="Tell"/>
    /// <returns>Null when it may be made.</returns>
    public SignInWait? Take(string who, string way, IPAddress? from)
    {
        bool isOfMany = from is not null && addresses.IsUnlimited(from);
        TimeSpan wait = (isOfMany ? _limitsOfMany : _limits).Take(from);
        if (wait <= TimeSpan.Zero)
        {
            return null;
        }

        ledger.Refused(who, way, from, "rate_limited");
        return new SignInWait("auth.rate_limited", "Too many attempts from this address.", wait);
    }

    /// <returns>Null unless what is refused now may be taken later.</returns>
    public SignInWait? WaitAfter(SignInResult result) =>
        result switch
        {
            SignInResult.Locked locked => new(
                "auth.locked", "Too many wrong passwords. Wait, then try again.", locked.Until - time.GetUtcNow()),
            SignInResult.TooMany => new("auth.too_many", "Too many at once. Try again in a moment.", TimeSpan.FromSeconds(1)),
            _ => null,
        };

    /// <param name="who">Who signed in already; empty for whoever has not.</param>
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
            // Of a name that is nobody's nothing is written down: it may be a password.
            ledger.Refused(who.Length > 0 ? who : result.Whose, way, from, WhyOf(result));
        }
    }

    private static string WhyOf(SignInResult result) =>
        result switch
        {
            SignInResult.NeedsCode => "code_needed",
            SignInResult.MustChange => "password_must_change",
            SignInResult.Locked => "locked",
            SignInResult.TooMany => "too_many",
            _ => "bad_credentials",
        };
}
