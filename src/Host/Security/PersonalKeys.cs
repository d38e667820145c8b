using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Events.Application.Contracts;
using Events.Domain.Kernel;
using Events.Host.Control;
using Events.Host.Settings;

namespace Events.Host.Security;

/// <summary>
/// Keys of subjects, and whom names stand for, as sealed values: whatever re-encrypts those re-encrypts these. A user has
/// <c>subject/user-ID</c>, the key and the mark of the name, and <c>user-name/MARK</c>, the id. A mark is HMAC-SHA256 of the name
/// under a key that lies there as well, so that a name is found without being written down.
/// </summary>
internal sealed class PersonalKeys(SealedValues values, ErasedList erased, PseudonymRule rule) : IPersonalData, IUserNames
{
    private const int KeyBytes = 32;

    /// <summary>Twice the users of an installation. What is beyond is forgotten and read again.</summary>
    private const int CachedMax = 20_000;

    /// <summary>A name that an erased user left behind is in the way once.</summary>
    private const int ClaimsMax = 3;

    private const string MarkKey = "personal/names";
    private const string PseudonymKey = "personal/pseudonyms";

    /// <summary>What says that an account is a program's, or nobody's: there is nothing to hide.</summary>
    private static readonly string[] _impersonal = ["system", ControlCalls.Account];

    /// <summary>
    /// Rows with keys of the installation itself. The first is made at the first start of all, so that each start can tell by it
    /// whether its key for secrets is the right one.
    /// </summary>
    public static IReadOnlyList<string> OwnNames { get; } = [MarkKey, PseudonymKey];

    private readonly ConcurrentDictionary<string, byte[]?> _keys = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, byte[]> _own = new(StringComparer.Ordinal);

    public IReadOnlyList<UserId> Erased => erased.Read();

    /// <returns>What a row of <see cref="OwnNames"/> holds.</returns>
    public static byte[] NewOwn() => RandomNumberGenerator.GetBytes(KeyBytes);

    public byte[]? Find(string subject) =>
        _keys.TryGetValue(subject, out byte[]? key) ? key : Keep(subject, KeyIn(Opened(() => values.Find(NameOf(subject)))));

    public async ValueTask<SubjectKey?> FindOrMakeAsync(string subject, CancellationToken cancellationToken)
    {
        byte[]? key = await FindOrAddAsync(subject, cancellationToken);
        if (key is { Length: 0 } && PersonalMember.IsMonth(subject))
        {
            subject = OfThisHost(subject);
            key = await FindOrAddAsync(subject, cancellationToken);
        }

        return key is null ? null : new SubjectKey(subject, key);
    }

    public async ValueTask<string?> PseudonymAsync(PersonalKind kind, string value, CancellationToken cancellationToken) =>
        kind switch
        {
            PersonalKind.Address when rule is not PseudonymRule.None && IPAddress.TryParse(value, out _) =>
                $"addr-{await MarkAsync(PseudonymKey, $"address\n{value}", cancellationToken)}",
            PersonalKind.Name when rule is PseudonymRule.All =>
                $"p-{await MarkAsync(PseudonymKey, $"name\n{value}", cancellationToken)}",
            PersonalKind.Account when rule is PseudonymRule.All && IsOfPerson(value) =>
                $"p-{await MarkAsync(PseudonymKey, $"name\n{value}", cancellationToken)}",
            _ => null,
        };

    public async Task<UserId?> FindAsync(UserName name, CancellationToken cancellationToken)
    {
        byte[]? id = await values.FindAsync(await MarkNameAsync(name, cancellationToken), cancellationToken);

        // A backup without its keys may bring back a name whose key is deleted again.
        return id is not null && new UserId(new Guid(id, bigEndian: true)) is var user && Find(user.Account) is not null
            ? user
            : null;
    }

    public async Task<UserId> ClaimAsync(UserName name, CancellationToken cancellationToken)
    {
        string mark = await MarkNameAsync(name, cancellationToken);
        UserId id = UserId.New();
        byte[] key = [.. RandomNumberGenerator.GetBytes(KeyBytes), .. Encoding.UTF8.GetBytes(mark)];
        await values.SetAsync(NameOf(id.Account), key, cancellationToken);
        for (int attempt = 1; attempt <= ClaimsMax; attempt++)
        {
            if (await values.AddAsync(mark, id.Value.ToByteArray(bigEndian: true), cancellationToken))
            {
                return id;
            }

            if (await FindAsync(name, cancellationToken) is { } taken)
            {
                await values.DeleteAsync(NameOf(id.Account), CancellationToken.None);
                return taken;
            }

            await values.DeleteAsync(mark, cancellationToken);
        }

        throw new DependencyUnavailableException("postgresql", "The name is being given and taken elsewhere. Try again.");
    }

