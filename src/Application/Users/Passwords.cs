using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Events.Domain.Kernel;

namespace Events.Application.Users;

/// <summary>
/// Which passwords are taken, and what is kept of them: PBKDF2 with HMAC-SHA-512 and a salt of its own, by the framework, with
/// the number of rounds beside it. So many checks at once, and no more: each keeps a core busy for a good part of a second.
/// </summary>
public sealed class Passwords : IDisposable
{
    /// <summary>In characters.</summary>
    public const int LengthMin = 12;

    /// <summary>In characters. More would be work for the hash, not for who guesses.</summary>
    public const int LengthMax = 128;

    /// <summary>In characters, of a user's name that a password must not hold. Shorter ones stand in many by chance.</summary>
    private const int NameLengthMin = 4;

    /// <summary>What OWASP names for this function, of 2023.</summary>
    private const int Rounds = 210_000;

    private const int SaltBytes = 16;
    private const int HashBytes = 64;
    private const string Scheme = "pbkdf2-sha512";

    /// <summary>Checks at once; the rest of the machine is for pictures.</summary>
    private const int AtOnceMax = 2;

    /// <summary>Who waits behind them. More are turned away: it is a flood.</summary>
    private const int WaitingMax = 32;

    private readonly SemaphoreSlim _turns = new(AtOnceMax, AtOnceMax);
    private int _waiting;

    /// <summary>A hash that no password has, so that a name that is not there takes as long as one that is.</summary>
    public static string Nobodys { get; } =
        KeptOf(new byte[SaltBytes], new byte[HashBytes]);

    public void Dispose() => _turns.Dispose();

    /// <summary>Whether a password may be somebody's.</summary>
    public static bool IsGood(string password, UserName name) =>
        password.Length is >= LengthMin and <= LengthMax
        && password.Distinct().Count() >= 5
        && !(name.Value.Length >= NameLengthMin && password.Contains(name.Value, StringComparison.OrdinalIgnoreCase))
        && !CommonPasswords.Has(password)
        && !PasswordPatterns.IsOne(password)
        && !password.EnumerateRunes().Contains(Rune.ReplacementChar);

    /// <returns>Null when too many wait already.</returns>
    public async Task<string?> HashAsync(string password, CancellationToken cancellationToken)
    {
        byte[] salt = RandomNumberGenerator.GetBytes(SaltBytes);
        byte[]? hash = await DeriveAsync(password, salt, Rounds, cancellationToken);
        return hash is null ? null : KeptOf(salt, hash);
    }

    /// <returns>Null when too many wait already.</returns>
    public async Task<bool?> CheckAsync(string password, string kept, CancellationToken cancellationToken)
    {
        if (kept.Split('$') is not [Scheme, var rounds, var salt, var hash])
        {
            return false;
        }

        byte[]? derived = await DeriveAsync(
            password.Length <= LengthMax ? password : password[..LengthMax],
            Convert.FromHexString(salt),
            int.Parse(rounds, CultureInfo.InvariantCulture),
            cancellationToken);
        return derived is null
            ? null
            : CryptographicOperations.FixedTimeEquals(derived, Convert.FromHexString(hash)) && password.Length <= LengthMax;
    }

    private static string KeptOf(byte[] salt, byte[] hash) => string.Create(
        CultureInfo.InvariantCulture, $"{Scheme}${Rounds}${Convert.ToHexStringLower(salt)}${Convert.ToHexStringLower(hash)}");

    private async Task<byte[]?> DeriveAsync(string password, byte[] salt, int rounds, CancellationToken cancellationToken)
    {
        if (Interlocked.Increment(ref _waiting) > WaitingMax + AtOnceMax)
        {
            Interlocked.Decrement(ref _waiting);
            return null;
        }

        try
        {
            await _turns.WaitAsync(cancellationToken);
            try
            {
                return await Task.Run(
                    () => Rfc2898DeriveBytes.Pbkdf2(password, salt, rounds, HashAlgorithmName.SHA512, HashBytes),
                    cancellationToken);
            }
            finally
            {
                _turns.Release();
            }
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }
}

/// <summary>Passwords that everybody tries first. Digits and signs at the end do not make another of them.</summary>
internal static class CommonPasswords
{
    private static readonly HashSet<string> _all = new(
        """
        password password password! passwordpassword passw0rd p@ssword p@ssw0rd p@$$w0rd mypassword thepassword newpassword
        changeme changemenow changethis changeit changepassword defaultpassword temporarypassword temppassword letmein
        letmeinnow letmeinplease iloveyou iloveyousomuch welcome welcomehome welcomeback administrator adminadmin adminpassword
        rootroot rootpassword superuser superman superadmin supersecret secret topsecret mysecret secretpassword
        correcthorsebatterystaple correcthorse trustno qwerty qwertyuiop qwertyuiopasdfghjkl qwertyqwerty qwertyasdfgh
        qwerasdfzxcv
        asdfghjkl asdfghjklzxcvbnm zxcvbnm zxcvbnmasdfghjkl qazwsxedc qazwsxedcrfv qazwsx azertyuiop qwertz qwertzuiop abcdefgh
        abcdefghijkl abcdefghijklm abcdefghijklmnopqrstuvwxyz abcabcabcabc camera cameracamera surveillance security
        monitoring operator operatoroperator viewer viewerviewer camerasystem camerapassword ipcamera cctvcamera hikvision
        football baseball basketball princess sunshine dragon monkey starwars michael jennifer jordan batman pokemon
        liverpool chelsea arsenal whatever nothing computer internet samsung google facebook linkedin
        """.Split([' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries),
        StringComparer.OrdinalIgnoreCase);

    public static bool Has(string password)
    {
        string core = password.TrimEnd([.. "0123456789!.?#*$-_@"]);
        return core.Length == 0 || _all.Contains(core) || _all.Contains(password)
            || (password[..(password.Length / 2)] is var half && password == half + half && Has(half));
    }
}
