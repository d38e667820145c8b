using System.Text.Json;
using Events.Application.Contracts;
using Events.Host.Settings;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace Events.Host.Security;

/// <summary>
/// Access tokens of an OpenID Connect issuer elsewhere (OpenID Connect Discovery 1.0, RFC 9068): its published keys say whether
/// they are good, and one claim says the role. Nothing is asked of the issuer for each token.
/// </summary>
internal sealed partial class ExternalTokens : IDisposable
{
    /// <summary>
    /// In characters. Issuers put groups and names into tokens; more is not read. No other kind of token is longer, so every way
    /// in takes so much.
    /// </summary>
    public const int TokenLengthMax = 8_192;

    /// <summary>Clocks of two machines differ by less.</summary>
    public static readonly TimeSpan ClockDifferenceMax = TimeSpan.FromSeconds(30);

    private const int SubjectLengthMax = 120;

    /// <summary>In bytes. A document with dozens of keys has some ten thousand.</summary>
    private const int DocumentBytesMax = 512 * 1024;

    private const string Discovery = "/.well-known/openid-configuration";

    /// <summary>Signed by a key that only the issuer has. A secret that is shared, or none, is no proof of who issued.</summary>
    private static readonly string[] _algorithms =
    [
        SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512,
        SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.RsaSsaPssSha384, SecurityAlgorithms.RsaSsaPssSha512,
        SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384, SecurityAlgorithms.EcdsaSha512,
    ];

    /// <summary>Of several that a token names, the first of these.</summary>
    private static readonly Role[] _strongestFirst = [Role.Admin, Role.Operator, Role.Auditor, Role.Viewer];

    /// <summary>For both documents together; so long at most does anybody wait for an issuer that hangs.</summary>
    private static readonly TimeSpan AnswerTimeMax = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ReadAgainAfter = TimeSpan.FromHours(1);

    /// <summary>A token of a key that is not known, or an issuer that is away, is no reason to ask more often.</summary>
    private static readonly TimeSpan AskPauseMin = TimeSpan.FromSeconds(5);

    private readonly OidcSettings _settings;
    private readonly string _authority;
    private readonly TimeProvider _time;
    private readonly ILogger<ExternalTokens> _logger;
    private readonly JsonWebTokenHandler _handler = new() { MapInboundClaims = false };
    private readonly HttpClient _http;
    private readonly HttpDocumentRetriever _documents;
    private readonly Lock _gate = new();
    private Task _asking = Task.CompletedTask;
    private OpenIdConnectConfiguration? _known;
    private long _knownAt;
    private long? _askedAt;