    public async Task EraseAsync(UserId id, CancellationToken cancellationToken)
    {
        erased.Add(id);
        Keep(id.Account, null);
        byte[]? kept = Opened(() => values.Find(NameOf(id.Account)));
        if (kept?.Length > KeyBytes)
        {
            await values.DeleteAsync(Encoding.UTF8.GetString(kept.AsSpan(KeyBytes)), cancellationToken);
        }

        await values.DeleteAsync(NameOf(id.Account), cancellationToken);

        // A reader that was under way may have put it back.
        Keep(id.Account, null);
    }

    private static bool IsOfPerson(string account) =>
        account.Length > 0
        && UserId.OfAccount(account) is null
        && !_impersonal.Contains(account, StringComparer.Ordinal)
        && !(account.StartsWith("key-", StringComparison.Ordinal) && Guid.TryParse(account.AsSpan(4), out _));

    private async ValueTask<byte[]?> FindOrAddAsync(string subject, CancellationToken cancellationToken)
    {
        if (_keys.TryGetValue(subject, out byte[]? known) && known is not null)
        {
            return known;
        }

        if (PersonalMember.IsMonth(subject))
        {
            await values.AddAsync(NameOf(subject), RandomNumberGenerator.GetBytes(KeyBytes), cancellationToken);
            _keys.TryRemove(subject, out _);
        }

        return Find(subject);
    }

    /// <summary>What takes the place of a row that is closed to this host: what is open to others is not written over.</summary>
    private string OfThisHost(string name) => $"{name}-{values.KeyMark}";

    private static string NameOf(string subject) => $"subject/{subject}";

    /// <summary>A key that this installation's key does not open is told from one that is not there.</summary>
    private static byte[]? Opened(Func<byte[]?> read)
    {
        try
        {
            return read();
        }
        catch (CryptographicException)
        {
            return [];
        }
    }

    private static byte[]? KeyIn(byte[]? kept) => kept?.Length > KeyBytes ? kept[..KeyBytes] : kept;

    private byte[]? Keep(string subject, byte[]? key)
    {
        if (_keys.Count >= CachedMax)
        {
            _keys.Clear();
        }

        _keys[subject] = key;
        return key;
    }

    private async Task<string> MarkNameAsync(UserName name, CancellationToken cancellationToken) =>
        $"user-name/{Convert.ToHexStringLower(HMACSHA256.HashData(
            await OwnAsync(MarkKey, cancellationToken), Encoding.UTF8.GetBytes(name.Value)))}";

    private async Task<string> MarkAsync(string own, string text, CancellationToken cancellationToken)
    {
        // In bytes: 80 bits, so that no two of a million are alike.
        const int shown = 10;
        byte[] key = await OwnOrClosedAsync(own, cancellationToken)
            ?? await OwnAsync(OfThisHost(own), cancellationToken);
        byte[] mark = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text));
        return Convert.ToHexStringLower(mark.AsSpan(0, shown));
    }

    /// <summary>A key of the installation, the same on all nodes, made at its first use.</summary>
    private async ValueTask<byte[]> OwnAsync(string name, CancellationToken cancellationToken) =>
        await OwnOrClosedAsync(name, cancellationToken)

            // A start looks for this. What another host wrote meanwhile is not to be written over: it would not find its people.
            ?? throw new DependencyUnavailableException(
                "secrets", "The key for secrets, keys/sources.key, is not the database's. Put that right and start again.");

    /// <returns>Null for one that this host cannot open.</returns>
    private async ValueTask<byte[]?> OwnOrClosedAsync(string name, CancellationToken cancellationToken)
    {
        if (_own.TryGetValue(name, out byte[]? known))
        {
            return known;
        }

        await values.AddAsync(name, NewOwn(), cancellationToken);
        try
        {
            return _own.GetOrAdd(name, (await values.FindAsync(name, cancellationToken))!);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
