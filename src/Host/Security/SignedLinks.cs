using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Events.Application.ApiKeys;
using Events.Application.Users;
using Events.Domain.Kernel;
using Microsoft.IdentityModel.Tokens;

namespace Events.Host.Security;

/// <summary>
/// Links that open without a header, for a while: <c>?exp=…&amp;user=…&amp;sig=…</c>, an HMAC-SHA256 over until when, who asked
/// and what may be opened. For players and browsers, which cannot send a token along. One that was made for the bearer of a key,
/// or for somebody who signed in, names the key or the session (<c>key=…</c>, <c>session=…</c>), and ends with it. Any other
/// names the account of a token, and ends no later than the token does; links go through many hands, so that name is sealed.
/// </summary>
internal sealed class SignedLinks
{
    private const int NonceBytes = 12;
    private const int TagBytes = 16;

    /// <summary>Names that were sealed lately; more are forgotten, and sealed again. Bounds memory.</summary>
    private const int SealedMax = 1_000;

    private readonly byte[] _key;
    private readonly byte[] _nameKey;
    private readonly byte[] _nonceKey;
    private readonly ConcurrentDictionary<string, string> _sealed = new(StringComparer.Ordinal);
    private readonly ApiKeyRing _keys;
    private readonly UserRing _users;
    private readonly TimeProvider _time;

    /// <param name="secret">The token secret; links are signed with a key derived from it, never with itself.</param>
    public SignedLinks(string secret, ApiKeyRing keys, UserRing users, TimeProvider time)
    {
        _keys = keys;
        _users = users;
        _time = time;
        _key = Derived("events signed links"u8);
        _nameKey = Derived("events signed links: names"u8);
        _nonceKey = Derived("events signed links: nonces of names"u8);

        byte[] Derived(ReadOnlySpan<byte> purpose) => HKDF.DeriveKey(
            HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(secret), 32, info: purpose.ToArray());
    }

    /// <param name="scope">What the link opens, e.g. a path, or a folder that ends in a slash.</param>
    /// <param name="owner">Who asked for the link; it is good no longer than the key, session or token.</param>
    /// <returns>The query with its question mark.</returns>
    public string QueryFor(string scope, TimeSpan lifetime, LinkOwner owner)
    {
        DateTimeOffset until = _time.GetUtcNow().Add(lifetime);
        (string form, string value) = owner switch
        {
            LinkOwner.Key key => (SignedQuery.KeyForm, key.Id.ToString()),
            LinkOwner.Session session => (SignedQuery.SessionForm, session.Id.ToString()),
            LinkOwner.Account account => (SignedQuery.AccountForm, SealedTextOf(account.Name)),
            _ => throw new ArgumentOutOfRangeException(nameof(owner), owner, "No such owner."),
        };
        long expires = (owner is LinkOwner.Account { Until: var end } && end < until ? end : until).ToUnixTimeSeconds();
        return string.Create(
            CultureInfo.InvariantCulture,
            $"?exp={expires}&{form}={value}&sig={SignatureOf(scope, expires, form, value)}");
    }

    /// <param name="from">Where the client is; null when that is not known.</param>
    /// <returns>What the link lets its bearer do; null when it is not ours, of something else, or over.</returns>
    public LinkRight? Check(string scope, SignedQuery query, IPAddress? from)
    {
        if (query is not { Owner: { } owner, Sig: { } signature }
            || !long.TryParse(query.Exp, NumberStyles.None, CultureInfo.InvariantCulture, out long expires)
            || expires <= _time.GetUtcNow().ToUnixTimeSeconds()
            || !CryptographicOperations.FixedTimeEquals(
                Encoding.ASCII.GetBytes(SignatureOf(scope, expires, owner.Form, owner.Value)),
                Encoding.ASCII.GetBytes(signature)))
        {
            return null;
        }

        DateTimeOffset until = DateTimeOffset.FromUnixTimeSeconds(expires);
        return owner.Form switch
        {
            SignedQuery.KeyForm when Guid.TryParseExact(owner.Value, "d", out Guid id) => OfKey(new ApiKeyId(id), until, from),
            SignedQuery.SessionForm when Guid.TryParseExact(owner.Value, "d", out Guid id) => OfSession(new SessionId(id), until),
            SignedQuery.AccountForm => new LinkRight(Open(owner.Value), until, null, null, CancellationToken.None),
            _ => null,
        };
    }

    private LinkRight? OfKey(ApiKeyId key, DateTimeOffset until, IPAddress? from) =>
        _keys.Find(key, from) is { } grant && grant.May(Right.SeePictures)
            ? new LinkRight(
                $"key-{key}",
                grant.Until < until ? grant.Until.Value : until,
                grant.Cameras,
                grant.CallsPerSecondMax,
                grant.Ended)
            : null;

    private LinkRight? OfSession(SessionId session, DateTimeOffset until) =>
        _users.Find(session) is { } grant && Policy.Allows(grant.Role, Right.SeePictures)
            ? new LinkRight(grant.Account, grant.Until < until ? grant.Until : until, grant.Cameras, null, grant.Ended)
            : null;

