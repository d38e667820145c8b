using System.Globalization;
using System.Security.Cryptography;
using Events.Host.Operations;
using Microsoft.IdentityModel.Tokens;

namespace Events.Host.Security;

/// <summary>
/// Keys that sign access tokens with ES256 (RFC 7518, section 3.4), one file each in the folder of keys, named by their kid. One
/// signs for 30 days. The next one is published some minutes before it signs, so that whoever keeps the published set has it by
/// then, and the old ones check what they signed until they are 60 days old. Nodes of one installation share the folder's
/// content, and find there what another one made.
/// </summary>
internal sealed partial class SigningKeys : IDisposable
{
    /// <summary>How long whoever checks tokens may keep the published set.</summary>
    public static readonly TimeSpan KeptFor = TimeSpan.FromMinutes(5);

    private const string Pattern = "access-*.key";
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private static readonly TimeSpan SignsFor = TimeSpan.FromDays(30);
    private static readonly TimeSpan ChecksFor = TimeSpan.FromDays(60);

    /// <summary>Before it signs: for longer than the set is kept, and than clocks of two nodes differ.</summary>
    private static readonly TimeSpan ShownFor = 2 * KeptFor;

    /// <summary>Where nobody signed in for long. What it signs has to be checked until that ends.</summary>
    private static readonly TimeSpan SignsAtMost = ChecksFor - TimeSpan.FromDays(1);

    /// <summary>Strangers may name keys that are not there as often as they like.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private readonly string _folder;
    private readonly TimeProvider _time;
    private readonly ILogger<SigningKeys> _logger;
    private readonly Lock _gate = new();
    private readonly List<Pair> _pairs = [];

    /// <summary>Files that were told of already.</summary>
    private readonly HashSet<string> _passedOver = new(StringComparer.Ordinal);

    private long? _lookedAt;

    /// <exception cref="StartRefusedException">Others may read a file, or it holds no key.</exception>
    public SigningKeys(string folder, TimeProvider time, ILogger<SigningKeys> logger)
    {
        (_folder, _time, _logger) = (folder, time, logger);
        Directory.CreateDirectory(folder, Private);
        foreach (string path in Directory.GetFiles(folder, Pattern))
        {
            _pairs.Add(Read(path));
        }

        // Before anybody signs in, so that whoever gets the published set first has the key that will sign.
        DateTimeOffset now = _time.GetUtcNow();
        _ = SignerAt(now) ?? Make(now);
    }

    /// <summary>The one that signs now.</summary>
    public SigningCredentials Signing
    {
        get
        {
            lock (_gate)
            {
                Look();
                DateTimeOffset now = _time.GetUtcNow();
                return new SigningCredentials((SignerAt(now) ?? Make(now)).Key, SecurityAlgorithms.EcdsaSha256);
            }
        }
    }

    /// <summary>All that still check, as far as this node knows.</summary>
    public IReadOnlyList<ECDsaSecurityKey> All
    {
        get
        {
            lock (_gate)
            {
                return Checking();
            }
        }
    }

    /// <summary>The same, with what other nodes made meanwhile. The folder is read once a second at most.</summary>
    public IReadOnlyList<ECDsaSecurityKey> ReadAgain()
    {
        lock (_gate)
        {
            Look();
            return Checking();
        }
    }

    public void Dispose() => _pairs.ForEach(pair => pair.Key.ECDsa.Dispose());

    private static Pair Read(string path)
    {
        string kid = Path.GetFileNameWithoutExtension(path);
        string text = KeyFiles.ReadOwnerOnly(path);
        ECDsa key = ECDsa.Create();
        try
        {
            key.ImportPkcs8PrivateKey(Convert.FromBase64String(text), out _);
            return new Pair(
                MadeAtOf(kid) ?? throw new FormatException("The name does not say when it was made."),
                new ECDsaSecurityKey(key) { KeyId = kid });
        }
        catch (Exception e) when (e is FormatException or CryptographicException)
        {
            key.Dispose();
            throw new StartRefusedException($"The key file {path} does not hold a key. Put back the one from a backup.");
        }
    }

    /// <returns>Null for a name that does not say it.</returns>
    private static DateTimeOffset? MadeAtOf(string kid) =>
        kid.Split('-') is [_, var text, ..]
        && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long seconds)
        && seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds()
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : null;

    private List<ECDsaSecurityKey> Checking()
    {
        DateTimeOffset now = _time.GetUtcNow();
        return [.. _pairs.Where(pair => now - pair.MadeAt < ChecksFor).Select(pair => pair.Key)];
    }

    /// <summary>The newest that was published for long enough; where none was, the oldest. All nodes come to the same.</summary>
    private Pair? SignerAt(DateTimeOffset now)
    {
        Pair[] able =
        [
            .. _pairs.Where(pair => now - pair.MadeAt < SignsAtMost)
                .OrderBy(pair => pair.MadeAt).ThenBy(pair => pair.Key.KeyId, StringComparer.Ordinal),
        ];
        return able.LastOrDefault(pair => now - pair.MadeAt >= ShownFor) ?? able.FirstOrDefault();
    }

    /// <summary>Takes in what other nodes made, and makes the next one when it is due.</summary>
    private void Look()
    {
        if (_lookedAt is { } before && _time.GetElapsedTime(before) < LookEvery)
        {
            return;
        }

        _lookedAt = _time.GetTimestamp();
        DateTimeOffset now = _time.GetUtcNow();
        _pairs.RemoveAll(pair => now - pair.MadeAt >= ChecksFor);
        try
        {
            foreach (string path in Directory.GetFiles(_folder, Pattern))
            {
                TakeIn(path, now);
            }

            if (!_pairs.Exists(pair => now - pair.MadeAt < SignsFor - ShownFor))
            {
                Make(now);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // What is known goes on to sign and to check.
            LogNotRead(_folder, failure.Message);
        }
    }

    private void TakeIn(string path, DateTimeOffset now)
    {
        string kid = Path.GetFileNameWithoutExtension(path);
        if (_pairs.Exists(pair => pair.Key.KeyId == kid) || !(now - MadeAtOf(kid) < ChecksFor))
        {
            return;
        }

        try
        {
            _pairs.Add(Read(path));
            _passedOver.Remove(path);
        }
        catch (Exception failure) when (failure is StartRefusedException or IOException or UnauthorizedAccessException)
        {
            if (_passedOver.Add(path))
            {
                LogPassedOver(failure.Message);
            }
        }
    }

    private Pair Make(DateTimeOffset now)
    {
        string random = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4));
        string kid = string.Create(CultureInfo.InvariantCulture, $"access-{now.ToUnixTimeSeconds()}-{random}");
        ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        KeyFiles.WriteOwnerOnly(Path.Combine(_folder, $"{kid}.key"), Convert.ToBase64String(key.ExportPkcs8PrivateKey()));
        var made = new Pair(
            DateTimeOffset.FromUnixTimeSeconds(now.ToUnixTimeSeconds()), new ECDsaSecurityKey(key) { KeyId = kid });
        _pairs.Add(made);
        return made;
    }

    [LoggerMessage(EventId = 1311, Level = LogLevel.Warning, Message = "A key for access tokens is passed over. {Why}")]
    private partial void LogPassedOver(string why);

    [LoggerMessage(
        EventId = 1312, Level = LogLevel.Warning, Message = "Keys of access tokens in {Folder} could not be read or made: {Why}")]
    private partial void LogNotRead(string folder, string why);

    private sealed record Pair(DateTimeOffset MadeAt, ECDsaSecurityKey Key);
}