    public ExternalTokens(OidcSettings settings, TimeProvider time, ILogger<ExternalTokens> logger)
    {
        (_settings, _time, _logger) = (settings, time, logger);
        _authority = settings.Authority.AbsoluteUri.TrimEnd('/');
        _http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = ReadAgainAfter })
        {
            Timeout = AnswerTimeMax,
            MaxResponseContentBufferSize = DocumentBytesMax,
        };
        _documents = new HttpDocumentRetriever(_http) { RequireHttps = settings.Authority.Scheme == Uri.UriSchemeHttps };
    }

    public void Dispose() => _http.Dispose();

    /// <summary>Whether a text says that it is of this issuer. It may be good or not.</summary>
    public bool IsMeant(string text) =>
        text.Length <= TokenLengthMax && _handler.CanReadToken(text) && Unproven(text)?.Issuer.TrimEnd('/') == _authority;

    /// <returns>Null for a token that is malformed, not the issuer's, not for us, not of now, or names no role of ours.</returns>
    /// <exception cref="DependencyUnavailableException">The issuer's keys were never read, and it does not answer.</exception>
    public async Task<AccessIdentity?> ReadAsync(string text)
    {
        TokenValidationResult result = await ValidateAsync(text, await ConfigurationAsync(isStale: false));
        if (result.Exception is SecurityTokenSignatureKeyNotFoundException)
        {
            // It may have a new key since its keys were read.
            result = await ValidateAsync(text, await ConfigurationAsync(isStale: true));
        }

        return result is { IsValid: true, SecurityToken: JsonWebToken token }
            && token.Subject is { Length: > 0 and <= SubjectLengthMax } subject
            && !subject.AsSpan().ContainsAnyInRange('\0', '\u001f')
            && RoleIn(token) is { } role
                ? new AccessIdentity($"oidc:{subject}", role, new DateTimeOffset(token.ValidTo, TimeSpan.Zero))
                : null;
    }

    private static JsonWebToken? Unproven(string text)
    {
        try
        {
            return new JsonWebToken(text);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private Task<TokenValidationResult> ValidateAsync(string text, OpenIdConnectConfiguration issuer) =>
        _handler.ValidateTokenAsync(text, new TokenValidationParameters
        {
            ValidIssuer = issuer.Issuer,
            ValidAudience = _settings.Audience,
            IssuerSigningKeys = issuer.SigningKeys,
            ValidAlgorithms = _algorithms,
            RequireSignedTokens = true,
            RequireExpirationTime = true,
            TryAllIssuerSigningKeys = false,
            LifetimeValidator = (notBefore, expires, _, _) =>
                expires > _time.GetUtcNow().UtcDateTime
                && (notBefore is null || notBefore <= (_time.GetUtcNow() + ClockDifferenceMax).UtcDateTime),
        });

    /// <summary>The claim may be deep, and may hold one name or a list of them.</summary>
    private Role? RoleIn(JsonWebToken token)
    {
        using var payload = JsonDocument.Parse(Base64UrlEncoder.DecodeBytes(token.EncodedPayload));
        JsonElement claim = payload.RootElement;
        foreach (string name in _settings.RoleClaim.Split('.'))
        {
            if (claim.ValueKind != JsonValueKind.Object || !claim.TryGetProperty(name, out claim))
            {
                return null;
            }
        }

        IEnumerable<JsonElement> values = claim.ValueKind == JsonValueKind.Array ? claim.EnumerateArray() : [claim];
        HashSet<string?> names =
            [.. values.Where(value => value.ValueKind == JsonValueKind.String).Select(value => value.GetString())];
        return _strongestFirst.Select(role => (Role?)role)
            .FirstOrDefault(role => names.Contains(_settings.RolePrefix + AccessTokens.NameOf(role!.Value)));
    }

    /// <param name="isStale">Whether what is known was found wanting.</param>
    private async Task<OpenIdConnectConfiguration> ConfigurationAsync(bool isStale)
    {
        if (!isStale && _known is { } known)
        {
            if (_time.GetElapsedTime(_knownAt) >= ReadAgainAfter)
            {
                // Nobody waits for it: an issuer that hangs must not hold up those whose keys are known.
                _ = AskOnceAsync();
            }

            return known;
        }

        await AskOnceAsync();
        return _known ?? throw new DependencyUnavailableException(
            "oidc", "The issuer of this token does not answer, and its keys are not known yet. Try again shortly.");
    }

    /// <summary>
    /// One at a time, and not often. Whoever comes meanwhile waits for the same answer and no longer: in turn, each would wait
    /// for as long as all before it.
    /// </summary>
    private Task AskOnceAsync()
    {
        lock (_gate)
        {
            bool isDue = _askedAt is not { } asked || _time.GetElapsedTime(asked) >= AskPauseMin;
            if (_asking.IsCompleted && isDue)
            {
                _asking = Task.Run(AskAsync);
            }

            return _asking;
        }
    }

    private async Task AskAsync()
    {
        using var limit = new CancellationTokenSource(AnswerTimeMax);
        try
        {
            OpenIdConnectConfiguration read = await OpenIdConnectConfigurationRetriever.GetAsync(
                _authority + Discovery, _documents, limit.Token);
            if (read.Issuer.TrimEnd('/') != _authority)
            {
                LogNoUse(_authority, $"it calls itself {read.Issuer}");
                return;
            }

            (_known, _knownAt) = (read, _time.GetTimestamp());
        }
        catch (Exception failure) when (failure is IOException or InvalidOperationException or HttpRequestException
            or OperationCanceledException or ArgumentException or JsonException)
        {
            // What is known goes on to count: an issuer that is away must not lock everybody out.
            LogNoUse(_authority, failure.Message);
        }
        finally
        {
            lock (_gate)
            {
                _askedAt = _time.GetTimestamp();
            }
        }
    }

    [LoggerMessage(EventId = 1301, Level = LogLevel.Warning, Message = "The keys of {Authority} could not be read: {Why}")]
    private partial void LogNoUse(string authority, string why);
}
