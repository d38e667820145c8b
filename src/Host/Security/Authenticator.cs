using System.Net;
using Events.Application.Access;
using Events.Application.ApiKeys;
using Events.Application.Contracts;

namespace Events.Host.Security;

/// <summary>Who is behind what a client shows, whichever way it came in: an access token, or the secret of a key.</summary>
/// <param name="external">Null: no issuer elsewhere is trusted.</param>
internal sealed class Authenticator(
    AccessTokens tokens, SessionTokens sessions, ApiKeyRing keys, AccessLedger ledger, ExternalTokens? external)
{
    /// <param name="way">The way in, for the log.</param>
    /// <param name="from">Where the client is; null when that is not known.</param>
    /// <returns>Null when it is neither, or not good any more, or not from there.</returns>
    /// <exception cref="DependencyUnavailableException">
    /// It is a key, and after the start none was read yet; or of an issuer elsewhere that does not answer.
    /// </exception>
    public async ValueTask<AccessIdentity?> ReadAsync(string text, string way, IPAddress? from)
    {
        AccessIdentity? identity = await FindAsync(text, from);
        if (identity is null)
        {
            ledger.Refused(string.Empty, way, from, "bad_credentials");
            return null;
        }

        ledger.Granted(identity.UserId, way, from);
        return identity with { Address = from };
    }

    private async ValueTask<AccessIdentity?> FindAsync(string text, IPAddress? from)
    {
        if (!ApiKeySecret.IsMeant(text))
        {
            return external?.IsMeant(text) == true ? await external.ReadAsync(text)
                : SessionTokens.IsMeant(text) ? await sessions.ReadAsync(text)
                : await tokens.ReadAsync(text);
        }

        if (!keys.IsLoaded)
        {
            throw new DependencyUnavailableException("api_keys", "Keys are being read after the start. Try again shortly.");
        }

        return keys.Find(text, from) is { } grant
            ? new AccessIdentity(
                $"key-{grant.KeyId}",
                grant.Role,
                grant.Until ?? DateTimeOffset.MaxValue,
                grant.Cameras,
                grant.KeyId,
                CallsPerSecondMax: grant.CallsPerSecondMax,
                Scopes: grant.Scopes,
                Ended: grant.Ended)
            : null;
    }
}
