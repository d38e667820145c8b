using System.Globalization;
using System.Security.Cryptography;
using Events.Host.Operations;
using Microsoft.IdentityModel.Tokens;

namespace Events.Host.Security;

/// <summary>
/// Keys that sign access tokens with ES256 (RFC 7518, section 3.4), one file each in the folder of keys, named by their kid. The
/// newest signs; a new one is made every 30 days, and the old ones check what they signed until they are 60 days old. Nodes of
/// one installation share the folder's content.
/// </summary>
internal sealed class SigningKeys : IDisposable
{
    private const string Pattern = "access-*.key";

    private static readonly TimeSpan SignsFor = TimeSpan.FromDays(30);
    private static readonly TimeSpan ChecksFor = TimeSpan.FromDays(60);

    private readonly string _folder;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private List<Pair> _pairs = [];

    /// <exception cref="StartRefusedException">Others may read a file, or it holds no key.</exception>
    public SigningKeys(string folder, TimeProvider time)
    {
        (_folder, _time) = (folder, time);
        foreach (string path in Directory.Exists(folder) ? Directory.GetFiles(folder, Pattern) : [])
        {
            _pairs.Add(Read(path));
        }
    }

    /// <summary>The one that signs now.</summary>
    public SigningCredentials Signing
    {
        get
        {
            lock (_gate)
            {
                DateTimeOffset now = _time.GetUtcNow();
                _pairs = [.. _pairs.Where(pair => now - pair.MadeAt < ChecksFor).OrderByDescending(pair => pair.MadeAt)];
                if (_pairs.Count == 0 || now - _pairs[0].MadeAt >= SignsFor)
                {
                    _pairs.Insert(0, Make(now));
                }

                return new SigningCredentials(_pairs[0].Key, SecurityAlgorithms.EcdsaSha256);
            }
        }
    }

    /// <summary>All that still check.</summary>
    public IReadOnlyList<ECDsaSecurityKey> All
    {
        get
        {
            lock (_gate)
            {
                DateTimeOffset now = _time.GetUtcNow();
                return [.. _pairs.Where(pair => now - pair.MadeAt < ChecksFor).Select(pair => pair.Key)];
            }
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
            long seconds = long.Parse(kid.Split('-')[1], NumberStyles.None, CultureInfo.InvariantCulture);
            return new Pair(DateTimeOffset.FromUnixTimeSeconds(seconds), new ECDsaSecurityKey(key) { KeyId = kid });
        }
        catch (Exception e) when (e is FormatException or CryptographicException or IndexOutOfRangeException or OverflowException)
        {
            key.Dispose();
            throw new StartRefusedException($"The key file {path} does not hold a key. Put back the one from a backup.");
        }
    }

    private Pair Make(DateTimeOffset now)
    {
        string random = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4));
        string kid = string.Create(CultureInfo.InvariantCulture, $"access-{now.ToUnixTimeSeconds()}-{random}");
        ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        KeyFiles.WriteOwnerOnly(Path.Combine(_folder, $"{kid}.key"), Convert.ToBase64String(key.ExportPkcs8PrivateKey()));
        return new Pair(DateTimeOffset.FromUnixTimeSeconds(now.ToUnixTimeSeconds()), new ECDsaSecurityKey(key) { KeyId = kid });
    }

    private sealed record Pair(DateTimeOffset MadeAt, ECDsaSecurityKey Key);
}