    /// <summary>A form is one of three words, and what stands behind it has no space, so none can be read as another.</summary>
    private string SignatureOf(string scope, long expires, string form, string value) =>
        Base64UrlEncoder.Encode(HMACSHA256.HashData(
            _key, Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{expires} {form} {value} {scope}"))));

    private string SealedTextOf(string name)
    {
        if (_sealed.TryGetValue(name, out string? known))
        {
            return known;
        }

        if (_sealed.Count >= SealedMax)
        {
            _sealed.Clear();
        }

        return _sealed[name] = Seal(name);
    }

    /// <summary>AES-256-GCM. The nonce follows from the name, so that none is used for two names.</summary>
    private string Seal(string name)
    {
        byte[] plain = Encoding.UTF8.GetBytes(name);
        byte[] text = new byte[NonceBytes + TagBytes + plain.Length];
        HMACSHA256.HashData(_nonceKey, plain).AsSpan(0, NonceBytes).CopyTo(text);
        using var cipher = new AesGcm(_nameKey, TagBytes);
        cipher.Encrypt(
            text.AsSpan(0, NonceBytes), plain, text.AsSpan(NonceBytes + TagBytes), text.AsSpan(NonceBytes, TagBytes));
        return Base64UrlEncoder.Encode(text);
    }

    /// <param name="value">Under a signature of ours, so it was sealed here.</param>
    private string Open(string value)
    {
        byte[] text = Base64UrlEncoder.DecodeBytes(value);
        byte[] plain = new byte[text.Length - NonceBytes - TagBytes];
        using var cipher = new AesGcm(_nameKey, TagBytes);
        cipher.Decrypt(
            text.AsSpan(0, NonceBytes), text.AsSpan(NonceBytes + TagBytes), text.AsSpan(NonceBytes, TagBytes), plain);
        return Encoding.UTF8.GetString(plain);
    }
}

/// <summary>The parts of a signed link, as its query has them.</summary>
/// <param name="Owner">How it names who asked, and what stands there; null unless it does so once, in one form.</param>
internal readonly record struct SignedQuery(string? Exp, string? Sig, (string Form, string Value)? Owner)
{
    internal const string KeyForm = "key";
    internal const string SessionForm = "session";
    internal const string AccountForm = "user";

    /// <summary>In characters. The longest is a name of 128, in UTF-8, sealed, in base 64.</summary>
    private const int ValueLengthMax = 600;

    private static readonly string[] _forms = [KeyForm, SessionForm, AccountForm];

    public static SignedQuery Of(IQueryCollection query)
    {
        string[] there = [.. _forms.Where(query.ContainsKey)];
        return new(
            query["exp"],
            query["sig"],
            there is [var form] && query[form] is [{ Length: > 0 and <= ValueLengthMax } value] && value.All(IsPlain)
                ? (form, value)
                : null);
    }

    /// <summary>As in a UUID, and in base 64 for addresses.</summary>
    private static bool IsPlain(char letter) => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_';
}

/// <summary>What a good link lets its bearer do.</summary>
/// <param name="Who">The account that it was made for.</param>
/// <param name="Cameras">Null for all.</param>
/// <param name="CallsPerSecondMax">The limit of the key behind it; null for none of its own.</param>
/// <param name="Ended">Cancelled when the key or session behind it is good no longer.</param>
internal sealed record LinkRight(
    string Who, DateTimeOffset Until, CameraList? Cameras, int? CallsPerSecondMax, CancellationToken Ended);

/// <summary>For whom a link is made.</summary>
/// <param name="Origin">How the client reaches us, e.g. <c>https://host:8443</c>; null when it is not known.</param>
internal abstract record LinkOwner(string? Origin)
{
    /// <summary>Who came in with a key.</summary>
    internal sealed record Key(string? Origin, ApiKeyId Id) : LinkOwner(Origin);

    /// <summary>Somebody who signed in.</summary>
    internal sealed record Session(string? Origin, SessionId Id) : LinkOwner(Origin);

    /// <summary>Who came in with a token that cannot be called back: of the older contract, or of another issuer.</summary>
    /// <param name="Name">As facts name the account.</param>
    /// <param name="Until">When the token ends.</param>
    internal sealed record Account(string? Origin, string Name, DateTimeOffset Until) : LinkOwner(Origin);

    /// <exception cref="InvalidOperationException">
    /// It is for some cameras, and neither of a key nor of somebody who signed in: its links would open all.
    /// </exception>
    public static LinkOwner Of(AccessIdentity identity, string? origin) =>
        identity switch
        {
            { KeyId: { } key } => new Key(origin, key),
            { SessionId: { } session } => new Session(origin, session),
            { Cameras: not null } => throw new InvalidOperationException("Only keys and users can be for some cameras."),
            _ => new Account(origin, identity.UserId, identity.ExpiresAt),
        };
}
